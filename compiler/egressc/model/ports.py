"""How a host is asked and how its upstream is reached: ports and their TLS."""

from dataclasses import dataclass
from typing import Literal

from egressc.positions import Settled

Protocol = Literal["HTTP", "HTTP2", "GRPC", "TLS", "TCP"]
HTTP_FAMILY = ("HTTP", "HTTP2", "GRPC")
WILDCARD = "*."
#: Versions of TLS that know none of Envoy's own cipher suites, and those that they do know.
OLD_VERSIONS = ("TLSV1_0", "TLSV1_1")
OLD_SUITES = (
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-RSA-AES128-SHA",
    "ECDHE-ECDSA-AES256-SHA",
    "ECDHE-RSA-AES256-SHA",
    "AES128-SHA",
    "AES256-SHA",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume(Settled):
    """A Secret or ConfigMap mounted into the gateway; exactly one of the two is meant to be set."""

    secret: str | None
    config_map: str | None
    mount_path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Files(Settled):
    """Certificate files in the gateway's container, as absolute paths."""

    certificate: str | None
    key: str | None
    ca: str | None
    crl: str | None
    volumes: tuple[Volume, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls(Settled):
    """TLS to the upstream. `sni` and `sans` are settled; `sans` is empty where each name of a wildcard has its own.

    Without versions and cipher suites Istio's and Envoy's hold. `crl`: the Secret has revoked certificates.
    """

    mode: Literal["simple", "mutual", "passthrough", "none"]
    secret: str | None
    files: Files | None
    crl: bool
    min_protocol_version: str | None
    max_protocol_version: str | None
    cipher_suites: tuple[str, ...]
    sni: str
    sans: tuple[str, ...]
    unverified: str | None

    @property
    def originates(self) -> bool:
        """Whether the gateway itself speaks TLS to the upstream."""
        return self.mode in ("simple", "mutual")

    def behind(self, port: int) -> int:
        """The upstream port behind a client port, where nobody says it: that of https:// if http:// becomes it."""
        return 443 if port == 80 and self.originates else port

    @property
    def per_name(self) -> bool:
        """Whether the SNI is the name that is asked for, of all those that a wildcard stands for."""
        return self.sni.startswith(WILDCARD)


@dataclass(frozen=True, slots=True, kw_only=True)
class PortReadiness(Settled):
    """Whether the pods wait for the upstream of a port, where the host's readiness follows its upstream."""

    mode: Literal["upstream", "gateway"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Port(Settled):
    """A client port and the upstream port behind it; `upstream_protocol` is HTTP2 where it is not `protocol`."""

    port: int
    protocol: Protocol
    upstream_protocol: Protocol
    upstream_port: int
    tls: Tls
    readiness: PortReadiness

    @property
    def keeps_names(self) -> bool:
        """Whether names of headers can keep their letter case, which HTTP/2 does not know."""
        return self.protocol == self.upstream_protocol == "HTTP"

    @property
    def takes_http2(self) -> bool:
        """Whether a sidecar can make HTTP/2 of what applications speak; HTTP2 and GRPC are that already."""
        return self.protocol == "HTTP"

    @property
    def is_http(self) -> bool:
        """Whether requests can be told apart on this port: methods, paths, retries."""
        return self.protocol in HTTP_FAMILY
