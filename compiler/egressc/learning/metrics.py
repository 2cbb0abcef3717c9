"""Metrics of sidecars → calls: `istio_requests_total` and `istio_tcp_connections_opened_total`, as text or as JSON."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from egressc.hostname import normalise
from egressc.learning.access import MAX_FIELD
from egressc.learning.calls import BLACK_HOLE, PASSTHROUGH, Call, Kind, called, is_inside
from egressc.learning.origin import Origin, of_client
from egressc.meant.pasted import split

NAMES = ("istio_requests_total", "istio_tcp_connections_opened_total")
SAMPLE = re.compile(r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?P<labels>.*)\})?\s+(?P<value>\S+)(\s+-?[0-9]+)?")
LABEL = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)')
ESCAPES = {r"\\": "\\", r"\"": '"', r"\n": "\n"}
IDENTITY = re.compile(r"(?:spiffe://)?[^/]+/ns/([^/]+)/sa/([^/]+)")
#: The port of a Host that names none.
USUAL = 80
#: Flags of calls that no upstream took.
FAILED = {"UF", "UH", "NR", "NC"}
Sample = tuple[Call, int]


def of_line(line: str, origin: Origin) -> Sample | bool | None:
    """The calls that a line of the text form counts; None if it counts none; False if it is no such line."""
    if line.startswith("#"):
        return None
    found = SAMPLE.fullmatch(line)
    if not found:
        return False
    labels = dict(_labels(found["labels"] or ""))
    return _sample({"__name__": found["name"], **labels}, found["value"], origin)


def of_answer(text: bytes, origin: Origin) -> Iterator[Sample]:
    """The calls that an answer of Prometheus counts. A ValueError where it is none."""
    try:
        data = json.loads(text)
        results = data["data"]["result"]
        kind = data["data"]["resultType"]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise ValueError(str(error)) from error
    if kind not in ("vector", "matrix") or not isinstance(results, list):
        raise ValueError(kind)
    for one in results:
        labels = one.get("metric") if isinstance(one, dict) else None
        if not isinstance(labels, dict):
            continue
        values = one.get("values") or [one.get("value")]
        last = values[-1] if isinstance(values, list) else None
        if isinstance(last, list) and len(last) == 2:
            texts = {key: value for key, value in labels.items() if isinstance(value, str)}
            if sample := _sample(texts, str(last[1]), origin):
                yield sample


def _labels(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while found := LABEL.match(text, at):
        yield found[1], re.sub(r"\\.", lambda escape: ESCAPES.get(escape[0], escape[0]), found[2])
        at = found.end()
        if at == len(text):
            return


def _sample(labels: dict[str, Any], value: str, origin: Origin) -> Sample | None:
    cluster = labels.get("destination_service_name")
    if labels.get("__name__", NAMES[0]) not in NAMES or cluster not in (PASSTHROUGH, BLACK_HOLE):
        return None
    count = _count(value)
    if not count or labels.get("reporter", "source") != "source":
        return None
    call = _call(labels, _origin(labels).within(origin))
    return None if is_inside(call.host) else (call, count)


def _call(labels: dict[str, Any], who: Origin) -> Call:
    """Calls of one sample; connections of TCP have no name."""
    asked, port = split(labels.get("destination_service", ""))
    name, protocol = normalise(asked)[:MAX_FIELD], labels.get("request_protocol")
    has_name = protocol != "tcp" and labels.get("__name__") != NAMES[1] and name not in ("", "unknown")
    if not has_name:
        return Call("nameless", "", 0, "TCP", namespace=who.namespace, account=who.account)
    kind: Kind = "seen"
    if called(name) is None:
        kind = "no host"
    elif labels["destination_service_name"] == BLACK_HOLE:
        kind = "refused"
    elif FAILED & {*labels.get("response_flags", "").split(",")}:
        kind = "unanswered"
    return Call(
        kind=kind,
        host=name,
        port=port or USUAL,
        protocol="HTTP2" if protocol == "grpc" else "HTTP",
        upstream_port=port or USUAL,
        namespace=who.namespace,
        account=who.account,
        assumed=not port,
    )


def _origin(labels: dict[str, Any]) -> Origin:
    if found := IDENTITY.fullmatch(labels.get("source_principal", "")):
        text = f"{found[1]}/{found[2]}"
    else:
        text = labels.get("source_workload_namespace") or labels.get("namespace", "")
    try:
        return of_client(text) if text != "unknown" else Origin()
    except ValueError:
        return Origin()


def _count(value: str) -> int:
    try:
        number = float(value)
    except ValueError:
        return 0
    return math.ceil(number) if math.isfinite(number) and number > 0 else 0
