"""The pinned command-line tools of the tests and of `make demo`, built from Go modules into the user's cache folder.

tool(name) -> Path
    The executable of a tool, built now if it is not kept yet. It has its usual name (helm3 and helm4 are both `helm`)
    and is alone in its folder, so that the folder can go in front of PATH.
search_path(*names) -> str
    A value for PATH: the folders of these tools, then this process's own PATH.
module_dir(folder) -> Path
    The source, read-only, of the Go module that tests/tools/<folder>/go.mod pins: "istio" or "istio-1.30" (CRDs and
    charts are in manifests/charts), "istio-api-1.24" (CRDs are in kubernetes), "kubernetes" (api/openapi-spec),
    "argocd" (manifests/crds), or any other.
helm() -> Path
    The Helm for `make demo`: the one on PATH if it is recent enough, else helm4.
chromium() -> Path
    The Chromium on PATH. It is no build of ours: `python -m tests.tools chromium` installs Debian's package.
schema_location() -> str
    What `kubeconform -schema-location` takes: strict schemas, made now if they are not kept yet.
kubeconform(manifests) -> list[str]
    What `kubeconform -strict` finds wrong with a YAML stream, a line each, without the network.
flux_kinds(folder) -> list[str]
    The CustomResourceDefinitions of Flux's kinds, written into the folder.
ToolError
    Raised by all of them; its text is one sentence for people and names the log of what failed.

Names: helm3 helm4 ct kubeconform istioctl pilot-discovery-1.31 pilot-agent-1.31 kube-apiserver kube-controller-manager
kube-scheduler kubelet kube-proxy kubectl coredns opa argocd registry crane controller-gen pause, the two pilots of
older releases of Istio, and envoy-api-1.35 to envoy-api-1.39 (Envoy's API, with unknown fields refused).
`python -m tests.tools NAME…` makes what is named, also `chromium`, `helm` and `schemas`, and prints the paths, a line
each. All are safe to call from several processes at once, are cheap when what they return is kept already, and say on
stderr how far a build is.
"""

from tests.tools.chromium import chromium
from tests.tools.errors import ToolError
from tests.tools.programs import PROGRAMS, helm, module_dir, search_path, tool
from tests.tools.schemas import flux_kinds, kubeconform, schema_location

__all__ = [
    "PROGRAMS",
    "ToolError",
    "chromium",
    "flux_kinds",
    "helm",
    "kubeconform",
    "module_dir",
    "schema_location",
    "search_path",
    "tool",
]
