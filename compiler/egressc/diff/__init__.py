"""DIFF: two lists, and what the change from one to the other means for those who call, and for those who run it.

calls → access, upstream, settings → hosts, and pods, listeners → fleet hold what differs; text, markdown and as_json
show it.
"""

from collections.abc import Callable, Iterator

from egressc import emit
from egressc.diff import as_json, markdown, text
from egressc.diff.change import EFFECTS, RISKY, Change, Version
from egressc.diff.fleet import fleet_changes, gateway_changes
from egressc.diff.hosts import host_changes
from egressc.diff.listeners import unordered
from egressc.diff.words import sentence

__all__ = ["FORMATS", "RISKY", "Change", "Version", "changes"]

FORMATS: dict[str, Callable[[tuple[Change, ...]], str]] = {
    "text": text.show,
    "markdown": markdown.show,
    "json": as_json.show,
}


def changes(old: Version, new: Version) -> tuple[Change, ...]:
    """What differs, the risky first, then by host."""
    order = {effect: number for number, effect in enumerate(EFFECTS)}
    found = dict.fromkeys(_found(old, new))
    return tuple(sorted(found, key=lambda one: (order[one.effect], one.subject)))


def _found(old: Version, new: Version) -> Iterator[Change]:
    before, now = emit.values(old[1]), emit.values(new[1])
    if before == now and old[0].mesh == new[0].mesh:
        return
    some = [
        *fleet_changes(old[0], new[0]),
        *host_changes(old[0], new[0]),
        *gateway_changes(old, new, before, now),
    ]
    yield from some
    if not some and unordered(before) != unordered(now):
        # said aloud in one list, and the default in the other
        yield Change("changes", "fleet", "hosts", sentence("objects differ, and nothing of what they do"), (), ())
