"""What the documentation says is run: its lists compile, its commands run, its links lead somewhere.

Commands that need a cluster run against none: `helm install` and `upgrade` are Helm's own `template` with the same
arguments, `kubectl create` is a dry run, and any other command of kubectl and istioctl must get as far as asking for
the cluster.
"""

import json
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from egressc import emit
from egressc.compile import Compilation, compile_files
from tests import rbac
from tests.chart import Documents, Helm, parsed
from tests.conftest import Golden
from tests.tools import module_dir, tool

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LIST = ROOT / "values" / "hosts.yaml"
VALUES = ROOT / "values" / "values.yaml"
ENVIRONMENTS = ROOT / "examples" / "environments"
ARGO_CD = ROOT / "examples" / "argocd"
NOBODY = "http://127.0.0.1:9"  # the discard port: nothing listens

STAND_INS = {
    "egressc": """case $1 in
doctor|status) unreachable "$PYTHON" -m egressc "$@" --kubectl "$KUBECTL";;
*) exec "$PYTHON" -m egressc "$@";;
esac""",
    # what a release has is here as a folder
    "helm": """case $1 in
install|upgrade) shift; set -- template "$@";;
history|rollback|uninstall) unreachable "$HELM" "$@"; exit;;
esac
for argument; do shift; set -- "$@" "${argument/#oci:\\/\\/egressc.io/$ROOT}"; done; exec "$HELM" "$@\"""",
    "kubectl": """case $1 in create) exec "$KUBECTL" "$@" --dry-run=client;; kustomize) exec "$KUBECTL" "$@";; esac
unreachable "$KUBECTL" "$@\"""",
    "istioctl": 'unreachable "$ISTIOCTL" "$@"',
    # outside of a repository, files are what a commit has
    "git": 'if [ -d .git ] || [ "$1" = init ]; then exec "$GIT" "$@"; else [ "$1" = show ] && cat "${2#*:}"; fi',
    "make": 'exec "$MAKE" --dry-run --directory "$ROOT" "$@" >/dev/null',
    # that the package can be installed is tested with a release and the wheel; here, that this is where it is
    "uv": """case "$*" in
"tool install egressc=="*) ;;
"run --with pyyaml python "*) shift 4; exec "$PYTHON" "$@";;
*) exit 2;;
esac""",
    "pip": '[ "$1 $2" = "install ." ] && grep -q \'^name = "egressc"\' "$ROOT/pyproject.toml"',
}
PROLOGUE = """\
#!/usr/bin/env bash
set -euo pipefail
# succeeds where a program has understood its arguments and found no cluster
unreachable() {
  local said
  said=$("$@" 2>&1) || case $said in *"connection refused"*|*"was refused"*) return 0;; esac
  printf '%s\\n' "$said" >&2
  return 1
}
"""


class Block(NamedTuple):
    """A fenced block of a page."""

    page: Path
    language: str
    text: str


Shell = Callable[[str], subprocess.CompletedProcess[str]]


def blocks(page: Path) -> list[Block]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [Block(page, language, text) for language, text in found]


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the front of PATH: what the documentation calls, as far as it can be without a cluster."""
    folder = tmp_path_factory.mktemp("bin")
    for name, body in STAND_INS.items():
        program = folder / name
        program.write_text(f"{PROLOGUE}{body}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return folder


@pytest.fixture
def shell(tmp_path: Path, programs: Path) -> Shell:
    """Runs a text with bash in a folder that looks like a clone of the repository."""
    for name in ("charts", "examples", "schemas"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "values").mkdir()
    for file in (LIST, VALUES):
        shutil.copy(file, tmp_path / "values")
    for name in ("tls.crt", "tls.key", "ca.crt"):
        (tmp_path / name).write_text("PEM\n")
    kubeconfig = tmp_path / ".kubeconfig"
    cluster = {"name": "none", "cluster": {"server": NOBODY}}
    context = {"name": "none", "context": {"cluster": "none"}}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [cluster],
        "contexts": [context],
        "current-context": "none",
    }
    kubeconfig.write_text(yaml.safe_dump(config))
    environment = os.environ | {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT / "compiler"), os.environ.get("PYTHONPATH")])),
        "ROOT": str(ROOT),
        "PYTHON": sys.executable,
        "GIT": shutil.which("git") or "git",
        "MAKE": shutil.which("make") or "make",
        "HELM": str(tool("helm4")),
        "KUBECTL": str(tool("kubectl")),
        "ISTIOCTL": str(tool("istioctl")),
        "KUBECONFIG": str(kubeconfig),
    }

    def run(text: str) -> subprocess.CompletedProcess[str]:
        command = ["bash", "-euo", "pipefail", "-c", text]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    return run


def errors(compilation: Compilation) -> list[str]:
    """What is found; two ways to a host with a client certificate are shown though one of them is without it."""
    return [f"{finding.code}: {finding.message}" for finding in compilation.findings if finding.code != "EG228"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_shows_works(page: Path, shell: Shell, tmp_path: Path, golden: Golden) -> None:
    text = page.read_text(encoding="utf-8")
    for block in blocks(page):
        match block.language:
            case "yaml":
                follow_yaml(block, tmp_path)
            case "sh":
                ran = shell(block.text)
                assert ran.returncode == 0, f"{block.text}\n{ran.stderr}"
            case "console":
                text = text.replace(block.text, follow_console(block, shell))
            case language:
                assert language in ("", "mermaid"), f"a block of {language!r} is not tested"
    golden(page, text)


def follow_yaml(block: Block, folder: Path) -> None:
    """Writes a file that is named; a list, or hosts of one, must compile unless it has mistakes or is an overlay."""
    data = yaml.safe_load(block.text)
    named = re.match(r"# (\S+\.yaml)\n", block.text)
    path = folder / (named[1] if named else "block.yaml")
    path.write_text(block.text)
    if isinstance(data, list):
        path.write_text(yaml.safe_dump({"version": 1, "defaults": {"clients": ["shop"]}, "hosts": data}))
    elif "hosts" not in data:
        return  # a part, whose form another test compares with the schema
    if named and named[1] in ("mistakes.yaml", "overlay.yaml"):
        return
    assert errors(compile_files([str(path)])) == []


def follow_console(block: Block, shell: Shell) -> str:
    """The block as it is right: below each `$ command` what it says."""
    commands = re.findall(r"^\$ (.*)\n", block.text, re.MULTILINE)
    ran = [(command, shell(command)) for command in commands]
    return "".join(f"$ {command}\n{done.stdout}{done.stderr}" for command, done in ran)


def test_blocks_without_a_cluster_can_fail(shell: Shell) -> None:
    for wrong in (
        "kubectl get pods --namspace egress",
        "kubectl create secret generic x --from-file=missing.crt",
        "helm install egress charts/egress-gateways --vales values/values.yaml",
        "istioctl proxy-config secrets-of --namespace egress deploy/x",
        "make demi",
        "egressc compile",
        "pip install somewhere",
    ):
        assert shell(wrong).returncode != 0, wrong


@pytest.mark.parametrize("page", [*PAGES, *ROOT.glob("charts/*/*.md")], ids=lambda page: str(page.relative_to(ROOT)))
def test_options_that_a_page_names_exist(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for span in re.findall(r"`((?:egressc|helm|kubectl)\s[^`]+)`", text):
        for part in span.split(" | "):
            program, *words = part.split()
            if program in PROGRAMS:
                command = tuple(takewhile(lambda word: not word.startswith("-"), words))
                for option in (word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)):
                    assert option in _options(program, command), f"`{span}`: there is no {option}"


PROGRAMS: dict[str, Callable[[], list[str]]] = {
    "egressc": lambda: [sys.executable, "-m", "egressc"],
    "helm": lambda: [str(tool("helm4"))],
    "kubectl": lambda: [str(tool("kubectl"))],
}


@cache
def _options(program: str, command: tuple[str, ...]) -> set[str]:
    """The options that a program says a command has."""
    asked = [[*command, "--help"], ["options"]] if program == "kubectl" else [[*command, "--help"]]
    ran = [
        subprocess.run([*PROGRAMS[program](), *words], capture_output=True, text=True, check=False) for words in asked
    ]
    return {*re.findall(r"(?<![\w-])--?[a-z][\w-]*", "".join(done.stdout for done in ran))}


def test_the_readme_says_whether_there_is_a_release() -> None:
    unreleased = "unreleased" in (ROOT / "CHANGELOG.md").read_text().partition("\n## ")[2].partition("\n")[0]
    assert ("is not\nreleased yet" in (ROOT / "README.md").read_text()) == unreleased


def test_links_lead_somewhere() -> None:
    for page in [*PAGES, *ROOT.glob("charts/*/*.md")]:
        text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"https?:", target):
                continue
            path, _, anchor = target.partition("#")
            file = (page.parent / path).resolve() if path else page
            assert file.exists(), f"{page.name}: {target}"
            if anchor:
                assert anchor in set(anchors(file)), f"{page.name}: {target}"


def anchors(page: Path) -> Iterator[str]:
    """The anchors that GitHub gives a page's headings."""
    for heading in re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_versions_are_those_that_are_tested() -> None:
    table = dict(
        re.findall(r"^\| (\w[\w ]*) \| (.*) \|$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    )
    tested = {name: row.split(" | ")[0] for name, row in table.items()}
    expected = {name: row.split(" | ")[1] for name, row in table.items() if " | " in row}

    def pinned(folder: str) -> str:
        found = re.search(
            r"^require \S+ v\d+\.\d+", (ROOT / "tests" / "tools" / folder / "go.mod").read_text(), re.MULTILINE
        )
        assert found is not None
        return found[0].rpartition(" v")[2]

    assert pinned("helm3") in tested["Helm"]
    assert pinned("helm4") in tested["Helm"]
    assert pinned("kubernetes") == tested["Kubernetes"]
    chart = yaml.safe_load((ROOT / "charts" / "egress-gateways" / "Chart.yaml").read_text())
    assert f">={expected['Kubernetes'].split()[0]}.0-0" == chart["kubeVersion"]
    assert f'requires-python = ">={tested["Python"]}"' in (ROOT / "pyproject.toml").read_text()


def test_contributing_names_every_module() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for module in (ROOT / "compiler" / "egressc").glob("[!_]*"):
        assert f"`{module.name}" in text or f"/{module.name}" in text, module.name


# ---- the example list


@pytest.fixture(scope="module")
def example() -> Compilation:
    return compile_files([str(LIST)])


@pytest.fixture(scope="module")
def fleet(helm4: Helm) -> Documents:
    return helm4.render(VALUES)


def test_the_example_list_is_clean_and_compiled(example: Compilation) -> None:
    assert errors(example) == []
    assert example.plan is not None
    assert VALUES.read_text(encoding="utf-8") == emit.dump(emit.values(example.plan)), "compile values/hosts.yaml again"


def test_every_object_that_seeds_names_exists(fleet: Documents) -> None:
    text = (ROOT / "docs" / "seeds.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([A-Z]\w+) ([a-z0-9-]+)/([a-z0-9-]+)`", text))
    assert len(named) > 25
    assert named - fleet.keys() == set()


def server(fleet: Documents, namespace: str, name: str) -> dict[str, Any]:
    """The TLS settings of a gateway's first upstream port."""
    rule = fleet["DestinationRule", namespace, f"{name}.upstream"]["spec"]
    settings: dict[str, Any] = rule["trafficPolicy"]["portLevelSettings"][0]["tls"]
    return settings


SEEDS = {
    "external-service.apps.e5dd.opentlc.com": ("egress", "external--service-apps-e5dd-opentlc-com"),
    "edition.cnn.com": ("egress", "edition-cnn-com"),
    "test.com": ("egress-demo", "test-com"),
    "httpbin.org": ("httpbin", "httpbin-egress"),
    "some.external.api.com": ("egress", "some-external-api-com"),
    "another.provider.com": ("egress", "another-provider-com"),
}


@pytest.mark.parametrize("host", SEEDS)
def test_seeds_are_verified_by_name_and_show_one_port(fleet: Documents, host: str) -> None:
    namespace, name = SEEDS[host]
    tls = server(fleet, namespace, name)
    assert (tls["sni"], tls["subjectAltNames"]) == (host, [host])
    entry = fleet["ServiceEntry", namespace, name]["spec"]
    assert entry["hosts"] == [host]
    assert [(port["number"], port["targetPort"]) for port in entry["ports"]] == [(80, 443)]
    for gateway in fleet["Gateway", namespace, name]["spec"]["servers"]:
        assert gateway["tls"]["mode"] == "ISTIO_MUTUAL"


def test_seed_000_has_its_files(fleet: Documents) -> None:
    namespace, name = SEEDS["external-service.apps.e5dd.opentlc.com"]
    tls = server(fleet, namespace, name)
    assert tls["mode"] == "MUTUAL"
    assert tls["clientCertificate"] == "/etc/nginx-client-certs/tls.crt"
    assert tls["privateKey"] == "/etc/nginx-client-certs/tls.key"
    assert tls["caCertificates"] == "/etc/nginx-ca-certs/ca-chain.cert.pem"
    pod = fleet["Deployment", namespace, name]["spec"]["template"]["spec"]
    secrets = {volume["name"]: volume["secret"]["secretName"] for volume in pod["volumes"]}
    mounts = {secrets[mount["name"]]: mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}
    assert mounts == {"nginx-client-certs": "/etc/nginx-client-certs", "nginx-ca-certs": "/etc/nginx-ca-certs"}
    assert ("Role", namespace, name) not in fleet


def test_seed_002_has_its_address_secret_and_rule(fleet: Documents) -> None:
    namespace, name = SEEDS["test.com"]
    entry = fleet["ServiceEntry", namespace, name]["spec"]
    assert (entry["resolution"], entry["endpoints"]) == ("STATIC", [{"address": "203.0.113.20"}])
    tls = server(fleet, namespace, name)
    assert (tls["mode"], tls["credentialName"]) == ("MUTUAL", "test.client")
    assert ("Role", namespace, name) in fleet
    port = {"name": "http-80", "gatewayPort": 8080, "protocol": "HTTP"}
    sleep, other = ("spiffe://cluster.local/ns/default/sa/" + account for account in ("sleep", "other"))
    calls = ((sleep, "/get"), (sleep, "/headers"), (other, "/get"))
    asked = [rbac.decided(fleet, namespace, name, port, rbac.Call(caller, path=path)) for caller, path in calls]
    assert asked == [True, False, False]


def test_seed_003_is_ready_while_its_path_answers(fleet: Documents) -> None:
    patches = fleet["EnvoyFilter", *SEEDS["httpbin.org"]]["spec"]["configPatches"]
    merged = [patch["patch"]["value"] for patch in patches]
    (check,) = next(value["health_checks"] for value in merged if "health_checks" in value)
    assert check["http_health_check"]["path"] == "/status/200"
    assert check["http_health_check"]["expected_statuses"] == [{"start": 200, "end": 201}]
    assert (check["interval"], check["unhealthy_threshold"]) == ("2s", 30)


# ---- examples, hooks and CI


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_environments_are_one_list(helm4: Helm, environment: str) -> None:
    compilation = compile_files([str(ENVIRONMENTS / "hosts.yaml")], [str(ENVIRONMENTS / f"{environment}.yaml")])
    assert errors(compilation) == []
    assert compilation.plan is not None
    assert compilation.plan.mesh.trust_domain == f"{environment}.example.com"
    documents = helm4.render(emit.values(compilation.plan))
    deployments = {name for kind, _, name in documents if kind == "Deployment"}
    assert ("data--warehouse-example-net" in deployments) == (environment == "prod")


def test_the_application_finds_chart_and_values() -> None:
    (application,) = parsed((ARGO_CD / "application.yaml").read_text())
    source = application["spec"]["source"]
    assert (ROOT / source["path"] / "Chart.yaml").is_file()
    assert [(ROOT / source["path"] / file).resolve() for file in source["helm"]["valueFiles"]] == [VALUES]
    assert application["spec"]["destination"]["namespace"] == "egress"


@pytest.mark.parametrize("name", ["registry", "application-set"])
def test_applications_take_the_chart_that_is_published(name: str) -> None:
    (manifest,) = parsed((ARGO_CD / f"{name}.yaml").read_text())
    spec = manifest["spec"] if name == "registry" else manifest["spec"]["template"]["spec"]
    chart, values = spec["sources"]
    assert f"oci://{chart['repoURL']}/{chart['chart']}" in (ROOT / "docs" / "release.md").read_text()
    assert all(file.startswith(f"${values['ref']}/") for file in chart["helm"]["valueFiles"])


def test_argo_cd_accepts_the_examples() -> None:
    for name, kind in (
        ("application", "application"),
        ("registry", "application"),
        ("application-set", "applicationset"),
    ):
        (definition,) = parsed((module_dir("argocd") / "manifests" / "crds" / f"{kind}-crd.yaml").read_text())
        (manifest,) = parsed((ARGO_CD / f"{name}.yaml").read_text())
        schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        assert list(unknown(manifest["spec"], schema["properties"]["spec"])) == []


def unknown(data: Any, schema: dict[str, Any]) -> Iterator[str]:
    """The keys that a kind's schema does not have: the API server would drop them."""
    if isinstance(data, list):
        for one in data:
            yield from unknown(one, schema["items"])
    elif isinstance(data, dict) and "additionalProperties" not in schema and "properties" in schema:
        for key, value in data.items():
            if key in schema["properties"]:
                yield from unknown(value, schema["properties"][key])
            else:
                yield key


def test_the_plugin_is_a_sidecar_of_the_repo_server(tmp_path: Path) -> None:
    base = module_dir("argocd") / "manifests" / "base" / "repo-server" / "argocd-repo-server-deployment.yaml"
    shutil.copy(base, tmp_path)
    shutil.copytree(ARGO_CD / "plugin", tmp_path / "plugin")
    installation = {"namespace": "argocd", "resources": [base.name], "components": ["plugin"]}
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(installation))
    built = subprocess.run([tool("kubectl"), "kustomize", tmp_path], capture_output=True, text=True, check=True).stdout
    named = {document["kind"]: document for document in parsed(built)}
    pod = named["Deployment"]["spec"]["template"]["spec"]
    sidecar = next(one for one in pod["containers"] if one["name"] == "egressc")
    mounts = {mount["mountPath"]: mount["name"] for mount in sidecar["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    assert {*mounts.values()} <= volumes.keys()
    server = next(one for one in pod["containers"] if one["name"] == "argocd-repo-server")
    shared = {mount["name"] for mount in server["volumeMounts"]}
    assert mounts["/home/argocd/cmp-server/plugins"] in shared
    assert mounts["/tmp"] not in shared  # noqa: S108  in the container
    config = volumes[mounts["/home/argocd/cmp-server/config"]]["configMap"]["name"]
    assert config == named["ConfigMap"]["metadata"]["name"]
    assert named["ConfigMap"]["data"]["plugin.yaml"] == (ARGO_CD / "plugin" / "plugin.yaml").read_text()


def test_the_plugin_has_the_helm_that_is_tested() -> None:
    used = re.search(r"/helm-(v[\d.]+\d)-", (ARGO_CD / "plugin" / "Dockerfile").read_text())
    pinned = re.search(r"^require \S+ (\S+)", (ROOT / "tests" / "tools" / "helm4" / "go.mod").read_text(), re.MULTILINE)
    assert used
    assert pinned
    assert used[1] == pinned[1]


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_plugin_renders_a_list(shell: Shell, tmp_path: Path, environment: str) -> None:
    shutil.copytree(ENVIRONMENTS, tmp_path / "list")
    (tmp_path / "list" / "cluster.yaml").write_text("labels: {cluster: small}\n")
    with (tmp_path / "list" / "hosts.yaml").open("a") as file:
        file.write("companions: {admission: {}}\n")
    (plugin,) = parsed((ARGO_CD / "plugin" / "plugin.yaml").read_text())
    generate = plugin["spec"]["generate"]
    command = shlex.join([*generate["command"], *generate["args"]])
    helm = shlex.quote(str(tool("helm4").parent))
    named = f"ARGOCD_APP_NAMESPACE=web ARGOCD_ENV_OVERLAY={environment}.yaml ARGOCD_ENV_VALUES=cluster.yaml"
    ran = shell(f"cd list; env PATH={helm}:$PATH {named} {command}")
    assert ran.returncode == 0, ran.stderr
    assert f"spiffe://{environment}.example.com/" in ran.stdout
    documents = parsed(ran.stdout)
    assert {document["metadata"]["labels"]["cluster"] for document in documents} == {"small"}
    # objects of the whole cluster are told apart by the Application's namespace
    policies = {one["metadata"]["name"] for one in documents if one["kind"] == "ValidatingAdmissionPolicy"}
    assert policies == {f"egressc.web.egress.{what}" for what in ("gateways", "hosts", "services")}


def test_the_workflow_checks_the_list(shell: Shell) -> None:
    workflow = yaml.safe_load((ROOT / "examples" / "ci" / "github.yaml").read_text())
    commands = [step["run"] for step in workflow["jobs"]["compile"]["steps"] if "run" in step]
    (check,) = (command for command in commands if command.startswith("egressc"))
    assert shell(check).returncode == 0
    ran = shell(f"echo '- bad_host' >> values/hosts.yaml; {check}")
    assert ran.returncode == 1
    assert "::error file=values/hosts.yaml,line=" in ran.stderr


def test_the_pipelines_say_what_a_change_means(shell: Shell, tmp_path: Path) -> None:
    jobs = [yaml.safe_load((ROOT / "examples" / "ci" / name).read_text()) for name in ("github.yaml", "gitlab.yaml")]
    steps = [step.get("run", "") for step in jobs[0]["jobs"]["compile"]["steps"]]
    (summary,) = (step for step in steps if step.startswith("git show"))
    script = "\n".join(jobs[1]["egress hosts"]["script"])
    commit = "git init -q; git add values; git -c user.name=a -c user.email=a@example.com commit -qm a"
    base = "export BASE=HEAD CI_MERGE_REQUEST_DIFF_BASE_SHA=HEAD GITHUB_STEP_SUMMARY=summary.md"
    change = "echo '- {host: new.example.com, clients: [shop]}' >> values/hosts.yaml"
    ran = shell(f"{commit}; {base}; {change}; {summary}; {script}")
    assert ran.returncode == 1, ran.stderr
    assert "`shop` may call this new host" in (tmp_path / "summary.md").read_text()
    assert "shop may call this new host" in ran.stdout
    report = tmp_path / "gl-code-quality-report.json"
    *_, finding = json.loads(report.read_text())
    assert finding["check_name"] == "drift"
    assert finding["location"] == {"path": "values/values.yaml", "lines": {"begin": 1}}
    assert shell(f"{base}; egressc compile values/hosts.yaml -o values/values.yaml; {script}").returncode == 0
    # a list with mistakes cannot be compared, and its findings are there
    assert shell(f"{base}; echo '- bad_host' >> values/hosts.yaml; {script}").returncode == 1
    assert {one["location"]["path"] for one in json.loads(report.read_text())} == {"values/hosts.yaml"}


def test_hooks_compile_and_check(shell: Shell) -> None:
    hooks = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    assert all(hook["language"] == "python" and not hook["pass_filenames"] for hook in hooks.values())
    write, check = (
        f"cd values; {hooks[name]['entry']} {' '.join(hooks[name]['args'])}"
        for name in ("egressc-compile", "egressc-check")
    )
    assert shell(check).returncode == shell(write).returncode == 0
    assert shell(f"echo '- {{host: new.example.com, clients: [shop]}}' >> values/hosts.yaml; {check}").returncode == 1
    # pre-commit sees changes of files that it knows, so the hook itself fails for what it wrote anew
    assert shell(write).returncode == 3
    assert shell(f"{write} && cd .. && {check} && grep -q new-example-com values.yaml").returncode == 0
    assert shell(f"rm values/values.yaml; {write}").returncode == 3


def test_ci_runs_the_commands_of_the_readme(shell: Shell) -> None:
    stages = re.findall(r"^stage \d+m (.+)$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert stages == ["make demo", "make test", "make mutants", "make e2e"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for stage in stages:
        assert f"`{stage}`" in readme, stage
        assert shell(stage).returncode == 0, stage
