"""Upstreams outside the mesh: a pod that no ServiceEntry, Service or sidecar knows, and what it saw."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tests.mesh import dns, settings
from tests.mesh.certificates import Certificate
from tests.mesh.errors import MeshError
from tests.mesh.kubectl import apply, get, kubectl

CONTROL_PORT = 19000

#: What the upstream saw of one request or connection; the keys are those of `Seen` in peer/seen.go.
Seen = dict[str, Any]


@dataclass(frozen=True)
class Face:
    """One port of an upstream."""

    port: int
    #: "http" answers HTTP/1.1, HTTP/2 (in clear by prior knowledge), gRPC and WebSocket; "tcp" answers lines;
    #: "connect" is a proxy for other upstreams.
    protocol: Literal["http", "tcp", "connect"] = "http"
    tls: Literal["", "simple", "mutual"] = ""
    #: With mutual TLS: who may have issued a client certificate, in PEM; nobody, and every certificate is refused.
    client_ca: str = ""
    http1_only: bool = False
    #: A TCP face that speaks before its client does.
    greets_first: bool = False
    #: The address that a proxy finds every name at; empty: it asks DNS.
    leads_to: str = ""

    @property
    def name(self) -> str:
        """What identifies the face in what the upstream saw."""
        return f"{self.protocol}-{self.port}"


@dataclass(frozen=True)
class Upstream:
    """A running upstream pod: it has no faces, certificates or names until they are set."""

    namespace: str
    name: str
    address: str
    address_v6: str

    def serve(self, *faces: Face) -> None:
        """Serve exactly these faces from now on; others stop listening, and their connections are closed."""
        self._control(
            "PUT",
            "/faces",
            [
                {
                    "name": face.name,
                    "port": face.port,
                    "protocol": face.protocol,
                    "tls": face.tls,
                    "clientCA": face.client_ca,
                    "http1Only": face.http1_only,
                    "greetsFirst": face.greets_first,
                    "leadsTo": face.leads_to,
                }
                for face in faces
            ],
        )

    def certify(self, certificates: Mapping[str, Certificate]) -> None:
        """Show these certificates, by the name that a client asks for (SNI); "" is for a client that asks for none."""
        self._control(
            "PUT",
            "/certificates",
            {name: {"certificate": pair.chain, "key": pair.key} for name, pair in certificates.items()},
        )

    def be_known_as(self, *names: str) -> None:
        """Let the cluster's DNS answer these names with this upstream's address alone."""
        dns.set_names({name: [self.address] for name in names})

    def be_unknown(self) -> None:
        """Let the cluster's DNS forget every name that it answers with this upstream's address."""
        lines = [line.split() for line in settings.HOSTS.read_text().splitlines()]
        dns.set_names({name: [] for address, name in lines if address in {self.address, self.address_v6}})

    def seen(self) -> list[Seen]:
        """Everything seen since it was last forgotten, in order."""
        answer: list[Seen] = json.loads(self._control("GET", "/seen"))
        return answer

    def forget(self) -> None:
        """Forget what was seen."""
        self._control("DELETE", "/seen")

    def delete(self) -> None:
        """End the pod: its address answers nobody any more."""
        kubectl("delete", "pod", "--namespace", self.namespace, self.name, "--wait")

    def _control(self, method: str, path: str, body: Any = None) -> bytes:
        url = f"http://{self.address}:{CONTROL_PORT}{path}"
        request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
                content: bytes = answer.read()
                return content
        except urllib.error.HTTPError as error:
            raise MeshError(f"upstream {self.name} refused {method} {path}: {error.read().decode().strip()}") from None
        except OSError as error:
            raise MeshError(f"upstream {self.name} does not answer on its control port: {error}") from None


def start_upstreams(namespace: str, names: Sequence[str]) -> list[Upstream]:
    """Start upstream pods in a namespace outside the mesh; when this returns they answer on their control ports."""
    apply(*(_pod(namespace, name) for name in names))
    kubectl(
        "wait", "--namespace", namespace, "--for=condition=Ready", "--timeout=60s", *(f"pod/{name}" for name in names)
    )
    return [Upstream(namespace, name, *_addresses(namespace, name)) for name in names]


def _addresses(namespace: str, name: str) -> tuple[str, str]:
    v4, v6 = (entry["ip"] for entry in get("pod", "--namespace", namespace, name)["status"]["podIPs"])
    return v4, v6


def _pod(namespace: str, name: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": False,
            "containers": [
                {
                    "name": "upstream",
                    "image": settings.image("peer"),
                    "imagePullPolicy": "Never",
                    "args": ["serve", f"-control={CONTROL_PORT}"],
                    "readinessProbe": {"tcpSocket": {"port": CONTROL_PORT}, "periodSeconds": 1},
                    "resources": {"requests": {"cpu": "5m", "memory": "10Mi"}},
                }
            ],
        },
    }
