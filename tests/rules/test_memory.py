"""A memory limit fits the hosts that a gateway carries, and those that istiod tells it of."""

import re

import pytest

from egressc.assets import chart_values
from egressc.cost.memory import KIB, ROOM, RULE, Load, idle, least_limit
from egressc.model.quantities import quantity
from tests.lists import codes, compile_text

CHART = quantity(chart_values()["resources"]["limits"]["memory"])


def listed(count: int, defaults: str = "clients: [shop]", gateways: str = "") -> str:
    """A list of so many hosts."""
    entries = "".join(f"- api-{number}.example.com\n" for number in range(count))
    return f"version: 1\n{gateways}defaults: {{{defaults}}}\nhosts:\n{entries}"


def shared(count: int, resources: str = "") -> str:
    """A list of so many hosts on one gateway."""
    said = f", resources: {resources}" if resources else ""
    return listed(count, "clients: [shop], gateway: shared", f"gateways: [{{name: shared{said}}}]\n")


def most(told: int = 0) -> int:
    """How many hosts the chart's own limit carries, or how many it lets a gateway be told of."""
    loads = (Load(1, 1, count) if told else Load(count, count, count) for count in range(1, 10_000))
    return next(load.told for load in loads if least_limit(load) > CHART) - 1


def test_the_chart_s_own_limit_carries_so_many() -> None:
    assert codes(shared(most())) == []
    assert codes(shared(most() + 1)) == ["EG366"]


def test_hosts_with_a_ca_of_their_own_take_less() -> None:
    text = shared(most() + 1)
    assert codes(text.replace("gateway: shared", "gateway: shared, tls: {secret: own-ca}")) == []


def test_a_secret_with_few_cas_is_named_where_it_is_enough() -> None:
    few = next(count for count in range(most() + 1, 10_000) if least_limit(Load(count, 0, count)) > CHART)
    for count, enough in ((few - 1, True), (few, False)):
        (finding,) = compile_text(shared(count)).findings
        assert ("few CAs in `tls.secret`" in finding.fix) == enough


def test_a_gateway_of_its_own_is_told_of_its_whole_namespace() -> None:
    assert codes(listed(most(told=True))) == ["EG340"]
    assert codes(listed(most(told=True) + 1)) == ["EG340", "EG366"]


def test_hosts_in_other_namespaces_are_not_told() -> None:
    count = most(told=True) + 1
    apart = "".join(f"- {{host: api-{number}.example.com, namespace: n-{number % 2}}}\n" for number in range(count))
    text = f"version: 1\ndefaults: {{clients: [shop]}}\nhosts:\n{apart}"
    assert codes(text) == ["EG340"]
    assert codes(text.replace("[shop]", "[{wholeMesh: true}]")).count("EG366") == 2
    assert codes(text.replace("[shop]", "[n-0]")).count("EG366") == 1  # a client's namespace knows the host, too


@pytest.mark.parametrize("count", [1, 60, 700, 3000])
def test_the_fix_fits(count: int) -> None:
    (finding,) = compile_text(shared(count, "{requests: {cpu: 1, memory: 64Mi}, limits: {memory: 100Mi}}")).findings
    assert finding.code == "EG366"
    fix = re.fullmatch(r"write `resources: (\{requests: \{cpu: 1, memory: (\w+)\}, .*\})` at the gateway", finding.fix)
    assert fix
    assert quantity(fix[2]) >= idle(Load(count, count, count))
    assert codes(shared(count, fix[1])) == []


@pytest.mark.parametrize(
    ("resources", "expected"),
    [("{limits: {memory: 8Gi}}", []), ("{requests: {memory: 64Mi}}", ["EG366"]), ("{limits: {cpu: 1}}", ["EG366"])],
)
def test_a_limit_that_is_not_said_is_the_charts(resources: str, expected: list[str]) -> None:
    assert codes(shared(most() + 1, resources)) == expected


# ---- without EnvoyFilters each filter chain has the rules of all hosts


def plain(count: int, defaults: str = "clients: [shop]", gateway: str = "name: shared") -> str:
    """A list of so many hosts on one gateway of a mesh without EnvoyFilters."""
    said = f"mesh: {{envoyFilters: false}}\ngateways: [{{{gateway}}}]\n"
    return listed(count, f"gateway: shared, {defaults}", said)


def most_plain(ports: int = 1, rules: int = 1) -> int:
    """How many hosts, with so many ports and rules each, the chart's own limit carries there."""
    loads = (Load(count, count, count, count * ports * count * rules) for count in range(1, 10_000))
    return next(load.told for load in loads if least_limit(load) > CHART) - 1


def test_all_rules_in_each_chain_take_memory() -> None:
    assert most_plain() < most()
    assert codes(plain(most_plain())) == []
    assert codes(plain(most_plain() + 1)) == ["EG367"]


@pytest.mark.parametrize(
    ("said", "ports", "rules"),
    [
        ("clients: [shop], speaks: [http, https]", 2, 1),
        ("clients: [shop, web, cart]", 1, 3),
        ("clients: [shop], deny: [{namespace: guests}]", 1, 2),
    ],
)
def test_more_ports_and_more_rules_take_more(said: str, ports: int, rules: int) -> None:
    count = most_plain(ports, rules)
    assert count < most_plain()
    assert codes(plain(count, said)) == []
    assert codes(plain(count + 1, said)) == ["EG367"]


def test_a_fleet_wide_denial_is_a_rule_of_each_host() -> None:
    text = plain(most_plain(rules=2) + 1)
    assert codes(text) == []
    assert codes(f"{text}deny: [{{namespace: guests}}]\n") == ["EG367"]


def test_a_change_of_one_host_has_the_rules_of_all_twice() -> None:
    few, many = Load(1000, 0, 1000), Load(1000, 0, 1000, 1_000_000)
    rules = 1_000_000 * RULE * KIB
    assert idle(many) - idle(few) == rules
    assert least_limit(many) - least_limit(few) == 2 * rules > ROOM * rules


@pytest.mark.parametrize("count", [120, 400])
def test_gateways_like_it_fit(count: int) -> None:
    (finding,) = compile_text(plain(count)).findings
    fix = re.fullmatch(
        r"add gateways like it to `gateways` \((.*)\), and write `gateway` so that each carries at most (\d+), or "
        r"write `resources: (\{.*\})` at the gateway",
        finding.fix,
    )
    assert fix
    names, each = ["shared", *fix[1].split(", ")], int(fix[2])
    assert each == most_plain_of(count)
    hosts = "".join(
        f"- {{host: api-{number}.example.com, gateway: {names[number // each]}}}\n" for number in range(count)
    )
    written = ", ".join(f"{{name: {name}}}" for name in names)
    head = f"version: 1\nmesh: {{envoyFilters: false}}\ngateways: [{written}]\ndefaults: {{clients: [shop]}}\n"
    assert codes(f"{head}hosts:\n{hosts}") == []
    assert codes(plain(count, gateway=f"name: shared, resources: {fix[3]}")) == []


def most_plain_of(count: int) -> int:
    """The same where the gateway is told of all `count` hosts, whichever it carries."""
    loads = (Load(carried, carried, count, carried * carried) for carried in range(1, count + 1))
    return next(load.carried for load in loads if least_limit(load) > CHART) - 1
