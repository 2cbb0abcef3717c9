"""What the NetworkPolicies of the example list let through, by Kubernetes' rules: allowed where any of them says so."""

from ipaddress import ip_address, ip_network
from typing import Any, NamedTuple

import pytest

from egressc import emit
from tests.cases import CASES
from tests.chart import Document, Helm, Values, compiled
from tests.lists import compile_text, hosts

Rule = dict[str, Any]
LIST = CASES / "valid" / "companions" / "hosts.yaml"


class End(NamedTuple):
    """One end of a connection: a pod by its namespace and labels, or an address outside of the cluster."""

    namespace: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    address: str = ""


def gateway(name: str, namespace: str = "egress") -> End:
    return End(namespace, (("egressc.io/gateway", name), ("egressc.io/namespace", namespace)), "10.1.0.1")


API, BANK, TIME = gateway("api-example-com"), gateway("bank-example-com", "egress-bank"), gateway("time-example-com")
SHOP, WEB, NEIGHBOUR = End("shop", address="10.1.0.2"), End("web", address="10.1.0.3"), End("egress", (("app", "job"),))
DNS = End("kube-system", (("k8s-app", "kube-dns"),), "10.1.0.5")
ISTIOD = End("istio-system", (("app", "istiod"),), "10.1.0.6")
PROMETHEUS = End("monitoring", (("app", "prometheus"),), "10.1.0.7")
BESIDE, TOOL = gateway("beside-example-com", "tools"), End("tools", (("app", "tool"),), "10.1.0.8")
INTERNET, FIXED, FIXED_V6 = (End(address=address) for address in ("198.51.100.1", "192.0.2.10", "2001:db8::10"))
COMPANY, COMPANY_V6 = End(address="10.9.9.9"), End(address="fd00::9")
EXCEPT = {"metricsNamespaces": ["monitoring"], "except": {"ipv4": ["10.0.0.0/8"], "ipv6": ["fd00::/8"]}}

OTHERS = hosts("""
    - {host: behind.example.com, proxy: {host: proxy.corp.example, port: 3128}}
    - host: mail.example.com
      ports: [{port: 465, protocol: TCP}]
      addresses: [240.0.10.1]
      clients: [{namespace: shop, podLabels: {app: mail}}]
    - host: own.example.com
      expose:
        host: own.example.net
        secret: own
        gateway: {namespace: ingress, selector: {istio: ingress}, serviceAccount: ingress}
""").replace("defaults", "companions: {networkPolicies: true}\ndefaults", 1)
BEHIND, MAIL, OWN = (gateway(f"{name}-example-com") for name in ("behind", "mail", "own"))
INGRESS = End("ingress", (("istio", "ingress"),), "10.1.0.9")

ALLOWED = [
    (SHOP, API, 8080),
    (WEB, BANK, 8080),
    (WEB, TIME, 8080),
    (INTERNET, API, 15099),
    (PROMETHEUS, API, 15090),
    (PROMETHEUS, API, 15020),
    (API, INTERNET, 443),
    (API, DNS, 53),
    (API, ISTIOD, 15012),
    (BANK, FIXED, 443),
    (BANK, FIXED_V6, 443),
    (TOOL, BESIDE, 8080),
    (TOOL, INTERNET, 443),
]
DENIED = [
    (WEB, API, 8080),
    (SHOP, BANK, 8080),
    (SHOP, API, 15000),
    (SHOP, API, 15090),
    (SHOP, API, 15020),
    (SHOP, API, 8282),
    (PROMETHEUS, API, 8282),
    (INTERNET, API, 8080),
    (API, INTERNET, 80),
    (API, SHOP, 443),
    (API, COMPANY, 443),
    (API, COMPANY_V6, 443),
    (API, PROMETHEUS, 9090),
    (BANK, INTERNET, 443),
    (BANK, FIXED, 22),
    (API, DNS, 443),
    (SHOP, NEIGHBOUR, 8080),
    (SHOP, BESIDE, 8080),
    (BESIDE, TOOL, 443),
    (NEIGHBOUR, INTERNET, 443),
    (NEIGHBOUR, DNS, 53),
]


CLIENTS = CASES / "valid" / "client-network-policies" / "hosts.yaml"
MAPS, PARTNERS, TRIAL = gateway("maps-example-com"), gateway("partners"), gateway("trial-example-com")
OLD = End("ingress", (("istio", "egressgateway"),), "10.1.0.10")
PAYMENTS, LEGACY = End("payments", address="10.1.0.11"), End("legacy", address="10.1.0.12")
RESOLVER, NODE, METADATA = (End(address=address) for address in ("198.51.100.53", "10.0.0.1", "169.254.169.254"))

#: What pods of client namespaces send, to which port by which protocol, and whether the network takes it.
SENT: list[tuple[End, End, tuple[int, str], bool]] = [
    *((SHOP, gateway, (8080, "TCP"), True) for gateway in (API, MAPS, TRIAL)),
    (SHOP, OLD, (20080, "TCP"), True),
    (SHOP, MAIL, (8465, "TCP"), True),
    (SHOP, MAIL, (9, "TCP"), True),
    (SHOP, PARTNERS, (8080, "TCP"), False),
    (PAYMENTS, PARTNERS, (8080, "TCP"), True),
    (PAYMENTS, TRIAL, (8080, "TCP"), True),
    (PAYMENTS, API, (8080, "TCP"), False),
    *((SHOP, API, (port, "TCP"), False) for port in (9, 15000, 15020, 15090, 15099, 20080)),
    (SHOP, API, (8080, "UDP"), False),
    (SHOP, OLD, (8080, "TCP"), False),
    *((SHOP, DNS, (53, protocol), True) for protocol in ("UDP", "TCP")),
    (SHOP, DNS, (443, "TCP"), False),
    *((SHOP, RESOLVER, (53, protocol), False) for protocol in ("UDP", "TCP")),
    (SHOP, ISTIOD, (15012, "TCP"), True),
    (SHOP, ISTIOD, (15010, "TCP"), False),
    (SHOP, SHOP, (9999, "TCP"), True),
    (SHOP, PROMETHEUS, (9090, "TCP"), True),
    (SHOP, WEB, (8080, "TCP"), False),
    *((SHOP, INTERNET, (port, "TCP"), False) for port in (22, 80, 443, 8443)),
    *((SHOP, INTERNET, (port, "UDP"), False) for port in (443, 8443)),
    *((SHOP, other, (443, "TCP"), False) for other in (NODE, METADATA, FIXED, FIXED_V6, COMPANY)),
    *((PAYMENTS, fixed, (443, "TCP"), True) for fixed in (FIXED, FIXED_V6)),
    (PAYMENTS, FIXED, (443, "UDP"), False),
    (PAYMENTS, FIXED, (80, "TCP"), False),
    (PAYMENTS, INTERNET, (443, "TCP"), False),
    (TOOL, BESIDE, (8080, "TCP"), True),
    (TOOL, INTERNET, (443, "TCP"), False),
    (BESIDE, INTERNET, (443, "TCP"), True),
    (LEGACY, INTERNET, (443, "TCP"), True),
    (INTERNET, SHOP, (8080, "TCP"), True),
]


@pytest.fixture(scope="module")
def clients(helm4: Helm) -> list[Document]:
    return _policies(helm4, compiled(CLIENTS))


@pytest.mark.parametrize(("source", "target", "at", "taken"), SENT)
def test_clients_reach_gateways_and_nothing_outside(
    clients: list[Document], source: End, target: End, at: tuple[int, str], taken: bool
) -> None:
    assert passes(clients, source, target, *at) is taken


@pytest.mark.parametrize("metadata", ["169.254.169.254", "fd00:ec2::254"])
def test_a_client_without_a_gateway_reaches_one_port_of_any_address(helm4: Helm, metadata: str) -> None:
    text = "companions: {clientNetworkPolicies: {}}\n" + hosts("- {host: a.example.com, at: sidecar}")
    plan = compile_text(text).plan
    assert plan
    printed = _policies(helm4, emit.values(plan))
    assert passes(printed, SHOP, INTERNET, 443)
    assert not passes(printed, SHOP, INTERNET, 80)
    assert not passes(printed, SHOP, End(address=metadata), 443)


def test_all_namespaces_are_the_cluster_and_nothing_outside(helm4: Helm) -> None:
    wanted = "companions: {clientNetworkPolicies: {namespaces: ['*']}}\n"
    plan = compile_text(wanted + hosts("- a.example.com")).plan
    assert plan
    printed = _policies(helm4, emit.values(plan))
    assert passes(printed, SHOP, WEB, 8080)
    assert not passes(printed, SHOP, INTERNET, 443)


@pytest.fixture(scope="module")
def policies(helm4: Helm) -> list[Document]:
    return _policies(helm4, compiled(LIST), {"networkPolicy": EXCEPT})


@pytest.fixture(scope="module")
def others(helm4: Helm) -> list[Document]:
    plan = compile_text(OTHERS).plan
    assert plan
    return _policies(helm4, emit.values(plan), {"networkPolicy": EXCEPT})


def _policies(helm: Helm, *values: Values) -> list[Document]:
    return [document for (kind, _, _), document in helm.render(*values).items() if kind == "NetworkPolicy"]


@pytest.mark.parametrize(("source", "target", "port"), ALLOWED)
def test_allowed(policies: list[Document], source: End, target: End, port: int) -> None:
    assert passes(policies, source, target, port)


@pytest.mark.parametrize(("source", "target", "port"), DENIED)
def test_denied(policies: list[Document], source: End, target: End, port: int) -> None:
    assert not passes(policies, source, target, port)


def test_dns_is_asked_by_udp_and_by_tcp(policies: list[Document]) -> None:
    assert passes(policies, API, DNS, 53, "UDP")
    assert not passes(policies, SHOP, API, 8080, "UDP")
    assert not passes(policies, API, INTERNET, 443, "UDP")


def test_a_proxy_is_where_the_company_s_own_addresses_are(others: list[Document]) -> None:
    assert passes(others, BEHIND, COMPANY, 3128)
    assert passes(others, BEHIND, COMPANY_V6, 3128)
    assert not passes(others, BEHIND, COMPANY, 443)
    assert not passes(others, MAIL, COMPANY, 465)


def test_callers_without_the_labels_are_refused_at_once(others: list[Document]) -> None:
    assert passes(others, SHOP, MAIL, 9), "a port that is let in, and that nothing listens on"
    assert not passes(others, SHOP, OWN, 9)


def test_the_ingress_gateway_reaches_what_it_exposes(others: list[Document]) -> None:
    assert passes(others, INGRESS, OWN, 8080)
    assert not passes(others, INGRESS, MAIL, 465)


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "168.63.129.16", "100.100.100.200", "fd00:ec2::254", "fd20:ce::254"]
)
def test_no_metadata_service_is_an_upstream(helm4: Helm, address: str) -> None:
    printed = _policies(helm4, compiled(LIST))
    assert passes(printed, API, INTERNET, 443)
    assert not passes(printed, API, End(address=address), 443)


def test_other_namespaces_are_left_alone(policies: list[Document]) -> None:
    assert passes(policies, SHOP, WEB, 80)
    assert passes(policies, SHOP, INTERNET, 443)


def passes(policies: list[Document], source: End, target: End, port: int, protocol: str = "TCP") -> bool:
    """Whether the source may send and the target may be sent."""
    at = (port, protocol)
    return one_way(policies, source, "egress", target, at) and one_way(policies, target, "ingress", source, at)


def one_way(policies: list[Document], pod: End, direction: str, other: End, port: tuple[int, str]) -> bool:
    chosen = [policy["spec"] for policy in policies if chooses(policy, pod, direction)]
    rules = [rule for spec in chosen for rule in spec.get(direction, [])]
    return not chosen or any(applies(rule, direction, other, port) for rule in rules)


def chooses(policy: Document, pod: End, direction: str) -> bool:
    spec = policy["spec"]
    here = direction.capitalize() in spec["policyTypes"] and policy["metadata"]["namespace"] == pod.namespace
    return here and fits(spec["podSelector"], dict(pod.labels))


def applies(rule: Rule, direction: str, other: End, port: tuple[int, str]) -> bool:
    peers = rule.get("to" if direction == "egress" else "from")
    ports = [(one["port"], one["protocol"]) for one in rule.get("ports", [])]
    return (not ports or port in ports) and (peers is None or any(is_peer(peer, other) for peer in peers))


def is_peer(peer: Rule, other: End) -> bool:
    if "ipBlock" in peer:
        address = ip_address(other.address)
        excepted = [ip_network(one) for one in peer["ipBlock"].get("except", [])]
        return address in ip_network(peer["ipBlock"]["cidr"]) and not any(address in one for one in excepted)
    namespace = {"kubernetes.io/metadata.name": other.namespace} if other.namespace else None
    return (
        namespace is not None
        and fits(peer["namespaceSelector"], namespace)
        and fits(peer.get("podSelector", {}), dict(other.labels))
    )


def fits(selector: Rule, labels: dict[str, str]) -> bool:
    """Whether a Kubernetes label selector finds these labels."""
    for expression in selector.get("matchExpressions", []):
        value = labels.get(expression["key"])
        if expression["operator"] == "DoesNotExist":
            if value is not None:
                return False
        elif value is None or (expression["operator"] == "In" and value not in expression["values"]):
            return False
    return set(selector.get("matchLabels", {}).items()) <= labels.items()
