"""Who is refused at a host whatever they may, for the texts and the JSON."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from egressc.explain.lines import Line, deny_line
from egressc.model import Deny
from egressc.plan import Gateway


@dataclass(frozen=True, slots=True)
class Denied:
    """Who is refused what: `namespace` and `service_account` are None for any, empty tuples mean everything.

    `by` is the host's own entry or the fleet; `ports` are the client ports where it can be decided.
    """

    by: Literal["host", "fleet"]
    who: str
    namespace: str | None
    service_account: str | None
    ports: tuple[int, ...]
    methods: tuple[str, ...]
    paths: tuple[str, ...]
    line: Line


def denied(gateway: Gateway) -> tuple[Denied, ...]:
    """Who is refused at `gateway`, the fleet's denials first."""
    return (*_denied(gateway, "fleet"), *_denied(gateway, "host"))


def what(deny: Deny) -> str:
    """`shop: DELETE on /admin*`."""
    asked = " ".join(sorted(deny.methods)) or "any method" if deny.methods or deny.paths else ""
    where = f" on {' '.join(sorted(deny.paths))}" if deny.paths else ""
    return f"{deny.who}: {asked}{where}" if asked else deny.who


def _denied(gateway: Gateway, by: Literal["host", "fleet"]) -> Iterator[Denied]:
    for denial in gateway.fleet_denials if by == "fleet" else gateway.denials:
        deny = denial.said
        if isinstance(deny, Deny):
            yield Denied(
                by=by,
                who=deny.who,
                namespace=deny.namespace,
                service_account=deny.service_account,
                ports=denial.ports if len(denial.ports) < len(gateway.ports) or denial.methods or denial.paths else (),
                methods=denial.methods,
                paths=denial.paths,
                line=deny_line(deny),
            )
