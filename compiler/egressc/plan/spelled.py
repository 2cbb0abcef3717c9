"""How numbers and names are spelled, in values and in sentences."""

from collections.abc import Iterable
from functools import cache

from egressc.model import WILDCARD, Duration


def seconds(duration: Duration) -> str:
    """1500 ms → `1.5s`, the one spelling that Go, protobuf's JSON and Kubernetes all read."""
    return _seconds(duration.milliseconds)


@cache  # most hosts have the same times
def _seconds(milliseconds: int) -> str:
    whole, rest = divmod(milliseconds, 1000)
    return f"{whole}.{rest:03}".rstrip("0").rstrip(".") + "s"


def from_to(least: float, most: float) -> str:
    """`1,000-2,500`, or one number where both are the same; what is less than 100 has three digits."""
    first, last = (f"{number:,.0f}" if number >= 100 else f"{number:.3g}" for number in (least, most))
    return first if first == last else f"{first}-{last}"


def socket(name: str, port: int) -> str:
    """`name`, an address or a DNS name, with its port."""
    return f"[{name}]:{port}" if ":" in name else f"{name}:{port}"


def one_line(text: str | None) -> str | None:
    """`text` in one line, without what would steer a terminal."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split()) if text else None


def in_certificates(names: Iterable[str]) -> str:
    """`names` as certificates and SNI have them; a wildcard is no name but stands for the one that is asked for."""
    return " or ".join("of the name that is asked for" if name.startswith(WILDCARD) else name for name in names)
