"""EMIT: the plan as Helm values, keyed by name, defaults left out, every string quoted."""

from typing import Any

from egressc.emit.calls import call_values
from egressc.emit.companions import companion_values
from egressc.emit.exposure import exposure_values
from egressc.emit.gateway import gateway_values, shared_values
from egressc.emit.sidecar import sidecar_values
from egressc.emit.text import HEADER, dump
from egressc.plan import Plan
from egressc.since import CONTEXT_KEPT_BACK

__all__ = [
    "HEADER",
    "VALUES_VERSION",
    "dump",
    "gateway_values",
    "shared_values",
    "sidecar_values",
    "values",
]

#: The form of the values; a chart refuses all but the one that it reads. Add 1 where an older chart would misread them.
VALUES_VERSION = 1


def values(plan: Plan) -> dict[str, Any]:
    """What the chart egress-gateways takes, as `schemas/values.yaml` describes it."""
    result: dict[str, Any] = {"valuesVersion": VALUES_VERSION}
    if plan.mesh.cluster_domain != "cluster.local":
        result["clusterDomain"] = plan.mesh.cluster_domain
    if plan.mesh.istio < CONTEXT_KEPT_BACK:
        result["disableSpanReporting"] = True
    if not plan.mesh.envoy_filters:
        result["envoyFilters"] = False
    entries = [(gateway.name, gateway_values(gateway)) for gateway in plan.carrying]
    entries += [(shared.name, shared_values(shared)) for shared in plan.shared]
    result["gateways"] = dict(sorted(entries))
    if plan.exposures:
        result["exposures"] = {exposed.name: exposure_values(exposed) for exposed in plan.exposures}
    if plan.sidecars:
        result["sidecars"] = {sidecar.name: sidecar_values(sidecar) for sidecar in plan.sidecars}
    if companions := companion_values(plan.companions):
        result["companions"] = companions
    if calls := call_values(plan.gateways):
        result["calls"] = calls
    return result
