"""How large the Secret is in which Helm stores a release, estimated: the compiler has no Helm.

Helm stores the chart, the values and the manifests as JSON, through gzip and base64. The chart is the same for every
list. How well the rest compresses is seen on the values, and on the names that each kind of object repeats.
`python -m tests.bench.calibrate` fits the numbers to releases that Helm has made; all are within 8 %.
"""

import zlib

from egressc.plan import Plan

#: The bytes that Kubernetes takes in a Secret.
LIMIT = 2**20

#: Bytes of a release: for the chart; for each byte of the values, of the names of gateways with pods of their own, and
#: of those on other pods, all compressed; for each host, for each further client port of a host, and for each host with
#: bytes that a gateway carries unread.
FACTORS = (138_100, 4.64, 20.2, 2.58, 305, 60.5, 157)


def release_bytes(plan: Plan, values: str) -> int:
    """About how large the release of `plan` is, whose values are this YAML."""
    return round(sum(factor * part for factor, part in zip(FACTORS, parts(plan, values), strict=True)))


def parts(plan: Plan, values: str) -> tuple[int, ...]:
    """What FACTORS are about, in their order."""
    carrying = plan.carrying
    own = [f"{one.namespace}/{one.name}" for one in carrying if one.pods.single]
    others = [f"{one.namespace}/{one.name}" for one in carrying if not one.pods.single]
    ports = sum(len(one.ports) for one in carrying)
    unread = sum(one.carries for one in carrying)
    texts = (values, "\n".join(own), "\n".join(others))
    return 1, *map(_compressed, texts), len(carrying), ports - len(carrying), unread


def share(release: int) -> str:
    """`about 36% of what Helm can store`."""
    return f"about {release / LIMIT:.0%} of what Helm can store"


def _compressed(text: str) -> int:
    return len(zlib.compress(text.encode(errors="surrogatepass"), 6))
