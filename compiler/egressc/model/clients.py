"""Who may call a host, and who is refused."""

from dataclasses import dataclass

from egressc.positions import Settled

#: How a list, and Istio, mean every namespace, and the one that something stands in.
EVERYBODY, OWN_NAMESPACE = "*", "."


def is_prefix(namespace: str | None) -> bool:
    """Whether it is how names of namespaces begin (`preview-*`), and not the name of one."""
    return namespace is not None and namespace.endswith("*")


def stands_for(namespace: str | None, other: str | None) -> bool:
    """Whether each namespace that `other` means is one that `namespace` means; None means all of them."""
    if namespace is None or namespace == other:
        return True
    return other is not None and is_prefix(namespace) and other.startswith(namespace[:-1])


def caller_name(namespace: str | None, service_account: str | None) -> str:
    """Who calls, for people: a namespace, or namespace/account; empty where there is no namespace."""
    return f"{namespace}/{service_account}" if namespace and service_account else namespace or ""


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
    """Who may call; `namespace` may be a prefix, None is the whole mesh; `pod_labels` are empty for all its pods."""

    namespace: str | None
    whole_mesh: bool
    service_account: str | None
    pod_labels: tuple[tuple[str, str], ...]

    @property
    def who(self) -> str:
        """Who may call, for people: `the whole mesh`, a namespace, or namespace/account."""
        return caller_name(self.namespace, self.service_account) or "the whole mesh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deny(Operation):
    """Who is refused; `namespace` may be a prefix, None is everybody. At all hosts where `hosts` is empty."""

    namespace: str | None
    service_account: str | None
    hosts: tuple[str, ...]

    @property
    def who(self) -> str:
        """Who is refused, for people: `everybody`, a namespace, or namespace/account."""
        return caller_name(self.namespace, self.service_account) or "everybody"


def means(rule: Client | Deny, namespace: str, account: str) -> bool:
    """Whether `rule` is about a service account of a namespace, whatever the labels of its pods."""
    return stands_for(rule.namespace, namespace) and rule.service_account in (None, account)
