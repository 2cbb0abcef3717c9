"""The same facts for programs.

`fleet` has `summary` (a Summary), `gateways` and `sidecars` (each a Facts), `needs` (a Before), `companions` (each an
Object) and `remarks` (each a Remark).
`host` has the keys of its Facts, in each of its `ports` also `hops` (each a Hop), and `readiness` and `exposure` (each
a Decision), `nameResolution` (each a Note), `objects` (each an Object), `needs` and `remarks`.
Keys are the names of the classes' fields, in camelCase; the classes say what they mean.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from egressc import printable
from egressc.explain.before import before
from egressc.explain.facts import facts
from egressc.explain.summary import remarks, summary
from egressc.explain.view import WHOLE, View
from egressc.model.keys import camel
from egressc.plan import Carrier, Decision, Object, Plan


def fleet(plan: Plan, view: View = WHOLE) -> str:
    """All hosts of `plan`, what must exist before the installation, and what a person should look at."""
    seen = remarks(plan.carriers, view)
    return _dump(
        {
            "summary": summary(plan, view, seen),
            "gateways": [facts(carrier) for carrier in plan.gateways],
            "sidecars": [facts(carrier) for carrier in plan.sidecars],
            "needs": before(plan.carriers, None if view.asked else plan.companions),
            "companions": () if view.asked else plan.companions.objects(),
            "remarks": seen,
        },
    )


def host(carrier: Carrier, view: View = WHOLE) -> str:
    """The path of a request to the host of `carrier`, hop by hop."""
    result = _plain(facts(carrier))
    for shown, port in zip(result["ports"], carrier.host.ports, strict=True):
        shown["hops"] = carrier.hops(port)
    rest = {
        "readiness": list(carrier.readiness()),
        "exposure": list(carrier.exposure()),
        "nameResolution": list(carrier.name_resolution()),
        "objects": carrier.objects(),
        "remarks": remarks([carrier], view),
        "needs": before([carrier]),
    }
    return _dump(result | rest)


def _dump(content: dict[str, Any]) -> str:
    return printable.as_json(_plain(content))


def _plain(data: Any) -> Any:
    if is_dataclass(data):
        return {camel(field.name): _plain(getattr(data, field.name)) for field in fields(data)}
    if isinstance(data, (Decision, Object)):
        return _plain(data._asdict())
    if isinstance(data, Mapping):
        return {key: _plain(value) for key, value in data.items()}
    return [_plain(item) for item in data] if isinstance(data, (list, tuple)) else data
