"""Argo CD: controller and repo-server as two processes beside the mesh, and the Git repositories that they sync."""

import json
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.mesh import packages, settings
from tests.mesh.commands import run
from tests.mesh.errors import MeshError
from tests.mesh.kubectl import apply, get, kubectl
from tests.mesh.processes import await_ready, start
from tests.mesh.waiting import wait_until
from tests.tools import module_dir, search_path, tool

NAMESPACE = "argocd"
FOLDER = settings.STATE / "argocd"
REDIS, REPO_SERVER, REPO_SERVER_METRICS, CONTROLLER_METRICS = 16379, 18081, 18084, 18082

#: By Debian package, a file that tells that it is there.
PACKAGES = {"git": "/usr/bin/git", "gpg": "/usr/bin/gpg", "redis-server": "/usr/bin/redis-server"}

_LABELS = {"app.kubernetes.io/part-of": "argocd"}
#: What the controller refuses to start without.
_CONFIG_MAPS = ("cm", "rbac-cm", "cmd-params-cm", "gpg-keys-cm", "ssh-known-hosts-cm", "tls-certs-cm")


def install() -> None:
    """Install Argo CD's kinds and start its parts; when this returns, it compares and syncs what Applications name."""
    if FOLDER.exists():
        return
    packages.install_missing(PACKAGES)
    FOLDER.mkdir()
    kinds = module_dir("argocd") / "manifests" / "crds"
    apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    for kind in ("application", "appproject", "applicationset"):
        kubectl("apply", "--server-side", f"--filename={kinds}/{kind}-crd.yaml")
    apply(*(_object("v1", "ConfigMap", f"argocd-{name}") for name in _CONFIG_MAPS))
    apply(
        {**_object("v1", "Secret", "argocd-secret"), "stringData": {"server.secretkey": secrets.token_hex(16)}},
        {
            **_object("argoproj.io/v1alpha1", "AppProject", "default"),
            "spec": {
                "sourceRepos": ["*"],
                "destinations": [{"namespace": "*", "server": "*"}],
                "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
            },
        },
    )
    _start_parts()


def _start_parts() -> None:
    # the controller reads its own objects in the namespace of its kubeconfig
    kubeconfig = json.loads(settings.KUBECONFIG.read_text())
    kubeconfig["contexts"][0]["context"]["namespace"] = NAMESPACE
    (FOLDER / "kubeconfig").write_text(json.dumps(kubeconfig))
    wrapper = Path(shutil.copy(module_dir("argocd") / "hack" / "git-verify-wrapper.sh", FOLDER))
    wrapper.chmod(0o755)
    environment = {
        "KUBECONFIG": str(FOLDER / "kubeconfig"),
        "ARGOCD_FAKE_IN_CLUSTER": "true",  # its own cluster is the one of KUBECONFIG
        "ARGOCD_GPG_ENABLED": "false",
        "PATH": f"{FOLDER}:{search_path('helm4')}",  # Argo CD 3.5 renders with Helm 4
        "TMPDIR": str(FOLDER),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
    }
    redis = f"127.0.0.1:{REDIS}"
    start("redis", "redis-server", f"--port {REDIS}", "--bind 127.0.0.1", '--save ""', f"--dir {FOLDER}")
    repo_server = start(
        "argocd-repo-server",
        tool("argocd"),
        f"--redis={redis}",
        "--address=127.0.0.1",
        f"--port={REPO_SERVER}",
        "--metrics-address=127.0.0.1",
        f"--metrics-port={REPO_SERVER_METRICS}",
        "--disable-tls",
        "--client-ca-path=",
        environment={**environment, "ARGOCD_BINARY_NAME": "argocd-repo-server"},
    )
    await_ready(repo_server, lambda: _listens(REPO_SERVER))
    start(
        "argocd-application-controller",
        tool("argocd"),
        f"--redis={redis}",
        f"--repo-server=127.0.0.1:{REPO_SERVER}",
        "--repo-server-plaintext",
        f"--metrics-port={CONTROLLER_METRICS}",
        f"--namespace={NAMESPACE}",
        environment={**environment, "ARGOCD_BINARY_NAME": "argocd-application-controller"},
    )


def _listens(port: int) -> bool:
    return f":{port} " in run("ss", "--listening", "--tcp", "--numeric", "--no-header")


@dataclass(frozen=True)
class Repository:
    """A Git repository in a folder of this machine, with a branch main."""

    folder: Path

    @property
    def url(self) -> str:
        """What an Application names it by."""
        return f"file://{self.folder}"

    def commit(self, files: Mapping[str, str | Path]) -> str:
        """Commit files, or copies of files and folders, by their path in the repository; returns the revision."""
        if not (self.folder / ".git").exists():
            run("git", "init", "--quiet", "--initial-branch=main", str(self.folder))
        for path, content in files.items():
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, str):
                target.write_text(content)
            elif content.is_dir():
                shutil.copytree(content, target, dirs_exist_ok=True)
            else:
                shutil.copy(content, target)
        git = ("git", "-C", str(self.folder), "-c", "user.name=test", "-c", "user.email=test@example.com")
        run(*git, "add", "--all")
        run(*git, "commit", "--quiet", "--message=test")
        return run(*git, "rev-parse", "HEAD").strip()


@dataclass(frozen=True)
class Application:
    """An Application that was applied."""

    name: str

    def status(self) -> dict[str, Any]:
        """What Argo CD says of it now; empty before its first comparison."""
        status: dict[str, Any] = get("application", "--namespace", NAMESPACE, self.name).get("status", {})
        return status

    def refresh(self, *, hard: bool = False) -> None:
        """Have it compared anew, when this returns; `hard` renders the chart anew as well."""
        mark = f"argocd.argoproj.io/refresh={'hard' if hard else 'normal'}"
        kubectl("annotate", "application", "--namespace", NAMESPACE, self.name, "--overwrite", mark)

        def done() -> bool:
            annotations = get("application", "--namespace", NAMESPACE, self.name)["metadata"].get("annotations", {})
            return "argocd.argoproj.io/refresh" not in annotations

        wait_until(done, f"Argo CD has compared {self.name}", seconds=60)

    def await_synced(self, revision: str, *, health: str = "Healthy", seconds: float = 120) -> None:
        """Wait until this revision is synced and the Application has this health."""
        wanted = ("Synced", revision, health)

        def state() -> tuple[str | None, ...]:
            status = self.status()
            sync = status.get("sync", {})
            return sync.get("status"), sync.get("revision"), status.get("health", {}).get("status")

        try:
            wait_until(lambda: state() == wanted, f"{self.name} is {wanted}", seconds=seconds, every=0.5)
        except MeshError as error:
            complaints = [condition["message"] for condition in self.status().get("conditions", [])]
            raise MeshError(f"{error}, but is {state()}; Argo CD says {complaints}") from None

    def out_of_sync(self) -> list[str]:
        """The objects that differ from the repository, as kind/name."""
        resources = self.status().get("resources", [])
        return [f"{entry['kind']}/{entry['name']}" for entry in resources if entry.get("status") != "Synced"]

    def delete(self) -> None:
        """Delete it with everything that it installed."""
        finalizers = {"metadata": {"finalizers": ["resources-finalizer.argocd.argoproj.io"]}}
        patch = f"--patch={json.dumps(finalizers)}"
        kubectl("patch", "application", "--namespace", NAMESPACE, self.name, "--type=merge", patch)
        kubectl("delete", "application", "--namespace", NAMESPACE, self.name, "--timeout=110s")


def create_application(manifest: Mapping[str, Any]) -> Application:
    """Apply an Application to Argo CD's namespace."""
    name = manifest["metadata"]["name"]
    apply({**manifest, "metadata": {**manifest["metadata"], "namespace": NAMESPACE}})
    return Application(name)


def _object(version: str, kind: str, name: str) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE, "labels": _LABELS}}
