"""Names of one's own at an ingress gateway: each path leads to one gateway, which lets the ingress gateway in."""

from collections.abc import Mapping
from typing import Any

from tests.contract.fleet import Fleet, Key


def owned(fleet: Fleet) -> list[Key]:
    """The objects of all own names."""
    return [key for name in fleet.values.get("exposures", {}) for key in fleet.labelled("egressc.io/exposure", name)]


def check(fleet: Fleet) -> None:
    for name, exposure in fleet.values.get("exposures", {}).items():
        keys = fleet.labelled("egressc.io/exposure", name)
        assert {namespace for _, namespace, _ in keys} == {exposure["namespace"]}
        objects = {key[0]: fleet.documents[key]["spec"] for key in keys}
        assert set(objects) == {"Gateway", "ServiceEntry", "VirtualService"}
        assert len(objects) == len(keys)
        _entry(exposure, objects)
        _routes(fleet, exposure, objects["VirtualService"])


def _entry(exposure: Mapping[str, Any], objects: Mapping[str, Any]) -> None:
    """From outside only by TLS, from inside only by those who see the name."""
    assert objects["Gateway"]["selector"] == exposure["selector"]
    in_clear, encrypted = objects["Gateway"]["servers"]
    assert in_clear["tls"] == {"httpsRedirect": True}
    assert encrypted["tls"] == {"mode": "SIMPLE", "credentialName": exposure["credentialName"]}
    assert in_clear["hosts"] == encrypted["hosts"] == [f"./{exposure['host']}"]
    assert "endpoints" not in objects["ServiceEntry"]
    for kind in ("ServiceEntry", "VirtualService"):
        assert objects[kind]["hosts"] == [exposure["host"]]
        assert objects[kind]["exportTo"] == exposure["exportTo"]


def _routes(fleet: Fleet, exposure: Mapping[str, Any], spec: Mapping[str, Any]) -> None:
    routes = [route for route in spec["http"] if "route" in route]
    paths = [match["uri"].get("exact", "/") for route in routes for match in route["match"][:1]]
    assert paths == [route["uris"][0].get("exact", "/") for route in exposure["routes"]]
    assert paths == sorted(set(paths), key=lambda path: (-len(path), path)), "a longer path comes first"
    for path, route in zip(paths, routes, strict=True):
        # a prefix would take /partnership for /partner
        taken = {tuple(match["uri"].items()) for match in route["match"]}
        whole = {(("prefix", "/"),)}
        assert taken == (whole if path == "/" else {(("exact", path),), (("prefix", f"{path}/"),)})
        host = route["rewrite"]["authority"]
        (way,) = (gateway for gateway in fleet.hosts if gateway.host == host and not gateway.stands_by)
        destination = route["route"][0]["destination"]
        assert destination["host"] == way.spec("DestinationRule")["host"]
        assert {exposure["namespace"], "*"} & {*way.values["exportTo"]} or exposure["namespace"] == way.namespace
        numbers = {port["port"]: port["gatewayPort"] for port in way.ports}
        ingress = [rule for rule in way.rules if rule.who.namespace == exposure["namespace"]]
        assert [[numbers[port] for port in rule.ports] for rule in ingress] == [[destination["port"]["number"]]]
        policy = way.values.get("networkPolicy", {"clients": ["*"]})
        assert {exposure["namespace"], "*"} & {*policy["clients"]}
