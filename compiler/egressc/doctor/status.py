"""A line for each host: Ready, or why not; and its calls, if a Prometheus is asked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from egressc import printable, report
from egressc.doctor import CHECKS, Diagnosis, diagnosis
from egressc.doctor.calls import MINUTES, Calls
from egressc.doctor.examination import Examination, Workload, is_ready
from egressc.doctor.kubectl import UnansweredError
from egressc.doctor.problem import Problem
from egressc.explain.layout import table

#: What keeps a host from being Ready, and not only from being as the list says.
ASKED = ("istiod", "namespaces", "secrets", "pods", "upstreams")
#: Of the JSON.
VERSION = 1
NOBODY = "-"  # no gateway: the clients' sidecars speak to the upstream


@dataclass(frozen=True, slots=True)
class State:
    """`ready` of `pods` pods of a host's gateway are Ready; both are None where nobody knows, or it has none.

    `reason` is the first problem that it has. `calls` are None where no Prometheus is asked, or none knows.
    """

    host: str
    gateway: str
    ready: int | None
    pods: int | None
    reason: str
    calls: Calls | None = None

    @property
    def text(self) -> str:
        """`Ready`, `NotReady`, `unknown`, or that no gateway can be."""
        if self.gateway == NOBODY:
            return "no gateway"
        if self.ready is None:
            return "unknown"
        return "Ready" if self.ready else "NotReady"


@dataclass(frozen=True, slots=True)
class Status:
    """How each host is, by name. `asked`: a Prometheus was; `problem` is what it has."""

    hosts: tuple[State, ...]
    asked: bool = False
    problem: Problem | None = None


def states(examination: Examination, calls: Mapping[str, Calls]) -> tuple[tuple[State, ...], Diagnosis]:
    """How each host is, by name, and what was found of all."""
    found = diagnosis(examination, [check for check in CHECKS if check.name in ASKED])
    reasons: dict[str, Problem] = {}
    for problem in found.problems:
        for host in problem.place.hosts:
            reasons.setdefault(host, problem)
    counts = dict(_counts(examination))
    known = []
    for carrier in examination.plan.carriers:
        gateway = f"{carrier.namespace}/{carrier.gateway}" if carrier.gateway else NOBODY
        ready, pods = counts.get(gateway, (None, None))
        problem_of = reasons.get(carrier.host.host)
        reason = f"{problem_of.code.name}: {problem_of.message}" if problem_of else ""
        known.append(State(carrier.host.host, gateway, ready, pods, reason, calls.get(carrier.host.host)))
    return tuple(sorted(known, key=lambda one: one.host)), found


def _counts(examination: Examination) -> Iterator[tuple[str, tuple[int, int]]]:
    for workload in examination.workloads:
        try:
            yield workload.text, _count(examination, workload)
        except UnansweredError:  # the diagnosis says so
            continue


def _count(examination: Examination, workload: Workload) -> tuple[int, int]:
    pods = examination.pods(workload)
    return sum(map(is_ready, pods)), len(pods)


def text(status: Status) -> str:
    """A table for people; those that are not Ready come first."""
    worst = sorted(status.hosts, key=lambda one: (one.text == "Ready", one.text == "no gateway", one.host))
    counted = (f"CALLS/{MINUTES}M", "ERRORS") if status.asked else ()
    rows = [("HOST", "STATE", "PODS", *counted, "GATEWAY", "REASON")]
    rows += [
        (one.host, one.text, _pods(one), *(_calls(one) if status.asked else ()), one.gateway, one.reason)
        for one in worst
    ]
    longest = max(len(cell) for row in rows for cell in row)
    said = printable.lines(table(rows, [longest] * len(rows[0])))
    return said + (report.text([status.problem.finding]) if status.problem else "")


def as_json(status: Status) -> str:
    """A JSON object: `version`; `hosts`, each with its state, pods, gateway and reason; and if a Prometheus is asked,
    with the calls of `minutes`, and `problem`, a finding.
    """
    hosts = [
        {
            "host": one.host,
            "state": one.text,
            "ready": one.ready,
            "pods": one.pods,
            "gateway": None if one.gateway == NOBODY else one.gateway,
            "reason": one.reason or None,
            **(_counted(one) if status.asked else {}),
        }
        for one in status.hosts
    ]
    keys = ("level", "code", "message", "fix")
    problem = {key: getattr(status.problem.finding, key) for key in keys} if status.problem else None
    counted = {"minutes": MINUTES, "problem": problem} if status.asked else {}
    return printable.as_json({"version": VERSION, "hosts": hosts} | counted)


def _counted(one: State) -> dict[str, object]:
    return {"calls": one.calls.made if one.calls else None, "errors": one.calls.errors if one.calls else None}


def _pods(one: State) -> str:
    return NOBODY if one.pods is None else f"{one.ready}/{one.pods}"


def _calls(one: State) -> tuple[str, str]:
    return (NOBODY, NOBODY) if one.calls is None else (f"{one.calls.made:,}", f"{one.calls.errors:,}")


FORMATS = {"text": text, "json": as_json}
