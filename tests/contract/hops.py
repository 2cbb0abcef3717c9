"""Every caller at every port of a host is led to its gateway or refused, and every gateway to its upstream."""

from collections.abc import Mapping
from typing import Any

from tests.contract.fleet import CLOSED, RAW, Fleet, Gateway, nested

NOBODY = ["spiffe://nobody"]


def check(fleet: Fleet) -> None:
    for gateway in fleet.hosts:
        _ports(gateway)
        _client_hop(gateway)
        _http2(gateway)
        for port in gateway.ports:
            if gateway.stands_by:
                _stands_by(gateway, port)
            else:
                _callers(gateway, port)
            assert _sent(gateway, gateway.name, port, {}) == ("upstream", port["port"])


def _stands_by(gateway: Gateway, port: Mapping[str, Any]) -> None:
    """Nobody is led to a standby, and it does what the gateway in use does, under its own name."""
    assert _sent(gateway, "mesh", port, port.get("sources", [{}])[0])[0] == "gateway"
    other = next(one for one in gateway.in_use.ports if one["port"] == port["port"])
    kept = ("rules", "sources", "identities", "upstreamPort", "protocol", "tls", "check")
    assert {key: port.get(key) for key in kept} == {key: other.get(key) for key in kept}
    assert gateway.rules == gateway.in_use.rules


def _ports(gateway: Gateway) -> None:
    for entry in gateway.all("ServiceEntry"):
        assert len(entry["spec"]["ports"]) == 1 or not _has_socket(entry)
    seen = {port["number"]: (port["protocol"], port["targetPort"]) for port in gateway.client_ports}
    assert seen == {port["port"]: (port["protocol"], port["upstreamPort"]) for port in gateway.ports}
    assert len(seen) == len(gateway.client_ports)
    assert list(gateway.upstream_settings) == list(seen)
    assert set(gateway.servers) == {port["gatewayPort"] for port in gateway.ports}
    assert len(gateway.spec("Gateway")["servers"]) == len(seen)
    service = {port["port"]: port["targetPort"] for port in gateway.spec("Service")["ports"]}
    assert set(service) - {CLOSED} == set(gateway.servers)
    assert all(port == target for port, target in service.items())


def _has_socket(entry: Mapping[str, Any]) -> bool:
    return any(endpoint["address"].startswith("unix:") for endpoint in entry["spec"].get("endpoints", []))


def _client_hop(gateway: Gateway) -> None:
    """Mutual TLS of the mesh to the gateway, and TLS that cannot succeed to the upstream itself."""
    client, direct = gateway.spec("DestinationRule"), gateway.spec("DestinationRule", ".direct")
    sni = gateway.host.replace("*", "_")
    assert client["host"].startswith(gateway.service)
    assert client["trafficPolicy"]["tls"] == {"mode": "ISTIO_MUTUAL", "sni": sni}
    assert direct["host"] == gateway.host == gateway.spec("DestinationRule", ".upstream")["host"]
    assert direct["trafficPolicy"] == {"tls": {"mode": "ISTIO_MUTUAL", "sni": sni, "subjectAltNames": NOBODY}}
    for port in gateway.ports:
        server = gateway.servers[port["gatewayPort"]]
        assert server["hosts"] == [f"./{gateway.host}"]
        assert server["port"]["protocol"] == ("TLS" if port["protocol"] in RAW else "HTTPS")
        assert server["tls"]["mode"] == "ISTIO_MUTUAL"


def _http2(gateway: Gateway) -> None:
    """Sidecars make HTTP/2 only of HTTP, whatever the mesh says, and only there a gateway takes a CONNECT."""
    asked = [port["gatewayPort"] for port in gateway.ports if port["protocol"] == "HTTP"]
    ports = asked if "gatewayProtocol" in gateway.values else []
    pool = gateway.spec("DestinationRule")["trafficPolicy"]["connectionPool"]["http"]
    assert pool["h2UpgradePolicy"] == "DO_NOT_UPGRADE"
    assert ("http2KeepAlive" in pool) == bool(ports)
    service = {port["port"]: port.get("appProtocol") for port in gateway.spec("Service")["ports"]}
    assert [port for port, protocol in service.items() if protocol] == ports
    assert set(service.values()) <= {None, "http2"}
    taking = [patch for patch in gateway.patches(".requests") if list(nested(patch, "allow_connect"))]
    assert [int(patch["match"]["listener"]["name"].rpartition("_")[2]) for patch in taking] == ports
    assert not (ports and any("preserveCase" in port for port in gateway.ports))


def _callers(gateway: Gateway, port: Mapping[str, Any]) -> None:
    sources = port.get("sources", [{}])
    for origin in sources:
        assert _sent(gateway, "mesh", port, origin) == ("gateway", port["gatewayPort"])
    # whoever else sees the port is led to the gateway as well, or refused: nobody gets past it
    stranger = _sent(gateway, "mesh", port, {"namespace": "elsewhere", "podLabels": {}})
    if any(not origin for origin in sources):
        assert stranger == ("gateway", port["gatewayPort"])
    else:
        assert stranger == (("gateway", CLOSED) if port["protocol"] in RAW else ("refused", 403))


def _sent(gateway: Gateway, side: str, port: Mapping[str, Any], source: Mapping[str, Any]) -> tuple[str, int]:
    """Where the VirtualService sends a caller at a port, in its client's sidecar ("mesh") or in the gateway."""
    virtual_service = gateway.spec("VirtualService")
    kind = "http" if port["protocol"] not in RAW else port["protocol"].lower() if side == "mesh" else "tcp"
    number = port["port"] if side == "mesh" else port["gatewayPort"]
    for route in virtual_service.get(kind, []):
        for match in route["match"]:
            if (
                side in match.get("gateways", virtual_service["gateways"])
                and match["port"] == number
                and match.get("sourceNamespace") in (None, source.get("namespace"))
                and match.get("sourceLabels", {}).items() <= source.get("podLabels", {}).items()
                and match.get("sniHosts", [gateway.host]) == [gateway.host]
            ):
                return _destination(gateway, route)
    return "nowhere", 0


def _destination(gateway: Gateway, route: Mapping[str, Any]) -> tuple[str, int]:
    if "directResponse" in route:
        return "refused", route["directResponse"]["status"]
    (destination,) = (one["destination"] for one in route["route"])
    number = destination["port"]["number"]
    if destination["host"] == gateway.host:
        assert number in {port["number"] for port in gateway.client_ports}
        return "upstream", number
    assert destination["host"] == gateway.in_use.spec("DestinationRule")["host"]
    assert number in {port["port"] for port in gateway.in_use.spec("Service")["ports"]}
    return "gateway", number
