"""Entries → the text of a list, as a person writes it: hosts in order, defaults left out, questions as comments."""

from collections.abc import Sequence
from typing import Any

from egressc import printable
from egressc.flow import flow
from egressc.importing.entry import Entry

WIDTH = 110
ORDER = (
    *(
        "description",
        "owner",
        "reviewBy",
        "name",
        "namespace",
        "at",
        "gateway",
        "standby",
        "gatewayProtocol",
        "speaks",
        "ports",
        "tls",
        "resolution",
        "endpoints",
    ),
    *("addresses", "clients", "deny", "enforcement", "timeouts", "retries", "connectionPool", "outlierDetection"),
)


HEAD = "Imported by egressc. Look at it, answer the comments, and compile it."


def text(entries: Sequence[Entry], trust_domain: str, head: str = HEAD, gateways: Sequence[dict[str, Any]] = ()) -> str:
    """The whole file; `head` is the comment of its first line, `gateways` are the shared ones."""
    lines = [f"# {printable.line(head)}", "version: 1"]
    if trust_domain != "cluster.local":
        lines.append(f"mesh: {{trustDomain: {flow(trust_domain)}}}")
    if gateways:
        named = sorted(gateways, key=lambda one: str(one["name"]))
        lines += ["gateways:", *(f"- {flow(one)}" for one in named)]
    shared = _shared(entries)
    if shared:
        lines.append(f"defaults: {{clients: {flow(shared)}}}")
    lines.append("hosts:" if entries else "hosts: []")
    for entry in sorted(entries, key=lambda one: one.host):
        lines += _entry(entry, shared)
    return "\n".join(lines) + "\n"


def _shared(entries: Sequence[Entry]) -> list[Any]:
    """The clients of all hosts, if they are the same."""
    if not entries:
        return []
    first: list[Any] = entries[0].settings.get("clients", [])
    same = all(one.settings.get("clients") == first for one in entries)
    return first if len(entries) > 1 and same else []


def _entry(entry: Entry, shared: list[Any]) -> list[str]:
    keys = [*(key for key in ORDER if key in entry.settings), *(key for key in entry.settings if key not in ORDER)]
    said = {key: entry.settings[key] for key in keys if not (shared and key == "clients")}
    lines = [f"  # {printable.line(question)}." for question in dict.fromkeys(entry.questions)]
    if not said and not lines:
        return [f"- {flow(entry.host)}"]
    return [
        f"- host: {flow(entry.host)}",
        *lines,
        *(line for key, value in said.items() for line in _setting(key, value)),
    ]


def _setting(key: str, value: Any) -> list[str]:
    line = f"  {key}: {flow(value)}"
    if len(line) > WIDTH and isinstance(value, list):
        return [f"  {key}:", *(f"  - {flow(item)}" for item in value)]
    if len(line) > WIDTH and isinstance(value, dict):
        return [f"  {key}:", *(f"    {name}: {flow(item)}" for name, item in value.items())]
    return [line]
