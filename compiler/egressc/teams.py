"""One host in the files of several teams: one entry, whose clients are those of all of them."""

import json
from collections.abc import Iterator
from collections.abc import Sequence as Items
from dataclasses import dataclass
from typing import Any

from egressc.findings import Code, Finding
from egressc.positions import Mapping, Sequence

CONTRADICTED = Code(
    "EG319",
    "files that contradict each other about a host",
    "Several files may list one host: its clients and denials are then those of all of them. All else is one for the "
    "host, so files may not say it differently, and only the files of its owner say it.",
)
NOT_AGREED = Code(
    "EG320",
    "a team that would let itself in",
    "A host belongs to the `owner` of its entry. Files of other owners add clients only if the owner's entry names "
    "them in `clientsFrom`. So no team lets itself in.",
)

WHO = ("clients", "deny")
#: What differs from file to file by its nature.
NAMED = ("host", "owner", "clientsFrom")


@dataclass(frozen=True, slots=True)
class Listed:
    """What one file says of a host: its `own` entry, and the entry `merged` with the file's defaults."""

    own: Mapping
    merged: Mapping

    @property
    def owner(self) -> str | None:
        """The team that the file says it is."""
        owner = self.merged.get("owner")
        return owner if isinstance(owner, str) else None

    @property
    def place(self) -> str:
        """`hosts.yaml:7`."""
        span = self.own.values_at["host"]
        return f"{span.file}:{span.line}"


def joined(host: str, listed: Items[Listed]) -> tuple[Mapping, list[Finding]]:
    """The one entry of `host` that all files together make, at least one, and what keeps them from it."""
    if len(listed) == 1:
        return listed[0].merged, []
    owners = sorted({one.owner or "" for one in listed})
    agreed = [one for one in listed if _lets_in(one, owners)] if len(owners) > 1 else list(listed)
    if len({one.owner for one in agreed}) != 1:
        return listed[0].merged, list(_not_agreed(host, listed))
    guests = [one for one in listed if one.owner != agreed[0].owner]
    hosts_own = agreed + [one for one in listed if one not in agreed and one.owner == agreed[0].owner]
    findings = [*_contradictions(host, hosts_own), *_beyond(host, guests, hosts_own[0])]
    entry = Mapping(hosts_own[0].merged.span)
    for one in sorted(hosts_own, key=lambda one: one.place):
        for key in one.merged:
            if key not in entry:
                entry.take(key, one.merged)
    for key in WHO:
        _gather(entry, key, [one.merged for one in listed if key in one.merged])
    return entry, findings


def _lets_in(one: Listed, owners: Items[str]) -> bool:
    named = one.own.get("clientsFrom")
    return one.owner is not None and {*owners} - {one.owner} <= {*(named or ())}


def _not_agreed(host: str, listed: Items[Listed]) -> Iterator[Finding]:
    first = listed[0]
    for one in listed[1:]:
        if one.owner != first.owner:
            theirs = f"of {first.owner} ({first.place})" if first.owner else f"of nobody in particular ({first.place})"
            message = f"`{host}` is a host {theirs}, and this file is of {one.owner or 'nobody in particular'}"
            agreed = f"add `clientsFrom: [{one.owner}]`"
            if len(first.own) == 1:
                agreed = f"write `{{host: {host}, clientsFrom: [{one.owner}]}}`"
            fix = f"if they agree, they {agreed} at {first.place}; if not, remove this entry"
            if not (one.owner and first.owner):
                whose = first.owner or one.owner
                fix = (
                    f"add `owner: {whose}` to the `defaults` of the file without one if it is theirs too; else another "
                    "`owner`, and `clientsFrom` with it to the entry of the host's owner"
                )
            yield NOT_AGREED(one.own.values_at["host"], message, fix)


def _contradictions(host: str, listed: Items[Listed]) -> Iterator[Finding]:
    """What files of one owner say differently."""
    said: dict[str, tuple[Any, Listed]] = {}
    for one in listed:
        for key, value in one.merged.items():
            if key in (*WHO, *NAMED):
                continue
            first, where = said.setdefault(key, (value, one))
            if first != value:
                message = f"`{key}` of {host} is another one at {where.place}"
                fix = "say it in one of the files, or the same in both"
                yield CONTRADICTED(one.merged.keys_at[key], message, fix)


def _beyond(host: str, guests: Items[Listed], owner: Listed) -> Iterator[Finding]:
    """What files of others say beside their clients."""
    for one in guests:
        for key in one.own:
            if key not in (*WHO, *NAMED):
                message = f"`{key}` of {host}, which is {owner.owner}'s to say ({owner.place})"
                yield CONTRADICTED(one.own.keys_at[key], message, f"remove `{key}`: this file adds clients")


def _gather(entry: Mapping, key: str, saying: Items[Mapping]) -> None:
    """Makes `key` of `entry` the items of all, in an order that does not depend on that of the files."""
    lists = [one for one in saying if isinstance(one[key], Sequence)]
    placed = [pair for one in lists for pair in one[key].placed]
    if not placed:
        return
    entry.take(key, lists[0])
    entry[key] = lists[0][key].with_items(sorted(placed, key=lambda pair: json.dumps(pair[0], sort_keys=True)))
