"""`egressc doctor` and NetworkPolicies of others: each end that a gateway needs is asked for, whatever way it takes."""

import re
from typing import Any

import pytest

from tests.cluster import examine

INGRESS = "{namespace: ingress, selector: {app: in}, serviceAccount: in}"
EXPOSED = f"expose: {{gateway: {INGRESS}, host: in.example.org, secret: tls}}"
UPSTREAM, PROXY = "api.example.com", "proxy: {host: proxy.example.com, port: 3128}"
CLUSTER: list[Any] = [{"namespaceSelector": {}, "podSelector": {}}]
OUTSIDE = [{"ipBlock": {"cidr": "0.0.0.0/0"}}]
ISTIOD = {"to": CLUSTER, "ports": [{"port": 15012}]}
DNS = {"to": CLUSTER, "ports": [{"port": 53, "protocol": "UDP"}]}
AT = re.compile(r"lets nothing (?:to|from) (?P<end>.+) through, at (?P<port>\w+ \d+)")


def shut(said: str, direction: str, *rules: dict[str, Any], clients: str = "shop", namespaces: str = "") -> list[str]:
    """What another team's policy with these rules keeps from a gateway: the ends, each with its port."""
    spec = {"podSelector": {}, "policyTypes": [direction.capitalize()], direction: [*rules]}
    fence = {"kind": "NetworkPolicy", "metadata": {"name": "fence", "namespace": "egress"}, "spec": spec}
    more = [{"kind": "Namespace", "metadata": {"name": name, "labels": {}}} for name in namespaces.split()]
    text = f"version: 1\ndefaults: {{clients: [{clients}]}}\nhosts: [{{{said}}}]\n"
    problems = [one for one in examine(text, {"objects": [fence, *more]}).problems if one.code.name == "EG465"]
    return [f"{found['end']} {found['port']}" for one in problems if (found := AT.search(one.message))]


@pytest.mark.parametrize(
    ("said", "needed"),
    [
        (f"host: {UPSTREAM}", ["DNS UDP 53", "upstreams TCP 443"]),
        (f"host: {UPSTREAM}, resolution: DNS_ROUND_ROBIN", ["DNS UDP 53", "upstreams TCP 443"]),
        (f"host: {UPSTREAM}, endpoints: [192.0.2.1]", ["upstreams TCP 443"]),
        (f"host: {UPSTREAM}, endpoints: [192.0.2.1], failover: [b.example.com]", ["DNS UDP 53", "upstreams TCP 443"]),
        ("host: '*.example.com'", ["DNS UDP 53", "upstreams TCP 443"]),
        (f"host: {UPSTREAM}, {PROXY}", ["DNS UDP 53", "the proxy TCP 3128"]),
        (f"host: {UPSTREAM}, proxy: {{host: 192.0.2.1, port: 3128}}", ["the proxy TCP 3128"]),
    ],
)
def test_what_goes_out_is_what_the_host_connects_to(said: str, needed: list[str]) -> None:
    assert shut(said, "egress") == ["istiod TCP 15012", *needed]


@pytest.mark.parametrize("to", [OUTSIDE, CLUSTER, [{"namespaceSelector": {"matchLabels": {"team": "proxies"}}}]])
def test_a_proxy_may_be_anywhere(to: list[Any]) -> None:
    said = f"host: {UPSTREAM}, {PROXY}"
    assert shut(said, "egress", ISTIOD, DNS, {"to": to, "ports": [{"port": 3128}]}) == []
    assert shut(said, "egress", ISTIOD, DNS, {"to": to, "ports": [{"port": 443}]}) == ["the proxy TCP 3128"]


def test_an_upstream_is_outside() -> None:
    said, port = f"host: {UPSTREAM}", [{"port": 443}]
    assert shut(said, "egress", ISTIOD, DNS, {"to": OUTSIDE, "ports": port}) == []
    assert shut(said, "egress", ISTIOD, DNS, {"to": CLUSTER, "ports": port}) == ["upstreams TCP 443"]


@pytest.mark.parametrize(
    ("clients", "said", "expected"),
    [
        ("shop", "", ["shop"]),
        ("'preview-*'", "", ["preview-1", "preview-2"]),
        ("shop, {wholeMesh: true}", "", ["shop"]),
        (
            "shop",
            f", {EXPOSED}",
            ["ingress", "shop"],
        ),
    ],
)
def test_who_comes_in_is_who_may_call(clients: str, said: str, expected: list[str]) -> None:
    found = shut(f"host: {UPSTREAM}{said}", "ingress", clients=clients, namespaces="preview-1 preview-2 ingress other")
    assert found == [f"the namespace {name} TCP 8080" for name in expected]
