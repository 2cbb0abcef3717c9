"""LOAD: YAML text → plain data that knows where each key and value stands in its file."""

import codecs
import re
from typing import Any

import yaml

from egressc import syntax
from egressc.findings import Finding, Span
from egressc.hostname import short
from egressc.positions import Mapping, Sequence
from egressc.unreadable import (
    KEY_NOT_TEXT,
    KEY_TWICE,
    NOT_ALLOWED,
    NOT_ONE_DOCUMENT,
    NOT_PLAIN,
    NOT_YAML,
    TOO_LARGE,
    UNREADABLE,
    WRONG_TYPE,
)

MAX_BYTES = 10_000_000
MAX_DEPTH = 32  # a host list is eight levels deep
MAX_DIGITS = 20  # a number has fewer: readers differ in what they make of longer ones
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# The words that YAML 1.1, YAML 1.2 and Go read alike. The others, `no`, `0o17`, `1e3`, `12:30`, stay strings.
INTEGER = re.compile(r"[-+]?[0-9]+\Z")
FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)\Z")
# What double quotes let in by escapes; line feeds and tabs are text.
CONTROL = re.compile("[^\t\n -~\u00a0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
CONSTANTS = {"true": True, "false": False, "null": None, "~": None, "": None}

BEGIN = "begin with `version: 1` and `hosts:`"
SHARE = "hosts share settings in `defaults` or by `hosts: [a, b]`, and clients have one name in `groups`"


def load(name: str, raw: bytes) -> tuple[Mapping | None, list[Finding]]:
    """The document in `raw`, the bytes of the file `name`: nested Mapping, Sequence, str, int, float, bool, None.

    Returns None as the document where the file cannot be understood; the findings then say why.
    """
    if len(raw) > MAX_BYTES:
        fix = "split the list into several files: egressc takes any number of them"
        return None, [TOO_LARGE(Span(name, 1, 1), f"the file has more than {MAX_BYTES:,} bytes", fix)]
    content = raw.removeprefix(codecs.BOM_UTF8)
    reader = _Reader(name)
    fatal = _read(reader, content)
    if fatal:
        return None, [*reader.findings, fatal]
    if isinstance(reader.root, Mapping):
        return reader.root, reader.findings
    if reader.root is None and not reader.findings:
        reader.findings.append(NOT_ONE_DOCUMENT(Span(name, 1, 1), "the file is empty", BEGIN))
    elif reader.root is not None:
        fix = f"{BEGIN}, and write `- ` before each host" if isinstance(reader.root, str) else BEGIN
        reader.findings.append(WRONG_TYPE(reader.root_at, "the file is not a mapping", fix))
    return None, reader.findings


def load_stream(name: str, raw: bytes) -> tuple[list[Any], list[Finding]]:
    """All documents in `raw`, as `load` returns one, and what cannot be read of them; empty documents are left out."""
    if len(raw) > MAX_BYTES:
        return [], [TOO_LARGE(Span(name, 1, 1), f"the file has more than {MAX_BYTES:,} bytes", "split the file")]
    reader = _Reader(name, several=True)
    fatal = _read(reader, raw.removeprefix(codecs.BOM_UTF8))
    roots = [*reader.earlier, reader.root]
    return [root for root in roots if root is not None], [*reader.findings, *([fatal] if fatal else [])]


def _read(reader: "_Reader", content: bytes) -> Finding | None:
    """Lets the reader read it all; why not, where that fails."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        where = _at(reader.name, content, error.start)
        return UNREADABLE(where, "the file is not UTF-8 here", "save it as UTF-8")
    try:
        loader = Loader(content)
        for event in iter(loader.get_event, None):
            reader.take(event)
    except yaml.reader.ReaderError as error:
        where = _at(reader.name, content, error.position)
        return NOT_YAML(where, "YAML does not allow this control character", "remove it")
    except yaml.MarkedYAMLError as error:
        return syntax.explain(reader.name, text, error)
    except _UnreadableError as error:
        return error.finding
    return None


def _at(name: str, content: bytes, offset: int) -> Span:
    before = content[:offset].decode("utf-8", "replace")
    return Span(name, before.count("\n") + 1, len(before) - before.rfind("\n"))


class _UnreadableError(Exception):
    """The rest of the file is not worth reading; `finding` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


class _Open:
    """A collection whose end is not reached; `key` is the one of a mapping that waits for its value."""

    __slots__ = ("data", "key", "key_at")

    def __init__(self, data: Mapping | Sequence) -> None:
        self.data = data
        self.key: Any = None
        self.key_at = data.span


DROPPED: Any = object()  # a key or a value that is refused and read on past


class _Reader:
    """Builds data from the parser's events; collects what a host list must not contain.

    Events, unlike composed nodes, come from libyaml without recursion: no depth of nesting can exhaust the stack.
    """

    def __init__(self, name: str, *, several: bool = False) -> None:
        self.name = name
        self.several = several
        self.earlier: list[Any] = []  # of several documents, those before the one that is read
        self.findings: list[Finding] = []
        self.root: Any = None
        self.root_at = Span(name, 1, 1)
        self._documents = 0
        self._aliases: set[str] = set()
        self._open: list[_Open] = []

    def take(self, event: Any) -> None:
        """The next event."""
        kind = type(event)
        if kind is yaml.ScalarEvent:
            span = self._span(event)
            if event.style == '"' and CONTROL.search(event.value):
                problem = "the text has a character that neither Helm nor people can read"
                self.findings.append(NOT_ALLOWED(span, problem, "remove the escape that the backslash begins"))
            self._put(event.value if event.style else _plain(event.value), span)
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            span = self._span(event)
            data = Mapping(span) if kind is yaml.MappingStartEvent else Sequence(span)
            self._put(data, span)
            self._open.append(_Open(data))
            if len(self._open) > MAX_DEPTH:
                raise _UnreadableError(
                    TOO_LARGE(span, f"the file has more than {MAX_DEPTH} levels", "write a flat list of hosts")
                )
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self._open.pop()
        elif kind is yaml.AliasEvent:
            span = self._span(event)
            # once for each name: a file that means to explode has thousands
            if event.anchor not in self._aliases and not (self._open and self._open[-1].key is DROPPED):
                fix = f"write the value itself ({SHARE}), and put a wildcard in quotes"
                self.findings.append(NOT_PLAIN(span, f"{short(f'*{event.anchor}')} is an alias", fix))
            self._aliases.add(event.anchor)
            self._put(DROPPED, span)
        elif kind is yaml.DocumentStartEvent:
            self._begin(event)

    def _begin(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1 and self.several:
            self.earlier.append(self.root)
            self.root = None
        elif self._documents > 1:
            fix = "write each document into its own file"
            raise _UnreadableError(NOT_ONE_DOCUMENT(self._span(event), "the file has a second document", fix))

    def _span(self, event: Any) -> Span:
        mark = event.start_mark
        span = Span(self.name, mark.line + 1, mark.column + 1)
        # without anchors no small file explodes
        if getattr(event, "tag", None):
            self.findings.append(NOT_PLAIN(span, "the value has a tag", "remove the tag: a host list has plain values"))
        elif getattr(event, "anchor", None) and type(event) is not yaml.AliasEvent:
            self.findings.append(NOT_PLAIN(span, f"{short(f'&{event.anchor}')} is an anchor", f"remove it: {SHARE}"))
        return span

    def _put(self, value: Any, span: Span) -> None:
        """Puts a value where the reader stands: at the root, in a sequence, as a mapping's key or as its value."""
        if not self._open:
            self.root, self.root_at = value, span
            return
        inside = self._open[-1]
        data = inside.data
        if isinstance(data, Sequence):
            if value is not DROPPED:
                data.append(value)
                data.items_at.append(span)
        elif inside.key is None:
            inside.key, inside.key_at = self._key(data, value, span), span
        else:
            if inside.key is not DROPPED and value is not DROPPED:
                data[inside.key] = value
                data.keys_at[inside.key] = inside.key_at
                data.values_at[inside.key] = span
            inside.key = None

    def _key(self, data: Mapping, key: Any, span: Span) -> Any:
        if key is DROPPED:
            return DROPPED
        if not isinstance(key, str):
            fix = f'put it in quotes: "{key}"' if isinstance(key, int | float) else "write a word before the colon"
            self.findings.append(KEY_NOT_TEXT(span, "this key is not a string", fix))
            return str(key) if type(key) is int and str(key) not in data else DROPPED
        if key == "<<":
            self.findings.append(NOT_PLAIN(span, "`<<` is a merge key", f"remove it: {SHARE}"))
        elif key in data:
            fix = f"keep one of the two; the first is on line {data.keys_at[key].line}"
            self.findings.append(KEY_TWICE(span, f"{short(key)} is given twice", fix))
        else:
            return key
        return DROPPED


def _plain(text: str) -> str | int | float | bool | None:
    if text in CONSTANTS:
        return CONSTANTS[text]
    if len(text) >= MAX_DIGITS:
        return text
    return int(text) if INTEGER.match(text) else float(text) if FLOAT.match(text) else text
