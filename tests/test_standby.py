"""Two gateways that carry one host: what a list may say of them, and who knows of both."""

from egressc import emit
from egressc.explain.choice import Choice, chosen
from egressc.explain.facts import facts
from egressc.names import LONGEST, gateway_name, shared_name
from egressc.plan import Plan
from egressc.plan.shards import shards
from tests.lists import compile_text, found

HEAD = "version: 1\ngateways: [{name: one}, {name: two}]\ndefaults: {clients: [shop]}\n"


def planned(text: str) -> Plan:
    plan = compile_text(text).plan
    assert plan
    return plan


def test_a_setting_holds_where_one_of_the_two_takes_it() -> None:
    pods = "drain: 1m, resources: {limits: {memory: 256Mi}}"
    used = "- {host: b.example.com, gateway: two}\n"
    for carried in ("standby: one", "gateway: one, standby: own"):
        assert found(f"{HEAD}hosts:\n{used}- {{host: a.example.com, {carried}, {pods}}}\n") == []
    (drain, resources) = found(f"{HEAD}hosts:\n- {{host: a.example.com, gateway: one, standby: two, {pods}}}\n")
    assert (drain[-5:], resources[-5:]) == ("EG281", "EG281")


def test_what_refuses_callers_must_hold_at_both() -> None:
    mesh = "mesh: {envoyFilters: false}\n"
    judged = "hosts: [{host: a.example.com, standby: one, externalAuthorization: {provider: opa}}]\n"
    codes = [one.partition(" ")[2] for one in found(HEAD.replace(", {name: two}", "") + mesh + judged)]
    assert codes == ["EG360"]


def test_clients_know_both() -> None:
    companions = "companions: {sidecars: {}, clientNetworkPolicies: {}}\n"
    values = emit.values(planned(f"{HEAD}{companions}hosts: [{{host: a.example.com, standby: one}}]\n"))["companions"]
    known = values["sidecars"]["shop"]
    assert {f"egress/a-example-com{on}.egress.svc.cluster.local" for on in ("", "-on-one")} <= {*known}
    assert values["clientNetworkPolicies"]["shop"]["gateways"] == [
        {"namespace": "egress", "names": ["a-example-com", "one"], "ports": [8080]}
    ]


def test_a_host_is_found_by_either_of_its_gateways() -> None:
    plan = planned(f"{HEAD}hosts:\n- {{host: a.example.com, gateway: one, standby: two}}\n- b.example.com\n")
    (about,) = map(facts, chosen(plan, Choice(gateway="one")).gateways)
    for gateway in ("two", "egress/two"):
        assert [one.host.host for one in chosen(plan, Choice(gateway=gateway)).gateways] == ["a.example.com"]
    assert (about.carrier, about.standby, about.marks) == ("egress/one", "egress/two", ("standby egress/two",))


def test_a_host_stays_in_its_shard_wherever_it_goes() -> None:
    steps = ("", ", standby: one", ", gateway: one, standby: own", ", gateway: one")
    plans = [planned(f"{HEAD}hosts: [{{host: a.example.com{step}}}]\n") for step in steps]
    places = {next(number for number, part in enumerate(shards(plan, 7)) if part.gateways) for plan in plans}
    assert len(places) == 1


def test_names_of_both_are_no_longer_than_a_label() -> None:
    name = gateway_name(f"{'a' * 60}.example.com")
    names = {shared_name(name, gateway) for gateway in ("one", "two", "g" * 63)}
    assert len(names) == 3
    assert all(len(one) <= LONGEST for one in names)
    assert shared_name("api-example-com", "partners") == "api-example-com-on-partners"
