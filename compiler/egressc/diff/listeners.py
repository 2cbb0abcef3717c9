"""What follows from changed rules for all callers of a gateway: read from what the chart gets."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from egressc.diff.change import Effect
from egressc.diff.words import Sentence, sentence

FILTERS = ("rules", "identities", "gatewayPort")
#: What `helm test` asks: it follows from all else, and from the order of clients.
DERIVED = frozenset({"calls"})
NUMBER = re.compile(r" \(\d+\)$")
#: What a gateway refuses only while somebody decides by path, by method or by header.
STRICT = {
    "strictPaths": "paths that upstreams read in two ways, such as those with an escaped slash",
    "dropUnderscores": "headers with an underscore in their names",
}


def listener_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, Effect, str, Sentence]]:
    """For gateways of both values: the gateway's name, the effect, the setting, and the sentence."""
    before, now = old["gateways"], new["gateways"]
    for name in sorted(before.keys() & now.keys()):
        first, then = before[name], now[name]
        if then.get("standsBy"):
            continue  # it does what the gateway in use does, and nobody is led to it
        for key, what in STRICT.items():
            if first.get(key, False) != then.get(key, False):
                words = f"from now on the gateway {'refuses' if then.get(key) else 'lets through'} {what}"
                yield name, "cuts" if then.get(key) else "opens", "clients", sentence(words)
        for number in _redrawn(first, then):
            words = "client port {} gets new rules: its open connections are closed within 45 s"
            yield name, "cuts", "clients", sentence(words, number)


def unordered(values: Any) -> Any:
    """`values` in which the order of rules, and the numbers that their ids get by it, make no difference."""
    if isinstance(values, list):
        return sorted(map(unordered, values), key=repr)
    if not isinstance(values, dict):
        return values
    plain = {key: unordered(value) for key, value in sorted(values.items()) if key not in DERIVED}
    return plain | ({"id": NUMBER.sub("", plain["id"])} if "id" in plain else {})


def _redrawn(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[int]:
    """The ports without requests whose filter chain changes: Envoy drains the connections of the old one."""
    first, then = ({port["port"]: port for port in gateway.get("ports", ())} for gateway in (old, new))
    both = (number for number in sorted(first.keys() & then.keys()) if first[number]["protocol"] in ("TLS", "TCP"))
    return [
        number
        for number in both
        if first[number]["protocol"] == then[number]["protocol"]
        and any(unordered(first[number].get(key)) != unordered(then[number].get(key)) for key in FILTERS)
    ]
