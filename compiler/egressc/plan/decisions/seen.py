"""From an application to its sidecar: who knows the host."""

from collections.abc import Iterator, Sequence

from egressc.model import EVERYBODY, OWN_NAMESPACE, is_prefix
from egressc.plan.decision import Decision
from egressc.plan.decisions.lines import client_line, port_lines
from egressc.plan.ports import GatewayPort
from egressc.plan.way import GatewayWay


def seen(way: GatewayWay, port: GatewayPort) -> Iterator[Decision]:
    """Who knows the host by `port`, and by which addresses."""
    host, entry, number = way.host, way.entry(port), port.client_port
    known = f"sidecars know {host.host} on port {number}, and on no port that is no client port"
    yield Decision(entry, known, port_lines(port.settled))
    # a host that reports is seen by all, whoever may call
    seers = host.said("enforcement") if host.reports else tuple(map(client_line, host.callers))
    yield Decision(entry, f"seen by {namespaces(way, way.export_to)}", seers, {"exportTo": list(way.export_to)})
    if host.addresses:
        says = f"{'also known' if port.is_http else 'told apart'} by the addresses {', '.join(host.addresses)}"
        yield Decision(entry, says, host.said("addresses"), {"addresses": list(host.addresses)})


def namespaces(way: GatewayWay, export_to: Sequence[str]) -> str:
    """The namespaces of an exportTo in words."""
    if EVERYBODY in export_to:
        prefixes = sorted({str(one.namespace) for one in way.host.callers if is_prefix(one.namespace)})
        return "every namespace" + (f": Istio exports nothing to {', '.join(prefixes)}" if prefixes else "")
    return ", ".join(way.namespace if name == OWN_NAMESPACE else name for name in sorted(export_to))
