"""What is true of all hosts: facts of the mesh, fleet-wide denials, companions, shared gateways, and pods."""

from collections.abc import Iterator, Sequence
from typing import Any

from egressc.cost import cost
from egressc.diff import pods
from egressc.diff.change import Change, Version
from egressc.diff.listeners import listener_changes
from egressc.diff.settings import named, shared_changes
from egressc.diff.words import facts, rule_line, sentence
from egressc.model import Admission, ClientNetworkPolicies, Companions, Inventory, SharedGateway, Sidecars
from egressc.names import shared_name
from egressc.plan.decisions.lines import host_line
from egressc.plan.load import counted
from egressc.positions import Lines, Settled
from egressc.since import spelled

COMPANIONS = {
    "peerAuthentication": "what else runs in the gateways' namespaces takes mutual TLS of the mesh only",
    "sidecars": "applications of client namespaces reach what the list has, and nothing else (REGISTRY_ONLY)",
    "networkPolicies": "the gateways' namespaces are sent, and send, the gateways' own traffic only",
    "clientNetworkPolicies": "pods of client namespaces reach gateways, and nothing outside of the cluster",
    "admission": "the API server refuses others' objects that take over what the list says",
}


def fleet_changes(old: Inventory, new: Inventory) -> Iterator[Change]:
    """What differs beside the hosts."""
    if old.mesh.trust_domain != new.mesh.trust_domain:
        words = "callers are of the trust domain {}, before of {}"
        says = sentence(words, new.mesh.trust_domain, old.mesh.trust_domain)
        yield Change("opens", "mesh", "mesh.trustDomain", says, (), ())
    if old.mesh.cluster_domain != new.mesh.cluster_domain:
        words = "Services end with {}, before with {}"
        says = sentence(words, new.mesh.cluster_domain, old.mesh.cluster_domain)
        yield Change("cuts", "mesh", "mesh.clusterDomain", says, (), ())
    if old.mesh.istio != new.mesh.istio:
        words = "gateways get what Istio {} can do, before what Istio {} can"
        says = sentence(words, spelled(new.mesh.istio), spelled(old.mesh.istio))
        yield Change("changes", "mesh", "mesh.istio", says, (), ())
    if old.mesh.envoy_filters and not new.mesh.envoy_filters:
        says = sentence("Istio's own policies decide, and no EnvoyFilter: nobody checks the name inside of carried TLS")
        yield Change("weakens", "mesh", "mesh.envoyFilters", says, (), ())
    elif new.mesh.envoy_filters and not old.mesh.envoy_filters:
        says = sentence("EnvoyFilters decide who may call, and the gateways check their upstreams themselves")
        yield Change("changes", "mesh", "mesh.envoyFilters", says, (), ())
    yield from _denials(old, new)
    yield from _companions(old.companions, new.companions)
    yield from _gateways(old.shared, new.shared)


def gateway_changes(old: Version, new: Version, before: pods.Values, now: pods.Values) -> Iterator[Change]:
    """What happens at the gateways of two versions with these values: to listeners, to pods, and to their number."""
    first, then = _places(old[0]), _places(new[0])
    for name, effect, setting, says in listener_changes(before, now):
        yield Change(effect, then[name][0], setting, says, first[name][1], then[name][1])
    for name, reasons in pods.restarts(before, now):
        words = "the pods of gateway {} are replaced one by one, each within its drain. What differs: {}"
        says = sentence(words, f"{now['gateways'][name]['namespace']}/{name}", ", ".join(reasons))
        yield Change("restarts", then[name][0], reasons[0], says, first[name][1], then[name][1])
    sizes = [{name: counted(one).text for name, one in plan.pod_settings.items()} for _, plan in (old, new)]
    for name in sorted(sizes[0].keys() & sizes[1].keys()):
        if sizes[0][name] != sizes[1][name]:
            says = sentence("{} pods, before {}", sizes[1][name], sizes[0][name])
            yield Change("costs", then[name][0], "autoscaling", says, first[name][1], then[name][1])
    total = cost(old[1]), cost(new[1])
    if total[0].pods != total[1].pods or sizes[0].keys() != sizes[1].keys():
        words = "{} pods in {} gateways, before {} in {}"
        says = sentence(words, total[1].pods.text, total[1].gateways, total[0].pods.text, total[0].gateways)
        yield Change("costs", "fleet", "hosts", says, (), ())


def _places(inventory: Inventory) -> dict[str, tuple[str, Lines]]:
    """What each gateway is called in the list, and where, by the gateway's name."""
    places: dict[str, tuple[str, Lines]] = {}
    for host in inventory.hosts:
        name = host.own_name
        on_shared = (shared_name(name, one.gateway) for one in host.carried if one.gateway)
        places |= dict.fromkeys((name, *on_shared), (host.host, (host_line(host),)))
    for shared in inventory.shared:
        places[shared.name] = (shared.name, (named(shared),))
    return places


def _denials(old: Inventory, new: Inventory) -> Iterator[Change]:
    gone, come = ({facts(deny): deny for deny in inventory.deny} for inventory in (old, new))
    for fact in sorted(gone.keys() ^ come.keys()):
        deny = come.get(fact) or gone[fact]
        details = [*(str(port) for port in deny.ports), *deny.methods, *deny.paths, *deny.hosts]
        about = f"{deny.who} ({', '.join(details)})" if details else deny.who
        if fact in come:
            yield Change("cuts", "deny", "deny", sentence("refused at all hosts: {}", about), (), (rule_line(deny),))
        else:
            says = sentence("no longer refused at all hosts: {}", about)
            yield Change("opens", "deny", "deny", says, (rule_line(deny),), ())


def _companions(old: Companions, new: Companions) -> Iterator[Change]:
    for key, before, now in (
        ("peerAuthentication", old.strict, new.strict),
        ("sidecars", old.sidecars, new.sidecars),
        ("networkPolicies", old.network_policies, new.network_policies),
        ("clientNetworkPolicies", old.client_network_policies, new.client_network_policies),
        ("admission", old.admission, new.admission),
    ):
        if bool(before) != bool(now):
            words = COMPANIONS[key] if now else f"no longer: {COMPANIONS[key]}"
            sides = [(one.begin(key),) if isinstance(one, Settled) else () for one in (before, now)]
            yield Change("cuts" if now else "opens", "companions", f"companions.{key}", sentence(words), *sides)
    for key, first, then in (
        ("sidecars", old.sidecars, new.sidecars),
        ("clientNetworkPolicies", old.client_network_policies, new.client_network_policies),
        ("admission", old.admission, new.admission),
    ):
        if first and then:
            lists = zip(_lists(first).items(), _lists(then).values(), strict=True)
            for (name, before_items), now_items in lists:
                lines = (first.said(name) or (first.begin(key),), then.said(name) or (then.begin(key),))
                yield from _wider(f"companions.{key}.{name}", before_items, now_items, lines)


def _lists(companion: Sidecars | ClientNetworkPolicies | Admission) -> dict[str, tuple[str, ...]]:
    if isinstance(companion, Admission):
        return {"except": companion.without}
    if isinstance(companion, ClientNetworkPolicies):
        return {"namespaces": companion.namespaces, "except": companion.without}
    also = tuple(f"{namespace}: {host}" for namespace, hosts in companion.also.items() for host in hosts)
    return {"services": companion.services, "except": companion.without, "also": also}


def _wider(setting: str, old: Sequence[str], new: Sequence[str], lines: tuple[Lines, Lines]) -> Iterator[Change]:
    more, less = sorted({*new} - {*old}), sorted({*old} - {*new})
    if more:
        yield Change("opens", "companions", setting, sentence("{} has {} too", setting, ", ".join(more)), *lines)
    if less:
        yield Change("cuts", "companions", setting, sentence("{} no longer has {}", setting, ", ".join(less)), *lines)


def _gateways(old: Sequence[SharedGateway], new: Sequence[SharedGateway]) -> Iterator[Change]:
    first, then = ({one.name: one for one in some} for some in (old, new))
    for name in sorted(first.keys() | then.keys()):
        before, now = first.get(name), then.get(name)
        if before and now:
            yield from shared_changes(before, now)
            for key in ("namespace", "adopt"):
                if getattr(before, key) != getattr(now, key):
                    texts = (_spelled(getattr(one, key)) for one in (now, before))
                    lines = (before.said(key) or (named(before),), now.said(key) or (named(now),))
                    says = sentence("{}: {}, before {}: the connections of its hosts end", key, *texts)
                    yield Change("cuts", name, f"gateways.{key}", says, *lines)
        elif now:
            yield Change("changes", name, "gateways", sentence("a new shared gateway"), (), (named(now),))
        elif before:
            yield Change("changes", name, "gateways", sentence("the shared gateway is gone"), (named(before),), ())


def _spelled(value: Any) -> str:
    """A namespace, or labels of pods."""
    return value if isinstance(value, str) else ",".join(f"{key}={item}" for key, item in value) or "none"
