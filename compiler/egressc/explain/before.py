"""What must exist before the installation."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from egressc.plan import Carrier, Companions
from egressc.plan.needs import FILTERED, Condition, Need, needs
from egressc.rules.cost import MANY


@dataclass(frozen=True, slots=True)
class Before:
    """Namespaces, objects of others' making, and what the mesh and the cluster must have."""

    namespaces: tuple[str, ...]
    objects: tuple[Need, ...]
    conditions: tuple[Condition, ...]


def before(carriers: Sequence[Carrier], companions: Companions | None = None) -> Before:
    """What `carriers` and `companions` need."""
    conditions = dict.fromkeys(condition for carrier in carriers for condition in carrier.conditions)
    pods = {(carrier.namespace, carrier.gateway) for carrier in carriers if carrier.speaker == "gateway"}
    crowded = Counter(namespace for namespace, _ in pods).most_common(1)
    if crowded and crowded[0][1] >= MANY:
        conditions[FILTERED] = None
    return Before(
        namespaces=tuple(sorted({namespace for carrier in carriers for namespace in carrier.namespaces()})),
        objects=needs(reading for carrier in carriers for reading in carrier.reads()),
        conditions=(*conditions, *(companions.conditions if companions else ())),
    )
