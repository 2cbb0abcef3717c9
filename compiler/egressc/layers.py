"""LOAD: several lists as one, defaults under each host, overlays of an environment over it."""

from collections.abc import Sequence as Items
from dataclasses import dataclass

from egressc.findings import Code, Finding
from egressc.hostname import normalise
from egressc.positions import Mapping, mark
from egressc.schema import Part, field, schema
from egressc.slips import nearest

ALL = frozenset({-1})
FACTS = ("mesh", "companions")  # said in one file, whatever the number of files; overlays merge over it
HOST, GATEWAY = (schema()["$defs"][name] for name in ("host", "sharedGateway"))
LISTED = ("gateways", "deny")  # of all files together; an overlay's item of a known name merges over it

HOST_TWICE = Code(
    "EG301",
    "the same host twice",
    "A host has one entry in all files. Two entries would be two gateways for one name, and Istio would take one of "
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
    "`mesh` and `companions` are true of the whole release. One file says them; an overlay may change them.",
)
REMOVED = Code(
    "EG307",
    "an entry that only an overlay can have",
    "`remove: true` takes a host out of the list for one environment. In the list itself there is nothing to take out.",
)


def merge(base: Mapping, top: Mapping, part: Part) -> Mapping:
    """`top` over `base`, both of which `part` of the schema describes.

    Mappings merge key by key, and everything else replaces what is below it. The schema says where a mapping with a
    mode of its own starts afresh (`x-merge: whole`), and of which keys one is meant (`x-instead`): what the upper layer
    says takes the place of the others. Places and origins stay those of what is kept.
    """
    result = Mapping(top.span)
    replaced = {other for group in part.get("x-instead", ()) for key in group if key in top for other in group} - {*top}
    for layer in (base, top):
        for key in layer:
            if layer is base and key in replaced:
                continue
            below, value = result.get(key), layer[key]
            result.take(key, layer)
            if isinstance(below, Mapping) and isinstance(value, Mapping):
                about = field(part, key) or {}
                if not (about.get("x-merge") == "whole" and "mode" in value):
                    result[key] = merge(below, value, about)
    return result


@dataclass(frozen=True, slots=True)
class Document:
    """One file's content, and the indexes of its hosts that are not to be judged further (ALL: none are)."""

    data: Mapping
    broken: frozenset[int]

    def is_broken(self, index: int) -> bool:
        """Whether the host at `index`, or what all hosts of the file depend on, has been refused."""
        return bool(self.broken & {index, *ALL})


@dataclass(frozen=True, slots=True)
class Combined:
    """Several lists and overlays as one: the hosts' entries in the order of the lists, and what is said of all of them.

    Each entry lies over its defaults and under its overlays, and knows who said what. `facts` has one Mapping for each
    of FACTS, `listed` the items of all files for each of LISTED.
    """

    entries: list[Mapping]
    facts: dict[str, Mapping]
    listed: dict[str, list[Mapping]]


@dataclass(slots=True)
class _Owned:
    entry: Mapping
    defaults: Mapping
    broken: bool


def _entries(document: Document) -> list[tuple[int, Mapping]]:
    """The hosts of one file, each as a Mapping; a bare string becomes an entry of its host alone."""
    entries: list[tuple[int, Mapping]] = []
    hosts = document.data.get("hosts")
    for index, item in enumerate(hosts if isinstance(hosts, list) else []):
        if isinstance(item, str):
            span = document.data["hosts"].items_at[index]
            entry = Mapping(span)
            entry["host"], entry.keys_at["host"], entry.values_at["host"] = item, span, span
            entries.append((index, entry))
        elif isinstance(item, Mapping) and isinstance(item.get("host"), str):
            entries.append((index, item))
    return entries


def combine(
    lists: Items[Document], overlays: Items[Document], *, complete: bool = True
) -> tuple[Combined, list[Finding]]:
    """All lists and overlays as one, and what is wrong with them together.

    Not `complete` are lists of which one could not be read: a host that an overlay names may stand there.
    """
    findings: list[Finding] = []
    owned: dict[str, _Owned] = {}
    for document in (*lists, *overlays):
        mark(document.data.get("defaults"), "defaults")
    for document in lists:
        given = document.data.get("defaults")
        defaults = given if isinstance(given, Mapping) else Mapping(document.data.span)
        for index, entry in _entries(document):
            host = normalise(entry["host"])
            if "remove" in entry:
                fix = "remove the whole entry, or write this into an overlay"
                findings.append(REMOVED(entry.keys_at["remove"], "`remove` stands outside of an overlay", fix))
            if host in owned:
                first = owned[host].entry.values_at["host"]
                fix = f"keep one entry; the first is {first.file}:{first.line} (an --overlay says what differs)"
                findings.append(HOST_TWICE(entry.values_at["host"], f"`{host}` is listed twice", fix))
            else:
                owned[host] = _Owned(entry, defaults, document.is_broken(index))
    for overlay in overlays:
        findings += [finding for finding in _lay(overlay, owned) if complete or finding.code != NOT_IN_A_LIST.name]
    entries = [
        merge(item.defaults, item.entry, HOST) if item.defaults else item.entry
        for item in owned.values()
        if "remove" not in item.entry and not item.broken
    ]
    facts = {}
    for key in FACTS:
        facts[key], more = _fact(key, lists, overlays)
        findings += more
    return Combined(entries, facts, {key: _listed(key, lists, overlays) for key in LISTED}), findings


def _lay(overlay: Document, owned: dict[str, _Owned]) -> list[Finding]:
    findings = []
    seen: dict[str, int] = {}
    for index, entry in _entries(overlay):
        host, span = normalise(entry["host"]), entry.values_at["host"]
        mark(entry, "overlay")
        if host in seen:
            fix = f"keep one of the two; the first is on line {seen[host]}"
            findings.append(HOST_TWICE(span, f"`{host}` is listed twice in this overlay", fix))
        elif host not in owned:
            close = nearest(host, owned)
            fix = (
                f"did you mean {close}?"
                if close
                else "write a host that only this environment has into a list of its own"
            )
            findings.append(NOT_IN_A_LIST(span, f"no list has `{host}`", fix))
        else:
            owned[host].entry = merge(owned[host].entry, entry, HOST)
            owned[host].broken |= overlay.is_broken(index)
        seen.setdefault(host, span.line)
    defaults = overlay.data.get("defaults")
    if isinstance(defaults, Mapping):
        for item in owned.values():
            item.defaults = merge(item.defaults, defaults, HOST)
            item.broken |= bool(ALL & overlay.broken)
    return findings


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
            fact = merge(fact, document.data[key], field(schema(), key) or {})
    return fact, findings


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
