"""Kinds of other products that name external hosts: UDS Package, ExternalService, values of Big Bang's charts."""

from collections.abc import Iterator
from typing import Any

from egressc.findings import Finding
from egressc.hostname import normalise
from egressc.importing.callers import LIMIT
from egressc.importing.clients import unknown
from egressc.importing.entry import Entry
from egressc.importing.objects import Object, Objects
from egressc.importing.part import Part
from egressc.importing.registry import NOT_CARRIED
from egressc.importing.speaks import spoken
from egressc.positions import Mapping


def entries(objects: Objects, findings: list[Finding]) -> Iterator[Entry]:
    """The entries of Packages and of ExternalServices."""
    for one in objects.of_kind("Package"):
        yield from _package(one, findings)
    for one in objects.of_kind("ExternalService"):
        yield from _external_service(one, findings)


def _package(one: Object, findings: list[Finding]) -> Iterator[Entry]:
    for rule in one.spec.part("network").parts("allow"):
        host = rule.text("remoteHost")
        if rule.text("direction") != "Egress" or not host:
            if rule.data.get("remoteGenerated") == "Anywhere" and rule.data.get("direction") == "Egress":
                message = f"pods of {one.title} may call everything: `remoteGenerated: Anywhere`"
                findings.append(LIMIT(rule.at("remoteGenerated"), message, "list the hosts that they call"))
            continue
        entry = Entry(normalise(host), rule.at("remoteHost"))
        protocol = rule.text("remoteProtocol") or "TLS"
        numbers = [int(port) for port in rule.texts("ports") if port.isdecimal()]
        port = rule.number("port")
        spoken(entry, [(number, protocol) for number in numbers or [port or 443]])
        if text := rule.text("description"):
            entry.settings["description"] = text
        account, labels = rule.text("serviceAccount"), rule.pairs("selector") or rule.pairs("podLabels")
        if one.namespace:
            who: dict[str, Any] = {"namespace": one.namespace}
            who |= ({"serviceAccount": account} if account else {}) | ({"podLabels": labels} if labels else {})
            entry.settings["clients"] = [who if len(who) > 1 else one.namespace]
        else:
            unknown(entry, rule.at("remoteHost"), findings)
        yield entry
        for path, span in rule.unread():
            findings.append(
                NOT_CARRIED(span, f"`{path}` of {one.title} is not carried over", "look whether it is needed")
            )


def _external_service(one: Object, findings: list[Finding]) -> Iterator[Entry]:
    spec = one.spec
    entry = Entry(normalise(spec.text("dnsName")), spec.at("dnsName"))
    ports = []
    for port in spec.parts("ports"):
        number, protocol = port.number("port"), port.text("protocol") or "TCP"
        if protocol == "UDP":
            message = f"port {number} of {one.title} speaks UDP, which no gateway carries"
            findings.append(NOT_CARRIED(port.span, message, "open it with a NetworkPolicy"))
        elif number:
            ports.append((number, "TLS" if number == 443 else protocol))
    spoken(entry, ports)
    least, most, cpu = (spec.number(key) for key in ("minReplicas", "maxReplicas", "targetCPUUtilizationPercentage"))
    scaling = {"minReplicas": least, "maxReplicas": most, "targetCPU": cpu}
    if said := {key: value for key, value in scaling.items() if value}:
        entry.settings["autoscaling"] = said
    if limit := spec.number("envoyClusterMaxConnections"):
        entry.settings["connectionPool"] = {"maxConnections": limit}
    if addresses := spec.texts("ipOverride"):
        entry.settings["endpoints"] = addresses
    message = f"pods with a label of their own may call {entry.host}, and any pod can give itself that label"
    findings.append(LIMIT(one.span, message, "add the clients by their namespaces and service accounts"))
    entry.ask("Who may call? Add `clients`", one.span)
    if ports:
        yield entry
    for path, span in spec.unread():
        findings.append(NOT_CARRIED(span, f"`{path}` of {one.title} is not carried over", "look whether it is needed"))


def of_values(document: Mapping) -> list[Mapping]:
    """The ServiceEntries in the values of a chart of Big Bang, as objects."""
    found: list[Mapping] = []
    _search(Part(document, document.span), found)
    return found


def _search(part: Part, found: list[Mapping]) -> None:
    for key, value in part.data.items():
        if key in ("customServiceEntries", "custom") and isinstance(value, list):
            for item in part.parts(key):
                spec = item.part("spec")
                if "hosts" in spec and item.data.get("enabled", True) is not False and isinstance(item.data, Mapping):
                    found.append(_as_object(item.data, item))
        elif isinstance(value, dict):
            _search(part.part(key), found)


def _as_object(data: Mapping, item: Part) -> Mapping:
    whole = Mapping(item.span)
    for key in ("apiVersion", "kind"):
        whole[key] = {"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry"}[key]
        whole.keys_at[key] = whole.values_at[key] = item.span
    metadata = Mapping(item.span)
    if "name" in data:
        metadata.take("name", data)
    whole["metadata"], whole.keys_at["metadata"], whole.values_at["metadata"] = metadata, item.span, item.span
    whole.take("spec", data)
    return whole
