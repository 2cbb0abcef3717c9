"""What a host's manifests have otherwise than a bare host's; tests/cases/README.md says how to read it."""

import difflib
import re
from collections.abc import Iterator, Mapping

from tests.chart import parsed

BARE = "api.stripe.com"
SHOWN = 3  # lines of a removed piece
Objects = dict[tuple[str, str, str], list[str]]  # the lines of each object, by kind, namespace and name


def difference(bare: str, manifests: str, gateways: Mapping[str, Mapping[str, str]]) -> str:
    """What these manifests have otherwise than a bare host would under the name of each of these gateways.

    `bare` are the manifests of the host BARE, `gateways` those of the chart's values.
    """
    expected: Objects = {}
    for name, gateway in gateways.items():
        renamed = _renamed(bare, name, gateway.get("host", name), gateway["namespace"])
        expected |= _objects(_routed(renamed, name, gateway.get("route", name)))
    return "".join(f"{line}\n" for line in _lines(expected, _objects(manifests)))


def bare_host(manifests: str) -> str:
    """The objects of api.stripe.com among the manifests of bare-hosts."""
    documents = re.split(r"^---\n", manifests, flags=re.MULTILINE)
    return "---\n".join(document for document in documents if f'egressc.io/gateway: "{_name(BARE)}"' in document)


def _name(host: str) -> str:
    return host.replace(".", "-")


def _renamed(bare: str, name: str, host: str, namespace: str) -> str:
    names = {
        BARE: host,
        _name(BARE): name,
        BARE.replace(".", r"\."): host.replace(".", r"\."),
        BARE.replace(".", r"\\."): host.replace(".", r"\\."),
        'namespace: "egress"': f'namespace: "{namespace}"',
        f"{_name(BARE)}.egress.svc": f"{name}.{namespace}.svc",
        f"egress/{_name(BARE)}": f"{namespace}/{name}",
    }
    longest_first = sorted(names, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), lambda match: names[match[0]], bare)


def _routed(manifests: str, name: str, route: str) -> str:
    """The same where what leads clients, and the label of all objects, have the name `route`."""
    labelled = manifests.replace(f'\n    egressc.io/gateway: "{name}"', f'\n    egressc.io/gateway: "{route}"')
    by_kind, by_name = r"kind: (?:ServiceEntry|VirtualService)\nmetadata:", rf'(?="{name}\.direct")'
    leading = re.compile(rf'({by_kind}\n  name: |\n  name: {by_name})"{name}')
    return leading.sub(rf'\1"{route}', labelled)


def _objects(manifests: str) -> Objects:
    objects: Objects = {}
    for text in re.split(r"^---\n", manifests, flags=re.MULTILINE):
        for document in parsed(text):
            metadata = document["metadata"]
            key = document["kind"], metadata.get("namespace", ""), metadata["name"]
            assert key not in objects, f"{key} is printed twice"
            objects[key] = [line for line in text.splitlines() if line.strip() and not line.startswith("# Source: ")]
    return objects


def _lines(expected: Objects, found: Objects) -> Iterator[str]:
    for key in sorted(expected.keys() | found.keys(), key=lambda key: (key[1], key[2], key[0])):
        title = f"=== {key[0]} {key[1]}/{key[2]}"
        if key not in found:
            yield f"{title}: none"
        elif key not in expected:
            yield f"{title}: new"
            yield from (f"+{line}" for line in found[key] if line not in _told(*key))
        elif expected[key] != found[key]:
            yield title
            yield from _changes(expected[key], found[key])


def _told(kind: str, namespace: str, name: str) -> list[str]:
    """The lines that the title tells, and those that every object has: test_contract.py looks at them."""
    own = [f"kind: {kind}", f'  name: "{name}"', f'  namespace: "{namespace}"']
    labels = ["name: egress-gateways", 'instance: "egress"', "managed-by: Helm"]
    return [*own, "metadata:", "  labels:", *(f"    app.kubernetes.io/{label}" for label in labels)]


def _changes(old: list[str], new: list[str]) -> Iterator[str]:
    for what, first, last, start, end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what != "equal":
            yield f"@@ {_place(new, start) if start < end else _place(old, first)}"
            yield from _removed(old[first:last])
            yield from (f"+{line}" for line in new[start:end])


def _removed(lines: list[str]) -> Iterator[str]:
    """A long piece is told by where it begins: all of it stands in the manifests of the bare host."""
    shown = lines if len(lines) <= SHOWN else lines[:1]
    yield from (f"-{line}" for line in shown)
    if shown != lines:
        yield f"-  … and {len(lines) - len(shown)} lines more"


def _place(lines: list[str], number: int) -> str:
    """The keys that the line stands below."""
    place: list[str] = []
    depth = _depth(lines[number])
    for line in reversed(lines[:number]):
        if _depth(line) < depth:
            depth = _depth(line)
            place.insert(0, line.strip().removeprefix("- ").partition(":")[0].strip('"'))
    return ".".join(place)


def _depth(line: str) -> float:
    """How far a line is indented; an item of a list is half a step deeper than its key."""
    indent = len(line) - len(line.lstrip())
    return indent + 0.5 if line.lstrip().startswith("- ") else indent
