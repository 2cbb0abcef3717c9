"""The same facts for programs.

`fleet` has `gateways` and `sidecars` (each a Facts), `needs` (`namespaces`; `objects`, each a Need; `conditions`, each
a Condition), `companions` (each an Object) and `remarks` (each a Remark).
`host` has the keys of its Facts, in each of its `ports` also `hops` (each a Hop), and the keys of a Path: `readiness`,
`exposure`, `nameResolution`, `objects`, `needs`, `remarks`. Keys are the names of the dataclasses' fields, in
camelCase; the dataclasses say what they mean.
"""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from egressc import printable
from egressc.explain.carriers import Carrier, carriers, conditions, facts, namespaces, needs, path, remarks
from egressc.explain.objects import companion_objects
from egressc.plan import Companions, Plan


def fleet(plan: Plan) -> str:
    """All hosts of `plan`, what must exist before the installation, and what a person should look at."""
    known = [(carrier, facts(carrier)) for carrier in carriers(plan)]
    through, within = ([about for _, about in known if bool(about.gateway) == kind] for kind in (True, False))
    return _dump(
        {
            "gateways": through,
            "sidecars": within,
            "needs": _needs(carriers(plan), plan.companions),
            "companions": companion_objects(plan.companions),
            "remarks": [remark for carrier, about in known for remark in remarks(carrier, about)],
        },
    )


def host(carrier: Carrier) -> str:
    """The path of a request to the host of `carrier`, hop by hop."""
    known = path(carrier)
    result = _plain(known.about)
    for port, hops in zip(result["ports"], known.hops, strict=True):
        port["hops"] = hops
    rest = {
        _camel(name): getattr(known, name)
        for name in ("readiness", "exposure", "name_resolution", "objects", "remarks")
    }
    return _dump(result | rest | {"needs": _needs([carrier])})


def _needs(some: Sequence[Carrier], companions: Companions | None = None) -> dict[str, Any]:
    return {
        "namespaces": namespaces(some),
        "objects": needs(some),
        "conditions": conditions(some, companions),
    }


def _dump(content: dict[str, Any]) -> str:
    return printable.as_json(_plain(content))


def _plain(data: Any) -> Any:
    if is_dataclass(data):
        return {_camel(field.name): _plain(getattr(data, field.name)) for field in fields(data)}
    if isinstance(data, dict):
        return {key: _plain(value) for key, value in data.items()}
    return [_plain(item) for item in data] if isinstance(data, (list, tuple)) else data


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
