"""Methods, paths and hosts as regular expressions (RE2) of all their spellings.

Envoy has normalised a path before it is matched: unreserved characters are decoded, dot segments are gone, and slashes
are merged. All other characters stay as the client wrote them, raw or escaped, and an upstream reads both alike.
"""

import re
from collections.abc import Callable, Iterable
from urllib.parse import unquote

from egressc.slashes import ESCAPED_SLASH

UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
NEVER_RAW = frozenset("?#% ")  # they end a path, or begin an escape

#: What one upstream reads as another path than the next: control characters, bytes that no character has, ends, dots
#: and slashes that are escaped twice, backslashes, `%` without two digits, and dot segments with parameters (`..;`).
AMBIGUOUS = "(?i).*(?:{}).*".format(
    "|".join(
        (
            r"%(?:25)*(?:[01][0-9a-f]|7f)",
            r"%(?:25)*(?:c[01]|f[5-9a-f])",
            r"%25(?:25)*(?:2[3ef]|3[bf])",
            r"%(?:25)*5c",
            r"%(?:.?$|[^0-9a-f]|.[^0-9a-f])",
            r"/(?:\.|%(?:25)*2e){1,2}(?:;|%(?:25)*3b)",
        )
    )
)
ESCAPED_SLASHES = "(?i).*%2f.*"
#: What no path has that Envoy has normalised: a mesh may be told not to.
NOT_NORMALISED = r"(?i).*(?:/(?:\.|%2e){1,2}(?:/.*)?|\\.*)"
#: What a wildcard's host cannot be: `user@gold.example.com` and `go%6cd.example.com` end like names below it.
NO_NAME = ".*[^-A-Za-z0-9._:].*"
#: What stands before an allowed suffix: nothing that could end the path for an upstream, and no parameters.
BEFORE_SUFFIX = r"(?:[^;%]|%(?:2[0-24-9A-Ea-e]|3[0-9AC-Eac-e]|[4-9A-Fa-f][0-9A-Fa-f]))*"

#: How long an expression of several alternatives may be. Istio lets Envoy refuse one of more than 32768 instructions
#: (`re2.max_program_size.error_level`), and all routes with it. RE2 makes at most 5 instructions of a letter: of a `k`
#: in any case. The longest path that a list can have makes 12400.
LONGEST = 4096

TWICE = "%(?:25)*"  # what is escaped, how often ever
PARAMETERS = rf"(?:(?:;|{TWICE}3[Bb])[^/]*)?"
SLASH = rf"(?:{PARAMETERS}(?:/|{TWICE}2[Ff]))+"
#: An upstream that decodes a path before it looks for the query reads `%3F` as its end, and a fragment's `%23`.
END = rf"(?:{SLASH})?{PARAMETERS}(?:{TWICE}(?:3[Ff]|23).*)?"


def allowed_methods(methods: Iterable[str]) -> str:
    """The methods as they are: another case is another method."""
    return "|".join(methods)


def denied_methods(methods: Iterable[str]) -> str:
    """The methods in any case, as those that `refused_methods` names."""
    return f"(?i:{'|'.join(refused_methods(methods))})"


def refused_methods(methods: Iterable[str]) -> list[str]:
    """The methods, and HEAD with GET: it is a GET without its answer's body."""
    named = {*methods}
    return sorted(named | ({"HEAD"} if "GET" in named else set()))


def allowed_paths(paths: Iterable[str]) -> list[str]:
    """The paths in the spellings that mean the same to every upstream."""
    return _joined(_pattern(path, _once, BEFORE_SUFFIX, "") for path in paths)


def denied_paths(paths: Iterable[str]) -> list[str]:
    """The paths in every spelling: with parameters, a slash at the end, and escaped more than once."""
    return _joined(_pattern(path, _often, ".*", END) for path in paths)


def hosts(names: Iterable[str]) -> list[str]:
    """The names in any case and with any port; `*.` is every name below."""
    below = _joined(re.escape(name).replace(r"\*", "[^:]*") for name in names)
    return [f"(?i:(?:{some}){re.escape('.')}?(?::[0-9]*)?)" for some in below]


def _joined(patterns: Iterable[str]) -> list[str]:
    """The alternatives, as many in one expression as keep it short; one that is longer by itself stays as it is."""
    result: list[str] = []
    for pattern in patterns:
        if result and len(result[-1]) + len(pattern) < LONGEST:
            result[-1] += f"|{pattern}"
        else:
            result.append(pattern)
    return result


def _pattern(path: str, spelled: Callable[[str], str], before: str, end: str) -> str:
    if path.startswith("*"):
        return before + spelled(path[1:]) + end
    if path.endswith("*"):
        return spelled(path[:-1]) + ".*"
    return spelled(path) + end


def _once(path: str) -> str:
    parts = (unquote(part) for part in ESCAPED_SLASH.split(path))
    return "%2[Ff]".join("".join(_either(letter, _raw(letter), "%") for letter in part) for part in parts)


def _often(path: str) -> str:
    plain = unquote(path)
    return "".join(SLASH if letter == "/" else _either(letter, _raw(letter), TWICE) for letter in plain)


def _either(letter: str, raw: str, escape: str) -> str:
    if letter == "/" or (letter in UNRESERVED and escape == "%"):
        return raw
    escaped = "".join(escape + "".join(map(_digit, f"{byte:02X}")) for byte in letter.encode())
    return f"(?:{raw}|{escaped})" if raw else escaped


def _raw(letter: str) -> str:
    """`letter` itself; nothing where no path has it unescaped."""
    return "" if letter in NEVER_RAW else re.escape(letter)


def _digit(digit: str) -> str:
    return f"[{digit}{digit.lower()}]" if digit.isalpha() else digit
