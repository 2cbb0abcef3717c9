"""Sentences that keep apart what egressc says and what a list says, which may be anything."""

from collections.abc import Iterable
from typing import Any

from egressc.model import Client, Deny, Host, Operation
from egressc.plan.decisions.lines import client_line, deny_line
from egressc.positions import Line

#: Words of egressc at even places, texts of the lists at odd ones; both ends are words.
Sentence = tuple[str, ...]


def sentence(words: str, *texts: object) -> Sentence:
    """`words`, each `{}` filled with the next of `texts`, which come from a list."""
    first, *rest = words.split("{}")
    return (first, *(part for pair in zip(map(str, texts), rest, strict=True) for part in pair))


def join(*parts: Sentence) -> Sentence:
    """Sentences as one."""
    result = [""]
    for first, *rest in parts:
        result[-1] += first
        result += rest
    return tuple(result)


def listing(parts: Iterable[Sentence], between: str = ", ") -> Sentence:
    """Sentences in a row."""
    first, *rest = parts
    return join(first, *(part for one in rest for part in ((between,), one)))


def scope(rule: Operation, host: Host) -> Sentence:
    """What of `host` a rule is about: `GET POST, /v1/*, port 80`, with the labels of the pods."""
    ports = sorted(rule.ports or (port.port for port in host.ports))
    parts = []
    if any(port.is_http for port in host.ports if port.port in ports):
        for items, everything in ((rule.methods, "any method"), (rule.paths, "any path")):
            parts.append(sentence("{}", " ".join(sorted(items))) if items else sentence(everything))
    parts.append(sentence("ports {}" if len(ports) > 1 else "port {}", " ".join(map(str, ports))))
    if isinstance(rule, Client) and rule.pod_labels:
        parts.append(sentence("pods with {}", ",".join(f"{key}={value}" for key, value in rule.pod_labels)))
    return listing(parts)


def rule_line(rule: Client | Deny) -> Line:
    """Where the list names the client or the denial."""
    return deny_line(rule) if isinstance(rule, Deny) else client_line(rule)


def facts(rule: Client | Deny) -> tuple[Any, ...]:
    """What a rule says, whoever said it and in whatever order."""
    about = (*(tuple(sorted(items)) for items in (rule.ports, rule.methods, rule.paths)),)
    more: tuple[Any, ...] = rule.pod_labels if isinstance(rule, Client) else tuple(sorted(rule.hosts))
    return (rule.namespace or "", rule.service_account or "", *about, more)
