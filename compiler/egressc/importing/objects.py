"""Documents of Kubernetes → single objects, each with its kind, its name and its place."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from egressc.findings import Span
from egressc.importing.part import Part
from egressc.positions import Mapping, Sequence

#: The group of the kinds that are read; of others only the kind is looked at.
GROUPS = {
    "networking.istio.io": ("ServiceEntry", "Gateway", "VirtualService", "DestinationRule", "Sidecar", "EnvoyFilter"),
    "security.istio.io": ("AuthorizationPolicy",),
    "v1": ("Service",),
    "cilium.io": ("CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"),
    "uds.dev": ("Package",),
    "egress.monzo.com": ("ExternalService",),
}


class Object:
    """An object: `name` and `namespace` are empty where it does not say them."""

    __slots__ = ("about", "annotations", "kind", "known", "labels", "name", "namespace", "span", "spec")

    def __init__(self, data: Mapping) -> None:
        whole = Part(data, next(iter(data.keys_at.values()), data.span))
        self.kind = whole.text("kind")
        self.known = self.kind in GROUPS.get(whole.text("apiVersion").partition("/")[0], ())
        metadata = whole.part("metadata")
        self.name = metadata.text("name")
        self.namespace = metadata.text("namespace")
        self.labels = metadata.pairs("labels")
        self.annotations = metadata.pairs("annotations") if self.known else {}
        self.span = whole.at("kind")
        self.spec = whole.part("spec")
        self.about: frozenset[str] | None = None  # the hosts of a policy, as soon as somebody asks

    @property
    def title(self) -> str:
        """`ServiceEntry shop/stripe`, as findings say it."""
        return f"{self.kind} {self.namespace + '/' if self.namespace else ''}{self.name or '(without a name)'}"

    @property
    def of_the_chart(self) -> bool:
        """Whether egressc's own chart has made it."""
        return "egressc.io/gateway" in self.labels or "egressc.io/sidecar" in self.labels

    def at(self, key: str) -> Span:
        """Where the spec says `key`."""
        return self.spec.at(key)


def is_object(document: Any) -> bool:
    """Whether this is an object of Kubernetes, or a list of some."""
    return isinstance(document, Mapping) and isinstance(document.get("kind"), str) and "apiVersion" in document


def objects(document: Mapping) -> Iterator[Object]:
    """The objects of a document: itself, or the items if it is a list."""
    items = document.get("items")
    if isinstance(items, Sequence):
        yield from (one for item in items if is_object(item) for one in objects(item))
    else:
        yield Object(document)


class Objects(list[Object]):
    """Objects that are looked up by kind and name. They are all there before the first look."""

    @cached_property
    def _kinds(self) -> dict[str, list[Object]]:
        kinds: dict[str, list[Object]] = {}
        for one in self:
            if one.known:
                kinds.setdefault(one.kind, []).append(one)
        return kinds

    @cached_property
    def _names(self) -> dict[tuple[str, str], list[Object]]:
        names: dict[tuple[str, str], list[Object]] = {}
        for kind, some in self._kinds.items():
            for one in some:
                names.setdefault((kind, f"{one.namespace}/{one.name}"), []).append(one)
        return names

    def of_kind(self, kind: str) -> list[Object]:
        """Those of `kind`, of a group where it is read."""
        return self._kinds.get(kind, [])

    def named(self, kind: str, name: str) -> list[Object]:
        """Those of `kind` with this `<namespace>/<name>`."""
        return self._names.get((kind, name), [])
