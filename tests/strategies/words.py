"""Names, texts and durations as lists have them, also those that programs read in different ways."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from egressc.source import CONTROL
from tests.harmless import ATTACKS

Entry = dict[str, Any]
Draw = Callable[[st.SearchStrategy[Any]], Any]

HTTP_FAMILY = ("HTTP", "HTTP2", "GRPC")
REASON = "The network is a leased line (RISK-118)."
# words that YAML 1.1, YAML 1.2, PyYAML and Helm read differently
TRICKY = ("1e3", "y", "n", "no", "on", "0o17", "0x1f", "1_000", "1_0", "12-30", "null", "true", "NaN", "3.10", "007")
# what hosts with `gateway` need beside them
GATEWAYS = (
    {"name": "shared"},
    {"name": "other"},
    {"name": "adopted", "namespace": "istio-egress", "adopt": {"istio": "egressgateway"} | dict.fromkeys(TRICKY, "on")},
)
#: The names of those whose pods are ours.
OURS = tuple(one["name"] for one in GATEWAYS if "adopt" not in one)
NAMESPACES = ("shop", "payments", "web", "1e3", "egress")
PREFIXES = ("shop*", "pay*", "preview-*", "1*")


def labels() -> st.SearchStrategy[str]:
    """DNS labels, short and as long as they may be."""
    short = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?", fullmatch=True)
    return short | st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True)


def host_names() -> st.SearchStrategy[str]:
    """External hosts' names of two to nine labels."""
    top = st.sampled_from(["com", "net", "example", "io", "xn--p1ai"])
    return st.tuples(st.lists(labels(), min_size=1, max_size=8), top).map(_joined).filter(lambda host: len(host) <= 253)


def _joined(parts: tuple[list[str], str]) -> str:
    return ".".join((*parts[0], parts[1]))


def texts() -> st.SearchStrategy[str]:
    """What people write in a sentence, and what they had better not."""
    return st.text(characters(), min_size=1, max_size=100) | st.sampled_from(TRICKY) | commands()


def commands() -> st.SearchStrategy[str]:
    """Texts with what a CI would take for a command, had it a line of its own."""
    return st.sampled_from([attack for attack in ATTACKS if not CONTROL.search(attack)])


def characters() -> st.SearchStrategy[str]:
    """All that a list may contain."""
    text = st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\ufffe\uffff")
    return text | st.sampled_from("\t\n")


def durations(unit: int = 1, most: int = 3_600_000) -> st.SearchStrategy[str]:
    """Durations of whole `unit` milliseconds, 1h at most."""
    return st.integers(1, most // unit).map({1: "{}ms", 1000: "{}s"}[unit].format)


def subset(draw: Draw, **fields: st.SearchStrategy[Any]) -> Entry:
    return {name: draw(field) for name, field in fields.items() if draw(st.booleans())}
