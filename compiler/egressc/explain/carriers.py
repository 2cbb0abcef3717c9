"""Whatever carries a host, a gateway or its clients' sidecars: explained alike."""

from collections.abc import Iterable, Iterator
from itertools import chain

from egressc.explain import facts as of_gateway
from egressc.explain import objects, sidecar
from egressc.explain.facts import Facts
from egressc.explain.needs import ADMISSION, SCOPED, Condition, Need, reads
from egressc.explain.needs import needs as needed
from egressc.explain.path import Path
from egressc.explain.path import path as gateway_path
from egressc.explain.remarks import Remark
from egressc.explain.remarks import remarks as gateway_remarks
from egressc.plan import Companions, Gateway, Plan, Sidecar

Carrier = Gateway | Sidecar


def carriers(plan: Plan) -> tuple[Carrier, ...]:
    """The ways of `plan` to all its hosts."""
    return (*plan.gateways, *plan.sidecars)


def facts(carrier: Carrier) -> Facts:
    """What is true of `carrier`."""
    return sidecar.facts(carrier) if isinstance(carrier, Sidecar) else of_gateway.facts(carrier)


def path(carrier: Carrier) -> Path:
    """The path of requests that `carrier` takes."""
    return sidecar.path(carrier) if isinstance(carrier, Sidecar) else gateway_path(carrier)


def remarks(carrier: Carrier, about: Facts) -> Iterator[Remark]:
    """What about `carrier` is weaker than it could be."""
    return sidecar.remarks(carrier, about) if isinstance(carrier, Sidecar) else gateway_remarks(carrier, about)


def needs(some: Iterable[Carrier]) -> tuple[Need, ...]:
    """The Secrets and ConfigMaps that `some` read."""
    gateways, sidecars = _parted(some)
    return needed(chain(reads(gateways), sidecar.reads(sidecars)))


def conditions(some: Iterable[Carrier], companions: Companions | None = None) -> tuple[Condition, ...]:
    """What the mesh and the cluster must have for `some`, and for the `companions` of all."""
    gateways, _ = _parted(some)
    return (*([SCOPED] if gateways else []), *([ADMISSION] if companions and companions.admission else []))


def namespaces(some: Iterable[Carrier]) -> tuple[str, ...]:
    """The namespaces that must exist before the installation."""
    gateways, sidecars = _parted(some)
    return tuple(sorted({*objects.namespaces(gateways), *sidecar.namespaces(sidecars)}))


def _parted(some: Iterable[Carrier]) -> tuple[list[Gateway], list[Sidecar]]:
    chosen = list(some)
    gateways = [one for one in chosen if not isinstance(one, Sidecar)]
    return gateways, [one for one in chosen if isinstance(one, Sidecar)]
