"""A steady load: a client's pod asks a URL about fifteen times a second, and counts what it gets."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from tests.mesh.client import Client
from tests.mesh.errors import MeshError

#: It asks while a file is there, so that nobody has to find and end the process.
_ASK = """
rm -f "$0"; touch "$0.on"
while [ -e "$0.on" ]; do
  curl --silent --output /dev/null --max-time 5 --write-out '%{http_code}\\n' "$@" >> "$0"
  sleep 0.05
done < /dev/null > /dev/null 2>&1 &
"""
_COUNT = 'rm -f "$0.on"; sleep 0.5; sort "$0" | uniq -c'


@contextmanager
def asked(client: Client, name: str, url: str, *options: str) -> Iterator[Counter[str]]:
    """Ask `url` meanwhile, with these options of curl.

    When the block ends, the answers are counted by their status, "000" for none.
    """
    place, answers = f"/tmp/{name}", Counter[str]()  # noqa: S108  in the client's container
    client.run(["sh", "-c", _ASK, place, url, *options])
    try:
        yield answers
    finally:
        lines = client.run(["sh", "-c", _COUNT, place]).stdout.splitlines()
        answers.update({status: int(count) for count, status in map(str.split, lines)})
    if not answers:
        raise MeshError(f"pod {client.namespace}/{client.name} asked nothing of {url}")
