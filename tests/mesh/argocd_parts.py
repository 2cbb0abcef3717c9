"""Argo CD's parts as processes beside the mesh: started once, by whichever test needs them first."""

import fcntl
import json
import os
import secrets
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.mesh import packages, settings
from tests.mesh.commands import run
from tests.mesh.kubectl import apply, kubectl
from tests.mesh.processes import Daemon, await_ready, start
from tests.mesh.waiting import wait_until
from tests.tools import module_dir, search_path, tool

NAMESPACE = "argocd"
FOLDER = settings.STATE / "argocd"
EXAMPLES = Path(__file__).parents[2] / "examples" / "argocd"
LOCALHOST = "127.0.0.1"
REDIS, REPO_SERVER, METRICS = 16379, 18081, range(18082, 18087)

#: What Argo CD calls its own cluster, and the label that the examples select clusters by.
CLUSTER, SELECTED = "prod", {"egressc.io/gateways": "true"}

#: By Debian package, a file that tells that it is there.
PACKAGES = {"git": "/usr/bin/git", "gpg": "/usr/bin/gpg", "redis-server": "/usr/bin/redis-server"}

_LABELS = {"app.kubernetes.io/part-of": "argocd"}
#: What the controller refuses to start without.
_CONFIG_MAPS = ("cm", "rbac-cm", "cmd-params-cm", "gpg-keys-cm", "ssh-known-hosts-cm", "tls-certs-cm")


def install() -> None:
    """Install Argo CD's kinds and start its parts; when this returns, it compares and syncs what Applications name."""
    with (settings.LOCK.with_name("egressc-mesh-argocd")).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # modules of two processes need it at the same time
        if not FOLDER.exists():
            packages.install_missing(PACKAGES)
            FOLDER.mkdir()
            _install_kinds()
            _start_parts()


def trust(server: str, authority: Path) -> None:
    """Have repositories at a server verified by this authority, as the ConfigMap argocd-tls-certs-cm would have it."""
    shutil.copy(authority, FOLDER / "tls" / server)


def _install_kinds() -> None:
    kinds = module_dir("argocd") / "manifests" / "crds"
    apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    files = [f"--filename={kinds}/{kind}-crd.yaml" for kind in ("application", "appproject", "applicationset")]
    kubectl("apply", "--server-side", *files)
    served = ("get", "applications,appprojects,applicationsets", "--all-namespaces", "--output=json")
    wait_until(lambda: kubectl(*served, check=False), "Argo CD's kinds are served", seconds=30)
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
        {
            **_object("v1", "Secret", "cluster", {"argocd.argoproj.io/secret-type": "cluster", **SELECTED}),
            "stringData": {"name": CLUSTER, "server": "https://kubernetes.default.svc", "config": "{}"},
        },
    )


def _start_parts() -> None:
    # the controllers read their own objects in the namespace of their kubeconfig
    kubeconfig = json.loads(settings.KUBECONFIG.read_text())
    kubeconfig["contexts"][0]["context"]["namespace"] = NAMESPACE
    (FOLDER / "kubeconfig").write_text(json.dumps(kubeconfig))
    wrapper = Path(shutil.copy(module_dir("argocd") / "hack" / "git-verify-wrapper.sh", FOLDER))
    wrapper.chmod(0o755)
    for folder in ("plugins", "tls"):
        (FOLDER / folder).mkdir()
    start("redis", "redis-server", f"--port {REDIS}", "--bind 127.0.0.1", '--save ""', f"--dir {FOLDER}")
    repo_server = _start(
        "argocd-repo-server",
        f"--redis={LOCALHOST}:{REDIS}",
        f"--address={LOCALHOST}",
        f"--port={REPO_SERVER}",
        f"--metrics-address={LOCALHOST}",
        f"--metrics-port={METRICS[0]}",
        "--disable-tls",
        "--client-ca-path=",
    )
    # a sidecar of the repo-server, which runs the plugin's command
    _start("argocd-cmp-server", f"--config-dir-path={EXAMPLES / 'plugin'}")
    await_ready(
        repo_server, lambda: f":{REPO_SERVER} " in run("ss", "--listening", "--tcp", "--numeric", "--no-header")
    )
    answers = (f"--repo-server={LOCALHOST}:{REPO_SERVER}", "--repo-server-plaintext", f"--namespace={NAMESPACE}")
    _start("argocd-application-controller", *answers, f"--redis={LOCALHOST}:{REDIS}", f"--metrics-port={METRICS[1]}")
    _start(
        "argocd-applicationset-controller",
        *(f"--argocd-{answers[0][2:]}", *answers[1:]),
        f"--metrics-addr={LOCALHOST}:{METRICS[2]}",
        f"--probe-addr={LOCALHOST}:{METRICS[3]}",
        f"--webhook-addr={LOCALHOST}:{METRICS[4]}",
    )


def _start(part: str, *arguments: str) -> Daemon:
    """Start a part: one program is all of them, and its name says which."""
    path = [str(FOLDER), str(Path(sys.executable).parent), search_path("helm4")]  # Argo CD 3.5 renders with Helm 4
    environment = {
        "ARGOCD_BINARY_NAME": part,
        "KUBECONFIG": str(FOLDER / "kubeconfig"),
        "ARGOCD_FAKE_IN_CLUSTER": "true",  # its own cluster is the one of KUBECONFIG
        "ARGOCD_GPG_ENABLED": "false",
        "ARGOCD_PLUGINSOCKFILEPATH": str(FOLDER / "plugins"),
        "ARGOCD_TLS_DATA_PATH": str(FOLDER / "tls"),
        "PATH": os.pathsep.join(path),
        "TMPDIR": str(FOLDER),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
    }
    return start(part, tool("argocd"), *arguments, environment=environment)


def _object(version: str, kind: str, name: str, labels: Mapping[str, str] | None = None) -> dict[str, Any]:
    metadata = {"name": name, "namespace": NAMESPACE, "labels": {**_LABELS, **(labels or {})}}
    return {"apiVersion": version, "kind": kind, "metadata": metadata}
