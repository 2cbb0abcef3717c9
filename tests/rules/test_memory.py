"""A memory limit fits the hosts that a gateway carries, and those that istiod tells it of."""

import re

import pytest

from egressc.assets import chart_values
from egressc.cost.memory import idle, least_limit
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
    sizes = (((1, 1) if told else (count, count), count) for count in range(1, 10_000))
    return next(count for carried, count in sizes if least_limit(*carried, count) > CHART) - 1


def test_the_chart_s_own_limit_carries_so_many() -> None:
    assert codes(shared(most())) == []
    assert codes(shared(most() + 1)) == ["EG366"]


def test_hosts_with_a_ca_of_their_own_take_less() -> None:
    text = shared(most() + 1)
    assert codes(text.replace("gateway: shared", "gateway: shared, tls: {secret: own-ca}")) == []


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
    (finding,) = compile_text(shared(count, "{requests: {cpu: 1}, limits: {memory: 100Mi}}")).findings
    assert finding.code == "EG366"
    fix = re.fullmatch(r"write `resources: (\{requests: \{cpu: 1, memory: (\w+)\}, .*\})` at the gateway", finding.fix)
    assert fix
    assert quantity(fix[2]) >= idle(count, count, count)
    assert codes(shared(count, fix[1])) == []


@pytest.mark.parametrize("resources", ["{requests: {memory: 64Mi}}", "{limits: {cpu: 1}}", "{limits: {memory: 8Gi}}"])
def test_no_limit_or_a_large_one_is_no_mistake(resources: str) -> None:
    assert codes(shared(most() + 1, resources)) == []
