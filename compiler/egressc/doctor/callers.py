"""Whether a caller may call a host, and what keeps it from doing so."""

from collections.abc import Iterator

from egressc.doctor.caller import Caller, account, is_client
from egressc.doctor.cluster import Object, labels, named
from egressc.doctor.examination import Examination, alive, has_proxy, place
from egressc.doctor.problem import Outcome, Well, run
from egressc.findings import Code
from egressc.model import Client, Deny, means
from egressc.plan import Carrier
from egressc.plan.decisions.lines import deny_line

REFUSED = Code(
    "EG460",
    "a caller may not call a host",
    "No client of the list is this caller, or a denial is. Who calls is known by namespace and service account, and "
    "where the list says `podLabels`, by labels.",
)
NO_CALLER = Code(
    "EG461",
    "no pod is the caller",
    "`--from` takes a namespace, a slash, and the name of a pod, of its Deployment, of its service account, or in its "
    "label `app`.",
)


def look(examination: Examination, carrier: Carrier) -> Iterator[Outcome]:
    """Whether the caller that was asked for may call a host, by each of its kinds of pods."""
    caller = examination.caller
    if caller is None:
        return
    here = place([carrier])
    pods = [pod for pod in alive(examination.cluster.within("Pod", caller.namespace)) if caller.is_pod(pod)]
    if not pods:
        fix = run("kubectl", "get", "pods", "--namespace", caller.namespace, "--show-labels")
        yield here.has(NO_CALLER, f"Namespace {caller.namespace}", f"has no pod of {caller.name}", fix)
        return
    # pods of one Deployment are alike: each kind is said once
    kinds = {(account(pod), tuple(sorted(_telling(carrier, pod).items())), has_proxy(pod)): pod for pod in pods}
    for pod in kinds.values():
        if refusal := _refusal(carrier, caller, pod):
            yield here.has(REFUSED, named(pod), f"may not call {carrier.host.host}: {refusal[0]}", refusal[1])
        else:
            clients = [client for client in carrier.host.clients if is_client(client, caller.namespace, pod)]
            said = "; ".join(dict.fromkeys(map(_what, clients)))
            yield Well(f"{named(pod)} may call {carrier.host.host}: {said}")


def _refusal(carrier: Carrier, caller: Caller, pod: Object) -> tuple[str, str] | None:
    """Why a pod is refused, and what to do."""
    host = carrier.host
    for rule in (*carrier.denials, *carrier.fleet_denials):
        deny = rule.said
        if isinstance(deny, Deny) and means(deny, caller.namespace, account(pod)) and not (rule.methods or rule.paths):
            line = deny_line(deny)
            ports = f" on port {', '.join(map(str, rule.ports))}" if len(rule.ports) < len(host.ports) else ""
            return f"{line.place} denies {deny.who}{ports}", "remove the denial, or let another account call"
    who = f"{{namespace: {caller.namespace}, serviceAccount: {account(pod)}}}"
    known = [client for client in host.clients if means(client, caller.namespace, account(pod))]
    if not known:
        return (
            f"no client of the list is the account {caller.namespace}/{account(pod)}",
            f"add `{who}` to `clients` of {host.host}",
        )
    if not any(is_client(client, caller.namespace, pod) for client in known):
        wanted = " or ".join(
            dict.fromkeys(",".join(f"{key}={value}" for key, value in client.pod_labels) for client in known)
        )
        return f"its labels are not those of the list's `podLabels`, {wanted}", f"give its pods the labels {wanted}"
    if not has_proxy(pod):
        return (
            "it has no sidecar, so no gateway knows who it is",
            f"{run('kubectl', 'label', 'namespace', caller.namespace, 'istio-injection=enabled')}, then restart it",
        )
    return None


def _telling(carrier: Carrier, pod: Object) -> dict[str, str]:
    """The labels of a pod that tell it apart."""
    keys = {key for client in carrier.host.clients for key, _ in client.pod_labels}
    return {key: value for key, value in labels(pod).items() if key in keys}


def _what(client: Client) -> str:
    parts = (
        (f"port {', '.join(map(str, sorted(client.ports)))}" if client.ports else "all ports"),
        (f"only {', '.join(sorted(client.methods))}" if client.methods else ""),
        (f"only the paths {', '.join(sorted(client.paths))}" if client.paths else ""),
    )
    return ", ".join(filter(None, parts))
