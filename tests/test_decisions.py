"""Who may do what, asked of the rules as the chart prints them: callers, methods, paths, denials, ports, neighbours."""

from typing import Any, NamedTuple

import pytest

from egressc import emit
from egressc.plan.decisions.requests import OF_METHODS
from tests import rbac
from tests.chart import Documents, Helm
from tests.lists import compile_text

LIST = """
version: 1
deny:
- {namespace: guests}
- {namespace: shop, serviceAccount: reports, hosts: [api.example.com]}
- {namespace: shop, hosts: [said.example.com], paths: [/admin*]}
gateways: [{name: shared}, {name: adopted, namespace: others, adopt: {istio: egressgateway}}]
hosts:
- host: api.example.com
  ports: [{port: 80}, {port: 443, protocol: TLS}]
  clients:
  - {namespace: shop, serviceAccount: cart, ports: [80], methods: [GET, POST], paths: [/v1/*, /health]}
  - {namespace: shop, serviceAccount: reports}
  - {namespace: web}
  - {namespace: guests}
  deny: [{methods: [DELETE], ports: [80]}, {namespace: web, ports: [80], paths: [/v1/admin*]}]
- host: adopted.example.com
  gateway: adopted
  ports: [{port: 80}, {port: 443, protocol: TLS}]
  clients:
  - {namespace: shop, ports: [80], paths: [/any*]}
  - {namespace: web, serviceAccount: front, ports: [443]}
  deny: [{namespace: shop, serviceAccount: reports}]
- {host: one.example.com, gateway: shared, clients: [{namespace: shop, methods: [GET]}]}
- {host: two.example.com, gateway: shared, clients: [web]}
- {host: said.example.com, enforcement: report, clients: [web]}
- {host: all.example.com, clients: [{wholeMesh: true}]}
- {host: "*.wild.example.com", clients: [shop]}
- {host: gold.wild.example.com, clients: [payments]}
"""
OVERLAY = "version: 1\ndeny: [{namespace: blog}]\nhosts: []\n"


class Asked(NamedTuple):
    """A caller (namespace/account), where it calls, and how; `name` is in the header Host where it is not the host."""

    caller: str
    host: str
    port: int = 80
    method: str = "GET"
    path: str = "/"
    headers: tuple[tuple[str, str], ...] = ()
    name: str = ""


API, ADOPTED, ONE, TWO, ALL, WILD, SAID = (
    f"{name}.example.com" for name in ("api", "adopted", "one", "two", "all", "*.wild", "said")
)
TWO_READINGS = ("/x%2f..%2fadmin", "/%252e%252e/admin", "/%5cadmin", "/x/..;/admin", "/x%00")
REALLY, INSTEAD = (("x-http-method-override", "DELETE"),), (("x-method-override", "PUT"),)

ALLOWED = [
    Asked("shop/cart", API, path="/v1/orders"),
    Asked("shop/cart", API, path="/health"),
    Asked("shop/cart", API, method="POST", path="/v1/"),
    Asked("web/anybody", API, method="PUT", path="/admin"),
    Asked("web/anybody", API, method="POST", headers=(("x-http-method-override", "PATCH"),)),
    Asked("web/anybody", API, 443),
    Asked("shop/anybody", ADOPTED, path="/any"),
    Asked("web/front", ADOPTED, 443),
    Asked("shop/anybody", ONE),
    Asked("web/anybody", TWO, method="POST"),
    Asked("elsewhere/anybody", ALL),
    Asked("shop/anybody", SAID, path="/x"),
    *(Asked("elsewhere/anybody", SAID, path=path) for path in TWO_READINGS),
    Asked("elsewhere/anybody", SAID, headers=(("x-original-url", "/admin"),)),
    Asked("shop/anybody", WILD, name="a.wild.example.com"),
]
REFUSED = [
    Asked("shop/other", API, path="/v1/orders"),
    Asked("elsewhere/cart", API, path="/v1/orders"),
    Asked("shop/cart", API, path="/v2"),
    Asked("shop/cart", API, path="/healthy"),
    Asked("shop/cart", API, method="PUT", path="/v1/orders"),
    Asked("shop/cart", API, path="/v1/orders", headers=REALLY),
    Asked("shop/cart", API, path="/v1/orders", headers=INSTEAD),
    Asked("shop/cart", API, path="/v1/orders", headers=(("x-original-url", "/admin"),)),
    Asked("shop/cart", API, 443),
    Asked("shop/reports", API),
    Asked("shop/reports", API, 443),
    Asked("guests/anybody", API),
    Asked("guests/anybody", API, 443),
    Asked("guests/anybody", ALL),
    Asked("blog/anybody", ALL),
    Asked("web/anybody", API, method="DELETE"),
    Asked("web/anybody", API, method="delete"),
    Asked("web/anybody", API, method="POST", headers=REALLY),
    *(
        Asked("web/anybody", API, method="POST", headers=((name, value),))
        for name in OF_METHODS
        for value in ("delete", "DELETE, x", "GET,DELETE", '"DELETE"', "DELETE;q=1")
    ),
    Asked("web/anybody", API, path="/v1/admin/users"),
    Asked("web/anybody", API, path="/v1/%61dmin"),
    Asked("shop/anybody", SAID, path="/admin/x"),
    *(Asked("shop/anybody", SAID, path=path) for path in TWO_READINGS),
    Asked("shop/anybody", SAID, headers=(("x-original-url", "/admin"),)),
    Asked("shop/anybody", SAID, headers=(("x-rewrite-url", "/admin"),)),
    Asked("shop/anybody", ADOPTED, 443),
    Asked("shop/anybody", ADOPTED, path="/other"),
    Asked("shop/reports", ADOPTED, path="/any"),
    Asked("web/front", ADOPTED),
    Asked("web/other", ADOPTED, 443),
    Asked("web/anybody", ONE),
    Asked("shop/anybody", TWO),
    Asked("shop/anybody", ONE, method="POST"),
    Asked("shop/anybody", WILD, name="gold.wild.example.com"),
    Asked("shop/anybody", WILD, name="GOLD.wild.example.com:80"),
    Asked("shop/anybody", WILD, name="a.wild.example.com/../gold.wild.example.com"),
]


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    plan = compile_text(LIST, overlays=[OVERLAY]).plan
    assert plan
    return emit.values(plan)


@pytest.fixture(scope="module")
def documents(helm4: Helm, values: dict[str, Any]) -> Documents:
    return helm4.render(values)


def decided(documents: Documents, values: dict[str, Any], asked: Asked) -> bool:
    ((name, gateway),) = (item for item in values["gateways"].items() if item[1].get("host") == asked.host)
    (port,) = (port for port in gateway["ports"] if port["port"] == asked.port)
    namespace, account = asked.caller.split("/")
    caller = f"spiffe://cluster.local/ns/{namespace}/sa/{account}"
    call = rbac.Call(caller, asked.method, asked.path, asked.name or asked.host, dict(asked.headers))
    return rbac.decided(documents, gateway["namespace"], name, port, call)


@pytest.mark.parametrize("asked", ALLOWED, ids=str)
def test_allowed(documents: Documents, values: dict[str, Any], asked: Asked) -> None:
    assert decided(documents, values, asked)


@pytest.mark.parametrize("asked", REFUSED, ids=str)
def test_refused(documents: Documents, values: dict[str, Any], asked: Asked) -> None:
    assert not decided(documents, values, asked)
