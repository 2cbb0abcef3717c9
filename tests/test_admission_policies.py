"""What the list says of admission policies, and what the chart prints of it; what they refuse is tested on the mesh."""

import re
from typing import Any

import pytest
import yaml

from egressc import emit
from egressc.emit.companions import LONGEST_PART
from egressc.explain.before import before
from tests.cases import CASES
from tests.chart import Document, Helm, RefusedError
from tests.lists import compile_text

VALUES = CASES / "valid" / "admission" / "values.yaml"
POLICY = ("ValidatingAdmissionPolicy", "")


@pytest.fixture(scope="module")
def admission() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(VALUES.read_text(encoding="utf-8"))["companions"]["admission"]
    return found


def values_of(text: str) -> dict[str, Any]:
    plan = compile_text(text).plan
    assert plan
    return emit.values(plan)


def policy(helm: Helm, about: str, *values: Any) -> Document:
    return helm.render(VALUES, *values)[*POLICY, f"egressc.egress.egress.{about}"]


def test_each_name_belongs_to_where_its_objects_stand(admission: dict[str, Any]) -> None:
    (hosts,) = admission["hosts"]
    assert hosts["api.example.com"] == ["egress"]
    assert hosts["bank.wild.example.com"] == hosts["*.bank.svc.cluster.local"] == ["bank"]
    assert hosts["api.example.org"] == ["ingress"]
    assert hosts["straight.example.com"] == ["./shop"]
    assert hosts["adopted-example-com-on-adopted.adopted.svc.cluster.local"] == ["adopted"]
    assert "*.adopted.svc.cluster.local" not in hosts  # others' Services are there
    assert admission["addresses"] == {address: ["egress"] for address in ("192.0.2.10", "2001:db8::10", "240.240.7.1")}


def test_ports_are_told_apart_as_the_list_has_them(admission: dict[str, Any]) -> None:
    assert admission["ports"]["5432"] == []
    assert "5672" not in admission["ports"]  # by its address
    assert {"HTTP", "GRPC"} <= {*admission["ports"]["80"]}
    assert admission["ports"]["443"] == ["HTTPS", "TLS"]


def test_long_lists_are_parted() -> None:
    names = "".join(f"- host-number-{number}.{'x' * 60}.{'y' * 60}.example.com\n" for number in range(1000))
    head = "version: 1\ncompanions: {admission: {}}\ndefaults: {clients: [shop]}\nhosts:\n"
    parts = values_of(head + names)["companions"]["admission"]["hosts"]
    assert len(parts) > 1
    assert sum(map(len, parts)) == 1001
    assert all(sum(len(f"'{name}': {owners}, ") for name, owners in part.items()) <= LONGEST_PART for part in parts)


def test_every_label_of_the_pods_is_known(helm4: Helm) -> None:
    """No label that the chart prints lets a selector pass: each is a part of the policy's lists."""
    labels = {"podLabels": {"team": "platform", "1": "true"}}
    documents = helm4.render(VALUES, labels)
    variables = {one["name"]: one["expression"] for one in policy(helm4, "gateways", labels)["spec"]["variables"]}
    known = set(re.findall(r"'([^']*)'", variables["everybodys"] + variables["carried"])) | {"egressc.io/namespace"}
    pods = [
        one["spec"]["template"]["metadata"]["labels"] for (kind, _, _), one in documents.items() if kind == "Deployment"
    ]
    assert pods
    assert all({key, f"{key}={value}"} & known for one in pods for key, value in one.items())


def test_policies_fail_closed_and_spare_who_is_exempt(helm4: Helm) -> None:
    for about in ("gateways", "hosts", "services"):
        spec = policy(helm4, about)["spec"]
        assert spec["failurePolicy"] == "Fail"
        (exempt,) = spec["matchConstraints"]["namespaceSelector"]["matchExpressions"]
        assert exempt == {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["trusted"]}
        assert all(rule["apiVersions"] == ["*"] for rule in spec["matchConstraints"]["resourceRules"])


def test_bindings_deny(helm4: Helm) -> None:
    documents = helm4.render(VALUES)
    bindings = [one["spec"] for (kind, _, _), one in documents.items() if kind == "ValidatingAdmissionPolicyBinding"]
    assert {binding["policyName"] for binding in bindings} == {name for kind, _, name in documents if kind == POLICY[0]}
    assert all(binding == {"policyName": binding["policyName"], "validationActions": ["Deny"]} for binding in bindings)


def test_releases_have_policies_of_their_own(helm4: Helm) -> None:
    names = {name for kind, _, name in helm4.render(VALUES, namespace="other") if kind == POLICY[0]}
    assert names == {f"egressc.other.egress.{about}" for about in ("gateways", "hosts", "services")}


def test_needs_a_kubernetes_that_compares_addresses(helm4: Helm) -> None:
    with pytest.raises(RefusedError, match=r"needs Kubernetes 1\.31"):
        helm4.text(VALUES, options=["--kube-version=1.30.4"])


def test_notes_say_how_to_find_what_is_there_already(helm4: Helm) -> None:
    notes = helm4.notes(VALUES)
    assert "grep egressc.egress.egress" in notes
    assert "PILOT_SCOPE_GATEWAY_TO_NAMESPACE=true" in notes


def test_explain_names_the_right_and_the_setting() -> None:
    plan = compile_text(
        "version: 1\ncompanions: {admission: {}}\nhosts:\n- {host: api.example.com, clients: [shop]}\n"
    ).plan
    assert plan
    known = before(plan.carriers, plan.companions).conditions
    named = {one.of: one.what for one in known if "IPv6" not in one.of and "several" not in one.of}
    assert list(named) == ["Istio", "Client namespaces", "istiod", "Cluster"]
    assert named["Client namespaces"] == "sidecars, and no label istio.io/dataplane-mode"
    assert named["istiod"] == "PILOT_SCOPE_GATEWAY_TO_NAMESPACE=true"


def test_the_release_s_own_sidecars_are_not_everybodys(helm4: Helm) -> None:
    """A host of the whole mesh without a gateway is taken from the release's namespace, not from any."""
    values = values_of("""
        version: 1
        companions: {sidecars: {}, admission: {}}
        hosts:
        - {host: all.example.com, at: sidecar, clients: [{wholeMesh: true}]}
        - {host: api.example.com, clients: [shop]}
    """)
    documents = helm4.render(values, namespace="platform")
    assert "platform/all.example.com" in documents["Sidecar", "shop", "default"]["spec"]["egress"][0]["hosts"]
    (owners,) = [
        one["expression"]
        for one in documents[*POLICY, "egressc.platform.egress.hosts"]["spec"]["variables"]
        if one["name"] == "owners0"
    ]
    assert "'all.example.com': ['platform']" in owners
