"""`egressc doctor`: what each check says, also without rights; the cases of EG440 and on have the rest."""

import json
import os
import stat
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from egressc.cli import main
from egressc.doctor import CHECKS, Check, certificates, diagnosis, formats
from egressc.doctor.caller import Caller
from egressc.doctor.certificates import CertificateError
from egressc.doctor.cluster import RESOURCES, Cluster
from egressc.doctor.examination import Examination
from egressc.doctor.kubectl import AbsentError, ForbiddenError, UnansweredError, UnreachableError, kubectl, reach
from egressc.doctor.selectors import fits
from tests.cases import INVALID
from tests.cluster import NOW, Memory, changed, changes_of, examine, planned, printed, upstream, well
from tests.harmless import harmless
from tests.pem import certificate
from tests.tools import tool

ROOT = Path(__file__).parents[1]
ROLE = ROOT / "examples" / "doctor" / "cluster-role.yaml"
LIST = """\
version: 1
defaults: {clients: [shop]}
hosts:
- api.stripe.com
- host: partner.bank.example
  tls: {mode: mutual, secret: partner-bank}
"""
#: A program that says what is recorded for its arguments.
KUBECTL = """\
#!{python} -IS
import json, sys
from pathlib import Path
folder = Path(__file__).parent
with (folder / "asked").open("a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
saved = json.loads((folder / "answers.json").read_text())
words = " ".join(one for one in sys.argv[1:] if not one.startswith("--context="))
print(saved[words]) if words in saved else sys.exit(saved.get("error", "Error from server (NotFound): not found"))
"""


def codes(changes: dict[str, Any], text: str = LIST) -> list[str]:
    return [one.code.name for one in examine(text, changes).problems]


def test_nothing_is_wrong_with_a_cluster_that_has_what_the_list_needs() -> None:
    found = examine(LIST, {})
    assert (found.problems, found.unknown) == ((), ())
    assert found.well == tuple(check.well for check in CHECKS if check.name not in ("admission", "callers"))
    assert formats.text(found).endswith("\nnothing is wrong\n")


@pytest.mark.parametrize("hosts", ["[]", "[{host: api.example.com, at: sidecar}]", "['*.example.com']"])
def test_other_lists_are_well_too(hosts: str) -> None:
    found = examine(f"version: 1\ndefaults: {{clients: [shop]}}\nhosts: {hosts}\n", {})
    assert (found.problems, found.unknown) == ((), ())


def test_each_missing_right_is_named_and_other_checks_go_on() -> None:
    for resource in sorted(set(RESOURCES.values()) | {"pods/exec"}):
        found = examine(LIST, {"forbidden": [resource], "absent": ["VirtualService egress/api-stripe-com"]})
        drift = [] if resource == RESOURCES["VirtualService"] else ["EG466"]
        assert [one.code.name for one in found.problems] == drift, resource
        asked = resource not in {RESOURCES[kind] for kind in UNASKED}
        assert {resource in one.why for one in found.unknown} == ({True} if asked else set()), resource


#: What only other lists, or other faults, make the doctor ask for.
UNASKED = {
    *("Event", "PeerAuthentication", "PodMonitor", "PrometheusRule"),
    *("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"),
}


def test_the_text_says_what_nobody_knows_and_where_all_rights_are() -> None:
    text = formats.text(examine(LIST, {"forbidden": ["secrets", "pods/exec"]}))
    assert "unknown: the right to get secrets in the namespace egress is missing\n" in text
    assert "    so it is not known whether Secrets are there and hold\n" in text
    assert f"    {ROLE.relative_to(ROOT)} has all rights that this command needs\n" in text
    assert text.endswith("2 unknown\n")


def test_the_roles_have_exactly_the_rights_that_are_asked_for() -> None:
    roles = yaml.safe_load_all(ROLE.read_text(encoding="utf-8"))
    rules = [rule for role in roles for rule in role["rules"]]
    given = {
        (verb, ".".join(filter(None, (resource, group))))
        for rule in rules
        for verb in rule["verbs"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    asked: set[tuple[str, str]] = set()
    for kind in RESOURCES:
        memory = well(LIST)
        cluster = Cluster(memory.ask)
        cluster.all(kind)
        asked |= memory.asked
    for kind in ("ConfigMap", "Deployment", "Secret"):
        memory = well(LIST)
        Cluster(memory.ask).one(kind, "egress", "x")
        asked |= memory.asked
    # kubectl gets a pod before it asks for its log, or for more
    asked |= {("create", "pods/exec"), ("get", "pods"), ("get", "pods/exec"), ("get", "pods/log")}
    asked -= {("list", "secrets")}
    assert given == asked
    for case in INVALID:  # and no case asks for more
        if case.cluster:
            text = case.lists[0].read_text(encoding="utf-8")
            memory = changed(well(text), changes_of(case.cluster.read_text(encoding="utf-8")))
            diagnosis(Examination(planned(text), Cluster(memory.ask), printed(text), NOW, 0))
            assert memory.asked <= given


def test_no_content_of_a_secret_is_ever_shown() -> None:
    chain, key = certificate("2027-02-01")
    secrets = {"tls.crt": chain, "tls.key": "hush-hush-key", "ca.crt": f"hush-hush {chain}"}
    found = examine(LIST, {"certificates": {"egress/partner-bank": secrets}})
    shown = "".join(show(found) for show in formats.FORMATS.values())
    assert {one.code.name for one in found.problems} == {"EG450", "EG451"}
    for content in ("hush", chain.splitlines()[1], key.splitlines()[1]):
        assert content not in shown


@pytest.mark.parametrize("value", ["hush-hush", "hush", "\ud800hush", "hüsh", ["hush"], {"hush": 1}, 7, None, True])
def test_no_content_of_a_strange_form_is_shown(value: Any) -> None:
    secret = {"kind": "Secret", "metadata": {"name": "partner-bank", "namespace": "egress"}, "data": {"tls.crt": value}}
    found = examine(LIST, {"objects": [secret]})
    shown = "".join(show(found) for show in formats.FORMATS.values())
    assert "hush" not in shown
    assert "hüsh" not in shown
    assert found.problems or found.unknown


def test_no_content_is_shown_that_an_error_carries() -> None:
    def look(_: Examination, subject: str) -> Any:
        yield subject.encode("ascii")

    examination = Examination(planned(LIST), Cluster(well(LIST).ask), printed(LIST), NOW, 0)
    found = diagnosis(examination, [Check("secrets", "Secrets hold", lambda _: ["hush-hüsh"], look)])
    assert [one.check for one in found.unknown] == ["secrets"]
    assert "hush" not in formats.text(found)


def test_what_kubernetes_says_is_shown_without_passwords() -> None:
    waiting = {"reason": "ErrImagePull", "message": "cannot pull https://user:hush@registry.example.com/x"}
    status = {"containerStatuses": [{"name": "istio-proxy", "image": "x", "state": {"waiting": waiting}}]}
    pod = {"kind": "Pod", "metadata": {"name": "api-stripe-com-1", "namespace": "egress"}, "status": status}
    pod["spec"] = {"containers": [{"name": "istio-proxy", "image": "x"}]}
    (problem,) = examine(LIST, {"objects": [pod]}).problems
    assert "registry.example.com" in problem.message
    assert "hush" not in problem.message


def test_no_content_is_shown_that_is_no_json() -> None:
    memory = well(LIST)

    def ask(arguments: Sequence[str]) -> str:
        return "tls.key: hush" if arguments[1].startswith("secrets") else memory.ask(arguments)

    found = diagnosis(Examination(planned(LIST), Cluster(ask), printed(LIST), NOW, 0))
    assert [one.check for one in found.unknown] == ["secrets"]
    assert "hush" not in formats.text(found)


def test_the_labels_of_the_chart_make_nothing_ours() -> None:
    labels = {"app.kubernetes.io/name": "egress-gateways", "app.kubernetes.io/instance": "egress"}
    metadata = {"name": "mine", "namespace": "shop", "labels": labels}
    taking = {"kind": "VirtualService", "metadata": metadata, "spec": {"hosts": ["api.stripe.com"]}}
    assert codes({"objects": [taking]}) == ["EG462", "EG468"]


@pytest.mark.parametrize(("annotations", "told"), [({}, ["EG468"]), ({"meta.helm.sh/release-namespace": "shop"}, [])])
def test_a_release_of_the_same_name_in_another_namespace_is_another(
    annotations: dict[str, str], told: list[str]
) -> None:
    labels = {"app.kubernetes.io/name": "egress-gateways", "app.kubernetes.io/instance": "egress"}
    metadata = {"name": "theirs", "namespace": "shop", "labels": labels, "annotations": annotations}
    assert codes({"objects": [{"kind": "Service", "metadata": metadata, "spec": {}}]}) == told


def test_a_denied_caller_may_not_call_though_it_is_a_client() -> None:
    text = (
        "version: 1\ndeny: [{namespace: shop, serviceAccount: web}]\nhosts: [{host: a.example.com, clients: [shop]}]\n"
    )
    found = examine(text, {}, Caller("shop", "web"))
    assert [(one.code.name, one.about) for one in found.problems] == [("EG460", "Pod shop/web-1")]
    assert examine(text, {}, Caller("shop", "cart")).problems == ()


def test_nothing_of_a_cluster_steers_a_terminal() -> None:
    evil = "a\x1b[2Jb\u202ec\n::error::d ##[e]`f`"
    waiting = {"reason": "ImagePullBackOff", "message": evil}
    status = {"containerStatuses": [{"name": "istio-proxy", "image": evil, "state": {"waiting": waiting}}]}
    pod = {"kind": "Pod", "metadata": {"name": "api-stripe-com-1", "namespace": "egress"}, "status": status}
    found = examine(LIST, {"objects": [pod | {"spec": {"containers": [{"name": "istio-proxy", "image": evil}]}}]})
    assert [one.code.name for one in found.problems] == ["EG454"]
    for name in ("text", "json"):
        assert harmless(formats.FORMATS[name](found))


def test_an_object_of_a_strange_form_stops_no_other_check() -> None:
    strange = {"kind": "VirtualService", "metadata": {"name": "x", "namespace": "shop"}, "spec": {"hosts": 7}}
    found = examine(LIST, {"objects": [strange], "absent": ["Secret egress/partner-bank"]})
    assert [one.code.name for one in found.problems] == ["EG449"]
    assert [one.check for one in found.unknown] == ["names"]


def test_without_helm_drift_is_unknown() -> None:
    found = examine(LIST, {"withoutHelm": True})
    assert found.problems == ()
    assert [(one.check, one.why) for one in found.unknown] == [("drift", "no Helm is on PATH")]


def test_a_caller_that_may_call_is_told_what() -> None:
    text = (
        "version: 1\nhosts:\n- {host: api.example.com, clients: [{namespace: shop, methods: [GET], paths: [/v1/*]}]}\n"
    )
    found = examine(text, {}, Caller("shop", "cart", "api.example.com"))
    assert found.problems == ()
    assert found.well[-1] == "Pod shop/cart-1 may call api.example.com: all ports, only GET, only the paths /v1/*"


def test_a_pool_that_was_full_is_a_warning() -> None:
    name = "outbound|80||api.stripe.com"
    stats = f"cluster.{name};.upstream_cx_overflow: 7"
    clusters = json.dumps({"cluster_statuses": [upstream(name)]})
    found = examine(LIST, {"envoys": {"api-stripe-com-1": [{"clusters": clusters, "stats": stats}]}})
    assert [(one.code.name, one.level) for one in found.problems] == [("EG459", "warning")]


def test_json_has_every_problem_with_its_object_and_hosts() -> None:
    found = examine(LIST, {"absent": ["Namespace egress"], "forbidden": ["secrets"]})
    said = json.loads(formats.as_json(found))
    assert said["version"] == 1
    first = said["problems"][0]
    assert first["object"] == "Namespace egress"
    assert first["hosts"] == ["api.stripe.com", "partner.bank.example"]
    assert (first["file"], first["line"], first["level"], first["code"]) == ("hosts.yaml", 4, "error", "EG445")
    assert said["unknown"][0]["check"] == "secrets"
    assert "istiod runs" in said["well"]


@pytest.mark.parametrize(
    ("selector", "labels", "expected"),
    [
        (None, {}, True),
        ({"matchLabels": {"a": "b"}}, {"a": "b", "c": "d"}, True),
        ({"matchLabels": {"a": "b"}}, {"a": "c"}, False),
        ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["b"]}]}, {}, True),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]}, {}, False),
        ({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, {"a": ""}, True),
        ({"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}, {"a": ""}, False),
        ({"matchExpressions": [{"key": "a", "operator": "Gt", "values": ["1"]}]}, {"a": "2"}, False),
    ],
)
def test_selectors(selector: Any, labels: dict[str, str], expected: bool) -> None:
    assert fits(selector, labels) == expected


def test_certificates() -> None:
    chain, key = certificate("2049-05-06")
    late, _ = certificate("2051-01-02")  # its year has four digits
    _, other = certificate("2049-05-06", "another")
    assert certificates.ends((chain + late).encode()) == [
        datetime(2049, 5, 6, tzinfo=UTC),
        datetime(2051, 1, 2, tzinfo=UTC),
    ]
    assert certificates.belongs(key.encode(), chain.encode())
    assert certificates.belongs(other.encode(), chain.encode()) is False
    assert certificates.belongs(b"nothing", chain.encode()) is False
    for broken in (b"", b"nothing", chain.encode()[:200] + b"\n-----END CERTIFICATE-----"):
        with pytest.raises(CertificateError):
            certificates.ends(broken)


def saved(folder: Path, **answers: str) -> str:
    program = folder / "kubectl"
    program.write_text(KUBECTL.format(python=sys.executable))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (folder / "answers.json").write_text(json.dumps(answers))
    return str(program)


def recorded(memory: Memory, text: str = LIST, caller: Caller | None = None) -> dict[str, str]:
    """All that a cluster answers to the doctor about a list."""
    answers: dict[str, str] = {}

    def ask(arguments: Sequence[str]) -> str:
        return answers.setdefault(" ".join(arguments), memory.ask(arguments))

    reach(ask)
    diagnosis(Examination(planned(text), Cluster(ask), printed(text), NOW, 0, caller))
    return answers


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "hosts.yaml").write_text(LIST)
    (tmp_path / "helm").symlink_to(tool("helm4"))
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_asks_kubectl_and_changes_nothing(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    saved(folder, **recorded(well(LIST)))
    assert main(["doctor", "hosts.yaml", "--context=here", "--wait=0"]) == 0
    assert capfd.readouterr().out.endswith("\nnothing is wrong\n")
    for line in (folder / "asked").read_text().splitlines():
        context, verb, *rest = json.loads(line)
        assert context == "--context=here"
        assert verb == "get" or (verb == "exec" and rest[-4:-1] == ["pilot-agent", "request", "GET"])


def test_exit_codes(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    memory = well(LIST)
    del memory.objects["Secret", "egress", "partner-bank"]
    saved(folder, **recorded(memory))
    assert main(["doctor", "hosts.yaml", "--json"]) == 1
    assert json.loads(capfd.readouterr().out)["problems"][0]["code"] == "EG449"
    saved(folder, error="The connection to the server was refused - did you specify the right host or port?")
    assert main(["doctor", "hosts.yaml"]) == 4
    out, errors = capfd.readouterr()
    assert out == ""
    assert errors.startswith("egressc: the cluster does not answer: The connection to the server was refused")
    assert main(["doctor", "hosts.yaml", "--kubectl=no-such-program"]) == 4
    assert "no-such-program cannot be run" in capfd.readouterr().err
    (folder / "bad.yaml").write_text("version: 1\nhosts: [7]\n")
    assert main(["doctor", "bad.yaml"]) == 1
    assert main(["doctor", "hosts.yaml", "--from=shop/cart", "--host=other.example.com"]) == 2


@pytest.mark.parametrize(
    ("asked", "reached"),
    [
        ("a.deep.example.com", "*.deep.example.com"),
        ("A.Deep.Example.Com.", "*.deep.example.com"),
        ("b.example.com", "*.example.com"),
    ],
)
def test_a_call_is_judged_at_the_host_that_it_reaches(
    folder: Path, capfd: pytest.CaptureFixture[str], asked: str, reached: str
) -> None:
    text = "version: 1\ndefaults: {clients: [shop]}\nhosts: ['*.example.com', '*.deep.example.com']\n"
    (folder / "hosts.yaml").write_text(text)
    saved(folder, **recorded(well(text), text, Caller("shop", "cart")))
    assert main(["doctor", "hosts.yaml", "--wait=0", "--from=shop/cart", f"--host={asked}"]) == 0
    said = capfd.readouterr().out
    assert f"may call {reached}:" in said
    assert said.count(" may call ") == 1


FORBIDDEN = (
    'Error from server (Forbidden): secrets "x" is forbidden: User "u" cannot get resource "secrets" in API group "" '
    'in the namespace "egress"'
)


@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (FORBIDDEN, ForbiddenError, "the right to get secrets in the namespace egress is missing"),
        (
            'sidecars is forbidden: User "u" cannot list resource "sidecars" in API group "networking.istio.io" at the '
            "cluster scope",
            ForbiddenError,
            "the right to list sidecars.networking.istio.io in the whole cluster is missing",
        ),
        ('Error from server (NotFound): pods "x" not found', AbsentError, "pods"),
        ('error: the server doesn\'t have a resource type "sidecars"', AbsentError, "sidecars"),
        ("Unable to connect: Get https://me:hush@cluster.example.com/api", UnansweredError, "https://…@cluster"),
        ("", UnansweredError, "without a word"),
    ],
)
def test_what_kubectl_says(folder: Path, said: str, kind: type[Exception], words: str) -> None:
    program = saved(folder, error=said)
    with pytest.raises(kind, match=words):
        kubectl(program, [])(["get", "pods"])
    with pytest.raises(UnreachableError):
        reach(kubectl(program, []))


@pytest.mark.usefixtures("folder")
def test_explain_prints_the_commands_with_the_names_of_a_host(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "hosts.yaml", "--host", "partner.bank.example", "--commands"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert "kubectl describe secret partner-bank --namespace egress" in lines
    assert "kubectl get pods --namespace egress --selector egressc.io/gateway=partner-bank-example" in lines
    assert all(line.startswith(("# ", "kubectl ")) for line in lines if line)
    with pytest.raises(SystemExit, match="2"):
        main(["explain", "hosts.yaml", "--commands"])
