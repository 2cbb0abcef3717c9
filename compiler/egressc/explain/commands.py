"""The commands of docs/troubleshooting.md with a host's own names, for who looks at a cluster by hand."""

import shlex
from collections.abc import Iterator

from egressc.model import is_prefix
from egressc.plan import Carrier
from egressc.plan.carriers.sidecar import RELEASE

#: Whose logs are shown where the list names no namespace or account.
ANY = "<namespace>"
Steps = Iterator[tuple[str, str]]


def commands(carrier: Carrier) -> str:
    """A shell script of commands, each below a comment that says what it is for."""
    return "\n".join(f"# {why}\n{command}\n" for why, command in _steps(carrier))


def _steps(carrier: Carrier) -> Steps:
    space = next((one.namespace for one in carrier.host.clients if one.namespace), None) or ANY
    caller = ANY if is_prefix(space) else space
    yield (
        "who the callers are, and whether they have sidecars",
        _kubectl("get", "pods", "--namespace", caller, "--output", "wide", "--show-labels"),
    )
    yield (
        "what the caller's sidecar says of its calls; take one of its pods",
        _kubectl("logs", "--namespace", caller, "<pod>", "--container", "istio-proxy", "--tail", "20"),
    )
    yield "what keeps the caller's namespace from hosts", _kubectl("get", "sidecar", "--namespace", caller)
    for namespace in sorted({one.namespace for one in carrier.objects() if one.kind == "ServiceEntry"} - {RELEASE}):
        whose = ("--namespace", namespace, "--selector", f"egressc.io/gateway={carrier.route}", "--output", "yaml")
        yield "what leads calls to the upstream", _kubectl("get", "serviceentry,virtualservice,destinationrule", *whose)
    if carrier.namespace:
        yield from _of_gateway(carrier, carrier.namespace)
    for namespace, kind, name, keys, _ in carrier.reads():
        yield (
            f"whether the {kind} is there; it needs {', '.join(sorted(keys)) or 'what is mounted'}",
            _kubectl("describe", kind.lower(), name, "--namespace", namespace),
        )


def _of_gateway(carrier: Carrier, namespace: str) -> Steps:
    there = ("--namespace", namespace)
    adopted = carrier.adopts
    labels = adopted[1] if adopted else (("egressc.io/gateway", carrier.gateway or ""),)
    pods = (*there, "--selector", ",".join(f"{key}={value}" for key, value in labels))
    yield "whether the gateway's pods are Ready", _kubectl("get", "pods", *pods)
    yield "what keeps them from it", _kubectl("describe", "pods", *pods)
    yield "what the gateway says of calls", _kubectl("logs", *pods, "--container", "istio-proxy", "--tail", "20")
    pod = "<pod>" if adopted else f"deploy/{carrier.gateway}"
    inside = ("exec", *there, pod, "--container", "istio-proxy", "--", "pilot-agent", "request", "GET")
    yield "which addresses of the upstream fail their checks", _kubectl(*inside, "clusters")
    yield "by what they fail", _kubectl(*inside, "stats?filter=health_check|connect_fail|overflow|ssl")
    yield (
        "whom the gateway lets in",
        _kubectl("get", "envoyfilter", f"{carrier.name}.authorization", *there, "--output", "yaml"),
    )
    yield (
        "the labels by which a webhook gives pods their proxy",
        _kubectl("get", "namespace", namespace, "--show-labels"),
    )
    yield "the webhooks that there are", _kubectl("get", "mutatingwebhookconfigurations")


def _kubectl(*words: str) -> str:
    return shlex.join(["kubectl", *words]).replace("'<pod>'", "<pod>").replace(f"'{ANY}'", ANY)
