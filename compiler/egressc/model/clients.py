"""Who may call a host, and who is refused."""

from dataclasses import dataclass

from egressc.positions import Settled


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation(Settled):
    """What a rule is about: an empty tuple means every port, method or path. `group` is the one that it was said of."""

    group: str | None
    ports: tuple[int, ...]
    methods: tuple[str, ...]
    paths: tuple[str, ...]

    def covers(self, port: int) -> bool:
        """Whether the rule is about this client port."""
        return not self.ports or port in self.ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Client(Operation):
    """Who may call; `namespace` is None for the whole mesh, `pod_labels` are empty for all its pods."""

    namespace: str | None
    whole_mesh: bool
    service_account: str | None
    pod_labels: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deny(Operation):
    """Who is refused; everybody where `namespace` is None, at all hosts where `hosts` is empty."""

    namespace: str | None
    service_account: str | None
    hosts: tuple[str, ...]

    @property
    def who(self) -> str:
        """Who is refused, for people: `everybody`, a namespace, or namespace/account."""
        if self.namespace is None:
            return "everybody"
        return f"{self.namespace}/{self.service_account}" if self.service_account else self.namespace
