"""LEARN: access logs or metrics of an open mesh → a host list of what was called, and what is unknown."""

import zlib
from collections import Counter
from collections.abc import Sequence as Items
from dataclasses import dataclass, replace

from egressc import output
from egressc.commands.arguments import STANDARD
from egressc.compile import compile_sources, read_files
from egressc.counted import times
from egressc.findings import Code, Finding, Span, folded
from egressc.importing import written
from egressc.importing.entry import Entry
from egressc.learning import access, calls, metrics, reading
from egressc.learning.beside import Beside
from egressc.learning.judged import judged
from egressc.learning.origin import SIDECAR, Origin, of_file, unwrapped
from egressc.learning.proposal import proposal
from egressc.learning.tally import Tally
from egressc.learning.unknown import first_place, unknown
from egressc.unreadable import UNREADABLE

NO_CALLS = Code(
    "EG415",
    "nothing to learn from",
    "No file has a line of an access log, or a metric of calls to PassthroughCluster or BlackHoleCluster. Turn the "
    "access log on (`accessLogFile: /dev/stdout` in the mesh's configuration, or a Telemetry), and give the logs of "
    "the containers istio-proxy.",
)
NOTHING_NEW = Code(
    "EG416",
    "nothing to propose",
    "The logs have no call to the outside that the list does not carry already.",
    "warning",
)
MOST_FINDINGS = 50
HEAD = "Learned by egressc from what was called. Look at it, answer the comments, and compile it"


@dataclass(frozen=True, slots=True)
class Learned:
    """The text of a list, None where a finding is an error; findings in the order of lines; a sentence for people."""

    text: str | None
    findings: tuple[Finding, ...]
    entries: tuple[Entry, ...] = ()
    summary: str = ""


def learn(
    names: Items[str],
    client: Origin | None = None,
    beside: Items[str] = (),
    *,
    refused: bool = False,
    tally: Tally | None = None,
    progress: reading.Progress | None = None,
) -> Learned:
    """The list of what the logs `names` show, `-` for stdin, that the lists `beside` do not carry.

    `client` is whose logs these are, as far as they do not say it. With `refused` also what the mesh refused.
    """
    known: Beside | None = None
    sources = read_files(beside)
    if sources:
        compilation = compile_sources(sources)
        if compilation.inventory is None:
            return Learned(None, compilation.findings)
        known = Beside(compilation.inventory)
    tally = tally or Tally()
    progress = progress or reading.Progress(wanted=False)
    try:
        for name in names:
            _file(name, client or Origin(), tally, progress)
    finally:
        progress.done()
    findings = [*tally.said(), *unknown(tally, refused=refused)]
    wrong = any(one.level == "error" for one in findings)
    if not (wrong or tally.calls or tally.skipped["inside"] or tally.skipped["inbound"]):
        message = "no file has a line of an access log or a metric of a call"
        place = first_place(tally, tuple(map(_shown, names)))
        findings.append(NO_CALLS(place, message, "give the logs of `istio-proxy` containers, with the access log on"))
        wrong = True
    if wrong:
        return Learned(None, _bounded(findings))
    proposed = proposal(tally, known, refused=refused)
    findings += proposed.findings
    entries = judged(proposed.entries, sources, findings)
    if not entries:
        place = first_place(tally, tuple(map(_shown, names)))
        fix = "look at the other findings" if findings else "leave the list as it is"
        findings.append(NOTHING_NEW(place, "no entry is proposed", fix))
    head = f"{HEAD} together with {', '.join(beside)}." if beside else f"{HEAD}."
    text = written.text(entries, calls.CLUSTER_DOMAIN, head=head)
    return Learned(text, _bounded(findings), tuple(entries), _summary(tally, entries, proposed.carried))


def _bounded(findings: Items[Finding]) -> tuple[Finding, ...]:
    """The findings in the order of lines, of each code so many as people read: callers choose how many there are."""
    counts: Counter[str] = Counter()
    result: list[Finding] = []
    for one in folded(findings):
        counts[one.code] += 1
        if counts[one.code] <= MOST_FINDINGS:
            result.append(one)
        elif counts[one.code] == MOST_FINDINGS + 1:
            result.append(replace(one, message=f"{one.message}; more like this are not shown"))
    return tuple(result)


def _shown(name: str) -> str:
    return "<stdin>" if name == STANDARD else name


def _file(name: str, client: Origin, tally: Tally, progress: reading.Progress) -> None:
    """Counts what one file says."""
    shown = _shown(name)
    outer = of_file(name)
    tally.in_other = False
    number = 0
    try:
        with reading.opened(name) as file:
            if reading.is_answer(file):
                _answer(file.read(reading.MAX_ANSWER + 1), shown, outer.within(client), tally)
                return
            for number, line in enumerate(reading.lines(file), 1):
                tally.lines += 1
                _line(line, Span(shown, number, 1), outer, client, tally)
                progress.at(tally.lines)
    except (OSError, EOFError, zlib.error) as error:
        reason = output.reason(error) if isinstance(error, OSError) else "its compressed data is broken"
        message = f"the file cannot be read: {reason}"
        tally.findings.append(UNREADABLE(Span(shown, number + 1, 1), message, "check its name and its permissions"))


def _answer(raw: bytes, shown: str, outer: Origin, tally: Tally) -> None:
    tally.lines += 1
    span = Span(shown, 1, 1)
    if len(raw) > reading.MAX_ANSWER:
        tally.unread(span, f"the answer of Prometheus has more than {reading.MAX_ANSWER:,} bytes")
        return
    try:
        for call, count in metrics.of_answer(raw, outer):
            tally.add(call, span, count)
    except ValueError:
        tally.unread(span, "this is no answer of Prometheus to a query")


def _line(line: str | reading.Unread, span: Span, outer: Origin, client: Origin, tally: Tally) -> None:
    if isinstance(line, reading.Unread):
        tally.unread(span, line.why, fix=line.fix)
        return
    if not line:
        return
    origin, body = unwrapped(line, outer)
    wrapped = line.startswith("{") and body is not line
    origin = origin.within(client)
    if origin.container not in ("", SIDECAR) or not body:
        tally.skipped["other"] += 1
        return
    if isinstance(body, dict):
        record = access.of_json(body)
    else:
        record = access.of_text(body)
        if record is None and not wrapped and _other(body, span, origin, tally):
            return
    if record is None:
        tally.skipped["other"] += 1
        return
    tally.in_other = False
    call = calls.of_record(record, origin)
    if not record.has_cluster:
        tally.bare.setdefault(span.file, span)
    if isinstance(call, str):
        tally.skipped[call] += 1
    else:
        tally.add(call, span)


def _other(line: str, span: Span, origin: Origin, tally: Tally) -> bool:
    """Counts a line that is no text of an access log; False where it is of those that say nothing of calls."""
    if access.is_other(line) or (tally.in_other and line[0] not in "[{"):
        tally.in_other = True
        return False
    tally.in_other = False
    sample = metrics.of_line(line, origin)
    if sample is False:
        tally.unread(span, "this is no line of an access log", line)
    elif isinstance(sample, tuple):
        tally.add(sample[0], span, sample[1])
    else:
        tally.skipped["other"] += 1
    return True


def _summary(tally: Tally, entries: Items[Entry], carried: int) -> str:
    outside = sum(seen.count for seen in tally.calls.values()) + tally.beyond
    inside = tally.skipped["inside"] + tally.skipped["inbound"]
    listed = f", {carried:,} of them as the list says" if carried else ""
    hosts = "1 entry" if len(entries) == 1 else f"{len(entries):,} entries"
    others = f"{inside:,} inside of the mesh, {times(tally.skipped['other'], 'other line', ',')}"
    return f"{times(tally.lines, 'line', ',')}: {times(outside, 'call', ',')} to the outside{listed}, {others}; {hosts}"
