"""A wildcard leads to names below it, at one port and to no denied address, and each name is verified by itself."""

import re
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Any

from tests.contract.fleet import Fleet, Gateway, nested
from tests.contract.sockets import behind_sockets

#: Where IPv6 has IPv4 addresses: mapped, and what a NAT64 leads to.
FORMS = ("::ffff:0:0", "64:ff9b::")


def check(fleet: Fleet) -> None:
    for gateway in fleet.hosts:
        if gateway.values.get("perName"):
            _sessions(gateway)
            if not gateway.values.get("proxy"):
                for port, listener in behind_sockets(gateway, ".wildcard"):
                    _names(gateway, port, listener)
                _versions(gateway)
                _addresses(gateway, gateway.values.get("deniedRanges", ()))


def _sessions(gateway: Gateway) -> None:
    """A TLS session of one name must not vouch for another."""
    suffix = ".proxy" if gateway.values.get("proxy") else ".wildcard"
    verified = {port["port"] for port in gateway.ports if "tls" in port}
    without = {
        patch["match"]["cluster"]["portNumber"]
        for patch in gateway.patches(suffix)
        if list(nested(patch["patch"].get("value", {}), "max_session_keys")) == [0]
    }
    assert without == verified


def _names(gateway: Gateway, port: Mapping[str, Any], listener: Mapping[str, Any]) -> None:
    if port.get("inClear"):
        _by_host(gateway, port, listener)
        return
    *closed, way = listener["filter_chains"]
    assert way["filter_chain_match"] == {"server_names": [gateway.host]}
    assert list(nested(way, "port_value")) == [port["upstreamPort"]]
    # listed hosts below it have a way of their own
    assert [chain["filter_chain_match"]["server_names"] for chain in closed] == [
        gateway.values["listed"] for _ in closed
    ]
    assert bool(closed) == ("listed" in gateway.values)
    assert all(one["name"].endswith("direct_response") for chain in closed for one in chain["filters"])


def _by_host(gateway: Gateway, port: Mapping[str, Any], listener: Mapping[str, Any]) -> None:
    """In clear a name is found by its Host, at port 80, and nothing is added to the request."""
    assert (port["protocol"], port["upstreamPort"], port.get("tls")) == ("HTTP", 80, None)
    (chain,) = listener["filter_chains"]
    (manager,) = (one["typed_config"] for one in chain["filters"])
    assert manager["strip_any_host_port"] is True
    assert (manager["generate_request_id"], manager["skip_xff_append"]) == (False, True)
    kept = gateway.values.get("headers", {}).get("request", {}).get("keep", ())
    assert ("request_headers_to_remove" in manager["route_config"]) == ("x-forwarded-proto" not in kept)
    *closed, names = manager["route_config"]["virtual_hosts"]
    assert names["domains"] == [gateway.host]
    assert [one["domains"] for one in closed] == [gateway.values["listed"] for _ in closed]
    assert bool(closed) == ("listed" in gateway.values)
    assert all(route["direct_response"] == {"status": 403} for one in closed for route in one["routes"])


def _versions(gateway: Gateway) -> None:
    """A proxy that does not know denied ranges gets no way to the names."""
    added = [patch["match"] for patch in gateway.patches(".wildcard") if patch["patch"]["operation"] == "ADD"]
    assert len(added) == 1 + len(gateway.ports)
    for match in added:
        knows = re.compile(match["proxy"]["proxyVersion"])
        assert all(map(knows.search, ("1.31.0", "1.31.4-distroless", "1.40.2")))
        assert not any(map(knows.search, ("1.30.9", "1.29.0", "1.3.1", "11.31.0", "unknown", "")))


def _addresses(gateway: Gateway, denied: Sequence[str]) -> None:
    caches = list(nested(gateway.patches(".wildcard"), "dns_cache_config"))
    assert len(caches) == 1 + len(gateway.ports)
    assert all(cache == caches[0] for cache in caches)
    cache = caches[0]
    # as many names at once as one client can ask for while one is kept
    assert cache["max_hosts"] == cache["dns_cache_circuit_breaker"]["max_pending_requests"] == 50000
    # a name is whole: no search domain of the cluster is tried
    assert list(nested(cache, "dns_resolver_options")) == [{"no_default_search_domain": True}]
    ranges = [
        ip_network(f"{one['address_prefix']}/{one['prefix_len']}") for one in cache["resolved_address_filter"]["ranges"]
    ]
    assert ranges
    for network in (*ranges, *map(ip_network, denied)):
        assert any(_within(network, one) for one in ranges)
        if isinstance(network, IPv4Network):
            for form in FORMS:
                inside = IPv6Network((int(IPv6Address(form)) + int(network.network_address), 96 + network.prefixlen))
                assert any(_within(inside, one) for one in ranges), f"{inside} is let through"


def _within(network: Any, other: Any) -> bool:
    return bool(network.version == other.version and network.subnet_of(other))
