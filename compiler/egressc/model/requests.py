"""What a host list says of requests: their headers, limits, and who else decides about them."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from egressc.model.durations import Duration
from egressc.positions import Settled


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderChanges(Settled):
    """What happens to the headers of requests or responses; `keep` are those of the mesh that are not removed.

    `not_secret` are headers of `set` that only look like secrets.
    """

    set: dict[str, str]
    remove: tuple[str, ...]
    keep: tuple[str, ...]
    not_secret: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential(Settled):
    """A request header `name` with `prefix` and the value that a Secret has under `key`."""

    name: str
    prefix: str
    secret: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers(Settled):
    """What upstreams and applications see of each other's headers; `host` is None where it stays as it is."""

    host: str | None
    preserve_case: bool
    request: HeaderChanges
    response: HeaderChanges
    credential: Credential | None

    @property
    def owned(self) -> frozenset[str]:
        """The request headers that no application may write: what the list sets, removes, carries as a credential."""
        names = {*self.request.set, *self.request.remove}
        return frozenset(name.lower() for name in names | ({self.credential.name} if self.credential else set()))

    @property
    def has_twins(self) -> bool:
        """Whether one of these has another spelling, for the many upstreams that read - and _ alike."""
        return any("-" in name or "_" in name for name in self.owned)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit(Settled):
    """How many requests fit into a period."""

    requests: int
    per: Duration

    @property
    def rate(self) -> Fraction:
        """Requests in a millisecond."""
        return self.requests / Fraction(self.per.exact)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit(Settled):
    """How often each pod lets the host be asked, by all clients together and by each identity."""

    all_clients: Limit | None
    per_client: Limit | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opa(Settled):
    """An Open Policy Agent beside the gateway; `policy` is a ConfigMap. An image or a policy of None is an error."""

    image: str | None
    policy: str | None
    decision: str
    timeout: Duration
    resources: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalAuthorization(Settled):
    """Who else decides about each request; exactly one of `opa` and `provider` is meant to be set."""

    opa: Opa | None
    provider: str | None
    fail_open: bool
