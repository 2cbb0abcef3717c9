"""Connections that stay open while something happens, and whether they lived."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import sleep
from typing import Any

from tests.mesh.client import Client
from tests.mesh.errors import MeshError

#: How the peer program calls a host's ports: one of HTTP, one of HTTP/2, and one of TCP.
WEBSOCKET, GRPC, TCP = "websocket", "grpc", "tcp"
OPENED = 2.0  # seconds in which those of `held` are opened


@dataclass
class Held:
    """Connections of a kind: so many, those that were cut, and what was said of these."""

    opened: int = 0
    cut: int = 0
    errors: dict[str, int] = field(default_factory=dict)


def hold(client: Client, kind: str, target: str, *, rate: float, count: int, seconds: float) -> Held:
    """Open `count` connections, `rate` in a second whatever becomes of others, and hold each so many seconds.

    Each says something when it is opened, nothing in between, and something at the end, which must be answered.
    """
    options = [f"-rate={rate:g}", f"-count={count}", f"-quiet={seconds:g}s"]
    done = client.run(["peer", "hold", *options, kind, target], seconds=count / rate + seconds + 60)
    if done.returncode:
        raise MeshError(f"connections could not be opened: {done.stderr.strip()}")
    told: dict[str, Any] = json.loads(done.stdout)
    return Held(told["opened"], told["opened"] - told["lived"], told["errors"])


@contextmanager
def held(client: Client, targets: dict[str, str], seconds: float, each: int = 50) -> Iterator[Held]:
    """Hold `each` connections to the target of each kind while this lasts; when it ends, they were asked."""
    result = Held()
    with ThreadPoolExecutor(len(targets)) as pool:
        asked = [
            pool.submit(hold, client, kind, target, rate=each / OPENED, count=each, seconds=seconds)
            for kind, target in targets.items()
        ]
        sleep(OPENED + 1)  # they are open
        yield result
        for kind, one in zip(targets, asked, strict=True):
            found = one.result()
            result.opened += found.opened
            result.cut += found.cut
            result.errors |= {f"{kind} {error}": count for error, count in found.errors.items()}
