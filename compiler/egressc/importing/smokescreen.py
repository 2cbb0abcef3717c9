"""An ACL of smokescreen → entries: the domains of each service."""

from collections.abc import Iterator
from typing import Any

from egressc.findings import Finding
from egressc.hostname import short
from egressc.importing.callers import LIMIT, UNKNOWN
from egressc.importing.entry import Entry
from egressc.importing.items import closed_below, item
from egressc.importing.part import Part
from egressc.importing.registry import NOT_CARRIED
from egressc.positions import Mapping


def fits(document: Any) -> bool:
    """Whether this is an ACL of smokescreen."""
    if not isinstance(document, Mapping) or "kind" in document:
        return False
    services = document.get("services")
    return isinstance(services, list) and any(isinstance(one, dict) and "allowed_domains" in one for one in services)


def entries(document: Mapping, findings: list[Finding]) -> Iterator[Entry]:
    """The domains of each service: its role is the client, which no certificate of the mesh has yet."""
    whole = Part(document, document.span)
    whole.skip("version")
    by_host: dict[str, tuple[Entry, list[str]]] = {}
    rules = [*whole.parts("services"), *([whole.part("default")] if "default" in whole else [])]
    for rule in rules:
        role, action = rule.text("name") or "everybody else", rule.text("action")
        rule.skip("project")
        if action == "open":
            message = f"{short(role)} may call everything: `action: open`"
            findings.append(LIMIT(rule.at("action"), message, "list the hosts that it calls"))
        for host, span in rule.placed("allowed_domains"):
            for entry in item(host, span, findings):
                by_host.setdefault(entry.host, (entry, []))[1].append(role)
                if action == "report":
                    entry.settings["enforcement"] = "report"
    for host, span in whole.placed("global_allow_list"):
        for entry in item(host, span, findings):
            by_host.setdefault(entry.host, (entry, []))[1].append("everybody")
    closed_below([entry for entry, _ in by_host.values()], whole.placed("global_deny_list"), findings)
    for entry, roles in by_host.values():
        message = f"{', '.join(map(short, roles))} may call {entry.host}: smokescreen knows them by their certificates"
        findings.append(UNKNOWN(entry.span, message, "add `clients`: their namespaces and service accounts"))
        entry.ask(f"Who is {', '.join(roles)}? Add `clients`", entry.span)
        yield entry
    for path, span in whole.unread():
        findings.append(NOT_CARRIED(span, f"`{path}` of the ACL is not carried over", "look whether it is needed"))
