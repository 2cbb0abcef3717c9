"""Client ports as what carries a host has them."""

from dataclasses import dataclass

from egressc.model import Port, Protocol, Tls
from egressc.plan.pods import CallerPods


@dataclass(frozen=True, slots=True)
class CarriedPort:
    """A client port as a carrier has it: `name` in every object, and the pods that a sidecar lets through to it."""

    name: str
    settled: Port
    callers: tuple[CallerPods, ...]  # empty: nobody is told apart by pod labels

    @property
    def client_port(self) -> int:
        """The port that applications use."""
        return self.settled.port

    @property
    def upstream_port(self) -> int:
        """The port of the upstream."""
        return self.settled.upstream_port

    @property
    def protocol(self) -> Protocol:
        """What is spoken through the port."""
        return self.settled.protocol

    @property
    def is_http(self) -> bool:
        """Whether the port has requests."""
        return self.settled.is_http

    @property
    def tls(self) -> Tls:
        """The TLS to the upstream."""
        return self.settled.tls


@dataclass(frozen=True, slots=True)
class GatewayPort(CarriedPort):
    """A client port with the gateway's own port for it."""

    gateway_port: int
    identities: tuple[str, ...]  # the callers that TLS itself lets in; empty: the policy alone decides
