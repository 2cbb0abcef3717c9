"""Whether the fleet of a list can work in a cluster, and does; what is wrong with it, and what nobody could find out.

A module for each subject. All of them only read, and no check needs the rights of another.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple

from egressc.doctor import (
    admission,
    callers,
    drift,
    istiod,
    listeners,
    mesh,
    namespaces,
    network,
    others,
    pods,
    proxies,
    secrets,
    sidecars,
    upstreams,
)
from egressc.doctor.examination import Examination
from egressc.doctor.kubectl import UnansweredError
from egressc.doctor.problem import Outcome, Problem, Unknown, Well, merged
from egressc.explain.before import before

#: Gateways that are looked at at a time: a look into an Envoy waits for what its checks count meanwhile.
SIDE_BY_SIDE = 16


class Check(NamedTuple):
    """A question that is asked of each subject; `well` is what is true where nothing is wrong."""

    name: str
    well: str
    subjects: Callable[[Examination], Iterable[Any]]
    look: Callable[[Examination, Any], Iterator[Outcome]]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All that was found, the worst first; `well` are the checks that found nothing wrong, in words."""

    problems: tuple[Problem, ...]
    unknown: tuple[Unknown, ...]
    well: tuple[str, ...]

    @property
    def errors(self) -> int:
        """How many problems are errors."""
        return sum(one.level == "error" for one in self.problems)


def _once(_: Examination) -> tuple[None]:
    return (None,)


def _homes(examination: Examination) -> list[str]:
    return sorted({namespace for one in examination.plan.carriers for namespace in one.namespaces()})


def _called(examination: Examination) -> list[Any]:
    asked = examination.caller
    return [one for one in examination.plan.carriers if asked and asked.host in (None, one.host.host)]


#: In the order of causes: what comes first explains what comes later.
CHECKS = (
    Check("istiod", "istiod runs", _once, istiod.runs),
    Check("istio", "Istio is as new as the list says", istiod.control_planes, istiod.version),
    Check("mesh", "the mesh is set as the list needs it", istiod.control_planes, mesh.settings),
    Check("namespaces", "the namespaces exist", _homes, namespaces.gateways_home),
    Check("injection", "webhooks give gateways their proxies", lambda one: one.workloads, namespaces.injected),
    Check("clients", "clients have sidecars", lambda one: one.clients, namespaces.clients),
    Check("secrets", "Secrets are there and hold", lambda one: before(one.plan.carriers).objects, secrets.look),
    Check("admission", "the cluster takes the admission policies", admission.wanted, admission.look),
    Check("pods", "gateways have pods that run", lambda one: one.workloads, pods.look),
    Check("proxies", "gateways' proxies are as new as the list says", proxies.homes, proxies.versions),
    Check("revisions", "gateways are of the revision that they ask for", proxies.homes, proxies.revisions),
    Check("client proxies", "clients' sidecars are as the hosts need them", lambda one: one.clients, sidecars.look),
    Check("listeners", "gateways listen where the chart looks for them", _once, listeners.look),
    Check("upstreams", "upstreams answer their gateways", lambda one: one.workloads, upstreams.look),
    Check("network", "NetworkPolicies let gateways work", lambda one: one.workloads, network.look),
    Check("names", "no object of others takes a host over", lambda _: others.NAMING, others.names),
    Check("selectors", "no object of others changes gateway pods", lambda _: others.SELECTING, others.selects),
    Check("backends", "no policy changes the TLS to a host", _once, others.backends),
    Check("sidecars", "Sidecars let clients call", lambda one: one.clients, others.sidecars),
    Check("callers", "the caller may call", _called, callers.look),
    Check("drift", "the cluster has what the list says", _once, drift.look),
)


def diagnosis(examination: Examination, checks: Iterable[Check] = CHECKS) -> Diagnosis:
    """What `checks` find."""
    if not examination.plan.carriers:
        return Diagnosis((), (), ())
    checks = tuple(checks)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        asked = list(pool.map(lambda check: _subjects(examination, check), checks))
        pairs = [(check, one) for check, subjects in zip(checks, asked, strict=True) for one in subjects]
        found = list(zip(pairs, pool.map(lambda pair: _looked(examination, *pair), pairs), strict=True))
    outcomes = [(check, one) for (check, _), several in found for one in several]
    problems = [one for _, one in outcomes if isinstance(one, Problem)]
    unwell = {check.name for check, one in outcomes if not isinstance(one, Well)}
    return Diagnosis(
        problems=merged(problems),
        unknown=tuple(sorted({one for _, one in outcomes if isinstance(one, Unknown)})),
        well=(
            *dict.fromkeys(check.well for check, _ in pairs if check.name not in unwell),
            *dict.fromkeys(one.says for _, one in outcomes if isinstance(one, Well)),
        ),
    )


def _subjects(examination: Examination, check: Check) -> list[Any]:
    """What a check looks at, an Unknown where nobody can say."""
    try:
        return list(check.subjects(examination))
    except UnansweredError as error:
        return [Unknown(check.name, check.well, str(error))]


def _looked(examination: Examination, check: Check, subject: Any) -> list[Outcome]:
    if isinstance(subject, Unknown):
        return [subject]
    found: list[Outcome] = []
    try:
        found.extend(check.look(examination, subject))
    except UnansweredError as error:
        found.append(Unknown(check.name, check.well, str(error)))
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # an object of others may have any form
        # and what the error carries may be its content
        why = f"an object has a form that is not known ({type(error).__name__})"
        found.append(Unknown(check.name, check.well, why))
    return found
