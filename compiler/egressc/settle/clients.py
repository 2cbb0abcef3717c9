"""Who may call a host, and who is refused."""

from collections.abc import Iterator
from typing import Any

from egressc.model import Client, Deny
from egressc.positions import Mapping


def clients(host: Mapping) -> tuple[Client, ...]:
    """The entry's `clients`."""
    return tuple(map(_client, _rules(host, "clients")))


def denials(host: Mapping) -> tuple[Deny, ...]:
    """The entry's `deny`."""
    return tuple(map(deny, _rules(host, "deny")))


def deny(data: Mapping) -> Deny:
    """A denial of a host or of the fleet."""
    return Deny(
        source=data,
        namespace=data.get("namespace"),
        service_account=data.get("serviceAccount"),
        hosts=tuple(data.get("hosts") or ()),
        ports=tuple(data.get("ports") or ()),
        methods=tuple(data.get("methods") or ()),
        paths=tuple(data.get("paths") or ()),
    )


def _client(data: Mapping) -> Client:
    return Client(
        source=data,
        namespace=data.get("namespace"),
        whole_mesh=data.get("wholeMesh", False),
        service_account=data.get("serviceAccount"),
        pod_labels=tuple(sorted((data.get("podLabels") or {}).items())),
        ports=tuple(data.get("ports") or ()),
        methods=tuple(data.get("methods") or ()),
        paths=tuple(data.get("paths") or ()),
    )


def _rules(host: Mapping, key: str) -> Iterator[Mapping]:
    """The rules under `key`; a bare namespace becomes a rule for it alone."""
    rules: Any = host.get(key) or ()
    for index, rule in enumerate(rules):
        if isinstance(rule, str):
            source = Mapping(rules.items_at[index])
            source["namespace"] = rule
            yield source
        else:
            yield rule
