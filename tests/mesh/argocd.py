"""What Argo CD is given on the mesh: Git repositories, and the Applications and ApplicationSets that name them."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.mesh.argocd_parts import NAMESPACE
from tests.mesh.commands import run
from tests.mesh.errors import MeshError
from tests.mesh.kubectl import apply, get, kubectl
from tests.mesh.waiting import wait_until


@dataclass(frozen=True)
class Repository:
    """A Git repository in a folder of this machine, with a branch main."""

    folder: Path

    @property
    def url(self) -> str:
        """What an Application names it by."""
        return f"file://{self.folder}"

    def commit(self, files: Mapping[str, str | Path | None]) -> str:
        """Commit files, or copies of files and folders, by their path in the repository; returns the revision.

        None takes a file away.
        """
        if not (self.folder / ".git").exists():
            run("git", "init", "--quiet", "--initial-branch=main", str(self.folder))
        for path, content in files.items():
            target = self.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                target.unlink()
            elif isinstance(content, str):
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
            # the last of several sources is the repository
            revision = sync.get("revision") or sync.get("revisions", [None])[-1]
            return sync.get("status"), revision, status.get("health", {}).get("status")

        try:
            wait_until(lambda: state() == wanted, f"{self.name} is {wanted}", seconds=seconds, every=0.5)
        except MeshError as error:
            raise MeshError(f"{error}, but is {state()}; Argo CD says {self.complaints()}") from None

    def complaints(self) -> list[str]:
        """What Argo CD complains of, such as manifests that could not be made."""
        return [condition["message"] for condition in self.status().get("conditions", [])]

    def out_of_sync(self) -> list[str]:
        """The objects that differ from the repository, as kind/name."""
        resources = self.status().get("resources", [])
        return [f"{entry['kind']}/{entry['name']}" for entry in resources if entry.get("status") != "Synced"]

    def forget(self) -> None:
        """Delete it, and leave what it installed."""
        kubectl("delete", "application", "--namespace", NAMESPACE, self.name)

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


@dataclass(frozen=True)
class ApplicationSet:
    """An ApplicationSet that was applied."""

    name: str

    @classmethod
    def create(cls, manifest: Mapping[str, Any]) -> "ApplicationSet":
        """Apply an ApplicationSet to Argo CD's namespace."""
        apply({**manifest, "metadata": {**manifest["metadata"], "namespace": NAMESPACE}})
        return cls(manifest["metadata"]["name"])

    def synced(self) -> set[str]:
        """Its Applications, if all of them are synced."""
        applications = [
            one
            for one in get("applications", "--namespace", NAMESPACE)["items"]
            if any(owner["name"] == self.name for owner in one["metadata"].get("ownerReferences", []))
        ]
        if any(one.get("status", {}).get("sync", {}).get("status") != "Synced" for one in applications):
            return set()
        return {one["metadata"]["name"] for one in applications}

    def refresh(self) -> None:
        """Have the repository read anew."""
        mark = "argocd.argoproj.io/application-set-refresh=true"
        kubectl("annotate", "applicationset", "--namespace", NAMESPACE, self.name, mark)

    def delete(self) -> None:
        """Delete it; its Applications go after it, with everything that they installed."""
        kubectl("delete", "applicationset", "--namespace", NAMESPACE, self.name)
