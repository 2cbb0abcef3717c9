"""A line for each host: Ready, or why not."""

from collections.abc import Iterator
from dataclasses import dataclass

from egressc import printable
from egressc.doctor import CHECKS, Diagnosis, diagnosis
from egressc.doctor.examination import Examination, Workload, is_ready
from egressc.doctor.kubectl import UnansweredError
from egressc.doctor.problem import Problem

#: What keeps a host from being Ready, and not only from being as the list says.
ASKED = ("istiod", "namespaces", "secrets", "pods", "upstreams")
#: Of the JSON.
VERSION = 1
NOBODY = "-"  # no gateway: the clients' sidecars speak to the upstream


@dataclass(frozen=True, slots=True)
class State:
    """`ready` of `pods` pods of a host's gateway are Ready; both are None where nobody knows, or it has none.

    `reason` is the first problem that it has.
    """

    host: str
    gateway: str
    ready: int | None
    pods: int | None
    reason: str

    @property
    def text(self) -> str:
        """`Ready`, `NotReady`, `unknown`, or that no gateway can be."""
        if self.gateway == NOBODY:
            return "no gateway"
        if self.ready is None:
            return "unknown"
        return "Ready" if self.ready else "NotReady"


def states(examination: Examination) -> tuple[tuple[State, ...], Diagnosis]:
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
        known.append(State(carrier.host.host, gateway, ready, pods, reason))
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


def text(known: tuple[State, ...]) -> str:
    """A table for people; those that are not Ready come first."""
    worst = sorted(known, key=lambda one: (one.text == "Ready", one.text == "no gateway", one.host))
    rows = [("HOST", "STATE", "PODS", "GATEWAY", "REASON")]
    rows += [(one.host, one.text, _pods(one), one.gateway, one.reason) for one in worst]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = (
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]]).rstrip()
        for row in rows
    )
    return "".join(f"{printable.line(line)}\n" for line in lines)


def as_json(known: tuple[State, ...]) -> str:
    """A JSON object: `version`, and `hosts`, each with its state, pods, gateway and reason."""
    hosts = [
        {
            "host": one.host,
            "state": one.text,
            "ready": one.ready,
            "pods": one.pods,
            "gateway": None if one.gateway == NOBODY else one.gateway,
            "reason": one.reason or None,
        }
        for one in known
    ]
    return printable.as_json({"version": VERSION, "hosts": hosts})


def _pods(one: State) -> str:
    return NOBODY if one.pods is None else f"{one.ready}/{one.pods}"


FORMATS = {"text": text, "json": as_json}
