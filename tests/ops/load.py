"""Load from the client's pod: vegeta sends at its rate, whether answers come or not."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass

from tests.mesh.client import CONTAINER, Client
from tests.mesh.errors import MeshError
from tests.mesh.kubectl import execute, kubectl
from tests.tools import tool

PROGRAM = "/usr/local/bin/vegeta"
BODY = base64.b64encode(b"ops").decode()


@dataclass(frozen=True)
class Report:
    """What became of the requests: times are in milliseconds, `rate` is what was answered well in a second."""

    requests: int
    failed: int
    p50: float
    p99: float
    rate: float
    errors: tuple[str, ...]


def prepare(client: Client) -> None:
    """Put the program into the client's pod."""
    place = f"{client.namespace}/{client.name}:{PROGRAM}"
    kubectl("cp", str(tool("vegeta")), place, "--container", CONTAINER)


def attack(client: Client, urls: Sequence[str], rate: float, seconds: float, method: str = "GET") -> Report:
    """So many requests a second to `urls` in turn, all answers awaited."""
    return _run(client, urls, seconds, method, [f"-rate={rate:g}/1s", "-max-workers=2000"])


def push(client: Client, url: str, connections: int, seconds: float) -> Report:
    """As many requests as so many connections can carry, each when the one before is answered."""
    return _run(client, [url], seconds, "GET", ["-rate=0", f"-max-workers={connections}", f"-workers={connections}"])


def _run(client: Client, urls: Sequence[str], seconds: float, method: str, options: Sequence[str]) -> Report:
    body = {"body": BODY} if method == "POST" else {}
    targets = "".join(f"{json.dumps({'method': method, 'url': url} | body)}\n" for url in urls)
    given = " ".join([*options, f"-duration={seconds:g}s", "-timeout=30s", "-format=json"])
    command = ["sh", "-c", f"{PROGRAM} attack -targets=/dev/stdin {given} | {PROGRAM} report -type=json"]
    done = execute(client.namespace, client.name, CONTAINER, command, text=targets, seconds=seconds + 90)
    if done.returncode or not done.stdout:
        raise MeshError(f"vegeta could not run: {done.stderr.strip()}")
    told = json.loads(done.stdout)
    good = sum(count for status, count in told["status_codes"].items() if status == "200")
    times = told["latencies"]
    return Report(
        told["requests"],
        told["requests"] - good,
        times["50th"] / 1e6,
        times["99th"] / 1e6,
        told["throughput"],
        (*(told["errors"] or []), *(f"{key}: {value}" for key, value in told["status_codes"].items())),
    )
