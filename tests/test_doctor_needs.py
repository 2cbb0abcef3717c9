"""What `explain` lists under "Needs" is what `egressc doctor` asks: proxies, the mesh's settings, the cluster."""

from typing import Any

import pytest

from egressc.doctor import diagnosis
from egressc.doctor.cluster import Cluster
from egressc.doctor.examination import Examination
from egressc.doctor.images import patch_of
from egressc.explain.before import before
from egressc.findings import CODES
from egressc.rules.cost import MANY
from egressc.since import Patch
from tests.cases import INVALID, VALID
from tests.cluster import NOW, changed, examine, planned, printed, well

ONE = "version: 1\ndefaults: {clients: [shop]}\nhosts: [api.stripe.com]\n"
TWO = "version: 1\ndefaults: {clients: [shop]}\nhosts: [api.stripe.com, b.example.com]\n"
DIGEST = "registry.example.com:5000/istio/proxyv2@sha256:0123abcd"
#: Which finding each kind of condition becomes where the cluster lacks it.
FINDINGS = {
    "Istio": "EG442",
    "istiod": "EG443",
    "Mesh of several clusters": "EG443",
    "Client namespaces": "EG447",
    "Clients' sidecars": "EG488",
    "Cluster of IPv6 only": "EG489",
    "Cluster": "EG490",
}


def codes(text: str, changes: dict[str, Any]) -> list[str]:
    return [one.code.name for one in examine(text, changes).problems]


def pod(name: str, image: str = "auto", **more: Any) -> dict[str, Any]:
    """What a gateway's pod has in another way."""
    metadata = {"name": f"{name}-1", "namespace": "egress"} | more.pop("metadata", {})
    return {
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"containers": [{"name": "istio-proxy", "image": image}]},
    } | more


def running(name: str, image: str, state: str = "running") -> dict[str, Any]:
    """A gateway's pod whose node knows its image by nothing more than the pod does."""
    return pod(
        name, image, status={"containerStatuses": [{"name": "istio-proxy", "image": image, "state": {state: {}}}]}
    )


def client(container: dict[str, Any], kind: str = "containers") -> dict[str, Any]:
    spec = {"serviceAccountName": "cart", "containers": [{"name": "app"}]}
    spec |= {kind: [{"name": "app"}, {"name": "istio-proxy"} | container]}
    return {"kind": "Pod", "metadata": {"name": "cart-1", "namespace": "shop"}, "spec": spec}


def mesh(**data: str) -> dict[str, Any]:
    """The mesh's configuration, with `meshNetworks` or more in `mesh`."""
    said = "outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n" + data.pop("mesh", "")
    return {
        "kind": "ConfigMap",
        "metadata": {"name": "istio", "namespace": "istio-system"},
        "data": {"mesh": said} | data,
    }


def istiod(image: str = "docker.io/istio/pilot:1.31.3", **env: str) -> dict[str, Any]:
    env = {"PILOT_SCOPE_GATEWAY_TO_NAMESPACE": "true"} | env
    discovery = {"image": image, "env": [{"name": name, "value": value} for name, value in env.items()]}
    return {
        "kind": "Deployment",
        "metadata": {"name": "istiod", "namespace": "istio-system"},
        "spec": {"template": {"spec": {"containers": [{"name": "discovery"} | discovery]}}},
    }


def test_each_need_is_asked_and_has_a_cluster_that_lacks_it() -> None:
    conditions = set()
    for case in VALID:
        plan = case.compile().plan
        assert plan
        conditions |= {one.of for one in before(plan.carriers, plan.companions).conditions}
    assert conditions == FINDINGS.keys()
    shown = {case.name.partition("-")[0] for case in INVALID if case.cluster}
    assert {*FINDINGS.values()} <= shown & CODES.keys()


# ---- the proxies' versions


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("docker.io/istio/proxyv2:1.31.3", ((1, 31), 3)),
        ("docker.io/istio/proxyv2:1.31.3-distroless@sha256:0123", ((1, 31), 3)),
        ("gcr.io/gke-release/asm/proxyv2:1.27.5-asm.3", ((1, 27), 5)),
        ("registry:5000/istio-1.31.3/proxyv2:latest", None),
        ("registry:5000/istio-1.31.3/proxyv2", None),
        ("proxyv2:1.31-alpha.0123", None),
        (DIGEST, None),
        ("auto", None),
        ("", None),
    ],
)
def test_a_tag_says_the_version(image: str, expected: Patch | None) -> None:
    assert patch_of(image) == expected


def test_where_a_tag_says_nothing_one_proxy_of_the_image_is_asked() -> None:
    changes: dict[str, Any] = {
        "objects": [running("api-stripe-com", DIGEST), running("b-example-com", DIGEST)],
        "envoys": {"api-stripe-com-1": [{"server_info": '{"node": {"metadata": {"ISTIO_VERSION": "1.30.7"}}}'}]},
    }
    memory = changed(well(TWO), changes)
    asked: list[str] = []

    def ask(arguments: Any) -> str:
        asked.extend(arguments[-1:] if arguments[-1] == "server_info" else ())
        return memory.ask(arguments)

    found = diagnosis(Examination(planned(TWO), Cluster(ask), printed(TWO), NOW, 0))
    (problem,) = found.problems
    assert (problem.code.name, asked) == ("EG485", ["server_info"])
    assert "Istio 1.30.7, and the list is for 1.31 and later: api-stripe-com, b-example-com" in problem.message
    assert found.unknown == ()


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({}, f"neither the image {DIGEST} nor its proxy says a version"),
        ({"forbidden": ["pods/exec"]}, "the right to create pods/exec in the namespace egress is missing"),
    ],
)
def test_a_version_that_nobody_says_is_unknown_and_no_finding(more: dict[str, Any], why: str) -> None:
    objects = [running("api-stripe-com", DIGEST)]
    found = examine(ONE, {"objects": objects} | more)
    assert found.problems == ()
    assert any(one.check == "proxies" and why in one.why for one in found.unknown)


def test_a_proxy_that_does_not_run_is_not_asked() -> None:
    found = examine(ONE, {"objects": [running("api-stripe-com", DIGEST, "waiting")]})
    assert "proxies" not in {one.check for one in found.unknown}


def test_a_list_is_not_made_for_an_istio_that_no_list_can_be_for() -> None:
    (problem,) = examine(ONE, {"objects": [pod("api-stripe-com", "proxyv2:1.26.1")]}).problems
    assert problem.fix == "run `kubectl rollout restart deployment api-stripe-com --namespace egress`"


def test_a_patch_level_that_the_list_says_counts() -> None:
    text = ONE + 'mesh: {istio: "1.31.3"}\n'
    found = examine(text, {"objects": [pod("api-stripe-com", "proxyv2:1.31.2")]})
    assert [(one.code.name, one.level) for one in found.problems] == [("EG485", "error")]
    assert "the list is for 1.31.3 and later" in found.problems[0].message


FILES = """\
version: 1
mesh: {istio: "1.30"}
hosts:
- host: api.stripe.com
  clients: [shop]
  tls:
    mode: mutual
    files:
      certificate: /etc/partner/tls.crt
      key: /etc/partner/tls.key
      ca: /etc/partner/ca.crt
      volumes: [{secret: partner, mountPath: /etc/partner}]
"""


@pytest.mark.parametrize(("level", "expected"), [(2, ["EG485"]), (3, ["EG486"]), (7, [])])
def test_certificate_files_need_a_proxy_that_reads_them_again(level: int, expected: list[str]) -> None:
    objects = [pod("api-stripe-com", f"proxyv2:1.30.{level}"), istiod("pilot:1.30.7")]
    found = examine(FILES, {"objects": objects})
    assert [one.code.name for one in found.problems] == expected
    assert all("mesh:" not in one.fix for one in found.problems)


def test_older_minor_versions_have_the_holes_too() -> None:
    text = ONE + 'mesh: {istio: "1.28"}\n'
    found = examine(text, {"objects": [istiod("pilot:1.28.9"), pod("api-stripe-com", "proxyv2:1.28.9")]})
    assert [one.code.name for one in found.problems] == ["EG442", "EG486"]
    assert all("1.29.9" in one.fix for one in found.problems)


def test_the_pods_of_others_are_restarted_by_what_makes_them() -> None:
    adopting = (
        "version: 1\ngateways: [{name: shared, namespace: mesh, adopt: {istio: egressgateway}}]\n"
        "hosts: [{host: api.stripe.com, gateway: shared, clients: [shop]}]\n"
    )
    metadata = {"namespace": "mesh", "labels": {"istio": "egressgateway"}}
    mine = running("mine", "proxyv2:1.31.2") | {"metadata": {"name": "mine-1"} | metadata}
    found = examine(adopting, {"objects": [mine]})
    assert [one.fix for one in found.problems if one.code.name == "EG486"] == [
        "upgrade Istio to 1.31.3 or later, then restart what makes the pods with istio=egressgateway"
    ]


@pytest.mark.parametrize(
    ("labels", "annotations", "expected"),
    [
        ({"istio.io/rev": "1-31-3"}, {"istio.io/rev": "1-30-7"}, ["EG487"]),
        ({"istio.io/rev": "1-31-3"}, {"istio.io/rev": "1-31-3"}, []),
        ({"istio.io/rev": "1-31-3", "istio.io/tag": "stable"}, {"istio.io/rev": "default"}, ["EG487"]),
        ({}, {"istio.io/rev": "default"}, []),
        ({"istio.io/rev": "1-31-3"}, {"istio.io/rev": None}, []),
    ],
)
def test_a_pod_of_another_revision_than_new_ones(labels: Any, annotations: Any, expected: list[str]) -> None:
    webhook = {"kind": "MutatingWebhookConfiguration", "metadata": {"name": "istio-sidecar-injector", "labels": labels}}
    assert codes(ONE, {"objects": [webhook, pod("api-stripe-com", metadata={"annotations": annotations})]}) == expected


# ---- the sidecars of clients


@pytest.mark.parametrize(
    ("hosts", "image", "expected", "unknown"),
    [
        ("{host: a.example.com, at: sidecar}", "proxyv2:1.30.9", ["EG485"], 0),
        ("{host: a.example.com, at: sidecar}", "proxyv2:1.31.0", [], 0),
        ("{host: a.example.com, at: sidecar}", DIGEST, [], 1),
        ("a.example.com", "proxyv2:1.27.0", [], 0),  # the gateway speaks to the upstream
        ("a.example.com", DIGEST, [], 0),
    ],
)
def test_sidecars_must_be_new_where_they_call_upstreams(
    hosts: str, image: str, expected: list[str], unknown: int
) -> None:
    text = f"version: 1\ndefaults: {{clients: [shop]}}\nhosts: [{hosts}]\n"
    found = examine(text, {"objects": [client({"image": image})]})
    assert [one.code.name for one in found.problems] == expected
    assert len(found.unknown) == unknown


KEEPS = '{"proxyHeaders": {"preserveHttp1HeaderCase": true}}'


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (KEEPS, "containers", []),
        (KEEPS, "initContainers", []),
        ('{"proxyHeaders": {"preserveHttp1HeaderCase": false}}', "containers", ["EG488"]),
        ('{"proxyHeaders": 7}', "containers", ["EG488"]),
        ("{}\n", "containers", ["EG488"]),
        ("[", "containers", ["EG488"]),
        (None, "initContainers", ["EG488"]),
    ],
)
def test_header_names_keep_their_case_where_the_sidecar_says_so(value: Any, kind: str, expected: list[str]) -> None:
    text = "version: 1\nhosts: [{host: a.example.com, clients: [shop], headers: {preserveCase: true}}]\n"
    container = {"image": "proxyv2:1.31.3", "env": [{"name": "PROXY_CONFIG", "value": value}]}
    assert codes(text, {"objects": [client(container, kind)]}) == expected
    assert codes(ONE, {"objects": [client(container, kind)]}) == []


# ---- the mesh and the cluster


@pytest.mark.parametrize(
    ("address", "ips", "expected"),
    [
        ("0.0.0.0", ["10.0.0.7"], []),  # noqa: S104
        ("0.0.0.0", ["10.0.0.7", "fd00::7"], []),  # noqa: S104
        ("0.0.0.0", ["fd00::7", "10.0.0.7"], []),  # noqa: S104
        ("0.0.0.0", ["fd00::7"], ["EG489"]),  # noqa: S104
        ("0.0.0.0", [], []),  # noqa: S104
        ("::", ["fd00::7"], []),
        ("::", ["10.0.0.7", "fd00::7"], ["EG489"]),
    ],
)
def test_filters_find_listeners_at_the_address_of_the_pods(address: str, ips: list[str], expected: list[str]) -> None:
    memory = changed(well(ONE), {"objects": [pod("api-stripe-com", status={"podIPs": [{"ip": ip} for ip in ips]})]})
    for one in memory.objects.values():
        if one["kind"] == "EnvoyFilter":
            for patch in one["spec"]["configPatches"]:
                listener = patch.get("match", {}).get("listener", {})
                if listener.get("name", "").startswith(("0.0.0.0_", "::_")):
                    listener["name"] = f"{address}_{listener['name'].rpartition('_')[2]}"
    found = diagnosis(Examination(planned(ONE), Cluster(memory.ask), "no Helm is on PATH", NOW, 0))
    assert [one.code.name for one in found.problems] == expected


LOCAL = "serviceSettings: [{{settings: {{clusterLocal: {}}}, hosts: ['{}']}}]\n"
TWO_NETWORKS = "networks: {north: {}, south: {}}"


@pytest.mark.parametrize(
    ("said", "networks", "expected"),
    [
        ("", "networks: {}", []),
        ("", TWO_NETWORKS, ["EG443"]),
        (LOCAL.format("true", "*.egress.svc.cluster.local"), TWO_NETWORKS, []),
        (LOCAL.format("true", "*"), TWO_NETWORKS, []),
        (LOCAL.format("true", "api-stripe-com.egress.svc.cluster.local"), TWO_NETWORKS, []),
        (LOCAL.format("true", "*.others.svc.cluster.local"), TWO_NETWORKS, ["EG443"]),
        (LOCAL.format("false", "*.egress.svc.cluster.local"), TWO_NETWORKS, ["EG443"]),
        ("serviceSettings: [{settings: {clusterLocal: true}, hosts: ['*']},"
         " {settings: {}, hosts: ['*.egress.svc.cluster.local']}]\n", TWO_NETWORKS, ["EG443"]),
    ],
)  # fmt: skip
def test_a_mesh_of_several_networks_keeps_the_gateways_services_in_their_cluster(
    said: str, networks: str, expected: list[str]
) -> None:
    found = examine(ONE, {"objects": [mesh(mesh=said, meshNetworks=networks)]})
    assert [one.code.name for one in found.problems] == expected
    assert found.unknown == ()


def test_whether_a_named_network_has_others_is_unknown() -> None:
    home = {"kind": "Namespace", "metadata": {"name": "istio-system", "labels": {"topology.istio.io/network": "north"}}}
    found = examine(ONE, {"objects": [home]})
    assert found.problems == ()
    (unknown,) = found.unknown
    assert "a network with a name, north" in unknown.why
    assert examine(ONE, {"objects": [home, mesh(mesh=LOCAL.format("true", "*"))]}).unknown == ()


@pytest.mark.parametrize(
    ("count", "env", "expected"),
    [
        (MANY, {}, ["EG443"]),
        (MANY, {"PILOT_FILTER_GATEWAY_CLUSTER_CONFIG": "false"}, ["EG443"]),
        (MANY, {"PILOT_FILTER_GATEWAY_CLUSTER_CONFIG": "True"}, []),
        (MANY - 1, {}, []),
    ],
)
def test_many_gateways_of_a_namespace_are_told_of_all_their_hosts(
    count: int, env: dict[str, str], expected: list[str]
) -> None:
    hosts = "".join(f"- h{number}.example.com\n" for number in range(count))
    text = f"version: 1\ndefaults: {{clients: [shop]}}\nhosts:\n{hosts}"
    found = examine(text, {"objects": [istiod(**env)]})
    assert [(one.code.name, one.level) for one in found.problems] == [(code, "warning") for code in expected]
    assert all(f"each of the {count} gateways in egress" in one.message for one in found.problems)


ADMISSION = "version: 1\ndefaults: {clients: [shop]}\ncompanions: {admission: {}}\nhosts: [api.stripe.com]\n"


@pytest.mark.parametrize(
    ("version", "expected", "unknown"),
    [
        ("v1.31.0", [], 0),
        ("v1.36.3-eks-0123", [], 0),
        ("v1.30.14", ["EG490"], 0),
        ("", [], 1),
    ],
)
def test_admission_policies_need_a_new_kubernetes(version: str, expected: list[str], unknown: int) -> None:
    found = examine(ADMISSION, {"kubernetes": version})
    assert [one.code.name for one in found.problems] == expected
    assert len(found.unknown) == unknown
    assert codes(ONE, {"kubernetes": version}) == []


def test_who_may_install_admission_policies_is_unknown_before_they_are_there() -> None:
    memory = well(ADMISSION)
    for key in [key for key in memory.objects if key[0].startswith("ValidatingAdmissionPolicy")]:
        del memory.objects[key]
    found = diagnosis(Examination(planned(ADMISSION), Cluster(memory.ask), printed(ADMISSION), NOW, 0))
    (unknown,) = found.unknown
    assert "`kubectl auth can-i create validatingadmissionpolicies" in unknown.why
