"""What an object decides, in a sentence, with the part of the chart's values that makes it so."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from egressc.positions import Lines

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Object(NamedTuple):
    """A Kubernetes object; `namespace` is empty for one of the whole cluster."""

    kind: str
    namespace: str
    name: str

    @property
    def text(self) -> str:
        """`Service egress/api-example-com`."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


class Decision(NamedTuple):
    """What the object `by` makes so.

    `lines` are empty where the list is silent and a default holds. `sets` is a part of the host's entry in the chart's
    values, or of each entry of client port `port`; without it the object would be another one. It is empty where nobody
    has a choice, and where the chart's own default holds.
    """

    by: Object
    says: str
    lines: Lines = ()
    sets: Mapping[str, Any] = NOTHING
    port: int | None = None


def chosen(by: Object, says: str, lines: Lines, sets: Mapping[str, Any]) -> Decision:
    """A decision that sets something only where the list says it."""
    return Decision(by, says, lines, sets if lines else NOTHING)


def fold(decisions: Iterable[Decision]) -> dict[int | None, dict[str, Any]]:
    """What `decisions` set together: in the host's entry (None), and in the entry of each client port."""
    result: dict[int | None, dict[str, Any]] = {None: {}}
    for decision in decisions:
        if decision.sets:
            part = result.setdefault(decision.port, {})
            for key, value in decision.sets.items():
                part[key] = _over(part.get(key), value)
    return result


def _over(below: Any, value: Any) -> Any:
    if isinstance(below, dict) and isinstance(value, dict):
        return below | {key: _over(below.get(key), part) for key, part in value.items()}
    return value
