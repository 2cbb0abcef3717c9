"""Load from the client's pod: vegeta sends at its rate, whether answers come or not."""

import base64
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from tests.mesh.client import CONTAINER, Client
from tests.mesh.errors import MeshError
from tests.mesh.kubectl import kubectl
from tests.tools import tool

PROGRAM = "/usr/local/bin/vegeta"
RUNNING = "/run/attack.pid"  # in the pod
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


def _rate(rate: float) -> str:
    return f"-rate={round(10 * rate)}/10s"  # a whole number, also for one request in ten seconds


def attack(client: Client, urls: Sequence[str], rate: float, seconds: float, method: str = "GET") -> Report:
    """So many requests a second to `urls` in turn, all answers awaited."""
    return _run(client, urls, seconds, method, [_rate(rate), "-max-workers=2000"])


def push(client: Client, url: str, connections: int, seconds: float) -> Report:
    """As many requests as so many connections can carry, each when the one before is answered."""
    return _run(client, [url], seconds, "GET", ["-rate=0", f"-max-workers={connections}", f"-workers={connections}"])


@contextmanager
def steady(client: Client, urls: Sequence[str], rate: float, *options: str) -> Iterator[list[Report]]:
    """So many requests a second to `urls` in turn while this lasts; the list has the report when all are answered."""
    attack = f"echo $$ >{RUNNING} && exec {PROGRAM} attack {_given([_rate(rate), *options], 0)}"
    found: list[Report] = []
    with ThreadPoolExecutor(1) as pool:
        reporting = pool.submit(_reported, client, f"sh -c '{attack}'", _targets(urls, "GET"), 600)
        try:
            yield found
        finally:
            client.run(["sh", "-c", f"kill -INT $(cat {RUNNING})"])
            found.append(reporting.result())


def _run(client: Client, urls: Sequence[str], seconds: float, method: str, options: Sequence[str]) -> Report:
    attack = f"{PROGRAM} attack {_given(options, seconds)}"
    return _reported(client, attack, _targets(urls, method), seconds + 90)


def _targets(urls: Sequence[str], method: str) -> str:
    body = {"body": BODY} if method == "POST" else {}
    return "".join(f"{json.dumps({'method': method, 'url': url} | body)}\n" for url in urls)


def _given(options: Sequence[str], seconds: float) -> str:
    """Options of vegeta; with 0 seconds it goes on until it is interrupted."""
    return " ".join(
        [*options, "-targets=/dev/stdin", f"-duration={seconds:g}s", "-timeout=30s", "-format=json", "-max-body=0"]
    )


def _reported(client: Client, attack: str, targets: str, seconds: float) -> Report:
    command = ["sh", "-c", f"{attack} | {PROGRAM} report -type=json"]
    done = client.run(command, text=targets, seconds=seconds)
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
