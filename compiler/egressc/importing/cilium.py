"""`toFQDNs` of CiliumNetworkPolicies → entries: their pods are the clients."""

from collections.abc import Iterator
from typing import Any

from egressc.findings import Finding
from egressc.hostname import short
from egressc.importing import speaks
from egressc.importing.callers import LIMIT
from egressc.importing.clients import unknown as ask_who
from egressc.importing.entry import Entry
from egressc.importing.items import item, usual_protocol
from egressc.importing.objects import Object, Objects
from egressc.importing.registry import NOT_CARRIED


def entries(objects: Objects, findings: list[Finding]) -> Iterator[Entry]:
    """`toFQDNs` of CiliumNetworkPolicies: their pods are the clients."""
    for kind in ("CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"):
        for one in objects.of_kind(kind):
            yield from _policy(one, findings)


def _policy(one: Object, findings: list[Finding]) -> Iterator[Entry]:
    labels = one.spec.part("endpointSelector").pairs("matchLabels")
    bare = {key.removeprefix("k8s:").removeprefix("any:"): value for key, value in labels.items()}
    namespace = bare.pop("io.kubernetes.pod.namespace", one.namespace)
    account = bare.pop("io.cilium.k8s.policy.serviceaccount", "")
    if "matchExpressions" in one.spec.part("endpointSelector"):
        namespace = ""
    for rule in one.spec.parts("egress"):
        names = rule.parts("toFQDNs")
        if not names:
            rule.done()
            continue
        ports = [
            (int(port.text("port") or 0), port.text("protocol") or "TCP")
            for group in rule.parts("toPorts")
            for port in group.parts("ports")
        ]
        for target in names:
            key = "matchName" if "matchName" in target else "matchPattern"
            name = target.text(key).rstrip(".")
            for entry in item(name, target.at(key), findings):
                entry.settings.pop("speaks", None)
                known = [(number, usual_protocol(number)) for number, protocol in ports if number and protocol != "UDP"]
                speaks.spoken(entry, known or [(443, "TLS")])
                who: dict[str, Any] = {"namespace": namespace}
                who |= ({"serviceAccount": account} if account else {}) | ({"podLabels": bare} if bare else {})
                if entry.host.startswith("*.") and not name.startswith("**."):
                    message = f"{short(name)} is one label below the domain, and {entry.host} is all names below it"
                    findings.append(
                        LIMIT(target.span, message, "list the names, or add `clients` and open all of them")
                    )
                    entry.ask("This opens more than one label. Keep it so? Add `clients`", target.span)
                elif namespace:
                    entry.settings["clients"] = [who if len(who) > 1 else namespace]
                else:
                    ask_who(entry, target.span, findings)
                yield entry
    one.spec.skip("ingress", "description", "egressDeny", "ingressDeny")
    if "egressDeny" in one.spec:
        findings.append(
            LIMIT(
                one.at("egressDeny"), f"`egressDeny` of {one.title} is not in a list", "look whether a host is denied"
            )
        )
    for path, span in one.spec.unread():
        findings.append(NOT_CARRIED(span, f"`{path}` of {one.title} is not carried over", "look whether it is needed"))
