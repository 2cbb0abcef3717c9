"""What an object decides about a request."""

from dataclasses import dataclass

from egressc.explain.lines import Lines, said
from egressc.explain.objects import Object
from egressc.model import Host, spell


@dataclass(frozen=True, slots=True)
class Decision:
    """What the object `by` makes so; `lines` are empty where the list is silent and a default holds."""

    by: Object
    says: str
    lines: Lines


def time(host: Host, group: str, name: str, says: str) -> tuple[str, Lines]:
    """`says` with the duration `group`.`name` of `host`, and where the list says it."""
    duration = host.duration(group, name)
    return says.format(spell(duration) if duration else "any time"), said(host.source, group, name)
