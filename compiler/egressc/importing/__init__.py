"""IMPORT: what people have, objects of Istio or an allowlist → a host list, and what could not be carried over."""

import re
from collections.abc import Callable, Iterator
from collections.abc import Sequence as Items
from dataclasses import dataclass, field, replace
from typing import Any

from egressc import output, source
from egressc.findings import Code, Finding, Span, folded
from egressc.hostname import short
from egressc.importing import cilium, items, mesh, packages, smokescreen, squid, table, written
from egressc.importing.entry import Entry
from egressc.importing.objects import Object, Objects, is_object, objects
from egressc.importing.registry import CONTRADICTION
from egressc.positions import Mapping, Sequence
from egressc.unreadable import NOT_YAML, UNREADABLE

Source = tuple[str, bytes | OSError]
LINES: dict[str, Callable[[str, str, list[Finding]], Iterator[Entry]]] = {
    "squid": squid.entries,
    "csv": table.entries,
    "lines": items.lines,
}
FORMS = ("objects", *LINES)

NOTHING = Code(
    "EG403",
    "nothing to import",
    "No file has an external host. Import reads ServiceEntries with the objects around them, policies of Cilium, "
    "Packages of UDS, ExternalServices, ACLs of smokescreen, Squid's configuration, CSV, and names one a line.",
)
NOT_READ = Code(
    "EG404",
    "objects of a kind that is not read",
    "The kind says nothing of external hosts, or egressc's chart makes such objects itself. Nothing of them is in the "
    "list.",
    "warning",
)
UNKNOWN_FORM = Code(
    "EG412",
    "a document of an unknown form",
    "The document is neither an object of Kubernetes nor an allowlist of a form that is known.",
    "warning",
)
SILENT_FIX = "leave it out of the import; the chart makes what the gateways need"


@dataclass(frozen=True, slots=True)
class Imported:
    """The text of a list, None where a finding is an error; findings in the order of the lines."""

    text: str | None
    findings: tuple[Finding, ...]
    entries: tuple[Entry, ...] = ()


def import_sources(sources: Items[Source], form: str | None = None) -> Imported:
    """The list of what files say, given as name and content; `form` is one of FORMS, None is what each looks like."""
    read = _Found()
    for name, raw in sources:
        if isinstance(raw, OSError):
            message = f"the file cannot be read: {output.reason(raw)}"
            read.findings.append(UNREADABLE(Span(name, 1, 1), message, "check its name and its permissions"))
        else:
            _file(name, raw, form, read)
    findings = read.findings
    known, all_objects = mesh.entries(read.objects, findings)
    domains = all_objects.domains
    others = [*packages.entries(read.objects, findings), *cilium.entries(read.objects, findings)]
    findings += _others(read.objects)
    found = [*read.entries, *known, *others]
    entries = _merged(found, findings)
    wrong = any(one.level == "error" for one in findings)
    if not entries and not wrong:
        place = Span(sources[0][0] if sources else "<stdin>", 1, 1)
        findings.append(
            NOTHING(place, "no file has an external host", "give `egressc import` ServiceEntries or an allowlist")
        )
        wrong = True
    if len(domains) > 1:
        message = f"the objects name {len(domains)} trust domains: {', '.join(sorted(domains))}"
        findings.append(CONTRADICTION(entries[0].span, message, "import the objects of one mesh"))
        wrong = True
    trust_domain = next(iter(domains), "cluster.local")
    text = None if wrong else written.text(entries, trust_domain, gateways=[*all_objects.shared.values()])
    return Imported(text, folded(findings), tuple(entries))


@dataclass(slots=True)
class _Found:
    """What the files say: entries of allowlists, and objects that say something only together."""

    findings: list[Finding] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    objects: Objects = field(default_factory=Objects)


def _file(name: str, raw: bytes, form: str | None, found: _Found) -> None:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = ""
    reader = LINES.get(form or _looks_like(text))
    if reader and len(raw) <= source.MAX_BYTES:
        found.entries += reader(name, text, found.findings)
        return
    documents, problems = source.load_stream(name, raw)
    if problems and "{{" in text:
        before = text[: text.index("{{")]
        span = Span(name, before.count("\n") + 1, len(before) - before.rfind("\n"))
        found.findings.append(
            NOT_YAML(span, "this is a template, and no YAML yet", "import what `helm template` prints")
        )
        return
    # what stands there may be a Secret: a fix that quotes it would show it
    fix = "check the quotes, colons and indentation here"
    found.findings += [replace(one, fix=fix) if one.code == NOT_YAML.name else one for one in problems]
    for document in documents:
        _document(document, Span(name, 1, 1), found)


def _document(document: Any, place: Span, found: _Found) -> None:
    if is_object(document):
        found.objects += objects(document)
    elif smokescreen.fits(document):
        found.entries += smokescreen.entries(document, found.findings)
    elif isinstance(document, Sequence):
        for item, span in document.placed:
            if isinstance(item, str):
                found.entries += items.item_without_clients(item, span, found.findings)
    elif isinstance(document, Mapping) and (entries := packages.of_values(document)):
        found.objects += [Object(entry) for entry in entries]
    else:
        span = document.span if isinstance(document, Mapping) else place
        message = "this is neither an object of Kubernetes nor an allowlist"
        found.findings.append(UNKNOWN_FORM(span, message, "name its form with `--from`"))


def _looks_like(text: str) -> str:
    if squid.fits(text):
        return "squid"
    if table.fits(text):
        return "csv"
    first = next((line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")), "")
    plain = not re.match(r"\s*(---|\{|\[|- |[\w.-]+:( |$))", first)
    return "lines" if plain and first else "objects"


def _others(all_objects: Objects) -> Iterator[Finding]:
    """One finding for each other kind of each file."""
    seen = set()
    for one in all_objects:
        if not one.known and (one.span.file, one.kind) not in seen:
            seen.add((one.span.file, one.kind))
            yield NOT_READ(one.span, f"objects of kind {short(one.kind)} are not read", SILENT_FIX)


def _merged(found: Items[Entry], findings: list[Finding]) -> list[Entry]:
    """Each host once: the same host of several sources has the clients of all of them."""
    entries: dict[str, Entry] = {}
    for entry in found:
        known = entries.setdefault(entry.host, entry)
        if known is entry:
            continue
        mine, other = (
            {key: value for key, value in one.settings.items() if key not in ("clients", "description")}
            for one in (known, entry)
        )
        if mine != other:
            message = f"{short(entry.host)} has other settings here than in {known.span.file}:{known.span.line}"
            findings.append(CONTRADICTION(entry.span, message, "keep the one that is right"))
        known.questions += [question for question in entry.questions if question not in known.questions]
        if "clients" in known.settings and "clients" in entry.settings:
            clients: list[Any] = known.settings["clients"]
            clients += [client for client in entry.settings["clients"] if client not in clients]
    return list(entries.values())
