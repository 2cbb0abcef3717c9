"""The bytes of a release as Helm stores it, as a program: VALUES. Helm installs into an API server that takes nothing.

The server knows the kinds that the chart prints and has no object of them. The first object that Helm makes is the
Secret with its release: the server looks at it and refuses it, so Helm ends there, with an error.
"""

import json
import re
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml
from typing_extensions import override

from tests.chart import CHART, Helm, parsed
from tests.tools import tool

Kinds = dict[str, set[str]]  # by apiVersion

CORE = "v1"
ERRORS = {404: "NotFound", 403: "Forbidden"}


def stored_bytes(helm: Helm, values: Path) -> int:
    """The bytes of `data.release` in the Secret of a release with these values, its base64 undone once."""
    kinds: Kinds = defaultdict(set)
    for document in parsed(helm.text(values)):
        kinds[document["apiVersion"]].add(document["kind"])
    with _server(kinds) as (address, releases), tempfile.TemporaryDirectory() as folder:
        configuration = Path(folder, "kubeconfig")
        configuration.write_text(yaml.safe_dump(_configuration(address)), encoding="utf-8")
        options = ["--namespace", "egress", "--values", str(values), "--kubeconfig", str(configuration)]
        command = [str(helm.path), "install", "egress", str(CHART), "--disable-openapi-validation", *options]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if not releases:
        raise RuntimeError(f"Helm stored no release: {ended.stderr.strip()}")
    return len(releases[0])


@contextmanager
def _server(kinds: Kinds) -> Iterator[tuple[str, list[bytes]]]:
    """The server's address, and the releases that it has been given."""
    releases: list[bytes] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *arguments: _Handler(kinds, releases, *arguments))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", releases
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # head and body of an answer in one packet: in two, each would wait for the other's receipt

    def __init__(self, kinds: Kinds, releases: list[bytes], *arguments: Any) -> None:
        self.kinds, self.releases = kinds, releases
        super().__init__(*arguments)

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        version = path.removeprefix("/apis/").removeprefix("/api/")
        if path == "/version":
            self.answer({"major": "1", "minor": "36", "gitVersion": "v1.36.0"})
        elif path == "/api":
            self.answer({"kind": "APIVersions", "versions": [CORE]})
        elif path == "/apis":
            groups = [_group(name) for name in self.kinds if name != CORE]
            self.answer({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
        elif version in self.kinds:
            self.answer({"kind": "APIResourceList", "groupVersion": version, "resources": self.resources(version)})
        elif path.endswith("/secrets"):
            self.answer({"kind": "SecretList", "apiVersion": "v1", "items": []})
        else:
            self.refuse(404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        # Helm speaks protobuf, where a Secret's data stands as it is: gzip's first bytes, in the base64 that Helm made
        self.releases += re.findall(rb"H4sI[A-Za-z0-9+/]+=*", body)
        self.refuse(403)

    def resources(self, version: str) -> list[dict[str, Any]]:
        return [{"name": f"{kind.lower()}s", "namespaced": True, "kind": kind} for kind in self.kinds[version]]

    def refuse(self, code: int) -> None:
        status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": ERRORS[code], "code": code}
        self.answer(status, code)

    def answer(self, content: dict[str, Any], code: int = 200) -> None:
        body = json.dumps(content).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, *_: Any) -> None:
        """Nothing: Helm says what went wrong."""


def _group(group_version: str) -> dict[str, Any]:
    group, _, version = group_version.partition("/")
    name = {"groupVersion": group_version, "version": version}
    return {"name": group, "versions": [name], "preferredVersion": name}


def _configuration(address: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "bench", "cluster": {"server": address}}],
        "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench"}}],
        "users": [{"name": "bench", "user": {}}],
        "current-context": "bench",
    }


if __name__ == "__main__":
    print(stored_bytes(Helm(tool("helm4")), Path(sys.argv[1])))
