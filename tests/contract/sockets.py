"""Each port whose upstream no ServiceEntry can name leads to a socket of its own, and there to its upstream port."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.contract.fleet import Fleet, Gateway, nested

SCHEME = "unix://"


def check(fleet: Fleet) -> None:
    for gateway in fleet.hosts:
        sockets = list(_sockets(gateway).values())
        if gateway.values.get("perName") or gateway.values.get("proxy"):
            assert len(set(sockets)) == len(gateway.ports)
            if proxy := gateway.values.get("proxy"):
                for port, listener in behind_sockets(gateway, ".proxy"):
                    assert list(nested(listener, "hostname")) == [f"{proxy['target']}:{port['upstreamPort']}"]
        else:
            assert sockets == []


def behind_sockets(gateway: Gateway, suffix: str) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Each port with the listener that an EnvoyFilter has at the end of its ServiceEntry's socket."""
    patches = gateway.patches(suffix)
    listeners = [patch["patch"]["value"] for patch in patches if patch["applyTo"] == "LISTENER"]
    by_path = {listener["address"]["pipe"]["path"]: listener for listener in listeners}
    assert len(by_path) == len(listeners) == len({listener["name"] for listener in listeners})
    sockets = _sockets(gateway)
    assert set(by_path) == set(sockets.values())
    for port in gateway.ports:
        yield port, by_path[sockets[port["port"]]]


def _sockets(gateway: Gateway) -> dict[int, str]:
    """The paths of the sockets that ServiceEntries lead to, by client port."""
    found = {}
    for entry in gateway.all("ServiceEntry"):
        for endpoint in entry["spec"].get("endpoints", []):
            if endpoint["address"].startswith(SCHEME):
                (port,) = entry["spec"]["ports"]
                path = endpoint["address"].removeprefix(SCHEME)
                # a socket's address has room for 107 characters
                assert len(path) <= 107
                found[port["number"]] = path
    return found
