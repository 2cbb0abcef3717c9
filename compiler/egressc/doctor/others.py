"""Objects of others that take a host, its way or its gateway's pods over."""

from collections.abc import Callable, Iterator

from egressc.doctor.cluster import OURS, Object, key, labels, named
from egressc.doctor.examination import Examination, Workload, place, reaches
from egressc.doctor.problem import Outcome, run
from egressc.doctor.selectors import has
from egressc.findings import Code, Level
from egressc.plan import EVERYBODY, Carrier

TAKEN = Code(
    "EG462",
    "an object of others takes a host over",
    "Istio merges no two VirtualServices for one host, and of other objects it takes one by where it stands or by its "
    "age. So calls may pass the gateway by, reach another server, or fail. Remove the object, or export it to its own "
    "namespace only.",
)
SELECTED = Code(
    "EG463",
    "an object of others changes gateway pods",
    "It selects the pods of a gateway, by their labels or because it is for all pods of the namespace or the mesh. See "
    "whether it is meant for them.",
    "warning",
)
CUT_OFF = Code(
    "EG464",
    "a Sidecar keeps clients from a host",
    "The Sidecar of a client namespace says all that its pods reach. What it does not name is unknown to them: in a "
    "REGISTRY_ONLY mesh they get 502, else they go straight out.",
)
ROOT = "istio-system"  # unless the mesh says another one, as hardly any does
#: Where each kind names the hosts that it is about, and when it is for the mesh and not for a Gateway.
NAMING: dict[str, Callable[[Object], list[str]]] = {
    "ServiceEntry": lambda spec: spec.get("hosts") or [],
    "VirtualService": lambda spec: (
        (spec.get("hosts") or []) if "mesh" in (spec.get("gateways") or ["mesh"]) else []
    ),
    "DestinationRule": lambda spec: [spec.get("host", "")],
}  # fmt: skip
#: Kinds that select pods, each with the key of its selector's labels.
SELECTING = {
    "AuthorizationPolicy": ("selector", "matchLabels"),
    "EnvoyFilter": ("workloadSelector", "labels"),
    "Gateway": ("selector",),
    "WasmPlugin": ("selector", "matchLabels"),
}


def names(examination: Examination, kind: str) -> Iterator[Outcome]:
    """The objects of a kind that are about a listed host, and that its clients or its gateway see."""
    for one in _foreign(examination, kind):
        spec, metadata = one.get("spec") or {}, one["metadata"]
        for carrier in examination.plan.carriers:
            about = [name for name in NAMING[kind](spec) if _means(name, carrier, metadata["namespace"])]
            seers = _seers(carrier)
            seen = [space for space in seers if reaches(spec.get("exportTo"), metadata["namespace"], space)]
            if about and seen:
                where = "everywhere" if EVERYBODY in seen else f"in {', '.join(sorted(seen))}"
                message = f"is about {about[0]} too, and is seen {where}"
                fix = _removal(kind, metadata, local=metadata["namespace"] not in seers)
                since = metadata.get("creationTimestamp")
                yield place([carrier]).has(TAKEN, named(one), message, fix, since=since)


def selects(examination: Examination, kind: str) -> Iterator[Outcome]:
    """The objects of a kind that select the pods of a gateway."""
    for one in _foreign(examination, kind):
        spec, metadata = one.get("spec") or {}, one["metadata"]
        wanted = spec
        for part in SELECTING[kind]:
            wanted = wanted.get(part) or {}
        for workload in examination.workloads:
            if _selects(kind, metadata["namespace"], spec, wanted, workload):
                what = ", ".join(f"{key}={value}" for key, value in wanted.items()) or "all pods"
                action = f" ({spec.get('action', 'ALLOW')})" if kind == "AuthorizationPolicy" else ""
                message = f"selects {what}{action}, and so gateway pods"
                fix = f"{_shown(kind, metadata)}, and narrow its selector"
                level: Level | None = "error" if kind == "Gateway" else None
                since = metadata.get("creationTimestamp")
                yield workload.place.has(SELECTED, named(one), message, fix, since=since, level=level)


def backends(examination: Examination, _: None) -> Iterator[Outcome]:
    """The BackendTLSPolicies that change the TLS to a gateway or to an upstream."""
    for one in _foreign(examination, "BackendTLSPolicy"):
        metadata = one["metadata"]
        targets = {(to.get("kind"), to.get("name")) for to in (one.get("spec") or {}).get("targetRefs") or []}
        for carrier in examination.plan.gateways:
            ours = {("Service", carrier.name), ("ServiceEntry", carrier.route), ("Hostname", carrier.host.host)}
            if targets & ours and metadata["namespace"] == carrier.namespace:
                fix = _removal("BackendTLSPolicy", metadata, local=False)
                message = f"changes the TLS of {carrier.host.host}"
                since = metadata.get("creationTimestamp")
                yield place([carrier]).has(TAKEN, named(one), message, fix, since=since)


def sidecars(examination: Examination, namespace: str) -> Iterator[Outcome]:
    """The Sidecars of a client namespace that leave out a host that it may call."""
    for one in _foreign(examination, "Sidecar"):
        egress = (one.get("spec") or {}).get("egress")
        if one["metadata"]["namespace"] != namespace or not egress:
            continue
        reached = [host for entry in egress for host in entry.get("hosts") or []]
        for carrier in examination.clients[namespace]:
            wanted = [host for space, host in carrier.known_to() if space in (namespace, EVERYBODY)]
            missing = [
                host for host in dict.fromkeys(wanted) if not any(_reached(by, host, namespace) for by in reached)
            ]
            if missing:
                fix = f"add `{missing[0]}` to its `egress.hosts`"
                message = f"leaves out {missing[0]}, which its namespace needs to call {carrier.host.host}"
                since = one["metadata"].get("creationTimestamp")
                yield place([carrier]).has(CUT_OFF, named(one), message, fix, since=since)


def _foreign(examination: Examination, kind: str) -> Iterator[Object]:
    """The objects of a kind that are not of the list."""
    unprinted = isinstance(examination.documents, str)
    for one in examination.cluster.all(kind):
        # where nobody knows what the chart prints, its label has to do
        if key(one) not in examination.own and not (unprinted and OURS in labels(one).items()):
            yield one


def _means(name: str, carrier: Carrier, namespace: str) -> bool:
    """Whether a host name of an object is one of ours: the host, a wildcard around it, or the gateway's Service."""
    if carrier.service and name in _spellings(carrier.service, carrier.namespace, namespace):
        return True
    host = carrier.host.host
    return name == host or (name.startswith("*") and host.endswith(name[1:]))


def _spellings(service: str, home: str | None, namespace: str) -> set[str]:
    short = service.partition(".")[0]
    return {service, f"{short}.{home}", f"{short}.{home}.svc"} | ({short} if home == namespace else set())


def _seers(carrier: Carrier) -> set[str]:
    """The namespaces whose proxies carry a call."""
    clients = {client.namespace or EVERYBODY for client in carrier.host.clients}
    return clients | ({carrier.namespace} if carrier.namespace else set())


def _selects(kind: str, home: str, spec: Object, wanted: dict[str, str], workload: Workload) -> bool:
    if spec.get("targetRefs") or spec.get("targetRef"):
        return False  # of waypoints and Gateways of the Gateway API
    here = home == workload.namespace
    if kind == "Gateway":  # finds pods of every namespace, unless istiod is told otherwise
        return bool(wanted) and has(wanted, workload.labels)
    return (here or home == ROOT) and has(wanted, workload.labels)


def _reached(pattern: str, wanted: str, namespace: str) -> bool:
    """Whether `egress/*.example.com` of a Sidecar names `egress/api.example.com`."""
    space, _, name = pattern.rpartition("/")
    home, _, host = wanted.partition("/")
    if space in ("", ".", "~"):
        space = "" if space == "~" else (namespace if space == "." else "*")
    if home == ".":
        home = namespace
    return space in ("*", home) and (name in ("*", host) or (name.startswith("*.") and host.endswith(name[1:])))


def _removal(kind: str, metadata: Object, *, local: bool) -> str:
    return f"{_shown(kind, metadata)}, and remove it" + (' or write `exportTo: ["."]` into it' if local else "")


def _shown(kind: str, metadata: Object) -> str:
    return run("kubectl", "get", kind.lower(), metadata["name"], "--namespace", metadata["namespace"], "--output=yaml")
