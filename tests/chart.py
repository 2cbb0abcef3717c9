"""From a list to manifests, for tests: `compiled` gives the values, a Helm prints or refuses the chart with them."""

import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from egressc import emit
from egressc.assets import chart_path
from egressc.compile import compile_files

Document = dict[str, Any]
Documents = dict[tuple[str, str, str], Document]  # by kind, namespace and name
Values = Mapping[str, Any] | str | Path  # values as data, as YAML, or as a file

CHART = chart_path()
CI_VALUES = CHART / "ci"
#: Some of them that together print every template that any of them prints.
FEW_CI_VALUES = tuple(
    CI_VALUES / f"{name}-values.yaml" for name in ("mutual-secret", "passthrough-and-tcp", "readiness")
)
#: What has no default, and is asked for only in a mesh without EnvoyFilters.
CHOSEN: Values = {"readinessContainer": {"image": "registry.example.com/curl:1"}}


class RefusedError(Exception):
    """Helm refuses the chart with these values; the text is what it says."""


@dataclass(frozen=True, slots=True)
class Helm:
    """One Helm executable and what it makes of the chart."""

    path: Path

    def render(
        self, *values: Values, namespace: str = "egress", options: Sequence[str] = (), chart: Path = CHART
    ) -> Documents:
        """The documents that the chart prints, later values over earlier ones; RefusedError where it prints none."""
        documents: Documents = {}
        for document in parsed(self.text(*values, namespace=namespace, options=options, chart=chart)):
            key = document["kind"], document["metadata"].get("namespace", ""), document["metadata"]["name"]
            assert key not in documents, f"{key} is printed twice"
            documents[key] = document
        return documents

    def text(self, *values: Values, namespace: str = "egress", options: Sequence[str] = (), chart: Path = CHART) -> str:
        """The same as Helm prints it."""
        arguments = ["template", "egress", str(chart), "--namespace", namespace, "--skip-tests", *options]
        return self._run(arguments, values)

    def tests(self, *values: Values) -> list[Document]:
        """The pods of `helm test`."""
        whole = parsed(self._run(["template", "egress", str(CHART), "--namespace", "egress"], values))
        return [document for document in whole if document["kind"] == "Pod"]

    def lint(self, *values: Values) -> str:
        """What `helm lint --strict` says; RefusedError where it finds anything."""
        return self._run(["lint", "--strict", str(CHART)], values)

    def notes(self, *values: Values) -> str:
        """What a user reads after an installation, which no cluster is needed for."""
        return self._run(["install", "egress", str(CHART), "--namespace", "egress", "--dry-run=client"], values)

    def _run(self, arguments: Sequence[str], values: Sequence[Values]) -> str:
        with tempfile.TemporaryDirectory() as folder:
            files = [_file(Path(folder, f"{index}.yaml"), value) for index, value in enumerate([CHOSEN, *values])]
            options = [argument for file in files for argument in ("--values", str(file))]
            command = [str(self.path), *arguments, *options]
            ended = subprocess.run(command, capture_output=True, text=True, check=False)
        if ended.returncode:
            raise RefusedError(ended.stderr + ended.stdout)
        return ended.stdout


def compiled(*lists: Path, overlays: Sequence[Path] = ()) -> dict[str, Any]:
    """The values that these lists compile to, as one list under these overlays."""
    compilation = compile_files([str(path) for path in lists], [str(path) for path in overlays])
    assert compilation.plan is not None, compilation.findings
    return emit.values(compilation.plan)


def parsed(text: str) -> list[Document]:
    """The documents of a YAML stream, without the empty ones; a key given twice is an error."""
    return [document for document in yaml.load_all(text, _StrictLoader) if document is not None]


class _StrictLoader(yaml.CSafeLoader):
    """PyYAML takes the last of two equal keys without a word; Kubernetes would not."""


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [key.value for key, _ in node.value]
    assert len(keys) == len(set(keys)), f"a key is given twice{node.start_mark}"
    return loader.construct_mapping(node, deep=True)


def _misread(_: _StrictLoader, node: yaml.ScalarNode) -> None:
    raise AssertionError(f"Kubernetes reads {node.value!r} as no string{node.start_mark}")


_StrictLoader.add_constructor("tag:yaml.org,2002:map", _mapping)
# Kubernetes reads these as booleans and numbers, PyYAML as strings
_StrictLoader.add_constructor("!misread", _misread)
_StrictLoader.add_implicit_resolver(
    "!misread", re.compile(r"([yYnN]|[0-9]+[eE][0-9]+|0o[0-7]+)\Z"), [*"yYnN0123456789"]
)


def _file(path: Path, values: Values) -> Path:
    if isinstance(values, Path):
        return values
    path.write_text(values if isinstance(values, str) else emit.dump(dict(values)), encoding="utf-8")
    return path
