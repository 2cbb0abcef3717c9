"""What a text is that was pasted where a host name belongs: what is wrong with it, and the hosts that it has."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from egressc import hidden
from egressc.hostname import ends_in_number, is_ip, normalise

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
PATH = re.compile(r"/[^*?#\s{}<>%;]*\*?\Z")
PORT_DIGITS = 5


@dataclass(frozen=True, slots=True)
class Pasted:
    """What is wrong, and the hosts that were meant with what to say beside them; without hosts, `remark` is the fix."""

    problem: str
    hosts: tuple[str, ...] = ()
    beside: dict[str, Any] = field(default_factory=dict)
    remark: str = ""
    path: str = ""


#: Reads what is inside of a text.
Read = Callable[[str], Pasted]


def is_host(text: str) -> bool:
    """Whether a list takes `text` as a host."""
    labels = text.removeprefix("*.").split(".")
    return len(labels) > 1 and not ends_in_number(text) and all(map(LABEL.match, labels)) and len(text) <= 253


def host_of(text: str) -> str | None:
    """`text` as a list has it, None where it is no host."""
    name = normalise(text)
    return name if is_host(name) else None


def port_of(digits: str) -> int | None:
    """The port that `digits` are, None for all else."""
    return int(digits) if digits.isdecimal() and len(digits) <= PORT_DIGITS else None


def split(authority: str) -> tuple[str, int | None]:
    """Host and port of a URL's authority."""
    if authority.startswith("[") or is_ip(authority):
        return authority, None
    host, _, port = authority.partition(":")
    return host, port_of(port)


def limit_of(path: str) -> str:
    """What of a URL's path a client's `paths` can say; empty for all of it."""
    shown, hides, _ = hidden.sentence(path).partition("…")
    path = f"{shown}*" if hides else path  # the secret of a webhook
    return "" if path in ("", "/", "/*", "/**") or not PATH.match(path) else path.replace("**", "*")
