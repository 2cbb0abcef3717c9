"""What the logs leave unknown: addresses without a name, calls without an answer, names that are no host's."""

from collections.abc import Iterator

from egressc.counted import times
from egressc.findings import Code, Finding, Span
from egressc.hostname import short
from egressc.learning.calls import Call, Kind
from egressc.learning.tally import Tally

NAMELESS = Code(
    "EG417",
    "calls to an address without a name",
    "The callers said no Host and no SNI, or an address in its place, or the sidecar did not read it: it reads names "
    "only on ports that it knows (docs/migrate.md has a ServiceEntry for this). Some protocols never say a name, such "
    "as those of databases. A gateway tells hosts apart by their names.",
    "warning",
)
UNANSWERED = Code(
    "EG418",
    "calls that reached no upstream",
    "The mesh refused the calls (BlackHoleCluster), or no connection came about. Nothing shows that the name is that "
    "of an upstream, so no entry is made of them. With `--refused`, entries are made of what the mesh refused.",
    "warning",
)
NO_HOST = Code(
    "EG419",
    "a called name that a list cannot have",
    "Host or SNI is a name that DNS cannot have, or a name of one label. Callers write what they like there.",
    "warning",
)
ANOTHER = Code(
    "EG420",
    "a name that is not that of the upstream",
    "Host or SNI names one host, and the sidecar sent the call to another one, which a ServiceEntry names. What was "
    "named was not seen, so no entry is made of it.",
    "warning",
)
NO_PORT = Code(
    "EG421",
    "ports that metrics do not show",
    "Istio's metrics have no ports. A Host without a port means port 80 for plain HTTP, and the entry says so. Access "
    "logs show the port.",
    "warning",
)
NO_CLUSTER = Code(
    "EG427",
    "a log that does not say where its calls went",
    "Envoy's own form of access log has no cluster. A call counts if its upstream has a public address. Its name is "
    "what the caller said, and nothing shows that the upstream is the host of that name.",
    "warning",
)
SHOWN = 10

_CODES: dict[Kind, tuple[Code, str]] = {
    "nameless": (
        NAMELESS,
        "if it is a host, let sidecars read names on this port (docs/migrate.md), or list it by name",
    ),
    "refused": (UNANSWERED, "add `--refused` to have entries of what the mesh refused"),
    "unanswered": (UNANSWERED, "look whether the host is still called"),
    "no host": (NO_HOST, "look what the caller means"),
    "another": (ANOTHER, "list the name itself if it is called for good"),
}


def unknown(tally: Tally, *, refused: bool) -> Iterator[Finding]:
    """What is to say of the calls that no entry is made of: those with the most calls, and how many there are."""
    for kind, (code, fix) in _CODES.items():
        if kind == "refused" and refused:
            continue
        some = sorted(
            ((call, seen) for call, seen in tally.calls.items() if call.kind == kind),
            key=lambda item: (-item[1].count, item[0]),
        )
        for call, seen in some[:SHOWN]:
            yield code(seen.span, f"{times(seen.count, 'call', ',')} {_said(call)}", fix)
        if len(some) > SHOWN:
            rest = sum(seen.count for _, seen in some[SHOWN:])
            first = min(seen.span for _, seen in some[SHOWN:])
            yield code(first, f"{len(some) - SHOWN:,} more of this kind, with {rest:,} calls", fix)
    if assumed := [
        seen.span for call, seen in tally.calls.items() if call.assumed and call.kind in ("seen", "refused")
    ]:
        message = "metrics show no ports: where a Host has none, it is port 80"
        yield NO_PORT(min(assumed), message, "look into an access log if the application says another one")
    for span in tally.bare.values():
        message = "the access log has Envoy's own form, which does not say where calls went"
        yield NO_CLUSTER(
            span, message, "check the names; Istio's form tells more (`accessLogFormat` of the mesh, unset)"
        )


def _said(call: Call) -> str:
    by = f"of {call.who}"
    port = f":{call.port}" if call.port else ""
    match call.kind:
        case "nameless":
            return f"{by} to {short(f'{call.host}{port}') if call.host else 'addresses that are not shown'}"
        case "refused":
            return f"{by} to {short(f'{call.host}{port}')}, refused by the mesh"
        case "unanswered":
            return f"{by} to {short(f'{call.host}{port}')}, without an upstream"
        case "another":
            return f"{by} for {short(call.host)} went to {short(f'{call.goes_to}{port}')}"
        case _:
            return f"{by} to {short(f'{call.host}{port}')}, which no list takes as a host"


def first_place(tally: Tally, names: tuple[str, ...]) -> Span:
    """Where to say what is true of all files."""
    return min((seen.span for seen in tally.calls.values()), default=Span(names[0] if names else "<stdin>", 1, 1))
