"""The printed objects of a fleet, found by what they belong to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import yaml

from egressc import emit
from egressc.plan import Plan, Rule
from tests.chart import Document, Documents, Helm

Key = tuple[str, str, str]

CLOSED = 9  # the Service's port that nothing listens on
RAW = ("TLS", "TCP")  # protocols of which a gateway sees no requests
LEADING = ("ServiceEntry", "VirtualService")  # with ".direct", what clients are led by


@dataclass(frozen=True)
class Fleet:
    """Values, all that the chart prints for them, and who may call which gateway."""

    values: Mapping[str, Any]
    documents: Documents
    rules: Mapping[str, tuple[Rule, ...]]

    @classmethod
    def printed(cls, helm: Helm, plan: Plan) -> "Fleet":
        values = emit.dump(emit.values(plan))
        rules = {gateway.name: gateway.rules for gateway in plan.carrying}
        return cls(yaml.safe_load(values), helm.render(values), rules)

    @cached_property
    def gateways(self) -> dict[str, "Gateway"]:
        """Every entry of `gateways`: hosts, and the pods that several of them share."""
        return {name: Gateway(self, name, entry) for name, entry in self.values["gateways"].items()}

    @cached_property
    def hosts(self) -> list["Gateway"]:
        """The gateways that carry a host."""
        return [gateway for gateway in self.gateways.values() if "host" in gateway.values]

    @cached_property
    def pods(self) -> list["Gateway"]:
        """The gateways whose pods we make."""
        return [gateway for gateway in self.gateways.values() if "pods" in gateway.values]

    def labelled(self, label: str, value: str) -> list[Key]:
        """The keys of the objects that bear this label."""
        return [key for key, document in self.documents.items() if document["metadata"]["labels"].get(label) == value]

    def carried(self, carrier: str) -> list["Gateway"]:
        """The hosts that these pods carry."""
        return [gateway for gateway in self.hosts if gateway.carrier == carrier]


class Gateway:
    """The objects of one entry of `gateways`."""

    def __init__(self, fleet: Fleet, name: str, values: Mapping[str, Any]) -> None:
        self.fleet, self.name, self.values = fleet, name, values
        self.namespace: str = values["namespace"]
        self.route: str = values.get("route", name)
        self.stands_by = bool(values.get("standsBy"))
        about = [key for key in fleet.labelled("egressc.io/gateway", self.route) if self._named(key)]
        self.keys = [key for key in about if not (self.stands_by and leads(key))]
        self.documents = {key: fleet.documents[key] for key in about}
        self.host = str(values.get("host"))
        self.service = f"{name}.{self.namespace}.svc."
        self.ports: list[dict[str, Any]] = list(values.get("ports", []))
        self.rules = fleet.rules.get(name, ())

    def _named(self, key: Key) -> bool:
        return key[2].partition(".")[0] == (self.route if leads(key) else self.name)

    @property
    def in_use(self) -> "Gateway":
        """The gateway that clients are led to."""
        gateways = self.fleet.gateways.values()
        return next(one for one in gateways if one.values.get("standby") == self.name) if self.stands_by else self

    @property
    def carrier(self) -> str | None:
        """The name of the gateway whose pods carry the host; None where we do not make them."""
        if self.values.get("adopted"):
            return None
        return str(self.values["selector"]["egressc.io/gateway"])

    @property
    def reports(self) -> bool:
        """Whether rules are only reported, and nobody is refused."""
        return bool(self.values.get("reports"))

    def all(self, kind: str) -> list[Document]:
        """The objects of a kind."""
        return [document for (of, _, _), document in self.documents.items() if of == kind]

    def has(self, kind: str, suffix: str = "") -> bool:
        """Whether there is an object of the gateway's name with this suffix."""
        return self._key(kind, suffix) in self.documents

    def spec(self, kind: str, suffix: str = "") -> Any:
        """The spec of an object of the gateway's name with this suffix; KeyError where there is none."""
        return self.documents[self._key(kind, suffix)].get("spec")

    def _key(self, kind: str, suffix: str) -> Key:
        return kind, self.namespace, (self.route if leads((kind, "", suffix)) else self.name) + suffix

    def patches(self, suffix: str = "") -> list[dict[str, Any]]:
        """What an EnvoyFilter changes; nothing where there is none."""
        return list(self.spec("EnvoyFilter", suffix)["configPatches"]) if self.has("EnvoyFilter", suffix) else []

    def filters(self, suffix: str, name: str) -> list[dict[str, Any]]:
        """The configurations of the filter of this name that an EnvoyFilter puts in."""
        values = [patch["patch"]["value"] for patch in self.patches(suffix)]
        return [value["typed_config"] for value in values if value.get("name") == name]

    @property
    def with_requests(self) -> list[dict[str, Any]]:
        """The ports whose requests the gateway sees."""
        return [port for port in self.ports if port["protocol"] not in RAW]

    @property
    def client_ports(self) -> list[Any]:
        """The ports that clients see, of one ServiceEntry or of one for each."""
        return [port for entry in self.all("ServiceEntry") for port in entry["spec"]["ports"]]

    @property
    def servers(self) -> dict[int, Any]:
        """The servers of the Gateway by their port."""
        return {server["port"]["number"]: server for server in self.spec("Gateway")["servers"]}

    @property
    def upstream_settings(self) -> dict[int, Any]:
        """What holds on the way gateway → upstream, by the client's port."""
        settings = self.spec("DestinationRule", ".upstream")["trafficPolicy"]["portLevelSettings"]
        return {one["port"]["number"]: one for one in settings}


def leads(key: Key) -> bool:
    """Whether clients are led by an object, whichever gateway carries the host."""
    return key[0] in LEADING or key[2].endswith(".direct")


def nested(part: Any, name: str) -> Iterator[Any]:
    """The values of a key, wherever it stands in a document."""
    for key, value in part.items() if isinstance(part, dict) else ():
        if key == name:
            yield value
        yield from nested(value, name)
    for value in part if isinstance(part, list) else ():
        yield from nested(value, name)
