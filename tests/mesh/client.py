"""Client pods: applications that ask upstreams, with a sidecar or without."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.mesh import settings
from tests.mesh.errors import MeshError
from tests.mesh.kubectl import apply, execute, kubectl
from tests.mesh.upstream import Seen

CONTAINER = "app"
#: Where a sidecar writes its certificate and key: whoever takes the pod over has them.
CERTIFICATES = "/etc/istio/proxy"
SIDECAR_CONFIG = f"""\
holdApplicationUntilProxyStarts: true
terminationDrainDuration: 1s
proxyMetadata: {{OUTPUT_CERTS: {CERTIFICATES}}}
"""


#: How often an answer is asked for.
TRIES = 3
#: Runs a command in a folder of this name, if nobody has: its output is kept there, and read as often as it gets lost.
#: Both outputs end with the name, so that an end that was lost is missed. (kubectl adds the exit code to the second.)
_ONCE = """
place="/tmp/$0"
if mkdir "$place" 2>/dev/null; then
  "$@" >"$place/out" 2>"$place/err"
  echo "$?" >"$place/code.new"
  mv "$place/code.new" "$place/code"
fi
until [ -e "$place/code" ]; do sleep 0.1; done
cat "$place/out"; printf %s "$0"
{ cat "$place/err"; printf %s "$0"; } >&2
exit "$(cat "$place/code")"
"""


@dataclass(frozen=True)
class Answer:
    """What curl got: status 0 and an error when there was no HTTP answer."""

    status: int
    headers: Mapping[str, Sequence[str]]
    body: str
    #: curl's exit code and its words for it; 0 and "" for any HTTP answer.
    code: int
    error: str

    @property
    def seen(self) -> Seen:
        """What the upstream says that it saw; MeshError when the answer is not an upstream's."""
        try:
            seen: Seen = json.loads(self.body)
        except ValueError:
            raise MeshError(f"this answer is no upstream's: {self}") from None
        return seen


@dataclass(frozen=True)
class Outcome:
    """What became of one conversation over gRPC, WebSocket or TCP; the same fields as `Outcome` in peer/clients.go."""

    ok: bool
    error: str = ""
    status: str = ""
    seen: Seen | None = None
    echo: str = ""


@dataclass(frozen=True)
class Client:
    """A running client pod."""

    namespace: str
    name: str

    def run(self, command: Sequence[str], *, text: str = "", seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """What comes of a command in the application's container, with `text` as its input.

        It runs once, also where its output gets lost on its way from the node: that is read again then.
        """
        name = uuid4().hex
        once, tries = ["sh", "-c", _ONCE, name, *command], 0
        while True:
            done = execute(self.namespace, self.name, CONTAINER, once, text=text, seconds=seconds)
            tries += 1
            if tries == TRIES or (name in done.stdout and name in done.stderr):
                done.stdout, done.stderr = done.stdout.partition(name)[0], done.stderr.partition(name)[0]
                return done

    def curl(self, url: str, *options: str, seconds: float = 10) -> Answer:
        """Ask with curl, its path sent as it is written; options are curl's own."""
        # the body goes to standard output, what curl knows of the answer to standard error
        summary = "%{stderr}%{json}\n%{header_json}"
        command = [
            "curl",
            "--silent",
            "--path-as-is",
            "--max-time",
            f"{seconds:g}",
            "--write-out",
            summary,
            *options,
            url,
        ]
        decoder, done = json.JSONDecoder(), self.run(command, seconds=seconds + 30)
        try:
            told, end = decoder.raw_decode(done.stderr)
            headers, _ = decoder.raw_decode(done.stderr[end:].lstrip())
        except ValueError:
            raise MeshError(f"curl could not run in pod {self.namespace}/{self.name}: {done.stderr.strip()}") from None
        return Answer(told["http_code"], headers, done.stdout, told["exitcode"], told["errormsg"] or "")

    def grpc(self, address: str, *options: str) -> Outcome:
        """Call the echo method of host:port; options are those of `peer grpc`."""
        return self._peer("grpc", *options, address)

    def websocket(self, url: str, *options: str) -> Outcome:
        """Open a WebSocket and send a text; options are those of `peer websocket`."""
        return self._peer("websocket", *options, url)

    def tcp(self, address: str, *options: str) -> Outcome:
        """Connect to host:port and send a line; options are those of `peer tcp`."""
        return self._peer("tcp", *options, address)

    def write(self, path: str, content: str) -> None:
        """Write a file in the application's container."""
        done = self.run(["tee", path], text=content)
        if done.returncode:
            raise MeshError(f"{path} could not be written in pod {self.namespace}/{self.name}: {done.stderr.strip()}")

    def _peer(self, mode: str, *arguments: str) -> Outcome:
        done = self.run(["peer", mode, *arguments])
        if done.returncode:
            raise MeshError(f"`peer {mode}` could not run in pod {self.namespace}/{self.name}: {done.stderr.strip()}")
        return Outcome(**json.loads(done.stdout))


@dataclass(frozen=True)
class ClientPod:
    """A client pod to start."""

    name: str
    account: str = "default"
    sidecar: bool = True
    labels: Mapping[str, str] | None = None
    proxy: str = ""  # more of its sidecar's configuration


def start_clients(namespace: str, *pods: ClientPod) -> list[Client]:
    """Start client pods, with the service accounts that they run as; when this returns, all are ready."""
    accounts = sorted({pod.account for pod in pods} - {"default"})
    apply(
        *(
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace}}
            for name in accounts
        ),
        *(_pod(namespace, pod) for pod in pods),
    )
    kubectl(
        "wait", "--namespace", namespace, "--for=condition=Ready", "--timeout=90s", *(f"pod/{pod.name}" for pod in pods)
    )
    return [Client(namespace, pod.name) for pod in pods]


def _pod(namespace: str, pod: ClientPod) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": pod.name,
            "namespace": namespace,
            "labels": {"app": pod.name, "sidecar.istio.io/inject": str(pod.sidecar).lower(), **(pod.labels or {})},
            "annotations": {"proxy.istio.io/config": SIDECAR_CONFIG + pod.proxy},
        },
        "spec": {
            "serviceAccountName": pod.account,
            "terminationGracePeriodSeconds": 1,
            "containers": [
                {
                    "name": CONTAINER,
                    "image": settings.image("peer"),
                    "imagePullPolicy": "Never",
                    "command": ["sleep", "infinity"],
                    "resources": {"requests": {"cpu": "5m", "memory": "10Mi"}},
                }
            ],
        },
    }
