"""`python -m tests.bench.calibrate`: fits the numbers of egressc/cost/release.py to releases that Helm has made.

It prints the numbers, and how far the estimate of each list is from its release.
"""

import hashlib
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from egressc import emit
from egressc.compile import compile_sources
from egressc.cost.release import parts
from egressc.plan import Plan
from tests.bench.fleet import host_list
from tests.bench.release import stored_bytes
from tests.chart import Helm
from tests.tools import tool

HEAD = "version: 1\ndefaults: {clients: [shop]}\ngateways: [{name: shared}]\nhosts:\n"
ENTRIES = {
    "bare": "{host: H}",
    "shared": "{host: H, gateway: shared}",
    "shared-unread": "{host: H, gateway: shared, tls: {mode: passthrough}}",
    "unread": "{host: H, tls: {mode: passthrough}}",
    "both": "{host: H, speaks: [http, https], owner: N, clients: [N, {namespace: pay, ports: [80], paths: [/N/*]}]}",
    "sidecar": "{host: H, at: sidecar}",
    "wildcard": '{host: "*.H", tls: {mode: passthrough}}',
    "namespaces": "{host: H, namespace: egress-N, tls: {mode: mutual, secret: key-N}}",
    "ten-ports": "{host: H, ports: [PORTS]}".replace("PORTS", ", ".join(f"{{port: {8001 + n}}}" for n in range(10))),
    "shared-ports": "{host: H, gateway: shared, ports: [PORTS]}".replace(
        "PORTS", ", ".join(f"{{port: {8001 + n}, protocol: TLS}}" for n in range(5))
    ),
    "callers": "{host: H, clients: [N-a, N-b, N-c, N-d, N-e, N-f, N-g, N-h]}",
}
SIZES = (10, 100, 300)


def samples(sizes: Sequence[int] = SIZES) -> dict[str, str]:
    """Lists of one kind of entry each, and of a company's mix, by their names."""
    mixed = {f"mixed, {size} hosts": host_list(size) for size in (*sizes, *(1000,) * (sizes == SIZES))}
    return mixed | {
        f"{kind}, {size} hosts": HEAD + "".join(_entry(entry, number) for number in range(size))
        for kind, entry in ENTRIES.items()
        for size in sizes
    }


def _entry(entry: str, number: int) -> str:
    word = hashlib.sha256(str(number).encode()).hexdigest()
    return f"- {entry}\n".replace("H", f"{word[:8]}.api.{word[8:14]}.example.com").replace("N", f"n{word[:6]}")


def planned(text: str) -> tuple[Plan, str]:
    """The plan of a list, and its values."""
    plan = compile_sources([("hosts.yaml", text.encode())]).plan
    assert plan is not None
    return plan, emit.dump(emit.values(plan))


def stored(helm: Helm, values: str) -> int:
    """The bytes of the release with these values."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "values.yaml")
        file.write_text(values, encoding="utf-8")
        return stored_bytes(helm, file)


def fitted(rows: Sequence[Sequence[float]]) -> list[float]:
    """The factors of the parts in `rows` whose sums come nearest to 1, by least squares."""
    count = len(rows[0])
    system = [
        [*(sum(row[one] * row[other] for row in rows) for other in range(count)), sum(row[one] for row in rows)]
        for one in range(count)
    ]
    for pivot in range(count):
        for row in range(count):
            if row != pivot:
                factor = system[row][pivot] / system[pivot][pivot]
                system[row] = [mine - factor * its for mine, its in zip(system[row], system[pivot], strict=True)]
    return [system[row][count] / system[row][row] for row in range(count)]


def main() -> None:
    """Measures and prints."""
    helm, rows = Helm(tool("helm4")), {}
    for name, text in samples().items():
        print(f"{name} …", file=sys.stderr)
        plan, values = planned(text)
        size = stored(helm, values)
        rows[name] = [part / size for part in parts(plan, values)]
    factors = fitted(list(rows.values()))
    print(" ".join(f"{factor:.5g}" for factor in factors))
    for name, row in rows.items():
        print(f"{name:<30}{sum(map(float.__mul__, factors, row)) - 1:>8.1%}")


if __name__ == "__main__":
    main()
