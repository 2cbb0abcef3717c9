"""What Envoy's authorization filters decide about a call, read from the manifests as istiod would hand them over."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.chart import Documents

ALLOW = "experimental.envoy.filters.{}.rbac[egressc_shadow_engine_result]"


@dataclass(frozen=True)
class Call:
    """Who asks what: a SPIFFE name, and a request's headers where there is one."""

    caller: str
    method: str = "GET"
    path: str = "/"
    host: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def header(self, name: str) -> str | None:
        known = {":method": self.method, ":authority": self.host}
        return known.get(name, self.headers.get(name))


def decided(documents: Documents, namespace: str, name: str, port: Mapping[str, Any], call: Call) -> bool:
    """Whether a gateway lets a call in at a port of its values: by its rules, and by the policy that enforces them."""
    rules = filters(documents, namespace, name, port)
    if "rules" in rules and _matches(rules["rules"], call):
        return False
    found = _matches(rules["shadow_rules"], call) and rules["shadow_rules_stat_prefix"] == "egressc_"
    return found and _enforced(documents, namespace, name, port)


def filters(documents: Documents, namespace: str, name: str, port: Mapping[str, Any]) -> dict[str, Any]:
    """The rules of one port; KeyError where there are none."""
    for patch in _patches(documents, namespace, name):
        value = patch["patch"].get("value", {})
        if patch["applyTo"] == "VIRTUAL_HOST" and patch["match"]["routeConfiguration"] == {
            "gateway": f"{namespace}/{name}",
            "portName": port["name"],
        }:
            found: dict[str, Any] = value["typed_per_filter_config"]["egressc.authorization"]["rbac"]
            return found
        if patch["applyTo"] == "NETWORK_FILTER" and value.get("name") == "egressc.authorization" and _at(patch, port):
            raw: dict[str, Any] = value["typed_config"]
            return raw
    raise KeyError(f"no rules for {name}:{port['name']}")


def _patches(documents: Documents, namespace: str, name: str) -> list[dict[str, Any]]:
    spec: dict[str, Any] = documents["EnvoyFilter", namespace, f"{name}.authorization"]["spec"]
    return list(spec["configPatches"])


def _at(patch: Mapping[str, Any], port: Mapping[str, Any]) -> bool:
    return str(patch["match"]["listener"]["name"]).endswith(f"_{port['gatewayPort']}")


def _enforced(documents: Documents, namespace: str, name: str, port: Mapping[str, Any]) -> bool:
    """Whether the pods let in what was found allowed, and nothing else."""
    kind = "network" if port["protocol"] in ("TLS", "TCP") else "http"
    selector = documents["EnvoyFilter", namespace, f"{name}.authorization"]["spec"]["workloadSelector"]["labels"]
    for policy in _policies(documents, namespace):
        if policy["selector"]["matchLabels"].items() <= selector.items():
            whens = [when for rule in policy["rules"] for when in rule["when"] if when["key"] == ALLOW.format(kind)]
            if policy["action"] == "ALLOW":
                return [when["values"] for when in whens] == [["allowed"]]
            if policy["action"] == "DENY" and all(when["notValues"] == ["allowed"] for when in whens):
                return True
    return False


def _policies(documents: Documents, namespace: str) -> Iterator[dict[str, Any]]:
    for (kind, where, _), document in documents.items():
        if (kind, where) == ("AuthorizationPolicy", namespace):
            yield document["spec"]


def _matches(rules: Mapping[str, Any], call: Call) -> bool:
    policies = (rules["policies"] or {}).values()
    return any(
        any(_permitted(one, call) for one in policy["permissions"])
        and any(_is(one, call) for one in policy["principals"])
        for policy in policies
    )


def _is(principal: Mapping[str, Any], call: Call) -> bool:
    if principal == {"any": True}:
        return True
    ((how, text),) = principal["authenticated"]["principal_name"].items()
    if how == "safe_regex":
        return bool(re.fullmatch(text["regex"], call.caller))
    found: dict[str, bool] = {
        "exact": call.caller == text,
        "prefix": call.caller.startswith(text),
        "suffix": call.caller.endswith(text),
        "contains": text in call.caller,
    }
    return found[how]


def _permitted(permission: Mapping[str, Any], call: Call) -> bool:
    ((kind, said),) = permission.items()
    if kind == "any":
        return True
    if kind in ("and_rules", "or_rules"):
        return (all if kind == "and_rules" else any)(_permitted(one, call) for one in said["rules"])
    if kind == "not_rule":
        return not _permitted(said, call)
    if kind == "url_path":
        return bool(re.fullmatch(said["path"]["safe_regex"]["regex"], call.path))
    value = call.header(said["name"])
    if said.get("present_match"):
        return value is not None
    return value is not None and _says(said["string_match"], value)


def _says(wanted: Mapping[str, Any], value: str) -> bool:
    if "safe_regex" in wanted:
        return bool(re.fullmatch(wanted["safe_regex"]["regex"], value))
    assert wanted["ignore_case"]
    return str(wanted["contains"]).lower() in value.lower()
