"""One budget over two hops: how often and how long an upstream is asked for one request, counted at the upstream."""

from tests.mesh.fleet import requests
from tests.ops.ground import QUICK, Ground, host_list, installed, name
from tests.ops.load import attack

RETRIES, SECONDS = 2, 2
PLAIN, TRIED = name("plain"), name("tried")
ASKED = {"attempts": RETRIES, "retryOn": ["5xx"]}


def measure(ground: Ground) -> dict[str, float]:
    """Tries of a GET and a POST that fail, by default and with retries, and when a slow one is cut."""
    ground.know([PLAIN, TRIED])
    hosts = [{"host": PLAIN, "timeouts": {"request": f"{SECONDS}s"}}, {"host": TRIED, "retries": ASKED}]
    with installed(host_list(hosts), QUICK):
        ground.await_answers(PLAIN, TRIED)
        cut = attack(ground.client, [f"http://{PLAIN}/slow?seconds=20"], 1, 1)
        return {
            "tries_get": _tries(ground, PLAIN, "GET"),
            "tries_post": _tries(ground, PLAIN, "POST"),
            "tries_get_asked": _tries(ground, TRIED, "GET"),
            "cut_after_over_configured": cut.p99 / 1000 / SECONDS,
        }


def _tries(ground: Ground, host: str, method: str) -> int:
    ground.upstream.forget()
    ground.client.curl(f"http://{host}/status/503", "--request", method)
    return len(requests(ground.upstream, lambda seen: seen["path"] == "/status/503"))
