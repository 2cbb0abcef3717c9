"""The line with which `egressc compile` ends on stderr, in tests of all else that it says there."""

import re

LINE = re.compile(r"(?:\A|(?<=\n))[0-9,]+ hosts? in [0-9,]+ gateways?: .+ pods that request .+\n\Z")


def without_cost(errors: str) -> str:
    """`errors` without that line."""
    return LINE.sub("", errors)
