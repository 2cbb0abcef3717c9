"""Public suffixes: the domains below which anybody can have a name, as publicsuffix.org lists them."""

from functools import cache
from importlib import resources
from typing import Literal

from publicsuffixlist import PublicSuffixList


def below(domain: str) -> Literal["registry", "provider"] | None:
    """Who gives names below `domain` to anybody: a registry, a provider of services, or nobody.

    A provider does so below `amazonaws.com` too, because it does below `s3.amazonaws.com`.
    """
    if _suffixes(only_icann=True).publicsuffix(domain) == domain:
        return "registry"
    provided = _suffixes(only_icann=False).publicsuffix(domain) == domain or domain in _parents()
    return "provider" if provided else None


@cache
def _suffixes(*, only_icann: bool) -> PublicSuffixList:
    return PublicSuffixList(only_icann=only_icann)


@cache
def _parents() -> frozenset[str]:
    """Every domain that a suffix is below."""
    text = resources.files("publicsuffixlist").joinpath("public_suffix_list.dat").read_text(encoding="utf-8")
    suffixes = (line.lstrip("!*.") for line in text.splitlines() if line and not line.startswith("//"))
    return frozenset(parent for suffix in suffixes for parent in _above(suffix))


def _above(domain: str) -> list[str]:
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(1, len(labels))]
