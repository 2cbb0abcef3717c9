"""What is wrong with a list: a code, a place, a sentence, and what to write instead."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

Level = Literal["error", "warning"]


class Span(NamedTuple):
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong. Sorting puts findings in the order of the files' lines."""

    span: Span
    code: str
    message: str
    fix: str
    level: Level = "error"


# EG0: the file; EG1: the shape; EG2: one host; EG3: between hosts; EG4: names. A retired code is never used again.
CODES = {
    "EG001": "the file cannot be read",
    "EG002": "the file is not YAML",
    "EG003": "a key is given twice",
    "EG004": "aliases, anchors, tags and merge keys are not part of a host list",
    "EG005": "the file is empty, or holds more than one document",
    "EG006": "a key is not a string",
    "EG007": "the file is too large or too deep",
    "EG101": "unknown key",
    "EG102": "a key is missing",
    "EG103": "wrong type",
    "EG104": "the value is not allowed here",
    "EG105": "not a host name",
    "EG106": "a wildcard where none can be",
    "EG107": "more, fewer or other items than allowed",
    "EG201": "nobody may call the host",
    "EG202": "a client says neither its namespace nor wholeMesh, or both",
    "EG203": "methods or paths on a protocol that has none",
    "EG204": "a client names a port that the host does not have",
    "EG205": "a client port is given twice",
    "EG206": "a reserved port",
    "EG207": "double TLS: the application's TLS inside the gateway's",
    "EG208": "passthrough of what is not TLS",
    "EG209": "mutual TLS without a credential",
    "EG210": "two credentials",
    "EG211": "a TLS setting without meaning in this mode",
    "EG212": "the upstream is left unverified without a reason",
    "EG213": "a certificate file that no volume provides",
    "EG214": "a volume that cannot be mounted",
    "EG215": "endpoints that this resolution cannot have",
    "EG216": "a readiness setting without meaning here",
    "EG217": "a setting that the host's protocols do not have",
    "EG218": "a duration that Istio refuses",
    "EG219": "numbers that contradict each other",
    "EG220": "not an IP address",
    "EG221": "the review date has no such day",
    "EG222": "verification is off and configured at once",
    "EG223": "a path that no request has",
    "EG226": "a name that is not whole",
    "EG227": "an upstream port that is the gateway's own",
    "EG230": "a wildcard that the gateway could not tell a name of",
    "EG231": "a TLS setting that each name of a wildcard would have to share",
    "EG232": "a readiness that cannot follow many upstreams",
    "EG233": "a setting without meaning for a wildcard, or for a host that is none",
    "EG234": "upstreams behind one socket on several ports",
    "EG235": "not a range of addresses",
    "EG236": "a client certificate or credential for every name of a domain",
    "EG237": "a setting without meaning behind a proxy",
    "EG238": "a host below a wildcard whose callers do not have it",
    "EG239": "a readiness that cannot see through a proxy",
    "EG240": "a header that is not the list's to change",
    "EG241": "a header that is changed twice",
    "EG242": "a secret in the list itself",
    "EG243": "a credential that cannot be mounted",
    "EG244": "a credential for an upstream that nobody verifies",
    "EG245": "half a rate limit",
    "EG246": "a rate limit that does not count every port",
    "EG247": "external authorization that says too little, or too much",
    "EG248": "an OPA in pods that are not the host's own",
    "EG249": "a setting that is the provider's",
    "EG250": "a denied service account without its namespace",
    "EG251": "a denial of methods or paths on a protocol that has none",
    "EG252": "a client that is denied everything",
    "EG253": "a fleet-wide denial for a host that the list does not have",
    "EG254": "a fleet-wide denial that refuses nobody",
    "EG255": "a fleet-wide denial that some ports cannot show",
    "EG256": "nobody is refused: the host only reports",
    "EG257": "hosts of one gateway with different access logs",
    "EG260": "an exposure of what has no requests",
    "EG261": "an exposure without a certificate",
    "EG262": "an exposure without a name, or without its ingress gateway",
    "EG263": "an own name that is somebody else's",
    "EG270": "failover that cannot take place",
    "EG271": "a setting of a gateway at a host without one",
    "EG272": "a policy that nobody would keep, without a gateway",
    "EG273": "a Secret for pods that Istio would not send it to",
    "EG274": "files at a host without a gateway",
    "EG275": "a wildcard without a gateway",
    "EG280": "a shared gateway that the list does not have",
    "EG281": "a setting of pods that are not the host's own",
    "EG282": "a host in another namespace than its gateway",
    "EG284": "a setting of pods that run already",
    "EG285": "a shared gateway without hosts",
    "EG301": "the same host twice",
    "EG302": "two hosts on one port that a client cannot tell apart",
    "EG303": "keys of different owners in one namespace",
    "EG304": "an overlay for a host that the list does not have",
    "EG305": "the mesh is described twice",
    "EG307": "an entry that only an overlay can have",
    "EG310": "an own name that is a host of the list",
    "EG311": "two hosts at one name and path",
    "EG312": "one own name in two ways",
    "EG313": "a Sidecar that would cut off a client's own namespace",
    "EG314": "a Sidecar for a namespace that has no clients",
    "EG315": "a Sidecar that would hold for the whole mesh",
    "EG316": "a companion of a namespace with pods that are not ours",
    "EG317": "own names that share a certificate",
    "EG318": "a Sidecar that lets in what any namespace says",
    "EG401": "two gateways of one name",
    "EG402": "a name is reserved or too long",
}
