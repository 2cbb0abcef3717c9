"""What a gateway is called and where it listens, made from its own host alone, so that no other host can change it."""

import hashlib
from collections.abc import Collection

LONGEST = 63  # a Service's name and a label's value
RESERVED_PORTS = range(15000, 15100)  # Istio's own, in sidecars and gateways
OPA_PORTS = (8181, 8282, 9191)  # of an OPA beside the gateway: its API, its health, what Envoy asks


def gateway_name(host: str) -> str:
    """A DNS-1035 label for `host`, readable and, but for hashes, reversible: `my-api.example` → `my--api-example`.

    Dots become hyphens and hyphens double, so no two hosts share a name; `*.example.com` is `any---example-com`, which
    no host's labels make. Where the result would be too long, or begin with a digit (Services must not), a hash of the
    host makes it unique.
    """
    name = host.replace("-", "--").replace(".", "-").replace("*-", "any---")
    if name[0].isdigit():
        return _cut(f"h{name}", host)
    return name if len(name) <= LONGEST else _cut(name, host)


def shared_name(name: str, gateway: str) -> str:
    """What leads the host of the name `name` to the pods of `gateway`: `api-example-com-on-partners`.

    It is the same while another gateway carries the host too, so that a host can move from one to the other.
    """
    whole = f"{name}-on-{gateway}"
    return whole if len(whole) <= LONGEST else _cut(whole, whole)


def _cut(name: str, whole: str) -> str:
    return f"{name[: LONGEST - 9].rstrip('-')}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}"


def gateway_ports(ports: Collection[int], *, adopted: bool = False) -> dict[int, int]:
    """The gateway's own port for each client port of one host.

    Adopted pods listen elsewhere already, and Istio reads a Gateway's port as that of any Service of the pods, such as
    80 for 8080: there all ports are from 20000 on, 20080 for 80.
    """
    if not adopted:
        return {port: gateway_port(port, ports) for port in ports}
    numbers: dict[int, int] = {}
    for port in sorted(ports):
        numbers[port] = next(number for number in range(20000 + port % 40000, 65536) if number not in numbers.values())
    return numbers


def port_name(protocol: str, port: int) -> str:
    """The name of a client port in every object, by which Istio knows its protocol: `http-80`."""
    return f"{protocol.lower()}-{port}"


def exposure_name(host: str) -> str:
    """The name of the objects of an own name, `host`. Without a dot: Istio reads a Gateway's name only to the first."""
    return f"{gateway_name(host)}-exposure"


def gateway_port(port: int, ports: Collection[int]) -> int:
    """The gateway's own port for the client port `port` of a host with these client ports: 8080 for 80, 5432 for 5432.

    A plain user may not listen below 1024, so those get 8000 more, and steps of 1024 more where a client port is there.
    """
    if port >= 1024:
        return port
    return next(
        number for number in range(port + 8000, 65536, 1024) if number not in {*ports, *RESERVED_PORTS, *OPA_PORTS}
    )
