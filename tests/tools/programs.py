"""The pinned programs, built from the Go modules that the folders beside this file pin."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tests.tools.cache import kept, log
from tests.tools.errors import ToolError
from tests.tools.go import SETTINGS, environment, go_for
from tests.tools.run import run

HERE = Path(__file__).parent
LEAST_HELM = (3, 18)  # the first that checks a chart's schema as JSON Schema 2020-12


@dataclass(frozen=True, slots=True)
class Program:
    """A package of the module that `folder` pins, in `modfile` where it has several.

    `variables` are Go strings that the linker sets, as a build from a module leaves them at misleading defaults:
    {version} stands for the pinned version, {minor} for the minor release of the Kubernetes libraries inside.
    `tags` are Go's build tags.
    """

    folder: str
    package: str
    executable: str
    variables: Mapping[str, str] = field(default_factory=dict)
    modfile: str = "go.mod"
    tags: str = ""


def _kubernetes(name: str) -> Program:
    version = "k8s.io/component-base/version"
    variables = {f"{version}.gitVersion": "{version}", f"{version}.gitMajor": "1", f"{version}.gitMinor": "{minor}"}
    return Program("kubernetes", f"k8s.io/kubernetes/cmd/{name}", name, variables)


def _istio(release: str, name: str) -> Program:
    """A program of Istio that says the release: "unknown" would match no `proxyVersion` of an EnvoyFilter.

    The module proxy has no commit of 1.28 and 1.29: an agent of these is the oldest that there is, with their number.
    """
    folder = "istio" if release >= "1.31" else "istio-1.30"
    package = f"istio.io/istio/pilot/cmd/{name}"
    return Program(folder, package, name, {"istio.io/istio/pkg/version.buildVersion": f"{release}.0"})


def _envoy_api(release: str) -> Program:
    """The reader of Envoy's configuration; go.mod pins the API of the oldest release."""
    modfile = "go.mod" if release == "1.35" else f"go.{release}.mod"
    return Program("envoy-api", ".", "envoy-api", modfile=modfile)


HELM3 = {
    "helm.sh/helm/v3/internal/version.version": "{version}",
    "helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor": "{minor}",
    "helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor": "{minor}",
}
# Helm 4 reads the release of its Kubernetes libraries from Go's build information.
HELM4 = {"helm.sh/helm/v4/internal/version.version": "{version}"}

PROGRAMS = {
    "helm3": Program("helm3", "helm.sh/helm/v3/cmd/helm", "helm", HELM3),
    "helm4": Program("helm4", "helm.sh/helm/v4/cmd/helm", "helm", HELM4),
    "ct": Program("ct", "github.com/helm/chart-testing/v3/ct", "ct"),
    "kubeconform": Program("kubeconform", "github.com/yannh/kubeconform/cmd/kubeconform", "kubeconform"),
    "istioctl": Program("istio", "istio.io/istio/istioctl/cmd/istioctl", "istioctl"),
    **{f"pilot-discovery-{release}": _istio(release, "pilot-discovery") for release in ("1.30", "1.31")},
    **{f"pilot-agent-{release}": _istio(release, "pilot-agent") for release in ("1.28", "1.29", "1.30", "1.31")},
    **{f"envoy-api-{release}": _envoy_api(release) for release in ("1.35", "1.36", "1.37", "1.38", "1.39")},
    "kube-apiserver": _kubernetes("kube-apiserver"),
    "kube-controller-manager": _kubernetes("kube-controller-manager"),
    "kube-scheduler": _kubernetes("kube-scheduler"),
    "kubelet": _kubernetes("kubelet"),
    "kube-proxy": _kubernetes("kube-proxy"),
    "kubectl": _kubernetes("kubectl"),
    "coredns": Program("coredns", "github.com/coredns/coredns", "coredns"),
    "opa": Program("opa", "github.com/open-policy-agent/opa-envoy-plugin/cmd/opa-envoy-plugin", "opa"),
    "vegeta": Program("vegeta", "github.com/tsenart/vegeta/v12", "vegeta"),
    "argocd": Program("argocd", "github.com/argoproj/argo-cd/v3/cmd", "argocd"),
    "registry": Program("registry", "github.com/distribution/distribution/v3/cmd/registry", "registry"),
    # without the libraries of clouds, in which it would look for what to scrape
    "promtool": Program("promtool", "github.com/prometheus/prometheus/cmd/promtool", "promtool", tags="remove_all_sd"),
    "crane": Program("crane", "github.com/google/go-containerregistry/cmd/crane", "crane"),
    "controller-gen": Program("flux", "sigs.k8s.io/controller-tools/cmd/controller-gen", "controller-gen"),
    "pause": Program("pause", ".", "pause"),
}


class Pin(NamedTuple):
    """A Go module at a version, such as k8s.io/kubernetes at v1.36.3."""

    module: str
    version: str


def tool(name: str) -> Path:
    """The executable of a tool, built now if it is not kept yet; alone in its folder, with its usual name."""
    if name not in PROGRAMS:
        raise ToolError(f"There is no tool {name!r}; there are {', '.join(PROGRAMS)}.")
    program = PROGRAMS[name]
    folder = HERE / program.folder
    go = go_for(_go_mod(program.folder))
    flags = ["-ldflags", " ".join(["-s", "-w", *_variables(program)])]
    if program.modfile != "go.mod":
        flags += ["-modfile", program.modfile]
    if program.tags:
        flags += ["-tags", program.tags]
    arguments = [*flags, program.package]

    def build(new: Path) -> None:
        command = [str(go.command()), "build", "-o", str(new / program.executable), *arguments]
        run(f"building {name}", command, log(name), folder, environment())

    sources = [path.read_bytes() for path in sorted([*folder.glob("go.*"), *folder.glob("*.go")])]
    return kept(name, [go.version, *map("=".join, SETTINGS.items()), *arguments, *sources], build) / program.executable


def search_path(*names: str) -> str:
    """A value for PATH: the folders of these tools, then this process's own PATH."""
    return os.pathsep.join([*(str(tool(name).parent) for name in names), os.environ.get("PATH", os.defpath)])


def module_dir(folder: str) -> Path:
    """The source, read-only, of the module that the go.mod in `folder` pins; fetched now if Go does not keep it yet."""
    go = str(go_for(_go_mod(folder)).command())
    module, version = pin(folder)
    kept_in = _source(go, folder, module)
    if not kept_in:
        fetch = [go, "mod", "download", module]
        run(f"fetching {module} {version}", fetch, log(f"{folder}-module"), HERE / folder, environment())
        kept_in = _source(go, folder, module)
    return Path(kept_in)


def helm() -> Path:
    """The Helm on PATH if it is recent enough, else helm4; stderr says which."""
    on_path = shutil.which("helm")
    if on_path:
        ask = [on_path, "version", "--template", "{{.Version}}"]
        version = subprocess.run(ask, capture_output=True, text=True, check=False).stdout
        number = re.match(r"v(\d+)\.(\d+)", version)
        if number and (int(number[1]), int(number[2])) >= LEAST_HELM:
            print(f"Helm: {version} on PATH", file=sys.stderr)
            return Path(on_path)
    built = tool("helm4")
    least = ".".join(map(str, LEAST_HELM))
    print(f"Helm: our own {pin('helm4').version}, as PATH has none from {least} on", file=sys.stderr)
    return built


def pin(folder: str) -> Pin:
    """The module that the go.mod in `folder` pins: the first that it requires."""
    found = re.search(r"^require (\S+) (\S+)", _go_mod(folder), re.MULTILINE)
    if not found:
        raise ToolError(f"The go.mod in {HERE / folder} pins no module.")
    return Pin(found[1], found[2])


def _go_mod(folder: str) -> str:
    return (HERE / folder / "go.mod").read_text()


def _variables(program: Program) -> list[str]:
    """What the linker is told to set."""
    if not program.variables:
        return []
    libraries = re.search(r"k8s\.io/(?:kubernetes|client-go) v\d+\.(\d+)", _go_mod(program.folder))
    assert libraries, "only programs with Kubernetes built in have variables"
    values = {"version": pin(program.folder).version, "minor": libraries[1]}
    return [f"-X {name}={value.format_map(values)}" for name, value in program.variables.items()]


def _source(go: str, folder: str, module: str) -> str:
    """Where Go keeps a module that `folder` requires; empty when it does not."""
    command = [go, "list", "-m", "-f", "{{.Dir}}", module]
    asked = subprocess.run(command, cwd=HERE / folder, env=environment(), capture_output=True, text=True, check=False)
    if asked.returncode != 0:
        raise ToolError(f"Go does not know {module}: {asked.stderr.strip()}")
    return asked.stdout.strip()
