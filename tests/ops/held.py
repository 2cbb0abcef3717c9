"""Connections that stay open while something happens, and whether they lived."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event

from tests.mesh.client import Client

LINES = """
exec 3<>/dev/tcp/{address}/5432
echo one >&3 && read -r -u 3 && sleep {seconds} && echo two >&3 && read -r -u 3
"""


@dataclass
class Held:
    """Connections by their kind: so many of each, and of those so many that lived."""

    opened: dict[str, int] = field(default_factory=dict)
    lived: dict[str, int] = field(default_factory=dict)

    @property
    def cut(self) -> int:
        """How many did not live."""
        return sum(self.opened.values()) - sum(self.lived.values())


@contextmanager
def held(client: Client, kinds: dict[str, str], seconds: float, each: int = 2) -> Iterator[Held]:
    """Open `each` connections of these kinds to these places, and hold them so long; when this ends, they were asked.

    Each says something when it is opened, nothing in between, and something at the end, which must be answered.
    """
    result = Held(dict.fromkeys(kinds, each))
    with ThreadPoolExecutor(len(kinds) * each) as pool:
        asked: list[tuple[str, Future[bool]]] = [
            (kind, pool.submit(KINDS[kind], client, place, seconds))
            for kind, place in kinds.items()
            for _ in range(each)
        ]
        time.sleep(3)  # they are open
        yield result
        for kind, future in asked:
            result.lived[kind] = result.lived.get(kind, 0) + future.result()


@contextmanager
def one_after_another(client: Client, kinds: dict[str, str], seconds: float, each: int = 2) -> Iterator[Held]:
    """Hold `each` connections of these kinds as above, and open another when one has ended, while this lasts."""
    result = Held(dict.fromkeys(kinds, 0), dict.fromkeys(kinds, 0))
    enough = Event()

    def go_on(kind: str, place: str) -> list[bool]:
        lived = []
        while not enough.is_set():
            lived.append(KINDS[kind](client, place, seconds))
        return lived

    with ThreadPoolExecutor(len(kinds) * each) as pool:
        asked = [(kind, pool.submit(go_on, kind, place)) for kind, place in kinds.items() for _ in range(each)]
        time.sleep(3)  # they are open
        try:
            yield result
        finally:
            enough.set()
        for kind, future in asked:
            result.opened[kind] += len(future.result())
            result.lived[kind] += sum(future.result())


def _websocket(client: Client, host: str, seconds: float) -> bool:
    command = ["peer", "websocket", f"-quiet={seconds:g}s", f"-timeout={seconds + 30:g}s", f"ws://{host}/"]
    done = client.run(command, seconds=400)
    return '"ok":true' in done.stdout


def _tcp(client: Client, address: str, seconds: float) -> bool:
    script = LINES.format(address=address, seconds=f"{seconds:g}")
    return client.run(["bash", "-c", script], seconds=400).returncode == 0


def _stream(client: Client, host: str, seconds: float) -> bool:
    """A stream of HTTP/2 whose answer takes so long."""
    url = f"http://{host}/slow?seconds={seconds:g}"
    return client.curl(url, "--http2-prior-knowledge", seconds=seconds + 30).status == 200


KINDS: dict[str, Callable[[Client, str, float], bool]] = {"websocket": _websocket, "tcp": _tcp, "stream": _stream}
