"""LOAD: several lists as one, defaults under each host, overlays of an environment over it."""

import json
from collections.abc import Iterator
from collections.abc import Sequence as Items
from dataclasses import dataclass

from egressc.entries import ALL, Document, entries_of
from egressc.findings import Code, Finding, Span
from egressc.hostname import normalise
from egressc.merge import merge
from egressc.positions import Mapping, Sequence, mark
from egressc.schema import field, schema
from egressc.slips import nearest
from egressc.teams import Listed, joined

FACTS = ("mesh", "companions")  # said in one file, whatever the number of files; overlays merge over it
HOST, GATEWAY = (schema()["$defs"][name] for name in ("host", "sharedGateway"))
LISTED = ("gateways", "deny")  # of all files together; an overlay's item of a known name merges over it

HOST_TWICE = Code(
    "EG301",
    "the same host twice",
    "A host has one entry in a file. Two entries would be two gateways for one name, and Istio would take one of "
    "them by chance. What differs in one environment stands in an overlay.",
)
NOT_IN_A_LIST = Code(
    "EG304",
    "an overlay for a host that the list does not have",
    "An overlay changes hosts, and adds none. So a slip in a name cannot leave a host as it was.",
)
FACT_TWICE = Code(
    "EG305",
    "the mesh is described twice",
    "`mesh` and `companions` are true of the whole release, and a group has one meaning. One file says them; an "
    "overlay may change them.",
)
REMOVED = Code(
    "EG307",
    "what only an overlay can say",
    "`remove: true` takes a host out of the list for one environment, and `addClients` adds to its clients there. In "
    "the list itself there is nothing to change: it is what an overlay changes.",
)
CLIENTS_REPLACED = Code(
    "EG309",
    "an overlay that takes clients away",
    "Lists in an overlay replace those below it, and so does `clients`: who was let in by the list and is not named "
    "again is refused in this environment. That may be meant. `addClients` adds instead.",
    "warning",
)
OLDER_MESH = Code(
    "EG352",
    "an overlay for an older Istio than the list's",
    "`mesh.istio` in a list is the oldest Istio of all meshes that get it. An overlay may only say that its "
    "environment is newer. Then a list that compiles has what each of its meshes can do.",
)


@dataclass(frozen=True, slots=True)
class Combined:
    """Several lists and overlays as one: the hosts' entries in the order of the lists, and what is said of all of them.

    Each entry lies over its defaults and under its overlays, and knows who said what. `facts` has one Mapping for each
    of FACTS, `groups` those of all files, `listed` the items of all files for each of LISTED.
    """

    entries: list[Mapping]
    facts: dict[str, Mapping]
    groups: Mapping
    listed: dict[str, list[Mapping]]


@dataclass(slots=True)
class _Host:
    """One host: its entry in each file that has one, and whether one of them was refused."""

    listed: list[Listed]
    broken: bool


def combine(
    lists: Items[Document], overlays: Items[Document], *, complete: bool = True
) -> tuple[Combined, list[Finding]]:
    """All lists and overlays as one, and what is wrong with them together.

    Not `complete` are lists of which one could not be read: a host that an overlay names may stand there.
    """
    findings: list[Finding] = []
    above = Mapping(lists[0].data.span)
    for overlay in overlays:
        above = merge(above, _defaults(overlay), HOST)
    hosts: dict[str, _Host] = {}
    for document in lists:
        _collect(document, merge(_defaults(document), above, HOST), hosts, findings)
    entries: dict[str, Mapping] = {}
    for name, host in hosts.items():
        entries[name], more = joined(name, host.listed)
        findings += more
        host.broken |= any(ALL & overlay.broken and "defaults" in overlay.data for overlay in overlays)
    for overlay in overlays:
        more = list(_lay(overlay, entries, hosts))
        findings += [finding for finding in more if complete or finding.code != NOT_IN_A_LIST.name]
    facts = {}
    for key in FACTS:
        facts[key], more = _fact(key, lists, overlays)
        findings += more
    kept = [entry for name, entry in entries.items() if "remove" not in entry and not hosts[name].broken]
    listed = {key: _listed(key, lists, overlays) for key in LISTED}
    return Combined(kept, facts, _groups(lists, overlays, findings), listed), findings


def _defaults(document: Document) -> Mapping:
    given = document.data.get("defaults")
    mark(given, "defaults")
    return given if isinstance(given, Mapping) else Mapping(document.data.span)


def _collect(document: Document, defaults: Mapping, hosts: dict[str, _Host], findings: list[Finding]) -> None:
    """Adds the entries of one list to `hosts`."""
    seen: dict[str, Span] = {}
    for index, entry in entries_of(document, findings):
        host, place = normalise(entry["host"]), entry.values_at["host"]
        for key in ("remove", "addClients"):
            if key in entry:
                fix = "remove the whole entry" if key == "remove" else "write `clients`"
                message = f"`{key}` stands outside of an overlay"
                findings.append(REMOVED(entry.keys_at[key], message, f"{fix}, or write this into an overlay"))
        if host in seen:
            first = seen[host]
            fix = f"keep one entry; the first is {first.file}:{first.line} (an --overlay says what differs)"
            findings.append(HOST_TWICE(place, f"`{host}` is listed twice", fix))
            continue
        seen[host] = place
        known = hosts.setdefault(host, _Host([], broken=False))
        known.listed.append(Listed(entry, merge(defaults, entry, HOST) if defaults else entry))
        known.broken |= document.is_broken(index)


def _lay(overlay: Document, entries: dict[str, Mapping], hosts: dict[str, _Host]) -> Iterator[Finding]:
    """Lays what an overlay says of single hosts over their `entries`."""
    seen: dict[str, Span] = {}
    unnamed: list[Finding] = []
    for index, entry in entries_of(overlay, unnamed):
        host, place = normalise(entry["host"]), entry.values_at["host"]
        mark(entry, "overlay")
        if host in seen:
            fix = f"keep one of the two; the first is on line {seen[host].line}"
            yield HOST_TWICE(place, f"`{host}` is listed twice in this overlay", fix)
        elif host not in hosts:
            close = nearest(host, hosts)
            beside = "write a host that only this environment has into a list of its own"
            yield NOT_IN_A_LIST(place, f"no list has `{host}`", f"did you mean {close}?" if close else beside)
        else:
            below = entries[host]
            yield from _replaced(below, entry)
            entries[host] = _with_added_clients(merge(below, entry, HOST))
            hosts[host].broken |= overlay.is_broken(index)
        seen.setdefault(host, place)
    yield from unnamed


def _replaced(below: Mapping, entry: Mapping) -> Iterator[Finding]:
    """A warning where the overlay's `entry` takes clients away."""
    given, known = entry.get("clients"), below.get("clients")
    if isinstance(given, Sequence) and isinstance(known, Sequence):
        gone = [json.dumps(client) for client in known if client not in given]
        if gone:
            message = (
                f"these clients replace those of the list: {', '.join(gone).replace(chr(34), '')} may not call here"
            )
            fix = "write `addClients` to let in more, or name again who stays"
            yield CLIENTS_REPLACED(entry.keys_at["clients"], message, fix)


def _with_added_clients(entry: Mapping) -> Mapping:
    added = entry.get("addClients")
    if not isinstance(added, Sequence):
        return entry
    result = entry.without(("addClients",))
    if isinstance(known := result.get("clients"), Sequence):
        added = known.with_items([*known.placed, *added.placed])
    result["clients"] = added
    for places in (result.keys_at, result.values_at):
        places.setdefault("clients", entry.keys_at["addClients"])
    result.origins["clients"] = entry.origin_of("addClients")
    return result


def _groups(lists: Items[Document], overlays: Items[Document], findings: list[Finding]) -> Mapping:
    """The groups of all files by name; an overlay's replaces the list's."""
    result = Mapping(lists[0].data.span)
    for document in (*lists, *overlays):
        groups = document.data.get("groups")
        if not isinstance(groups, Mapping) or ALL & document.broken:
            continue
        for name in groups:
            if name in result and document in lists:
                first = result.keys_at[name]
                fix = f"keep it in one file; the first is {first.file}:{first.line}"
                findings.append(FACT_TWICE(groups.keys_at[name], f"the group `{name}` is given in two files", fix))
            else:
                result.take(name, groups)
    return result


def _fact(key: str, lists: Items[Document], overlays: Items[Document]) -> tuple[Mapping, list[Finding]]:
    findings = []
    described, overlaid = (
        [document for document in documents if isinstance(document.data.get(key), Mapping)]
        for documents in (lists, overlays)
    )
    for document in described[1:]:
        fix = f"keep it in one file; the first is {described[0].data.span.file}"
        findings.append(FACT_TWICE(document.data.keys_at[key], f"`{key}` is given in two files", fix))
    fact = Mapping(lists[0].data.span)
    for document in (*described[:1], *overlaid):
        if not ALL & document.broken:
            findings += _lowered(fact, document.data[key])
            fact = merge(fact, document.data[key], field(schema(), key) or {})
    return fact, findings


def _lowered(below: Mapping, above: Mapping) -> Iterator[Finding]:
    """A finding where the overlay's `above` has an older Istio than the list, which is for the oldest of all meshes."""
    said, lower = below.get("istio"), above.get("istio")
    if said and lower and _numbers(lower) < _numbers(said):
        message = f"Istio {lower} is older than {said}, which is the oldest of the list's meshes"
        place = below.values_at["istio"]
        fix = f'write `"{lower}"` in {place.file}:{place.line}, and newer versions in overlays'
        yield OLDER_MESH(above.values_at["istio"], message, fix)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _listed(key: str, lists: Items[Document], overlays: Items[Document]) -> list[Mapping]:
    def items(documents: Items[Document]) -> list[Mapping]:
        return [item for document in documents if not ALL & document.broken for item in document.data.get(key) or ()]

    result = items(lists)
    for item in items(overlays):
        known = next((at for at, other in enumerate(result) if "name" in item and other["name"] == item["name"]), None)
        if known is None:
            result.append(item)
        else:
            result[known] = merge(result[known], item, GATEWAY)
    return result
