"""Where a key belongs that stands where nobody reads it: at another level, or by the name that we have for it."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import Any

from egressc.flow import flow
from egressc.meant.written import Valid, meant
from egressc.positions import plain
from egressc.schema import Part, field, inlined, schema

Path = tuple[str | int, ...]
ITEM = "[]"
FARTHEST = 4  # steps between where a key stands and where it belongs
LONGEST = 240  # characters of what a fix shows of a list


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field stands: the keys of the mappings around it, ITEM for an item of a list; and the field itself."""

    around: tuple[str, ...]
    key: str
    part: Part
    parents: tuple[Part, ...]
    apart: bool


@cache
def _whole() -> Part:
    whole: Part = inlined(schema())
    return whole


@cache
def _places() -> dict[str, list[Place]]:
    """All places of each key, by its own name and by those that other tools have for it."""
    places: dict[str, list[Place]] = defaultdict(list)
    for place in _below(_whole(), (), (), apart=False):
        for name in (place.key, *place.part.get("x-also", ())):
            places[name].append(place)
    return places


def _below(part: Part, around: tuple[str, ...], parents: tuple[Part, ...], *, apart: bool) -> Iterator[Place]:
    apart = apart or "x-apart" in part
    for key, below in part.get("properties", {}).items():
        yield Place(around, key, below, (*parents, part), apart)
        yield from _below(below, (*around, key), (*parents, part), apart=apart)
    if isinstance(part.get("items"), dict):
        yield from _below(part["items"], (*around, ITEM), (*parents, part), apart=apart)


@dataclass(frozen=True, slots=True)
class Move:
    """A key's way to where it belongs: `top` is what to write beside what stays, `where` says it for people."""

    top: str
    beside: str
    where: str
    content: Any

    @property
    def fix(self) -> str:
        """It belongs in `tls`: write `tls: {mode: mutual, secret: x}`."""
        written = f"{self.top}: {flow(self.content)}" if self.top else ""
        if not written or len(written) > LONGEST:
            return f"write it {self.where}"
        return f"it belongs {self.where}: write `{written}`" + (f" beside `{self.beside}`" if self.beside else "")


def known(key: str) -> bool:
    """Whether some mapping has a field of this name."""
    return any(place.key == key for place in _places().get(key, ()))


def around(path: Path, key: str) -> Iterator[Part]:
    """The parts that have `path` below them, and those that have fields which other tools call `key`."""
    part = _whole()
    for step in path:
        part = part["items"] if isinstance(step, int) else field(part, step) or {}
        yield part
    yield from (place.parents[-1] for place in _places().get(key, ()) if place.around[:1] == ("hosts",))


def same_level(part: Part, key: str) -> str | None:
    """The field of `part` that other tools call `key`."""
    return next((name for name, field in part["properties"].items() if key in field.get("x-also", ())), None)


def moves(document: Any, path: Path, strays: dict[str, Any], valid: Valid) -> dict[tuple[str, ...], Move]:
    """Where the keys `strays` of the mapping at `path` belong, by the strays that belong together."""
    here = _here(path)
    together: dict[tuple[Any, ...], list[tuple[str, Place, Any]]] = defaultdict(list)
    for key, value in strays.items():
        found = _place(document, path, (key, value), valid)
        if found:
            place, better = found
            common = _common(here, place.around)
            together[(common, place.around[common : common + 1] or key)].append((key, place, better))
    return {tuple(key for key, *_ in group): _move(document, path, group) for group in together.values()}


def _place(document: Any, path: Path, stray: tuple[str, Any], valid: Valid) -> tuple[Place, Any] | None:
    """The nearest place that takes the key and the value of `stray`, and the value as it takes it."""
    (key, value), here = stray, _here(path)
    data = _at(document, path)

    def is_there(place: Place) -> bool:
        return any(step in data for step in place.around[_common(here, place.around) :][:1])

    def rank(place: Place) -> tuple[Any, ...]:
        inside = is_there(place) and place.around[: len(here)] == here
        return (not inside, key != place.key, _distance(here, place.around), place.around.count(ITEM))

    near = (place for place in _places().get(key, ()) if _is_near(here, place) and (is_there(place) or not place.apart))
    for place in sorted(near, key=rank):
        better = _fitting(place.part, value, valid)
        if better is not None:
            return place, better
    return None


def _is_near(here: tuple[str, ...], place: Place) -> bool:
    """Whether what stands at `here` may have been meant for `place`: of the same host, of all, or of the file."""
    if not here:
        return bool(place.around) and place.around[0] != "hosts" and _distance(here, place.around) <= FARTHEST
    related = (
        here[0] in place.around[:1] or not place.around or (here, place.around) == (("defaults",), ("hosts", ITEM))
    )
    return related and place.key not in here and 0 < _distance(here, place.around) <= FARTHEST


def _fitting(part: Part, value: Any, valid: Valid) -> Any:
    """`value` as `part` takes it, None where it takes nothing like it."""
    if valid(part, value):
        return plain(value)
    found = meant(part, value, valid)
    return found.value if found and not found.impossible else None


def _move(document: Any, path: Path, group: list[tuple[str, Place, Any]]) -> Move:
    first = group[0][1]
    here = _here(path)
    at = _common(here, first.around)
    beside = next((str(step) for step in path[at:] if isinstance(step, str)), "")
    base = _at(document, path[:at])
    where = _where(first, at)
    if first.around[at : at + 1] == (ITEM,) or (at == 0 and first.around[:1] == ("hosts",)):
        return Move("", beside, where, None)
    steps = first.around[at:]
    top = steps[0] if steps else first.key
    content = plain(base.get(top)) if steps else None
    below = document.get("defaults")
    if content is None and ITEM in steps and "x-alone" not in first.part and isinstance(below, dict):
        content = plain(below.get(top))  # a list of the host's own would replace it
    for _, place, value in group:
        content = _put(content, place.around[at + 1 :], place.parents[at + 1 :], place, value) if steps else value
    return Move(top, beside, where, content)


def _put(known: Any, steps: tuple[str, ...], parents: tuple[Part, ...], place: Place, value: Any) -> Any:
    """`known` with `value` at the key of `place`, below `steps`; what must stand beside it too."""
    if steps[:1] == (ITEM,) and "x-alone" in place.part:
        return [*(known if isinstance(known, list) else ()), _put({}, steps[1:], parents[1:], place, value)]
    if steps[:1] == (ITEM,):
        items = known if isinstance(known, list) and known else [{}]
        items = [item if isinstance(item, dict) else {parents[1].get("x-name", ""): item} for item in items]
        return [_put(item, steps[1:], parents[1:], place, value) for item in items]
    result = dict(known) if isinstance(known, dict) else {}
    beside = {**parents[0].get("x-with", {}), **({} if steps else place.part.get("x-with", {}))}
    filled = {key: in_folder(more, value) for key, more in beside.items() if key not in {*result, place.key}}
    inside = value if not steps else _put(result.get(steps[0]), steps[1:], parents[1:], place, value)
    scalars = {key: more for key, more in filled.items() if not isinstance(more, list)}
    return scalars | result | {(steps[0] if steps else place.key): inside} | filled


def in_folder(beside: Any, value: Any) -> Any:
    """What to say `beside` a file at `value`."""
    if isinstance(beside, list):
        return [in_folder(one, value) for one in beside]
    if isinstance(beside, dict):
        return {key: in_folder(one, value) for key, one in beside.items()}
    folder = str(PurePosixPath(value).parent) if isinstance(value, str) else "/"
    return folder if beside == "<their folder>" and folder.startswith("/") and folder != "/" else beside


def _where(place: Place, at: int) -> str:
    names = [step for step in place.around[at:] if step != ITEM]
    if names and place.around[at:] != ("hosts", ITEM):
        return f"in `{'.'.join(names)}`"
    if place.around == ("hosts", ITEM):
        return "to the host"
    return f"in `{place.around[-1]}`" if place.around and place.around[-1] != ITEM else "one level higher"


def _here(path: Path) -> tuple[str, ...]:
    return tuple(step if isinstance(step, str) else ITEM for step in path)


def _common(one: tuple[Any, ...], other: tuple[Any, ...]) -> int:
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _distance(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    at = _common(one, other)
    return sum(step != ITEM for step in (*one[at:], *other[at:]))


def _at(document: Any, path: Path) -> Any:
    for step in path:
        document = document[step]
    return document
