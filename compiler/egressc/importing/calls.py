"""What the objects of all files say together, and the calls of one host."""

from dataclasses import dataclass, field
from typing import Any

from egressc.findings import Finding
from egressc.importing import upstreams, ways
from egressc.importing.objects import Object, Objects
from egressc.importing.registry import Service, services
from egressc.importing.ways import Way

#: Protocols with requests.
HTTP = ("HTTP", "HTTP2", "GRPC")


@dataclass(slots=True)
class Mesh:
    """What the objects of all files say together."""

    objects: Objects
    findings: list[Finding]
    domains: set[str] = field(default_factory=set)
    services: dict[str, Service] = field(init=False)
    rules: dict[str, list[Object]] = field(init=False)
    hops: dict[str, list[ways.Hop]] = field(init=False)
    gateways: dict[str, dict[str, str]] = field(init=False)
    shared: dict[str, dict[str, Any]] = field(default_factory=dict)  # `gateways` of the list, by their names
    stand_by: set[str] = field(default_factory=set)  # gateways that nobody is led to
    policies: dict[tuple[str, str], list[Object]] = field(default_factory=dict)  # by namespace and labels of pods

    def __post_init__(self) -> None:
        self.services = services(self.objects, self.findings)
        self.rules = upstreams.rules_of(self.objects)
        self.hops = ways.hops(self.objects)
        self.gateways = ways.gateways(self.objects)


@dataclass(slots=True)
class Call:
    """A client port with its way, and what holds for its upstream."""

    way: Way
    protocol: str
    target: int
    policy: upstreams.Policy | None
