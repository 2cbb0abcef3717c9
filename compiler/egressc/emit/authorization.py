"""Who may call and who may not, as the chart's AuthorizationPolicies have it."""

from typing import Any

from egressc.plan import Denial, Rule


def rule_values(rule: Rule) -> dict[str, Any]:
    """An item of `clients`."""
    return {"principal": rule.principal} | _operation(rule)


def denial_values(denial: Denial) -> dict[str, Any]:
    """An item of `denies` or `fleetDenies`."""
    who = {
        "namespace": denial.namespace,
        "principal": denial.principal,
        "notPrincipals": list(denial.not_principals),
    }
    return {key: value for key, value in who.items() if value} | _operation(denial)


def _operation(rule: Rule | Denial) -> dict[str, Any]:
    parts = {"ports": rule.ports, "methods": rule.methods, "paths": rule.paths}
    return {key: list(items) for key, items in parts.items() if items}
