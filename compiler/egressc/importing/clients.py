"""Policies, Sidecars, routes and what is exported, taken together → `clients` and `deny` of an entry."""

from egressc.findings import Finding, Span
from egressc.hostname import short
from egressc.importing import callers, own, principals, upstreams, ways
from egressc.importing.callers import LIMIT, UNKNOWN, Asked, Callers
from egressc.importing.calls import HTTP, Call, Mesh
from egressc.importing.entry import Entry
from egressc.importing.principals import Client
from egressc.importing.registry import Service


def clients(mesh: Mesh, service: Service, calls: list[Call], entry: Entry) -> None:
    """Puts who may call into the entry; nobody, and a question, where the objects do not say it."""
    selectors = [
        (call.policy.rule.namespace, call.policy.selector) for call in calls if call.policy and not call.way.gateway
    ]
    if service.in_sidecar or any(selector for _, selector in selectors):
        _in_sidecar(mesh, service, calls, entry)
        return
    carried = [call for call in calls if call.way.gateway]
    found = Callers()
    if service.objects[0].of_the_chart:
        names = {
            hop.route.data.get("name", "").removeprefix("client-"): call.way.port
            for call in carried
            for hop in call.way.hops
        }
        names |= {str(call.way.gateway_port): call.way.port for call in carried}
        names = {name: port for name, port in names.items() if not name.startswith("upstream-")}
        gateway = next(iter(carried[0].way.gateway_objects)) if carried else ""
        found = own.callers(mesh.objects, gateway, names, mesh.findings)
    else:
        found = _by_policies(mesh, service, calls, carried, entry)
    mesh.domains |= found.domains
    some = _narrowed(_some(mesh, service, found, entry, carried), carried)
    _limited(calls, entry, found, mesh.findings)
    if found.deny:
        entry.settings["deny"] = principals.tidy(found.deny, in_order=service.objects[0].of_the_chart)
    if found.provider:
        entry.settings["externalAuthorization"] = {"provider": found.provider}
    if some and not found.undecided:
        entry.settings["clients"] = principals.tidy(some, in_order=service.objects[0].of_the_chart)
    else:
        unknown(entry, service.span, mesh.findings)


def _some(mesh: Mesh, service: Service, found: Callers, entry: Entry, carried: list[Call]) -> list[Client]:
    """Those that policies allow and that know the host; without policies those that know it."""
    visible = service.visible
    if found.clients is not None:
        if visible is None or service.objects[0].of_the_chart:
            return found.clients
        return [one for one in found.clients if "namespace" not in one or _known(one["namespace"], visible)]
    if visible is None:
        visible = callers.by_sidecars(mesh.objects, entry.host)
        if visible:
            message = f"{entry.host} is known in all namespaces, and only those whose Sidecar names it are its clients"
            mesh.findings.append(UNKNOWN(service.span, message, "add others that call it to its `clients`"))
    # a gateway's namespace knows the host for the gateway
    return [{"namespace": name} for name in sorted(visible - {_gateway_namespace(service, carried)} or visible)]


def _gateway_namespace(service: Service, carried: list[Call]) -> str:
    """Where the gateway is that carries the calls, "" without one: the namespace in the name of its Service."""
    if not carried:
        return ""
    labels = carried[0].way.gateway.split(".")
    return labels[1] if len(labels) > 1 else service.objects[0].namespace


def _known(namespace: str, visible: set[str]) -> bool:
    return namespace in visible or (
        namespace.endswith("*") and any(name.startswith(namespace[:-1]) for name in visible)
    )


def unknown(entry: Entry, span: Span, findings: list[Finding]) -> None:
    """Says that nobody knows who may call."""
    findings.append(
        UNKNOWN(span, f"nobody says who may call {entry.host}", "add `clients: [<namespace>]` to its entry")
    )
    entry.ask("Who may call? Add `clients`", span)


def _by_policies(mesh: Mesh, service: Service, calls: list[Call], carried: list[Call], entry: Entry) -> Callers:
    if not carried:
        return Callers()
    names = {name for call in carried for name in call.way.gateway_objects}
    labels = {key: value for name in names for key, value in mesh.gateways.get(name, {}).items()}
    namespace = _gateway_namespace(service, carried)
    place = namespace, str(sorted(labels.items()))
    if place not in mesh.policies:
        mesh.policies[place] = list(callers.policies(mesh.objects, namespace, labels))
    ports = {call.way.gateway_port or call.way.port: call.way.port for call in carried}
    has_requests = any(call.protocol in HTTP for call in calls)
    return callers.read(mesh.policies[place], Asked(entry.host, ports, has_requests), mesh.findings)


def _narrowed(clients: list[Client], carried: list[Call]) -> list[Client]:
    """Clients with the pod labels, and of the namespaces, that the routes in the mesh ask for."""
    hops = {call.way.port: [hop for hop in call.way.hops if ways.MESH in hop.gateways] for call in carried}
    if not any(hop.labels or hop.namespace for some in hops.values() for hop in some):
        return clients
    named = [{"namespace": name} for some in hops.values() for name in {hop.namespace for hop in some}]
    if not clients and {"namespace": ""} not in named:
        clients = named
    result: list[Client] = []
    for client in clients:
        ports = client.get("ports") or sorted(hops)
        seen: dict[str, tuple[Client, list[int]]] = {}
        for port in ports:
            some = [one for hop in hops.get(port, []) if (one := _led(client, hop)) is not None]
            for one in [client] if client in some else some:
                seen.setdefault(str(one), (one, []))[1].append(port)
        result += [one if {*led} == {*ports} else one | {"ports": led} for one, led in seen.values()]
    return result


def _led(client: Client, hop: ways.Hop) -> Client | None:
    """Which of the pods of `client` a route leads on: None for none of them."""
    result = {key: value for key, value in client.items() if not (hop.namespace and key == "wholeMesh")}
    if hop.namespace:
        result["namespace"] = hop.namespace
        if "namespace" in client and not _known(client["namespace"], {hop.namespace}):
            return None
    return result | ({"podLabels": hop.labels} if hop.labels else {})


def _limited(calls: list[Call], entry: Entry, found: Callers, findings: list[Finding]) -> None:
    """Leaves the clients out if a port's routes let only some calls through."""
    for call in calls:
        sides = {True: [hop for hop in call.way.hops if ways.MESH in hop.gateways]}
        sides[False] = [hop for hop in call.way.hops if hop not in sides[True]]
        for hops in sides.values():
            if hops and all(hop.limits for hop in hops):
                limits = sorted({limit for hop in hops for limit in hop.limits})
                what = short(f"{entry.host}:{call.way.port}")
                message = f"only some calls of {what} go on: by {', '.join(f'`{one}`' for one in limits)}"
                fix = "write `paths` and `methods` at the clients, if they say what was meant"
                findings.append(LIMIT(hops[0].span, message, fix))
                found.undecided = True


def _in_sidecar(mesh: Mesh, service: Service, calls: list[Call], entry: Entry) -> None:
    """A host whose TLS the clients' sidecars speak, some of them only: by the pod labels of the DestinationRule."""
    entry.settings["at"] = "sidecar"
    found: list[Client] = []
    mutual = False
    for call in calls:
        some = upstreams.policies(mesh.rules, call.way.upstream, call.way.upstream_port, call.way.subset)
        for policy in some:
            mutual = mutual or policy.part("tls").text("mode") == "MUTUAL"
            if policy.selector and policy.rule.namespace:
                found.append({"namespace": policy.rule.namespace, "podLabels": policy.selector})
    if found and not mutual:
        entry.settings["clients"] = principals.tidy(found)
        return
    if found:
        pods = " and ".join(f"{one['namespace']} {one['podLabels']}" for one in found)
        fix = "add `clients`, each with `namespace`, `podLabels` and the `serviceAccount` that may read the Secret"
        message = f"nobody says which service account of {pods} reads the client certificate of {entry.host}"
        mesh.findings.append(UNKNOWN(service.span, message.replace("'", ""), fix))
        entry.ask("Who may call? Add `clients` with namespace, podLabels and serviceAccount", service.span)
    elif service.in_sidecar and service.visible is None:
        unknown(entry, service.span, mesh.findings)
    elif service.visible:
        known: list[Client] = [{"namespace": name} for name in sorted(service.visible)]
        entry.settings["clients"] = principals.tidy(_narrowed(known, calls))
    else:
        unknown(entry, service.span, mesh.findings)
