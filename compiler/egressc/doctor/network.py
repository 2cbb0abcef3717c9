"""NetworkPolicies that keep a gateway from what it needs: istiod, DNS, its upstream, and its clients from it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from egressc.counted import some
from egressc.doctor.cluster import Object, key, labels, named
from egressc.doctor.examination import Examination, Workload
from egressc.doctor.istiod import control_planes
from egressc.doctor.problem import Outcome, run
from egressc.doctor.selectors import fits
from egressc.findings import Code
from egressc.model import stands_for

SHUT = Code(
    "EG465",
    "a NetworkPolicy keeps a gateway from what it needs",
    "A pod that a policy selects reaches, and is reached by, what some policy names and nothing else. A gateway needs "
    "istiod, DNS and its upstream, and its clients must reach it. Policies of other kinds, such as Cilium's, are not "
    "read.",
)
DISCOVERY, DNS = 15012, 53
DNS_LABELS = {"k8s-app": "kube-dns"}


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a connection; labels are None where any will do, both where it is outside of the cluster.

    One that may be `anywhere` is let through by whatever opens its port.
    """

    what: str
    namespace: Mapping[str, str] | None
    pod: Mapping[str, str] | None
    port: int
    protocol: str = "TCP"
    anywhere: bool = False


def look(examination: Examination, workload: Workload) -> Iterator[Outcome]:
    """What the policies that select a gateway's pods leave out."""
    policies = [
        one
        for one in examination.cluster.within("NetworkPolicy", workload.namespace)
        if fits((one.get("spec") or {}).get("podSelector"), _labels(examination, workload))
    ]
    for direction, peers in (("Egress", _needed(examination, workload)), ("Ingress", _coming(examination, workload))):
        holding = [one for one in policies if direction in _types(one)]
        for peer in peers if holding else ():
            if not any(_lets(one["spec"], direction, peer) for one in holding):
                others = some([named(one) for one in holding])
                side = "to" if direction == "Egress" else "from"
                message = f"lets nothing {side} {peer.what} through, at {peer.protocol} {peer.port}"
                shown = run("kubectl", "get", "networkpolicies", "--namespace", workload.namespace)
                fix = f"{shown}, and allow it in one of these: {others}"
                since = max(one["metadata"].get("creationTimestamp", "") for one in holding) or None
                foreign = next((one for one in holding if key(one) not in examination.own), holding[0])
                yield workload.place.has(SHUT, named(foreign), f"{message}", fix, since=since)


def _needed(examination: Examination, workload: Workload) -> Iterator[Peer]:
    for istiod in control_planes(examination):
        home = examination.labels_of(istiod["metadata"]["namespace"])
        yield Peer("istiod", home, labels(istiod["spec"]["template"]), DISCOVERY)
    system = examination.labels_of("kube-system")
    if any(one.host.needs_dns for one in workload.carried):
        yield Peer("DNS", system, DNS_LABELS, DNS, "UDP")
    for host in (one.host for one in workload.carried):
        for port in host.ports:
            # a proxy may be a pod, and the list does not say of which namespace
            what = "the proxy" if host.proxy else "upstreams"
            yield Peer(what, None, None, host.out_port(port), anywhere=host.proxy is not None)


def _coming(examination: Examination, workload: Workload) -> Iterator[Peer]:
    for one in workload.carried:
        # who may call from the whole mesh need not call at all
        callers = {client.namespace for client in one.host.callers if client.namespace}
        known = sorted(examination.namespaces())
        for namespace in (name for name in known if any(stands_for(caller, name) for caller in callers)):
            for port in one.ports:
                home = examination.labels_of(namespace)
                yield Peer(f"the namespace {namespace}", home, None, port.gateway_port)


def _labels(examination: Examination, workload: Workload) -> Mapping[str, str]:
    pods = examination.pods(workload)
    return labels(pods[0]) if pods else workload.labels


def _types(policy: Object) -> list[str]:
    spec = policy["spec"]
    types: list[str] = spec.get("policyTypes") or ["Ingress", *(["Egress"] if "egress" in spec else [])]
    return types


def _lets(spec: Object, direction: str, peer: Peer) -> bool:
    rules, ends = spec.get(direction.lower()) or [], "to" if direction == "Egress" else "from"
    return any(_has_port(rule.get("ports"), peer) and _has_peer(rule.get(ends), peer) for rule in rules)


def _has_port(ports: list[Object] | None, peer: Peer) -> bool:
    return not ports or any(
        one.get("protocol", "TCP") == peer.protocol
        and (
            "port" not in one
            or isinstance(one["port"], str)  # a port of the pods by its name
            or one["port"] <= peer.port <= int(one.get("endPort") or one["port"])
        )
        for one in ports
    )


def _has_peer(ends: list[Object] | None, peer: Peer) -> bool:
    return not ends or peer.anywhere or any(_is(end, peer) for end in ends)


def _is(end: Object, peer: Peer) -> bool:
    if "ipBlock" in end or peer.namespace is None:
        return "ipBlock" in end  # which addresses it has is not asked: an upstream's change
    if "namespaceSelector" in end and not fits(end["namespaceSelector"], peer.namespace):
        return False
    if "podSelector" not in end or peer.pod is None:
        return "namespaceSelector" in end
    return "namespaceSelector" in end and fits(end["podSelector"], peer.pod)
