"""What holds for every list: its order is nobody's business, and no host is another's."""

import json
import random
import re
import subprocess
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from egressc import emit
from egressc.compile import Compilation, compile_sources
from egressc.model import stands_for
from egressc.plan import EVERYBODY
from egressc.plan.decisions.sent import CLOSED_PORT
from egressc.schema import schema
from tests.chart import Helm
from tests.strategies import GATEWAYS, OURS, TRICKY, characters, defaults, fleets, gateways

SOME = settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
# Helm is a process of its own: few examples, and no hundreds more to find the smallest that fails
FEW = settings(
    max_examples=20,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def source(hosts: Iterable[Any], **more: Any) -> bytes:
    return emit.dump({"version": 1, **more, "hosts": list(hosts)}).encode()


#: What several files share, said in one of them.
COMPANIONS = {
    "peerAuthentication": "STRICT",
    "sidecars": {"services": ["*"]},
    "networkPolicies": True,
    "clientNetworkPolicies": {},
}


def shared(gateways: Iterable[Any]) -> bytes:
    return emit.dump({"version": 1, "gateways": list(gateways), "companions": COMPANIONS, "hosts": []}).encode()


def compiled(*lists: bytes, gateways: Iterable[Any] = GATEWAYS) -> Compilation:
    files = [*lists, shared(gateways)]
    compilation = compile_sources([(f"{index}.yaml", text) for index, text in enumerate(files)])
    errors = [finding for finding in compilation.findings if finding.level == "error"]
    assert not errors, errors
    return compilation


def values(*lists: bytes, gateways: Iterable[Any] = GATEWAYS) -> str:
    plan = compiled(*lists, gateways=gateways).plan
    assert plan
    return emit.dump(emit.values(plan))


@given(fleets(), gateways())
@settings(SOME, max_examples=200)
def test_right_lists_compile(fleet: list[Any], shared: list[Any]) -> None:
    compiled(source(fleet), gateways=shared)


@given(fleets(), defaults())
@settings(FEW, max_examples=100)
def test_defaults_of_any_setting_make_no_right_entry_wrong(fleet: list[Any], inherited: dict[str, Any]) -> None:
    compiled(source(fleet, defaults=inherited))


@given(fleets(), gateways())
@settings(SOME, max_examples=100)
def test_the_network_lets_each_client_to_its_gateways(fleet: list[Any], shared: list[Any]) -> None:
    plan = compiled(source(fleet), gateways=shared).plan
    assert plan
    networks = {one.namespace: one for one in plan.companions.client_networks}
    wanted: dict[str, set[tuple[str, str, int]]] = {namespace: set() for namespace in networks}
    for one in plan.carrying:
        for namespace in networks:
            if one.host.reports or any(stands_for(client.namespace, namespace) for client in one.host.clients):
                wanted[namespace] |= {(one.namespace, one.gateway, port.gateway_port) for port in one.ports}
    named = {one.pods.labels: one.gateway for one in plan.carrying if not one.pods.ours}
    for namespace, network in networks.items():
        reached = {
            (some.namespace, name, port)
            for some in network.gateways
            for name in some.names or (named[some.labels],)
            for port in some.ports
        }
        assert {one for one in reached if one[2] != CLOSED_PORT} == wanted[namespace]
        straight = [
            one for one in plan.sidecars if {place.namespace for place in one.placements} & {EVERYBODY, namespace}
        ]
        assert bool(network.upstreams) == bool(straight)


def test_right_lists_use_every_field() -> None:
    used: set[str] = set()

    def collect(part: Any, path: str) -> None:
        for key, value in part.items() if isinstance(part, dict) else ():
            used.add(f"{path}.{key}")
            collect(value, f"{path}.{key}")
        for value in part if isinstance(part, list) else ():
            collect(value, path)

    @given(fleets())
    @settings(SOME, max_examples=400, database=None)
    def draw(fleet: list[Any]) -> None:
        collect(fleet, "host")

    draw()
    # what only an overlay has, what several hosts or files have in common, and another way to write ports
    others = {"remove", "addClients", "hosts", "clientsFrom", "speaks"}
    missing = {field for field in set(_fields("host", "host")) - used if not field.startswith("host.addClients.")}
    assert missing == {f"host.{key}" for key in others} | {"host.clients.group", "host.deny.group"}


def _fields(name: str, path: str) -> Iterable[str]:
    for key, part in schema()["$defs"][name]["properties"].items():
        yield f"{path}.{key}"
        target = (part.get("items") or part).get("$ref", "").removeprefix("#/$defs/")
        if "properties" in schema()["$defs"].get(target, {}):
            yield from _fields(target, f"{path}.{key}")


@given(fleets(), st.randoms(use_true_random=False))
@SOME
def test_order_does_not_matter(fleet: list[Any], order: random.Random) -> None:
    shuffled = order.sample(fleet, len(fleet))
    assert values(source(fleet)) == values(source(shuffled))


@given(fleets(), st.data())
@SOME
def test_files_do_not_matter(fleet: list[Any], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(fleet)), max_size=3)))
    files = [source(fleet[first:last]) for first, last in pairwise([0, *cuts, len(fleet)])]
    order = data.draw(st.permutations(files))
    assert values(source(fleet)) == values(*order)


@given(fleets())
@SOME
def test_what_all_say_may_stand_in_the_defaults(fleet: list[Any]) -> None:
    client = [{"namespace": "everybody", "serviceAccount": "1e3"}]
    hosts = [{"host": host} if isinstance(host, str) else host for host in fleet]
    # an account is a policy, that nobody would keep without a gateway
    own = [host | {"clients": client} for host in hosts if "at" not in host]
    bare = [{key: value for key, value in host.items() if key != "clients"} for host in own]
    assert values(source(own)) == values(source(bare, defaults={"clients": client}))


@given(fleets())
@FEW
def test_a_host_more_changes_no_object_of_another(helm4: Helm, fleet: list[Any]) -> None:
    fewer = helm4.text(values(source(fleet[:-1])))
    plan = compiled(source(fleet)).plan
    assert plan
    more = helm4.text(emit.dump(emit.values(plan)))
    last = fleet[-1] if isinstance(fleet[-1], str) else fleet[-1]["host"]
    # a wildcard closes what is listed below it
    wider = [gateway.route for gateway in plan.gateways if gateway.host.covers(last)]
    assert _documents(fewer, wider) <= _documents(more, wider)


#: What a host says that is on its own gateway or on the shared one, while the other stands by.
CARRIED = ({"standby": "shared"}, {"gateway": "shared", "standby": "own"})


@given(fleets(most=3))
@FEW
def test_a_swap_changes_only_where_clients_are_led(helm4: Helm, fleet: list[Any]) -> None:
    movable = [
        one
        for one in (entry if isinstance(entry, dict) else {"host": entry} for entry in fleet)
        if not {"owner", "at"} & one.keys() and one.get("gateway") != "adopted"
    ]
    texts = [source([{**one, **carried} for one in _kept(movable)]) for carried in CARRIED]
    first, then = (helm4.render(values(text)) for text in texts)
    assert first.keys() == then.keys()
    for key, document in then.items():
        before = first[key]
        if key[0] != "VirtualService":
            assert before == document, key
        else:
            assert _led(before) == _led(document), key


def _kept(entries: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """The entries with what pods of both kinds can do for a host."""
    for one in entries:
        rest = {key: value for key, value in one.items() if key not in ("accessLog", "gateway", "standby")}
        if "opa" in rest.get("externalAuthorization", {}):
            del rest["externalAuthorization"]
        yield rest


def _led(service: dict[str, Any]) -> Any:
    """A VirtualService without the Services that it leads clients to, by which routes of own names are called."""
    text = re.sub(r'"host": "[^"]*\.svc\.[^"]*"', '"host": "a gateway"', json.dumps(service))
    return json.loads(re.sub(r'"name": "(refused-)?[a-z0-9-]+", "match"', '"match"', text))


def _documents(text: str, others: Iterable[str]) -> set[str]:
    """What is printed, but for `others`, the pods that several hosts share, and what goes with whole namespaces."""
    gateways = [*OURS, *others]
    shared = [f'labels:\n    egressc.io/gateway: "{name}"' for name in gateways] + [
        "labels:\n    egressc.io/companion: "
    ]
    documents = {document.strip() for document in re.split(r"^---\n", text, flags=re.MULTILINE)}
    return {document for document in documents if document and not any(label in document for label in shared)}


@pytest.fixture(scope="session", params=["helm3", "helm4"])
def echo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A function from values to what Helm makes of them."""
    helm: Helm = request.getfixturevalue(request.param)
    chart = tmp_path_factory.mktemp("echo")
    (chart / "Chart.yaml").write_text("{apiVersion: v2, name: echo, version: 0.0.0}")
    (chart / "templates").mkdir()
    (chart / "templates" / "values.yaml").write_text("{{ .Values | toJson }}\n")

    def run(text: str) -> Any:
        (chart / "more.yaml").write_text(text, encoding="utf-8")
        command: list[str | Path] = [helm.path, "template", "echo", chart, "--values", chart / "more.yaml"]
        printed = subprocess.run(command, capture_output=True, check=True).stdout.decode()
        return json.loads(printed.partition("values.yaml\n")[2])

    return run


STRINGS = st.text(characters(), max_size=30) | st.sampled_from(TRICKY)


@given(st.lists(st.tuples(STRINGS, STRINGS), min_size=100, max_size=200))
@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_helm_reads_every_string_as_it_is(echo: Any, strings: list[tuple[str, str]]) -> None:
    tree = {"pairs": [{"as a value": value, key: 1} for key, value in strings]}
    assert echo(emit.dump(tree)) == tree


@given(fleets())
@FEW
def test_helm_reads_values_as_they_are(echo: Any, fleet: list[Any]) -> None:
    text = values(source(fleet))
    assert echo(text) == yaml.safe_load(text)
