"""Whether the mesh is set as the list needs it: istiod's environment, and the mesh's configuration."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import yaml

from egressc.doctor.cluster import Object, labels, named
from egressc.doctor.examination import Examination, place
from egressc.doctor.istiod import container
from egressc.doctor.problem import Outcome, Problem, Unknown
from egressc.findings import Code
from egressc.plan import GatewayCarrier
from egressc.plan.needs import FILTERED, SCOPED, cluster_local
from egressc.rules.cost import MANY

UNSET = Code(
    "EG443",
    "the mesh is not set as the list needs it",
    'The list opens one way out, and the mesh closes all others. README says under "What the mesh must do" what each '
    "setting is for.",
    "warning",
)
ANOTHER_DOMAIN = Code(
    "EG444",
    "the mesh has another trust domain than the list",
    "The identity of each caller begins with the trust domain of the mesh. With another one in the list, no rule fits "
    "any caller, and the gateways refuse everybody.",
)
#: How Go reads an environment's variable as true.
ON = ("1", "t", "T", "TRUE", "true", "True")
NETWORK = "topology.istio.io/network"
#: How a gateway between networks hands on: by the SNI that names the Service, and without a key.
PASSING = "AUTO_PASSTHROUGH"
LOCAL = "the gateways' Services stay in their cluster"


def settings(examination: Examination, istiod: Object) -> Iterator[Outcome]:
    """Whether an istiod's environment and its mesh's configuration are those that the list needs."""
    yield from _environment(examination, istiod)
    yield from _configuration(examination, istiod)


def _environment(examination: Examination, istiod: Object) -> Iterator[Outcome]:
    plan = examination.plan
    set_to = {one["name"]: one.get("value") for one in container(istiod).get("env") or []}
    scoped, filtered = (one.what.partition("=")[0] for one in (SCOPED, FILTERED))
    if plan.gateways and not plan.companions.admission and set_to.get(scoped) not in ON:
        message = f"lacks {SCOPED.what} in its environment, which is needed {SCOPED.why}"
        fix = f"{_variable(scoped)}, or `companions: {{admission: {{}}}}` in the list"
        yield examination.everywhere.has(UNSET, named(istiod), message, fix)
    counts = Counter(one.namespace for one in examination.workloads if one.ours)
    for namespace, count in sorted(counts.items()):
        if count >= MANY and set_to.get(filtered) not in ON:
            message = f"lacks {FILTERED.what}: it tells each of the {count} gateways in {namespace} of all their hosts"
            fix = f"{_variable(filtered)}, or give hosts namespaces of their own (`namespace` in the list)"
            concerned = place(one for one in plan.gateways if one.namespace == namespace)
            yield concerned.has(UNSET, named(istiod), message, fix)


def _configuration(examination: Examination, istiod: Object) -> Iterator[Outcome]:
    plan = examination.plan
    about, data = _config_map(examination, istiod)
    mesh = _read(data.get("mesh"))
    if mesh is None:
        yield Unknown("mesh", about, "there is no such ConfigMap that can be read as a mesh's configuration")
        return
    domain = mesh.get("trustDomain") or "cluster.local"
    if domain != plan.mesh.trust_domain:
        message = f"says the trust domain {domain}, and the list says {plan.mesh.trust_domain}"
        yield examination.everywhere.has(
            ANOTHER_DOMAIN, about, message, f"write `mesh: {{trustDomain: {domain}}}` in the list"
        )
    mode = (mesh.get("outboundTrafficPolicy") or {}).get("mode", "ALLOW_ANY")
    closed = {sidecar.namespace for sidecar in plan.companions.sidecars}
    if mode != "REGISTRY_ONLY" and not examination.clients.keys() <= closed:
        message = f"says outboundTrafficPolicy {mode}: who may not call a host goes straight to it, past its gateway"
        fix = "write `companions: {sidecars: {}}` in the list, or `outboundTrafficPolicy: {mode: REGISTRY_ONLY}` there"
        yield examination.everywhere.has(UNSET, about, message, fix)
    leaving = [one for one in plan.gateways if not _stays(one.service, mesh.get("serviceSettings") or [])]
    if leaving:
        networks = _read(data.get("meshNetworks")) or {}
        yield from _between_networks(examination, istiod, about, leaving, len(networks.get("networks") or {}))


def _between_networks(
    examination: Examination, istiod: Object, about: str, leaving: list[GatewayCarrier], networks: int
) -> Iterator[Outcome]:
    """What becomes of Services that other clusters see, in a mesh that may have so many networks."""
    passing = networks > 1 or any(
        server.get("tls", {}).get("mode") == PASSING
        for one in examination.cluster.all("Gateway")
        for server in one["spec"].get("servers") or []
    )
    home = istiod["metadata"]["namespace"]
    network = examination.labels_of(home).get(NETWORK)
    if passing:
        yield from _unset_services(about, leaving)
    elif network or networks:
        why = f"the mesh has a network with a name, {network or about}, and nobody sees here whether it has others"
        yield Unknown("mesh", LOCAL, why)


def _unset_services(about: str, leaving: list[GatewayCarrier]) -> Iterator[Problem]:
    kinds: dict[str, list[GatewayCarrier]] = defaultdict(list)
    for one in leaving:
        kinds[f"*{one.service.removeprefix(one.name)}"].append(one)
    for services, ones in sorted(kinds.items()):
        wanted = cluster_local(services)
        message = f"lacks `{wanted.what}` in a mesh of several networks: {wanted.why}"
        yield place(ones).has(UNSET, about, message, f"write `{wanted.what}` into the mesh's configuration")


def _stays(service: str, settings: list[Any]) -> bool:
    """Whether the most specific setting of a Service keeps it in its cluster."""
    said = {
        name: bool((one.get("settings") or {}).get("clusterLocal"))
        for one in settings
        for name in one.get("hosts") or []
    }
    found = [name for name in said if name == service or (name.startswith("*") and service.endswith(name[1:]))]
    return bool(found) and said[max(found, key=lambda name: (not name.startswith("*"), len(name)))]


def _variable(name: str) -> str:
    return f'write `{name}: "true"` below `env` of istiod\'s chart values'


def _config_map(examination: Examination, istiod: Object) -> tuple[str, dict[str, Any]]:
    """The ConfigMap of the mesh's configuration: its name, and what it holds."""
    namespace, revision = istiod["metadata"]["namespace"], labels(istiod).get("istio.io/rev", "default")
    name = "istio" if revision == "default" else f"istio-{revision}"
    found = examination.cluster.one("ConfigMap", namespace, name) or {}
    return f"ConfigMap {namespace}/{name}", found.get("data") or {}


def _read(text: object) -> dict[str, Any] | None:
    """YAML that is a mapping."""
    try:
        data = yaml.safe_load(text) if isinstance(text, str) else None
    except yaml.YAMLError:
        return None
    return data if isinstance(data, dict) else None
