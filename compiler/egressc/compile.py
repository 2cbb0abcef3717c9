"""The whole flow, from the bytes of a list to its plan."""

from bisect import bisect_right
from collections.abc import Sequence as Items
from dataclasses import dataclass
from pathlib import Path

from egressc import layers, output, rules, settle, shape, source, unreadable
from egressc.entries import Document
from egressc.findings import Finding, Span, folded
from egressc.meant import foreign
from egressc.model import Inventory
from egressc.plan import Plan, plan
from egressc.positions import Mapping, Sequence
from egressc.rules.cost import check_releases

Source = tuple[str, bytes | OSError]


@dataclass(frozen=True, slots=True)
class Compilation:
    """What came of a list: a plan and its model only where no finding is an error; findings in the order of lines."""

    plan: Plan | None
    findings: tuple[Finding, ...]
    inventory: Inventory | None = None


def compile_files(lists: Items[str], overlays: Items[str] = ()) -> Compilation:
    """Compiles the files of these names as one list, stdin for `-`; what cannot be read is a finding like any other."""
    return compile_sources(*(read_files(names) for names in (lists, overlays)))


def read_files(names: Items[str]) -> list[Source]:
    """The content of the files of these names, stdin for `-`, or why a file cannot be read."""
    return [(_shown(name), _read(name)) for name in names]


def compile_sources(lists: Items[Source], overlays: Items[Source] = ()) -> Compilation:
    """Compiles files given as name and content; all that is wrong with all of them is found at once."""
    findings: list[Finding] = []
    documents = [document for item in lists if (document := _document(item, findings))]
    patches = [document for item in overlays if (document := _document(item, findings))]
    if not documents:
        return Compilation(None, folded(findings))
    combined, more = layers.combine(documents, patches, complete=len(documents) == len(lists))
    inventory, inapplicable = settle.inventory(combined)
    ordered = folded([*findings, *more, *inapplicable, *rules.check(inventory)])
    wrong = any(finding.level == "error" for finding in ordered)
    return Compilation(None, ordered) if wrong else Compilation(plan(inventory), ordered, inventory)


def storable(compilation: Compilation, releases: Items[int], *, sharded: bool) -> Compilation:
    """`compilation` of a list that Helm is to store as releases of about so many bytes."""
    if compilation.inventory is None:
        return compilation
    more = tuple(check_releases(compilation.inventory, releases, sharded=sharded))
    ordered = tuple(sorted({*compilation.findings, *more}))
    wrong = any(finding.level == "error" for finding in more)
    return Compilation(None, ordered) if wrong else Compilation(compilation.plan, ordered, compilation.inventory)


def _shown(name: str) -> str:
    return "<stdin>" if name == "-" else name


def _read(name: str) -> bytes | OSError:
    try:
        with open(0, "rb", closefd=False) if name == "-" else Path(name).open("rb") as file:
            return file.read(source.MAX_BYTES + 1)  # enough to see that it is too large, also of what never ends
    except OSError as error:
        return error


def _document(item: Source, findings: list[Finding]) -> Document | None:
    name, raw = item
    if isinstance(raw, OSError):
        message = f"the file cannot be read: {output.reason(raw)}"
        findings.append(unreadable.UNREADABLE(Span(name, 1, 1), message, "check its name and its permissions"))
        return None
    data, problems = source.load(name, raw)
    other = foreign.explain(data) if data is not None else None
    if data is None or other:
        findings += [*problems, *([other] if other else ())]
        return None
    errors, broken = shape.check(data)
    # of a number that is a key, the schema may know what was meant
    meant = {error.span for error in errors}
    findings += [
        problem for problem in problems if problem.span not in meant or problem.code != unreadable.KEY_NOT_TEXT.name
    ]
    findings += errors
    # what could not be read whole is not judged further: its findings would be guesses
    return Document(data, broken | {_host_of(data, problem.span) for problem in problems})


def _host_of(data: Mapping, at: Span) -> int:
    """The index of the host in which `at` stands; -1 outside of all."""
    hosts = data.get("hosts")
    if not isinstance(hosts, Sequence):
        return -1
    begin = data.keys_at["hosts"]
    following = [key for key in data.keys_at.values() if key > begin]
    if at.column <= begin.column or any(at >= key for key in following):
        return -1
    return bisect_right(hosts.items_at, at) - 1
