"""What `make release` makes is whole, of one version, and enough: people install it with no clone around."""

import email.parser
import hashlib
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

import pytest
import yaml
from typing_extensions import override

from docs import version
from egressc import __version__, emit
from egressc.assets import chart_path, schema_path
from tests import release
from tests.chart import Helm, compiled, parsed
from tests.release import KEY, ROOT, Registry
from tests.tools import search_path, tool

UMBRELLA = ROOT / "examples" / "umbrella"
CHART_ARCHIVE = f"egress-gateways-{__version__}.tgz"


class Released(NamedTuple):
    """A repository, what its `make release` has made, and a keyring to check it with."""

    repository: Path
    files: Path
    public: Path


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Released:
    folder = tmp_path_factory.mktemp("released")
    home = release.keyring(folder / "gnupg")
    repository = release.commit(folder / "repository")
    made = release.make(repository, "release", f"VERSION={__version__}", f"KEY={KEY}", GNUPGHOME=str(home))
    assert (made.returncode, made.stderr) == (0, ""), made.stdout + made.stderr
    return Released(repository, repository / "build" / "release", folder / "public.gpg")


@pytest.fixture(scope="module")
def registry(released: Released, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry in which the release is, and has been put by the documented command."""
    folder = tmp_path_factory.mktemp("registry")
    with release.registry(folder) as running, index() as (url, uploaded):
        places = {"UV_PUBLISH_URL": url, "UV_PUBLISH_TOKEN": "a-token", "PATH": search_path("helm4")}
        made = release.make(
            released.repository,
            "publish",
            f"REGISTRY=oci://{running.address}/charts",
            **running.environment,
            **places,
        )
        assert made.returncode == 0, made.stdout + made.stderr
        assert uploaded == {path.name: path.read_bytes() for path in released.files.glob("egressc-*[lz]")}
        yield running


@contextmanager
def index() -> Iterator[tuple[str, dict[str, bytes]]]:
    """An index of Python packages that takes what is uploaded: its address, and the files by name."""
    files: dict[str, bytes] = {}

    class Upload(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = self.headers["Content-Length"]
            body = self.rfile.read(int(length)) if length else b"".join(self.chunks())
            head = f"Content-Type: {self.headers['Content-Type']}\n\n".encode()
            for part in email.parser.BytesParser().parsebytes(head + body).walk():
                if name := part.get_filename():
                    files[name] = cast("bytes", part.get_payload(decode=True))
            self.send_response(200)
            self.end_headers()

        def chunks(self) -> Iterator[bytes]:
            while size := int(self.rfile.readline(), 16):
                yield self.rfile.read(size)
                self.rfile.readline()

        @override
        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upload) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/", files
        server.shutdown()


# ---- what it makes


def test_everything_is_of_one_version(released: Released, helm4: Helm) -> None:
    names = {path.relative_to(released.files).as_posix() for path in released.files.rglob("*") if path.is_file()}
    assert {name for name in names if "/blobs/" not in name} == {
        f"egressc-{__version__}-py3-none-any.whl",
        f"egressc-{__version__}.tar.gz",
        f"egressc-{__version__}.cdx.json",
        CHART_ARCHIVE,
        f"{CHART_ARCHIVE}.prov",
        f"egress-gateways-{__version__}.oci/index.json",
        f"egress-gateways-{__version__}.oci/oci-layout",
        "egressc.io/icon.svg",
        "egressc.io/release.asc",
        "egressc.io/schemas/hosts.schema.json",
        "egressc.io/schemas/values.schema.json",
        "SHA256SUMS",
        "SHA256SUMS.asc",
    }
    (wheel,), (sdist,) = released.files.glob("*.whl"), released.files.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        said = [archive.read(f"egressc-{__version__}.dist-info/METADATA").decode()]
        inside = yaml.safe_load(archive.read("egressc/data/charts/egress-gateways/Chart.yaml"))
    with tarfile.open(sdist) as tar:
        said.append(tar.extractfile(f"egressc-{__version__}/PKG-INFO").read().decode())  # type: ignore[union-attr]
    assert all(f"\nVersion: {__version__}\n" in text for text in said)
    shown = [str(helm4.path), "show", "chart", str(released.files / CHART_ARCHIVE)]
    chart = yaml.safe_load(subprocess.run(shown, capture_output=True, check=True).stdout)
    for metadata in (chart, inside):
        assert (metadata["version"], metadata["appVersion"]) == (__version__, __version__)


def test_schemas_stand_under_their_id(released: Released) -> None:
    for schema in (schema_path(), chart_path() / "values.schema.json"):
        place = urlsplit(json.loads(schema.read_text())["$id"])
        assert (released.files / place.netloc / place.path[1:]).read_bytes() == schema.read_bytes()
    icon = urlsplit(yaml.safe_load((chart_path() / "Chart.yaml").read_text())["icon"])
    assert (released.files / icon.netloc / icon.path[1:]).is_file()


def test_the_bill_has_what_pip_installs(released: Released) -> None:
    bill = json.loads((released.files / f"egressc-{__version__}.cdx.json").read_text())
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "egressc")
    assert bill["metadata"]["component"]["version"] == __version__
    pinned = dict(re.findall(r"^([^#=]+)==(.+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    names = {one["name"]: one["version"] for one in bill["components"]}
    assert {name.lower() for name in names} >= {
        "idna",
        "jsonschema",
        "publicsuffixlist",
        "pyyaml",
        "referencing",
        "shtab",
    }
    assert names.items() <= pinned.items(), "what the tests have, and no tool of theirs"
    assert "pytest" not in names


def test_checksums_and_signatures(released: Released, tmp_path: Path) -> None:
    sums = (released.files / "SHA256SUMS").read_text()
    listed = {name: digest for digest, name in (line.split("  ") for line in sums.splitlines())}
    files = {path.relative_to(released.files).as_posix(): path for path in released.files.rglob("*") if path.is_file()}
    assert listed.keys() == files.keys() - {"SHA256SUMS", "SHA256SUMS.asc"}
    assert listed == {name: hashlib.sha256(files[name].read_bytes()).hexdigest() for name in listed}
    keyring = tmp_path / "release.gpg"
    public = released.files / "egressc.io" / "release.asc"
    subprocess.run(["gpg", "--dearmor", "--output", keyring, public], check=True)
    ask = ["gpgv", "--keyring", str(keyring), "SHA256SUMS.asc", "SHA256SUMS"]
    assert subprocess.run(ask, cwd=released.files, capture_output=True, check=False).returncode == 0


def test_helm_verifies_the_chart(released: Released, helm: Helm, tmp_path: Path) -> None:
    def verify(archive: Path) -> subprocess.CompletedProcess[str]:
        command: list[str | Path] = [helm.path, "verify", "--keyring", released.public, archive]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    said = verify(released.files / CHART_ARCHIVE)
    assert said.returncode == 0, said.stderr
    assert KEY in said.stdout
    other = Path(shutil.copy(released.files / CHART_ARCHIVE, tmp_path))
    shutil.copy(released.files / f"{CHART_ARCHIVE}.prov", tmp_path)
    other.write_bytes(other.read_bytes() + b"\0")
    assert verify(other).returncode != 0


def test_the_same_commit_gives_the_same_bytes(released: Released, tmp_path: Path) -> None:
    again = tmp_path / "again"
    release.git(tmp_path, "clone", "--quiet", str(released.repository), str(again))
    (again / ".venv").symlink_to(Path(sys.executable).parents[1])
    (again / ".git" / "info" / "exclude").write_text(".venv\n")
    made = release.make(again, "release", f"VERSION={__version__}", PYTHONHASHSEED="1", TZ="Asia/Tokyo")
    assert made.returncode == 0, made.stdout + made.stderr
    assert "nobody has signed it" in made.stderr
    unsigned, signed = (
        {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        for folder in (again / "build" / "release", released.files)
    )
    of_signatures = {name for name in unsigned if name == "SHA256SUMS" or ".oci/" in name}
    assert not [name for name in unsigned if name.endswith((".prov", ".asc"))]
    assert {name for name, content in unsigned.items() if signed.get(name) != content} <= of_signatures
    layer = f"blobs/sha256/{hashlib.sha256(signed[CHART_ARCHIVE]).hexdigest()}"
    assert f"egress-gateways-{__version__}.oci/{layer}" in unsigned


# ---- what it refuses


def change(repository: Path, name: str, before: str, after: str) -> None:
    path = repository / name
    path.write_text(path.read_text().replace(before, after))


@pytest.mark.parametrize(
    ("given", "changed", "said"),
    [
        ("", None, "no release: `` is no version: write three numbers, such as `make release VERSION=1.2.3`"),
        (f"v{__version__}", None, f"`v{__version__}` is no version: write three numbers"),
        (f"{__version__}rc1", None, f"`{__version__}rc1` is no version"),
        ("9.9.9", None, f"compiler/egressc/__init__.py says {__version__}, not 9.9.9: write it there, run"),
        (__version__, ("README.md", "egressc", "egress"), "README.md is not as in the commit: commit it, or remove"),
        (
            __version__,
            ("CHANGELOG.md", f"## {__version__} - ", "## "),
            f"CHANGELOG.md has no section `## {__version__} - <date>`: write what changed and commit",
        ),
        (
            __version__,
            ("charts/egress-gateways/Chart.yaml", f'appVersion: "{__version__}"', 'appVersion: "7.7.7"'),
            "charts/egress-gateways/Chart.yaml says another version: run `python -m docs.version` and commit",
        ),
    ],
)
def test_refused(
    released: Released, tmp_path: Path, given: str, changed: tuple[str, str, str] | None, said: str
) -> None:
    clone = tmp_path / "clone"
    release.git(tmp_path, "clone", "--quiet", "--shared", str(released.repository), str(clone))
    (clone / ".git" / "info" / "exclude").write_text(".venv\n")
    (clone / ".venv").symlink_to(Path(sys.executable).parents[1])
    (clone / "build" / "release").mkdir(parents=True)
    (clone / "build" / "release" / "before").write_text("")
    if changed:
        change(clone, *changed)
        if changed[0] != "README.md":
            release.record(clone)
    made = release.make(clone, "release", f"VERSION={given}")
    assert made.returncode != 0
    assert said in made.stderr
    assert "Traceback" not in made.stderr
    assert [path.name for path in (clone / "build").rglob("*")] == ["release", "before"]


def test_a_key_that_gpg_does_not_have(released: Released, tmp_path: Path) -> None:
    (tmp_path / "gnupg").mkdir(mode=0o700)
    before = (released.files / "SHA256SUMS").read_bytes()
    named = (f"VERSION={__version__}", "KEY=stranger@example.com")
    made = release.make(released.repository, "release", *named, GNUPGHOME=str(tmp_path / "gnupg"))
    assert made.returncode != 0
    assert "no release: gpg has no secret key stranger@example.com" in made.stderr
    assert (released.files / "SHA256SUMS").read_bytes() == before
    assert {path.name for path in (released.repository / "build").iterdir()} == {"release"}


def test_a_file_that_changed_is_not_published(released: Released, tmp_path: Path) -> None:
    other = tmp_path / "build" / "release"
    shutil.copytree(released.files, other)
    (other / "egressc.io" / "icon.svg").write_text("another")
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / ".venv").symlink_to(Path(sys.executable).parents[1])
    done = release.make(tmp_path, "publish", "REGISTRY=oci://localhost:1/charts", UV_PUBLISH_URL="http://localhost:1/")
    assert done.returncode != 0
    assert "icon.svg: FAILED" in done.stdout
    assert "push" not in done.stderr


# ---- people who have nothing else


def first_screen() -> list[tuple[str, str]]:
    """The README's blocks up to the first that is installed, with their languages."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    last = next(number for number, (_, block) in enumerate(shown) if "helm install" in block)
    return shown[: last + 1]


@pytest.mark.parametrize("name", ["helm3", "helm4"])
def test_the_first_screen_from_an_empty_home(name: str, released: Released, registry: Registry, tmp_path: Path) -> None:
    home, work = tmp_path / "home", tmp_path / "work"
    programs = home / ".local" / "bin"
    for folder in (programs, work):
        folder.mkdir(parents=True)
    # where no cluster is, `helm install` prints what it would install
    helm = programs / "helm"
    helm.write_text(f'#!/bin/sh\n[ "$1" = install ] && shift && set -- template "$@"\nexec {tool(name)} "$@"\n')
    helm.chmod(0o755)
    (programs / "uv").symlink_to(Path(sys.executable).with_name("uv"))
    (programs / "python3").symlink_to(Path(sys.executable).resolve())
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | {
        "HOME": str(home),
        "PATH": f"{programs}:/usr/bin:/bin",
        "UV_FIND_LINKS": str(released.files),
        "UV_CACHE_DIR": str(Path.home() / ".cache" / "uv"),
        "UV_PYTHON_DOWNLOADS": "never",
    }
    said = ""
    for language, text in first_screen():
        if language == "yaml":
            file = re.match(r"# (\S+)\n", text)
            assert file
            (work / file[1]).write_text(text)
            continue
        # both lead to this release: here the one to its folder, there the other to its registry
        command = text.replace("egressc.io", registry.address)
        trusted = registry.environment if "oci://" in command else {}
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=work, env=environment | trusted, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        said = ran.stdout
    printed = {(one["kind"], one["metadata"]["name"]) for one in parsed(said)}
    assert {("Deployment", "api-stripe-com"), ("EnvoyFilter", "github-com.authorization")} <= printed
    egressc = str(programs / "egressc")
    for arguments, content in (
        (["--version"], f"egressc {__version__}\n"),
        (["schema", "hosts"], schema_path().read_text()),
        (["schema", "values"], (chart_path() / "values.schema.json").read_text()),
        (["chart", "-o", "chart"], ""),
    ):
        asked = subprocess.run([egressc, *arguments], cwd=work, env={}, capture_output=True, text=True, check=True)
        assert asked.stdout == content
    assert yaml.safe_load((work / "chart" / "Chart.yaml").read_text())["version"] == __version__


@pytest.mark.parametrize("place", ["charts", "layout"])
def test_helm_pulls_what_was_signed(
    place: str, released: Released, registry: Registry, helm: Helm, tmp_path: Path
) -> None:
    if place == "layout":
        layout = released.files / f"egress-gateways-{__version__}.oci"
        target = f"{registry.address}/layout/egress-gateways:{__version__}"
        pushed = registry.run(tool("crane"), "push", layout, target, folder=tmp_path)
        assert pushed.returncode == 0, pushed.stderr
    chart = f"oci://{registry.address}/{place}/egress-gateways"
    signed = ["--verify", "--keyring", str(released.public)]
    pulled = registry.run(helm.path, "pull", chart, "--version", __version__, *signed, folder=tmp_path)
    assert pulled.returncode == 0, pulled.stderr
    assert (tmp_path / CHART_ARCHIVE).read_bytes() == (released.files / CHART_ARCHIVE).read_bytes()


# ---- a chart of one's own


def test_the_umbrella_has_its_list_compiled() -> None:
    text = emit.dump({"egress-gateways": compiled(UMBRELLA / "hosts.yaml")})
    assert (UMBRELLA / "egress.yaml").read_text(encoding="utf-8") == text


@pytest.mark.usefixtures("released")
def test_an_umbrella(registry: Registry, helm: Helm, tmp_path: Path) -> None:
    shutil.copytree(UMBRELLA, tmp_path / "chart")
    change(tmp_path / "chart", "Chart.yaml", "egressc.io", registry.address)
    updated = registry.run(helm.path, "dependency", "update", "chart", folder=tmp_path)
    assert updated.returncode == 0, updated.stderr

    def printed(*options: str) -> list[dict[str, Any]]:
        command = ["template", "shop", "chart", "--namespace", "egress", "--values", "chart/egress.yaml", *options]
        done = registry.run(helm.path, *command, folder=tmp_path)
        assert done.returncode == 0, done.stderr
        return parsed(done.stdout)

    own = helm.render(compiled(UMBRELLA / "hosts.yaml"), {"autoscaling": {"minReplicas": 3}})
    below = {
        (one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]): one
        for one in printed("--set", "global.team.name=x")
        if "helm.sh/hook" not in one["metadata"].get("annotations", {})
    }
    assert below.keys() == own.keys()
    different = {key for key, one in below.items() if one.get("spec") != own[key].get("spec")}
    assert different == set()
    assert printed("--set", "egress-gateways.enabled=false") == []


# ---- the version, and who reads it


@pytest.mark.parametrize("name", version.PLACES)
def test_the_version_stands_once(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == version.current(name), "run `python -m docs.version`"


def test_renovate_finds_the_compiler_and_the_chart() -> None:
    config = json.loads((ROOT / "examples" / "ci" / "renovate.json").read_text())
    (manager,), (rule,) = config["customManagers"], config["packageRules"]
    patterns = [re.compile(one.replace("(?<", "(?P<")) for one in manager["matchStrings"]]
    files = [re.compile(one.strip("/")) for one in manager["managerFilePatterns"]]
    places = {
        ".github/workflows/egress.yaml": "github.yaml",
        ".gitlab-ci.yml": "gitlab.yaml",
        ".pre-commit-config.yaml": "pre-commit.yaml",
        "plugin/Dockerfile": "../argocd/plugin/Dockerfile",
    }
    for path, name in places.items():
        text = (ROOT / "examples" / "ci" / name).read_text()
        (found,) = (match.groupdict() for pattern in patterns for match in pattern.finditer(text))
        assert found == {"depName": "egressc", "currentValue": __version__}
        assert any(one.search(path) for one in files)
    (dependency,) = yaml.safe_load((UMBRELLA / "Chart.yaml").read_text())["dependencies"]
    # Renovate calls a chart of Argo CD's by its whole address
    source = yaml.safe_load((ROOT / "examples" / "argocd" / "registry.yaml").read_text())["spec"]["sources"][0]
    assert rule["matchDepNames"] == ["egressc", dependency["name"], f"{source['repoURL']}/{source['chart']}"]
    (pattern,) = config["argocd"]["managerFilePatterns"]
    assert re.search(pattern.strip("/"), "argocd/registry.yaml")


# ---- hooks and workflows


def test_pre_commit_takes_the_hooks_as_they_are(released: Released, tmp_path: Path) -> None:
    pre_commit = [sys.executable, "-m", "pre_commit"]
    example = str(ROOT / "examples" / "ci" / "pre-commit.yaml")
    subprocess.run([*pre_commit, "validate-config", example], check=True)
    hooks = {one["id"] for one in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    assert {one["id"] for one in yaml.safe_load(Path(example).read_text())["repos"][0]["hooks"]} <= hooks
    shutil.copy(UMBRELLA / "hosts.yaml", tmp_path)
    release.git(tmp_path, "init", "--quiet")
    release.git(tmp_path, "add", ".")
    own = {"PRE_COMMIT_HOME": str(tmp_path / "cache"), "GIT_CONFIG_GLOBAL": os.devnull, "PYTHONPATH": ""}
    command = [*pre_commit, "try-repo", str(released.repository), "--all-files"]
    ran = subprocess.run(command, cwd=tmp_path, env=os.environ | own, capture_output=True, text=True, check=False)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    results = re.findall(r"^(\w+) the list of egress hosts\.*(\w+)$", ran.stdout, re.MULTILINE)
    # it runs them by name: nothing is compiled yet, and then the commit fails once for what is written
    assert results == [("check", "Failed"), ("compile", "Failed")], ran.stdout
    assert "values.yaml:1:1: error drift: not what the list compiles to" in ran.stdout
    assert "values.yaml: written anew" in ran.stdout
    assert (tmp_path / "values.yaml").read_text() == emit.dump(compiled(UMBRELLA / "hosts.yaml"))


def workflow(name: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / name).read_text())
    return read


def test_the_public_workflow_makes_what_ci_makes() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    stages = re.findall(r"^stage \d+m make (.+)$", script, re.MULTILINE)
    stages += [f"e2e SHORT=1 {pair}" for pair in re.findall(r"'(ISTIO=[^']+)'", script)]
    job = workflow("ci.yml")["jobs"]["make"]
    assert job["strategy"]["matrix"]["target"] == stages
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert commands[1:] == ["make ${{ matrix.target }}", "make mesh-down", "git diff --exit-code docs/proof.md"]


def test_a_tag_publishes_by_the_documented_commands() -> None:
    page = (ROOT / "docs" / "release.md").read_text(encoding="utf-8")
    commands = [step.get("run", "") for step in workflow("release.yml")["jobs"]["publish"]["steps"]]
    made = [command for command in commands if command.startswith("make")]
    assert made == ['make release VERSION="${GITHUB_REF_NAME#v}" KEY=release@egressc.io', "make publish"]
    assert "make release VERSION=<version> KEY=release@egressc.io\nmake publish\n" in page
