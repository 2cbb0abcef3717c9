"""What `egressc explain` must not say the other way round: who is let through, and by whom."""

import json

import pytest

from egressc.explain import FLEET_FORMATS, HOST_FORMATS
from egressc.plan import Plan
from tests.lists import compile_text, hosts

OPEN = "what OPA does not answer is let through"
OPA = '{opa: {image: "opa:1", policy: rules}%s}'


def planned(entry: str) -> Plan:
    plan = compile_text(hosts(f"- {{host: a.example.com, {entry}}}")).plan
    assert plan
    return plan


@pytest.mark.parametrize(("more", "said"), [("", False), (", failOpen: false", False), (", failOpen: true", True)])
def test_only_an_opa_that_fails_open_lets_through_what_it_does_not_answer(more: str, said: bool) -> None:
    plan = planned(f"externalAuthorization: {OPA % more}")
    assert (OPEN in FLEET_FORMATS["text"](plan)) is said
    assert (OPEN in json.dumps(FLEET_FORMATS["json"](plan))) is said


@pytest.mark.parametrize(
    ("port", "said"),
    [
        ("{port: 80}", "answers 403 to all other pods"),
        ("{port: 443, protocol: TLS}", "leads all other pods to a closed port"),
        ("{port: 9000, protocol: TCP}", "leads all other pods to a closed port"),
    ],
)
def test_pods_without_the_labels_are_refused(port: str, said: str) -> None:
    labelled = f"ports: [{port}], clients: [{{namespace: shop, podLabels: {{app: x}}}}]"
    (carrier,) = planned(labelled).carriers
    assert said in HOST_FORMATS["text"](carrier)
    (unlabelled,) = planned(f"ports: [{port}]").carriers
    assert "all other pods" not in HOST_FORMATS["text"](unlabelled)


@pytest.mark.parametrize("at", ["", "at: sidecar, "])
@pytest.mark.parametrize(
    ("ports", "said"),
    [("{port: 9000, protocol: TCP}", True), ("{port: 9000, protocol: TLS}", False), ("{port: 9000}", False)],
)
def test_a_host_that_takes_a_whole_port_is_shown(at: str, ports: str, said: bool) -> None:
    remark = "without `addresses` it takes whatever clients send to this port"
    taking = planned(f"{at}ports: [{ports}]")
    assert (remark in FLEET_FORMATS["text"](taking)) is said
    assert (remark in json.dumps(FLEET_FORMATS["json"](taking))) is said
    assert remark not in FLEET_FORMATS["text"](planned(f"{at}ports: [{ports}], addresses: [240.0.0.1]"))
