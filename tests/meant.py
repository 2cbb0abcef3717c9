"""What people write, what they meant, and a finding's fix put into what they wrote."""

import re
from typing import Any

import yaml

from egressc import emit, source
from egressc.compile import compile_sources
from egressc.findings import Finding
from egressc.positions import Mapping, Sequence, plain

NAME = "hosts.yaml"
WRITE = re.compile(r"write (?:only )?`([^`]+)`")
MEANT = re.compile(r"did you mean `([^`]+)`")
BESIDE = re.compile(r"and `([^`]+)` beside it")
#: Findings of one list, at most.
MAX = 8


def findings(text: str) -> tuple[Finding, ...]:
    """The errors of the list `text`."""
    found = compile_sources([(NAME, text.encode())]).findings
    return tuple(one for one in found if one.level == "error")


def values(text: str) -> Any:
    """What the chart gets of the list `text`, which has no error."""
    compilation = compile_sources([(NAME, text.encode())])
    assert compilation.plan, [one for one in compilation.findings if one.level == "error"]
    return emit.values(compilation.plan)


def mended(text: str) -> str:
    """`text` with each finding's fix applied as it says, one after the other."""
    for _ in range(MAX):
        found = findings(text)
        if not found:
            break
        text = apply(text, found[0])
    return text


def apply(text: str, finding: Finding) -> str:
    """`text` with the first thing that the fix says to write in the place that the finding points at."""
    if finding.code == "EG004":
        (written,) = WRITE.findall(finding.fix)
        return text.replace(written.strip('"'), written, 1)
    if finding.code == "EG002":
        (written,) = WRITE.findall(finding.fix)
        lines = text.split("\n")
        line = lines[finding.span.line - 1]
        head = re.match(r"\s*(- +)?", line)
        assert head
        lines[finding.span.line - 1] = head[0] + written
        return "\n".join(lines)
    data, _ = source.load(NAME, text.encode())
    if finding.code == "EG006":
        return yaml.safe_dump(plain(data), sort_keys=False)
    if data is None or finding.code == "EG008":
        return yaml.safe_dump(yaml.safe_load(WRITE.findall(finding.fix.replace("such objects: `", "write `"))[0]))
    parent, step, at_key = _place(data, finding)
    _change(data, parent, step, at_key, finding)
    return yaml.safe_dump(plain(data), sort_keys=False)


def _change(data: Any, parent: Any, step: Any, at_key: bool, finding: Finding) -> None:
    renamed, added = MEANT.search(finding.fix), re.match(r"add `([^`]+)`", finding.fix)
    if finding.fix.startswith("remove it"):
        del parent[step]
    elif finding.fix.startswith("remove the dash"):
        parent[step - 1 : step + 1] = [yaml.safe_load(re.findall(r"the entry is then `([^`]+)`", finding.fix)[0])]
    elif added:
        whole = yaml.safe_load("{" + added[1] + "}")
        (parent[step] if isinstance(parent[step], Mapping) else parent).update(whole)
    elif renamed:
        _replace(parent, step, {renamed[1]: parent[step]})
    else:
        _write(data, parent, step, at_key, finding)


def _write(data: Any, parent: Any, step: Any, at_key: bool, finding: Finding) -> None:
    if "an item for each: " in finding.fix or "leave out the inner brackets: " in finding.fix:
        _spread(data, parent, step, [yaml.safe_load(one) for one in re.findall(r"`([^`]+)`", finding.fix)])
        return
    first = WRITE.search(finding.fix)
    assert first, f"nothing to write: {finding.fix}"
    if re.match(r"[\w-]+: ", first[1]):
        _write_pairs(data, parent, step, yaml.safe_load("{" + first[1] + "}"), finding)
        return
    content = yaml.safe_load(first[1])
    if at_key and isinstance(parent, Mapping):
        items = next(one for one in _all(data) if isinstance(one, list) and any(item is parent for item in one))
        items[next(index for index, item in enumerate(items) if item is parent)] = content
    else:
        parent[step] = {"host": content} if "one text" in finding.message else content
        for more in BESIDE.findall(finding.fix):
            parent.update(yaml.safe_load("{" + more + "}"))


def _spread(data: Any, parent: Any, step: Any, items: list[Any]) -> None:
    """`items` in the place of the one that the finding points at, or at a key of."""
    if isinstance(parent, Mapping):
        parent, step = next(
            (one, at) for one in _all(data) if isinstance(one, list) for at, item in enumerate(one) if item is parent
        )
    parent[step : step + 1] = items


def _write_pairs(data: Any, parent: Any, step: Any, written: dict[str, Any], finding: Finding) -> None:
    for more in BESIDE.findall(finding.fix):
        written |= yaml.safe_load("{" + more + "}")
    if isinstance(parent, Sequence):
        parent[step].update(written)
        return
    others = finding.message.partition(" are not keys")
    for key in re.findall(r"`([^`]+)`", others[0]) if others[1] else ():
        if key != step:
            parent.pop(key)
    beside = re.search(r"beside `([^`]+)`$", finding.fix)
    if not beside:
        _replace(parent, step, written)
        return
    del parent[step]
    around = next(one for one in _mappings(data) if beside[1] in one and _within(one[beside[1]], parent))
    around.update(written)


def _replace(parent: Any, step: str, instead: dict[str, Any]) -> None:
    """`instead` in the place of the pair at `step`, also where one of its keys was there before."""
    left = {key: value for key, value in parent.items() if key != step}
    parent.clear()
    parent.update(left | instead)


def _mappings(data: Any) -> Any:
    if isinstance(data, dict):
        yield data
    for item in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from _mappings(item)


def _within(data: Any, part: Any) -> bool:
    return data is part or any(
        _within(item, part)
        for item in (data.values() if isinstance(data, dict) else data if isinstance(data, list) else ())
    )


def _place(data: Any, finding: Finding) -> tuple[Any, Any, bool]:
    """The collection in which the finding points at something, the key or index, and whether it points at the key."""
    found: list[tuple[Any, Any, bool]] = []
    for inside in [data, *(one for one in _all(data) if one is not data)]:
        if isinstance(inside, Mapping):
            found += [(inside, key, True) for key, at in inside.keys_at.items() if at == finding.span]
            found += [(inside, key, False) for key, at in inside.values_at.items() if at == finding.span]
        if isinstance(inside, Sequence):
            found += [(inside, index, False) for index, at in enumerate(inside.items_at) if at == finding.span]
    if finding.code == "EG101":
        found = [one for one in found if one[2]] or found
    if finding.code == "EG308":
        found = [one for one in found if isinstance(one[0], Sequence)] or found
    assert found, finding
    return found[-1] if finding.code == "EG101" else found[0]


def _all(data: Any) -> Any:
    if isinstance(data, Mapping | Sequence):
        yield data
        for item in data.values() if isinstance(data, dict) else data:
            yield from _all(item)
