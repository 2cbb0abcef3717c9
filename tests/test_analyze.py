"""What the compiler accepts, Istio's analyzer and the schemas of the API server accept too."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given

from tests.cases import VALID, Case
from tests.chart import Document, Helm, parsed
from tests.strategies import fleets
from tests.test_properties import FEW, source, values
from tests.tools import kubeconform, tool


class Expected(NamedTuple):
    """A message that is passed over: a case that it is said of, why it may be, and for which objects."""

    case: str
    why: str
    about: Callable[[Document], bool]


EXPECTED = {
    "IST0109": Expected(
        "wildcards",
        "a wildcard and a host below it that more may see: Istio takes the longer name, as the mesh's tests show",
        lambda document: document["kind"] == "VirtualService",
    ),
    "IST0129": Expected(
        "own-ca-sni-sans",
        "the list has a written reason for not verifying the upstream",
        lambda rule: any(port["tls"].get("insecureSkipVerify") for port in _port_settings(rule)),
    ),
    "IST0133": Expected(
        "bare-hosts",
        "Istio has no field for what the EnvoyFilter does: see its template",
        lambda document: document["kind"] == "EnvoyFilter",
    ),
    "IST0134": Expected(
        "admission",
        "egressc itself finds TCP hosts that need addresses to be told apart (EG302); the others work without",
        lambda entry: any(port["protocol"] in ("TCP", "TLS") for port in entry["spec"]["ports"]),
    ),
}


def _port_settings(rule: Document) -> list[Any]:
    settings: list[Any] = rule["spec"]["trafficPolicy"]["portLevelSettings"]
    return settings


def analyze(manifests: str) -> set[str]:
    """The codes of what `istioctl analyze` says of these manifests; a message that is not expected is an error."""
    command: list[str | Path] = [
        tool("istioctl"),
        "analyze",
        "--all-namespaces",
        "--use-kube=false",
        "--output",
        "json",
        "-",
    ]
    ended = subprocess.run(command, input=manifests, capture_output=True, text=True, check=False)
    assert ended.returncode in (0, 79), ended.stderr  # 79: it has found something
    documents = {
        f"{document['kind']} {document['metadata']['namespace']}/{document['metadata']['name']}": document
        for document in parsed(manifests)
        if "namespace" in document["metadata"]  # what is the whole cluster's is none of Istio's
    }
    codes = set()
    for message in json.loads(ended.stdout):
        expected = EXPECTED.get(message["code"])
        assert expected, message
        assert expected.about(documents[message["origin"]]), message
        codes.add(message["code"])
    return codes


@pytest.mark.parametrize("case", VALID, ids=lambda case: case.name)
def test_cases(case: Case, helm4: Helm) -> None:
    analyze(helm4.text(case.folder / "values.yaml"))


@pytest.mark.parametrize("code", EXPECTED)
def test_what_is_expected_is_said(code: str, helm4: Helm) -> None:
    (case,) = (case for case in VALID if case.name == EXPECTED[code].case)
    assert code in analyze(helm4.text(case.folder / "values.yaml"))


@given(fleets())
@FEW
def test_fleets(helm4: Helm, fleet: list[Any]) -> None:
    manifests = helm4.text(values(source(fleet)))
    analyze(manifests)
    assert kubeconform(manifests) == []


def test_the_analyzer_looks_at_every_namespace(helm4: Helm) -> None:
    case = next(case for case in VALID if case.name == "mutual-secret")
    documents = helm4.text(case.folder / "values.yaml").split("---\n")
    without = "---\n".join(document for document in documents if "\nkind: Gateway\n" not in document)
    with pytest.raises(AssertionError, match="IST0101"):
        analyze(without)
