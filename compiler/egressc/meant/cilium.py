"""Parts of Cilium's policies that stand in a host's entry: what a list says instead."""

from collections.abc import Iterator
from typing import Any

from egressc.flow import flow
from egressc.positions import plain

NAMES = ("matchName", "matchPattern")
NOT_HERE = "is of Cilium's policies, and no key of a list"


def explain(strays: dict[str, Any]) -> Iterator[tuple[str, tuple[str, str]]]:
    """For each key of `strays` that is Cilium's: the key, what is wrong with it, and what to write."""
    if names := names_of(strays.get("toFQDNs")):
        written = f"host: {flow(names[0])}" if len(names) == 1 else f"hosts: {flow(names)}"
        yield "toFQDNs", (NOT_HERE, f"write `{written}`")
    numbers = [*dict.fromkeys(_numbers(strays.get("toPorts")))]
    if numbers:
        ports = [
            {"port": number} | ({} if number == 80 else {"protocol": "TLS" if number % 1000 == 443 else "TCP"})
            for number in numbers
        ]
        yield "toPorts", (NOT_HERE, f"write `ports: {flow(ports)}` if applications speak so there")


def names_of(data: Any) -> list[str]:
    """All names that `data` matches, at whatever depth, each once."""
    return [*dict.fromkeys(_names(plain(data)))]


def _names(data: Any) -> Iterator[str]:
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        if key in NAMES and isinstance(value, str):
            yield value
        else:
            yield from _names(value)


def _numbers(data: Any) -> Iterator[int]:
    """The single ports over TCP in `data`."""
    for rule in data if isinstance(data, list) else ():
        for port in rule.get("ports") or () if isinstance(rule, dict) else ():
            number = str(port.get("port")) if isinstance(port, dict) and port.get("protocol") != "UDP" else ""
            if number.isdecimal() and 0 < int(number[:6]) < 65536:
                yield int(number[:6])
