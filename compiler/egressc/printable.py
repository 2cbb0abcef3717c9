"""Text of a list for terminals and logs: nothing in it steers them, and no line is a command to a CI."""

import json
import re
from typing import Any

# Azure reads `##vso[` and `##[` anywhere in a line, GitHub `##[`, TeamCity `##teamcity[`; GitHub reads `::` where a
# line begins. GitLab's begin with a terminal code, as colours do.
HASHES = re.compile("#(?=#)")
COLONS = re.compile(r"(\s*):(?=:)")
OTHERS = re.compile("[^\n -~]")


def line(text: str) -> str:
    """`text` in one line: line breaks, terminal codes, turns of direction and commands as escapes."""
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else _escape(letter) for letter in text)
    return COLONS.sub(r"\1\\x3a", _hashes(text), count=1) if text.lstrip().startswith("::") else _hashes(text)


def lines(text: str) -> str:
    """The same for `text` whose line breaks are meant."""
    return "\n".join(map(line, text.split("\n")))


def as_json(data: Any) -> str:
    """`data` as JSON; its strings have JSON's own escapes."""
    text = json.dumps(data, indent=2, ensure_ascii=False)
    return OTHERS.sub(_json_escape, HASHES.sub(r"\\u0023", text)) + "\n"


def in_quotes(text: str) -> str:
    """`text` of YAML whose strings are all in double quotes, which take the escapes of `line`."""
    return OTHERS.sub(lambda other: other[0] if other[0].isprintable() else _escape(other[0]), _hashes(text))


def _hashes(text: str) -> str:
    return HASHES.sub(r"\\x23", text) if "##" in text else text


def _escape(letter: str) -> str:
    return letter.encode("unicode_escape").decode()


def _json_escape(other: re.Match[str]) -> str:
    return other[0] if other[0].isprintable() else json.dumps(other[0])[1:-1]
