"""Why a gateway that runs is not Ready, from its Envoy's own checks, and whether its connections are used up."""

import time
from collections.abc import Iterator

from egressc.doctor import envoy
from egressc.doctor.cluster import Object, condition, named
from egressc.doctor.envoy import Look
from egressc.doctor.examination import Examination, Workload, is_ready, place, proxy
from egressc.doctor.problem import Outcome, Place, Problem, run
from egressc.findings import Code
from egressc.model import Port
from egressc.plan import GatewayCarrier
from egressc.plan.decisions.readiness import checked, ready_when

NOT_READY = Code(
    "EG457",
    "a gateway is not Ready because of its upstream",
    "The gateway checks its upstream as it would call it. What the checks counted says which step fails: the name, the "
    "connection, TLS, the certificate or the answer. While no pod is Ready, callers get 503 at once.",
)
NOT_CONFIGURED = Code(
    "EG458",
    "a gateway has no configuration",
    "The proxy runs, and istiod has not told it of its host, or of a Secret. The gateway is Ready as soon as it knows.",
)
FULL = Code(
    "EG459",
    "a connection pool is full",
    "Further requests get 503 with the flag UO: the gateway has as many connections to its upstream, or requests that "
    "wait for one, as `connectionPool` of the list allows.",
)
#: What checks fail by: says, and what to do.
NO_ADDRESS = (
    "has no address: DNS does not know its name",
    "ask the cluster's DNS for it, or write `endpoints` in the list; the gateway asks again within a minute",
)
SILENT = (
    "does not answer in time: packets are dropped on the way, or the upstream hangs",
    "let firewalls and NetworkPolicies pass it, or correct `upstreamPort` and `endpoints` in the list",
)
#: What no counter tells, for a check that only connects and for one that asks.
REFUSED = (
    "refuses connections or ends them at once: nothing listens there",
    "ask who runs the upstream, or correct `upstreamPort` and `endpoints` in the list",
)
UNANSWERED = (
    "refuses connections, or does not answer as `readiness` wants: {wanted}",
    "ask who runs the upstream; see `readiness.path` and `statuses` in the list, and whether it takes the certificate",
)
#: The same by Envoy's counters: of those that count now the first, since a failed handshake is a failed connection too.
REASONS = (
    (
        "ssl.fail_verify_san",
        "shows a certificate of another name than {names}",
        "look at the upstream's certificate; if its names are right, write them as `tls.sans` in the list",
    ),
    (
        "ssl.fail_verify_error",
        "shows a certificate that does not verify: it has expired, or the gateway does not know its CA",
        "look at the upstream's certificate; if it has not expired, put its CA into a Secret and write `tls.secret`",
    ),
    (
        "ssl.connection_error",
        "breaks off the TLS handshake: it speaks no TLS on this port, or refuses the client certificate",
        "correct `upstreamPort`, or present the right certificate with `tls: {mode: mutual, secret: …}`",
    ),
)
OVERFLOWS = ("upstream_cx_overflow", "upstream_rq_pending_overflow")


def look(examination: Examination, workload: Workload) -> Iterator[Outcome]:
    """What the Envoys of a gateway say."""
    for pod in examination.pods(workload):
        if "running" in (proxy(pod) or {}).get("state", {}):
            yield from _pod(examination, workload, pod)


def _pod(examination: Examination, workload: Workload, pod: Object) -> Iterator[Problem]:
    name, cluster = pod["metadata"]["name"], examination.cluster
    first = envoy.look(cluster, workload.namespace, name)
    if is_ready(pod) and not any(_overflown(first, one, port) for one, port in _ports(workload)):
        return
    # counters are as old as the pod: what they count now is what is wrong now
    time.sleep(examination.wait)
    second = envoy.look(cluster, workload.namespace, name)
    yield from _pools(workload, pod, first, second)
    if not is_ready(pod):
        yield from _not_ready(examination, workload, pod, first, second)


def _pools(workload: Workload, pod: Object, first: Look, second: Look) -> Iterator[Problem]:
    for one, port in _ports(workload):
        before, after = _overflown(first, one, port), _overflown(second, one, port)
        upstream = second.upstreams.get(_cluster(one, port))
        if not after:
            continue
        full = after > before or (upstream is not None and upstream.is_full)
        held = f"{upstream.connections} of {upstream.most} connections are used" if upstream and upstream.most else ""
        message = f"has refused {after} times for want of connections to {one.host.host}:{port.upstream_port}"
        message += f" since it started; {held}" if held else " since it started"
        fix = f"raise `maxConnections` and `maxPendingRequests` in `connectionPool` of {one.host.host}, or its replicas"
        yield place([one]).has(FULL, named(pod), message, fix, level=None if full else "warning")


def _not_ready(
    examination: Examination, workload: Workload, pod: Object, first: Look, second: Look
) -> Iterator[Problem]:
    since = condition(pod, "Ready").get("lastTransitionTime")
    asked = [(one, port) for one, port in _ports(workload) if port in one.host.checked]
    unknown = [one for one, port in asked if _cluster(one, port) not in second.upstreams]
    if unknown:
        yield _not_configured(examination, place(unknown), workload, pod, since)
    for one, port in asked:
        upstream = second.upstreams.get(_cluster(one, port))
        if upstream and upstream.failing >= upstream.addresses:
            says, fix = _reason(one, port, first, second)
            message = f"is not Ready: {one.host.host}:{port.upstream_port} {says}"
            yield place([one]).has(NOT_READY, named(pod), message, fix, since=since)


def _not_configured(
    examination: Examination, here: Place, workload: Workload, pod: Object, since: str | None
) -> Problem:
    secrets = envoy.awaited(examination.cluster, workload.namespace, pod["metadata"]["name"])
    if secrets:
        about = f"waits for what istiod does not give it: the Secret {', '.join(secrets)}"
        fix = run("kubectl", "get", "secret", secrets[0], "--namespace", workload.namespace)
        return here.has(NOT_CONFIGURED, named(pod), about, f"{fix}, and see that it has all keys", since=since)
    fix = f"{run('istioctl', 'proxy-status')}, and read istiod's log"
    return here.has(NOT_CONFIGURED, named(pod), "has not heard of its host from istiod", fix, since=since)


def _reason(one: GatewayCarrier, port: Port, first: Look, second: Look) -> tuple[str, str]:
    """What the checks of an upstream fail by, and what to do."""
    host, upstream = one.host, second.upstreams[_cluster(one, port)]
    if not upstream.addresses:
        return NO_ADDRESS
    if upstream.silent:
        return SILENT
    for counter, says, fix in REASONS:
        if second.counted(port.port, host.host, counter) > first.counted(port.port, host.host, counter):
            names = ", ".join(port.tls.sans) or port.tls.sni or host.host
            return says.format(names=names), fix
    if "path" in checked(host, port):
        return UNANSWERED[0].format(wanted=ready_when(host, port)), UNANSWERED[1]
    return REFUSED


def _overflown(said: Look, one: GatewayCarrier, port: Port) -> int:
    return sum(said.counted(port.port, one.host.host, name) for name in OVERFLOWS)


def _ports(workload: Workload) -> list[tuple[GatewayCarrier, Port]]:
    return [(one, port.settled) for one in workload.carried for port in one.ports]


def _cluster(one: GatewayCarrier, port: Port) -> str:
    return f"outbound|{port.port}||{one.host.host}"
