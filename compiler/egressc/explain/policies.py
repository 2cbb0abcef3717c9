"""What a list says of requests beyond their way: who else decides, how many there may be, what becomes of headers."""

from collections.abc import Iterator

from egressc.explain.decision import Decision
from egressc.explain.facts import Way
from egressc.explain.lines import Lines
from egressc.explain.load import Pods, from_to, pods
from egressc.explain.objects import named_object
from egressc.model import HeaderChanges, Limit
from egressc.plan import Gateway, GatewayPort


def judges(gateway: Gateway, port: GatewayPort, way: Way) -> Iterator[Decision]:
    """Who else decides about what comes in through a port, and how much of it goes on."""
    outside = gateway.host.external_authorization
    each = "request" if port.port.is_http else "connection"
    if outside and outside.provider:
        policy = named_object(gateway, "AuthorizationPolicy", ".external-authorization")
        says = f"first asks {outside.provider}, of the mesh's configuration, about each {each}"
        yield Decision(policy, says, outside.said("provider"))
    elif outside and outside.opa:
        patch = named_object(gateway, "EnvoyFilter", ".external-authorization")
        opa, refused = outside.opa, "answers 503" if port.port.is_http else "closes the connection"
        lines = opa.said("policy") + opa.said("decision")
        yield Decision(patch, f"asks the pod's OPA for {opa.decision} about each {each}", lines)
        silent = "lets it through" if outside.fail_open else refused
        says = f"{silent} where OPA says nothing within {opa.timeout.spelled}"
        yield Decision(patch, says, outside.said("failOpen") + opa.said("timeout"))
    limit = gateway.host.rate_limit
    if limit and port.port.is_http:
        patch, running = named_object(gateway, "EnvoyFilter", ".rate-limit"), pods(gateway)
        for one, who in ((limit.all_clients, "all clients"), (limit.per_client, "each identity")):
            if one:
                says = f"lets {_amount(one)} of {who} through port {way.gateway_port}{_fleet(one, running)}"
                yield Decision(patch, says, one.said("requests") + one.said("per") + running.lines)


def changes(gateway: Gateway) -> Iterator[Decision]:
    """What becomes of the headers of a request, and of its answer."""
    route, headers = named_object(gateway, "VirtualService"), gateway.host.headers
    kept = f", but for {', '.join(sorted(headers.request.keep))}" if headers and headers.request.keep else ""
    says = f"keeps back x-envoy-*, x-forwarded-*, x-request-id and trace headers of the request{kept}"
    yield Decision(route, says, headers.said("request", "keep") if headers else ())
    if headers is None:
        return
    for what, changed in (("request", headers.request), ("answer", headers.response)):
        for verb, names, lines in _changed(changed):
            yield Decision(route, f"{verb} {', '.join(names)} {'of' if verb == 'removes' else 'in'} the {what}", lines)
    if headers.credential:
        patch, credential = named_object(gateway, "EnvoyFilter", ".credential"), headers.credential
        says = f"writes {credential.name} from {credential.key} of Secret {credential.secret}, whatever stands there"
        yield Decision(patch, says, credential.said("secret") + credential.said("name"))


def _changed(changed: HeaderChanges) -> Iterator[tuple[str, tuple[str, ...], Lines]]:
    if changed.set:
        yield "sets", tuple(sorted(changed.set)), changed.said("set")
    if changed.remove:
        yield "removes", tuple(sorted(changed.remove)), changed.said("remove")


def _amount(limit: Limit) -> str:
    return f"{limit.requests} request{'s' * (limit.requests > 1)} per {limit.per.spelled}"


def _fleet(limit: Limit, running: Pods) -> str:
    if not running.counted:
        return " of each pod"
    least, most = limit.requests * running.least, limit.requests * running.most
    return f" of each pod: {from_to(least, most)} with {running.text} pods" if running.most > 1 else ""
