"""The calls of the last minutes, as a Prometheus has counted them at the gateways."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from egressc.doctor.examination import Examination
from egressc.doctor.problem import Problem
from egressc.doctor.prometheus import MAX_ANSWER, Query, SilentError
from egressc.findings import Code
from egressc.plan import GatewayCarrier

SILENT = Code(
    "EG469",
    "a Prometheus that does not answer",
    "Nobody answers at the address of `--prometheus`. For a Prometheus inside the cluster, "
    "`kubectl port-forward` brings it to this machine. `SSL_CERT_FILE` names a CA of your own.",
    "warning",
)
LOCKED = Code(
    "EG470",
    "a Prometheus that wants to know who asks",
    "It answers 401 or 403, or sends to another page, such as a login. egressc follows no redirection, because that "
    "page would get the token. `--prometheus-token` names a file with a bearer token.",
    "warning",
)
NONSENSE = Code(
    "EG471",
    "a Prometheus that does not answer the question",
    "What answers is no Prometheus, or it refuses the question. The address is the one before `/api/v1/query`.",
    "warning",
)
NOT_SCRAPED = Code(
    "EG472",
    "a Prometheus that knows no gateway of the list",
    "It does not scrape the gateways, or does not give their series the labels that alerts and dashboard need. The "
    "chart's value `monitoring.podMonitor` does both for the Prometheus operator.",
    "warning",
)
#: Minutes that are looked back.
MINUTES = 10
LABELS = "namespace, egressc_io_gateway, cluster_name"
OURS = 'egressc_io_gateway!=""'
#: A gateway counts nothing of a host before the first call, but knows how many addresses it has.
KNOWN = f"group by ({LABELS}) (envoy_cluster_membership_total{{{OURS}}})"
COUNTED = tuple(
    f"sum by ({LABELS}) (increase(envoy_cluster_upstream_{metric}{OURS}}}[{MINUTES}m]))"
    for metric in ('rq{response_code_class!="", ', 'rq{response_code_class="5xx", ', "cx_total{", "cx_connect_fail{")
)
#: A gateway's namespace and name, and the cluster of an upstream.
Place = tuple[str, str, str]
Counts = Mapping[Place, int]
#: Of all calls, and of those that came to nothing.
Pair = tuple[Counts, Counts]
#: Letters of what others say.
SAID = 200


@dataclass(frozen=True, slots=True)
class Calls:
    """`made` calls of a host, and those of them that came to nothing: answers of 5xx.

    Where Envoy sees no requests, calls are connections, and errors those that failed.
    """

    made: int
    errors: int


class _UnusableError(Exception):
    """No answer that can be used."""

    def __init__(self, code: Code, message: str, fix: str) -> None:
        super().__init__(message)
        self.code, self.fix = code, fix


def calls(examination: Examination, query: Query) -> tuple[dict[str, Calls], Problem | None]:
    """The calls of each host that the Prometheus knows; and what keeps it from knowing any."""
    try:
        known, requests, errors, opened, failed = (_asked(query, one) for one in (KNOWN, *COUNTED))
        found: dict[str, Calls] = {}
        for carrier in examination.plan.gateways:
            counts = list(_counts(carrier, known, (requests, errors), (opened, failed)))
            if counts:
                found[carrier.host.host] = Calls(sum(made for made, _ in counts), sum(bad for _, bad in counts))
        if not found:
            fix = "set `monitoring.podMonitor.enabled` of the chart's values to true, or scrape the gateways yourself"
            raise _UnusableError(NOT_SCRAPED, "has no series of the list's gateways", fix)
    except _UnusableError as error:
        return {}, examination.everywhere.has(error.code, "Prometheus", str(error), error.fix)
    return found, None


def _counts(
    carrier: GatewayCarrier, known: Counts, of_requests: Pair, of_connections: Pair
) -> Iterator[tuple[int, int]]:
    for port in carrier.ports:
        mark = "" if carrier.pods.single else "carried"
        place = (carrier.namespace, carrier.pods.name, f"outbound|{port.client_port}|{mark}|{carrier.host.host}")
        if place in known:
            made, bad = of_requests if port.settled.is_http else of_connections
            yield made.get(place, 0), bad.get(place, 0)


def _asked(query: Query, question: str) -> Counts:
    try:
        status, body = query(question)
    except SilentError as error:
        fix = "correct the address of `--prometheus`, or let `kubectl port-forward` bring it to this machine"
        raise _UnusableError(SILENT, f"does not answer: {error}", fix) from None
    if status in (401, 403) or 300 <= status < 400:
        fix = "give `--prometheus-token` a file with a bearer token that may query"
        raise _UnusableError(LOCKED, f"answers {status}", fix)
    fix = "give `--prometheus` the address before /api/v1/query, with the path that is in front of it"
    if len(body) > MAX_ANSWER:
        raise _UnusableError(NONSENSE, f"answers more than {MAX_ANSWER:,} bytes", fix)
    try:
        said = json.loads(body)
        if said["status"] != "success":
            allowed = "ask who runs it to allow the question, or name another one"
            raise _UnusableError(NONSENSE, f"refuses the question: {str(said['error'])[:SAID]}", allowed)
        if status != 200 or said["data"]["resultType"] != "vector":
            raise ValueError
        return {_place(one["metric"]): _count(one["value"][1]) for one in said["data"]["result"]}
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        raise _UnusableError(NONSENSE, f"answers {status}, and not as a Prometheus does", fix) from None


def _place(labels: Mapping[str, str]) -> Place:
    return labels.get("namespace", ""), labels.get("egressc_io_gateway", ""), labels.get("cluster_name", "")


def _count(text: str) -> int:
    number = float(text)
    return round(number) if math.isfinite(number) else 0
