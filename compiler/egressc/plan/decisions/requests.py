"""What a route does with requests: how long they may take, which are tried again, what becomes of their headers."""

import re
from collections.abc import Iterator
from itertools import product
from typing import Any

from egressc.model import HeaderChanges, Headers, Host, Port
from egressc.plan.decision import Decision, Object, chosen
from egressc.plan.ports import GatewayPort
from egressc.plan.spelled import seconds
from egressc.plan.way import GatewayWay

#: Headers by which some upstreams read another method, or another path, than the request's.
OF_METHODS = ("x-http-method", "x-http-method-override", "x-method-override")
OF_PATHS = ("x-original-url", "x-rewrite-url")


def tried(host: Host, route: Object) -> Iterator[Decision]:
    """How often and how long the VirtualService `route` tries to get an answer."""
    time, retries = host.timeouts.request, host.retries
    sets: dict[str, Any] = {"requestTimeout": seconds(time)} if time else {}
    says = f"a request may take {time.spelled if time else 'any time'}"
    yield Decision(route, says, host.timeouts.said("request"), sets)
    attempts, on = retries.said("attempts"), retries.said("retryOn")
    if not retries.attempts:
        yield chosen(route, "tries nothing again", attempts, {"retries": {"attempts": 0}})
        return
    given: dict[str, Any] = {"attempts": retries.attempts} if attempts else {}
    given |= {"retryOn": ",".join(retries.retry_on)} if on else {}
    says = f"tries again, {retries.attempts} times at most, on {', '.join(retries.retry_on)}"
    yield chosen(route, says, attempts + on, {"retries": given})
    if time := retries.per_try:
        sets = {"retries": {"perTry": seconds(time)}}
        yield Decision(route, f"a try may take {time.spelled}", retries.said("perTry"), sets)


def named(host: Host, port: Port, route: Object) -> Iterator[Decision]:
    """The Host that the upstream gets, where its port is not the upstream's: clients leave out only port 80."""
    if port.port not in (80, port.upstream_port):
        says = f"sends Host on as the application wrote it: {host.host}:{port.port}, with the client port"
        yield Decision(route, says, port.said("upstreamPort"))


def changed(way: GatewayWay) -> Iterator[Decision]:
    """What becomes of the headers of a request, and of its answer."""
    route, headers = way.object("VirtualService"), way.host.headers
    if headers:
        if headers.host:
            says = f"sends the Host {headers.host}"
            yield Decision(route, says, headers.said("host"), {"headers": {"authority": headers.host}})
        yield from _written(route, "request", headers.request)
        if way.filtered:
            yield from _other_spellings(route, headers)
    yield _kept_back(route, headers)
    if headers:
        yield from _written(route, "response", headers.response)
        yield from _credential(way, headers)
    if way.drops_underscores and way.filtered:
        says = "drops headers with an underscore in their name: upstreams may read one as a header of the gateway's"
        yield Decision(way.reading, says, way.host.said("headers"), {"dropUnderscores": True})
    elif way.drops_underscores:
        yield from _every_spelling(way, route, headers)


def spelled(way: GatewayWay, port: GatewayPort) -> Iterator[Decision]:
    """How header names are written to the upstream behind `port`, and to applications."""
    headers = way.host.headers
    if not (headers and headers.preserve_case and port.settled.keeps_names):
        return
    lines, sets = headers.said("preserveCase"), {"preserveCase": True}
    says = "writes header names of requests as applications did, and its own like X-Api-Key"
    yield Decision(way.object("EnvoyFilter", ".requests"), says, lines, sets, port.client_port)
    says = "writes header names of answers as the upstream did"
    yield Decision(way.object("EnvoyFilter", ".upstream"), says, lines, sets, port.client_port)


def _written(route: Object, side: str, changes: HeaderChanges) -> Iterator[Decision]:
    message = "request" if side == "request" else "answer"
    if changes.set:
        # Envoy reads % as the beginning of a command, and refuses all routes where it is none
        values = {name.lower(): value.replace("%", "%%") for name, value in sorted(changes.set.items())}
        says = f"sets {', '.join(sorted(changes.set))} in the {message}"
        yield Decision(route, says, changes.said("set"), {"headers": {side: {"set": values}}})
    if changes.remove:
        names = sorted(name.lower() for name in changes.remove)
        says = f"removes {', '.join(changes.remove)} of the {message}"
        yield Decision(route, says, changes.said("remove"), {"headers": {side: {"remove": names}}})


def _other_spellings(route: Object, headers: Headers) -> Iterator[Decision]:
    """Spellings with _ are dropped at the door, those with - are removed here."""
    twins = {name.replace("_", "-") for name in headers.owned} - headers.owned - {*headers.request.keep}
    if twins:
        names = sorted(twins | {name.lower() for name in headers.request.remove})
        says = f"removes {', '.join(sorted(twins))} of the request, which upstreams may read as a header of the list"
        yield Decision(route, says, headers.said("request"), {"headers": {"request": {"remove": names}}})


def _every_spelling(way: GatewayWay, route: Object, headers: Headers | None) -> Iterator[Decision]:
    """Where no gateway drops names with an underscore, each of them is removed by its name."""
    owned = headers.owned if headers else frozenset()
    counted = owned | ({*OF_METHODS, *OF_PATHS} if way.decides_by_requests else set())
    kept = {*headers.request.keep} if headers else set()
    others = {other for name in counted for other in _spellings(name)} - counted - kept
    if others:
        names = sorted(others | ({name.lower() for name in headers.request.remove} if headers else set()))
        says = f"removes {len(others)} spellings with _ or - of headers that count, which upstreams may read alike"
        yield Decision(route, says, way.host.said("headers"), {"headers": {"request": {"remove": names}}})


def _spellings(name: str) -> Iterator[str]:
    parts = re.split("[-_]", name)
    for between in product("-_", repeat=len(parts) - 1):
        yield parts[0] + "".join(map("".join, zip(between, parts[1:], strict=True)))


def _kept_back(route: Object, headers: Headers | None) -> Decision:
    says = "keeps back x-envoy-*, x-forwarded-*, x-request-id and trace headers of the request"
    if not (headers and headers.request.keep):
        return Decision(route, says)
    sets = {"headers": {"request": {"keep": sorted(headers.request.keep)}}}
    but = f"{says}, but for {', '.join(headers.request.keep)}"
    return Decision(route, but, headers.request.said("keep"), sets)


def _credential(way: GatewayWay, headers: Headers) -> Iterator[Decision]:
    if credential := headers.credential:
        patch = way.object("EnvoyFilter", ".credential")
        prefix = {"prefix": credential.prefix} if credential.prefix else {}
        says = f"writes {credential.name} from {credential.key} of Secret {credential.secret}, whatever stands there"
        lines = credential.said("secret") + credential.said("name")
        yield Decision(patch, says, lines, {"credential": {"header": credential.name} | prefix})
        yield Decision(way.object("ConfigMap", ".credential"), "tells Envoy where the pod has the Secret")
