"""LOAD: YAML text → plain data that knows where each key and value stands in its file."""

import codecs
import re
from typing import Any

import yaml

from egressc.findings import Finding, Span

MAX_BYTES = 10_000_000
MAX_DEPTH = 32  # a host list is eight levels deep
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# YAML 1.2's core schema, as editors read it: `no`, `0o17`, `1e3` and `12:30` stay strings.
INTEGER = re.compile(r"[-+]?[0-9]+\Z")
FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)\Z")
CONSTANTS = {"true": True, "false": False, "null": None, "~": None, "": None}


class Mapping(dict[str, Any]):
    """A YAML mapping: `keys_at` and `values_at` hold the Span of each key and value, `span` its own."""

    __slots__ = ("keys_at", "span", "values_at")

    def __init__(self, span: Span) -> None:
        super().__init__()
        self.span = span
        self.keys_at: dict[str, Span] = {}
        self.values_at: dict[str, Span] = {}


class Sequence(list[Any]):
    """A YAML sequence: `items_at` holds the Span of each item, `span` its own."""

    __slots__ = ("items_at", "span")

    def __init__(self, span: Span) -> None:
        super().__init__()
        self.span = span
        self.items_at: list[Span] = []


def locate(data: Any, path: tuple[str | int, ...], *, key: bool = False) -> Span:
    """The Span of what stands at `path` below `data`, or of its nearest parent that exists; with `key`, of its key."""
    span: Span = data.span
    for step in path:
        if isinstance(data, Mapping) and step in data.values_at:
            span = data.keys_at[str(step)] if key and step == path[-1] else data.values_at[str(step)]
        elif isinstance(data, Sequence) and isinstance(step, int) and step < len(data):
            span = data.items_at[step]
        else:
            break
        data = data[step]
    return span


def load(name: str, raw: bytes) -> tuple[Any, list[Finding]]:
    """The document in `raw`, the bytes of the file `name`: nested Mapping, Sequence, str, int, float, bool, None.

    Returns None as the document where the file cannot be understood; the findings (EG0xx) then say why.
    """
    start = Span(name, 1, 1)
    if len(raw) > MAX_BYTES:
        fix = "split the list into several files: egressc takes any number of them"
        return None, [Finding(start, "EG007", f"the file has {len(raw):,} bytes, more than {MAX_BYTES:,}", fix)]
    try:
        text = raw.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8", "replace")
        span = Span(name, before.count("\n") + 1, len(before) - before.rfind("\n"))
        return None, [Finding(span, "EG001", "the file is not UTF-8 here", "save it as UTF-8")]
    try:
        loader = Loader(text)
        try:
            root = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        return None, [_syntax(name, text, error)]
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        span = Span(name, before.count("\n") + 1, len(before) - before.rfind("\n"))
        return None, [Finding(span, "EG002", "a control character that YAML does not allow", "remove it")]
    if root is None:
        fix = "begin with `version: 1` and `hosts:`"
        return None, [Finding(start, "EG005", "the file is empty", fix)]
    walk = _Walk(name, text)
    data = walk.value(root, 0)
    return (data if data is None or isinstance(data, Mapping) else _not_a_mapping(walk, root)), walk.findings


def _not_a_mapping(walk: "_Walk", root: Any) -> None:
    fix = "begin with `version: 1` and `hosts:`"
    walk.findings.append(Finding(walk.span(root), "EG103", "a host list is a mapping", fix))


def _syntax(name: str, text: str, error: yaml.MarkedYAMLError) -> Finding:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    span, problem = Span(name, line, column), error.problem or "not YAML"
    lines = text.splitlines()
    source = lines[line - 1] if line <= len(lines) else ""
    if "another document" in problem or "expected a single document" in str(error):
        return Finding(span, "EG005", "the file holds a second document", "give each document its own file")
    if "\t" in source[:column]:
        return Finding(span, "EG002", "a tab in the indentation", "indent with spaces: YAML forbids tabs")
    if "undefined alias" in problem:
        return Finding(span, "EG004", "an alias (*name)", "say what hosts share under `defaults`")
    if "nesting" in problem or "depth" in problem:
        return Finding(span, "EG007", "the file is nested too deep", "a host list is a flat list of hosts")
    context = f" ({error.context})" if error.context else ""
    return Finding(span, "EG002", f"not YAML: {problem}{context}", "check the quotes, colons and indentation here")


class _Walk:
    """Turns composed nodes into data; collects what a host list must not contain."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text = name, text
        self.findings: list[Finding] = []

    def span(self, node: Any) -> Span:
        mark = node.start_mark
        return Span(self.name, mark.line + 1, mark.column + 1)

    def refuse(self, node: Any, code: str, message: str, fix: str) -> None:
        self.findings.append(Finding(self.span(node), code, message, fix))

    def value(self, node: Any, depth: int) -> Any:
        # refusing every anchor refuses every alias, and with them small files that explode
        index = node.start_mark.index
        if index < len(self.text) and self.text[index] in "&!":
            self.refuse(node, "EG004", "an anchor or a tag", "remove it: hosts share settings under `defaults`")
            return None
        if isinstance(node, yaml.ScalarNode):
            return node.value if node.style else _plain(node.value)
        if depth > MAX_DEPTH:
            self.refuse(node, "EG007", "the file is nested too deep", "a host list is a flat list of hosts")
            return None
        return self.sequence(node, depth) if isinstance(node, yaml.SequenceNode) else self.mapping(node, depth)

    def sequence(self, node: yaml.SequenceNode, depth: int) -> Sequence:
        result = Sequence(self.span(node))
        for item in node.value:
            result.append(self.value(item, depth + 1))
            result.items_at.append(self.span(item))
        return result

    def mapping(self, node: yaml.MappingNode, depth: int) -> Mapping:
        result = Mapping(self.span(node))
        for key_node, value_node in node.value:
            key = self.value(key_node, depth + 1)
            if key == "<<" and not key_node.style:
                self.refuse(key_node, "EG004", "a merge key (<<)", "hosts share settings under `defaults`")
            elif not isinstance(key, str):
                self.refuse(key_node, "EG006", "this key is not a string", "quote it, or use a key of the schema")
            elif key in result:
                fix = f"keep one of the two; the first is on line {result.keys_at[key].line}"
                self.refuse(key_node, "EG003", f"`{key}` is given twice", fix)
            else:
                result[key] = self.value(value_node, depth + 1)
                result.keys_at[key] = self.span(key_node)
                result.values_at[key] = self.span(value_node)
        return result


def _plain(text: str) -> str | int | float | bool | None:
    if text in CONSTANTS:
        return CONSTANTS[text]
    if INTEGER.match(text) and len(text) < 20:
        return int(text)
    return float(text) if FLOAT.match(text) else text
