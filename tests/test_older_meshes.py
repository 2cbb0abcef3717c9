"""What an older istiod makes of what is printed: it has other CRDs, and drops fields of Envoy that it does not know.

The module proxy has Istio's API of 1.30 and 1.31, and before that only of 1.24. For 1.27 to 1.29 that is the lower
bound: what it has, these versions have too. Envoy's API is there for each version.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import jsonschema
import pytest

from egressc.compile import compile_files
from egressc.emit import values
from egressc.model import Version
from egressc.plan import Plan
from egressc.since import CONTEXT_KEPT_BACK, ENVOY, TABLE, spelled
from tests.cases import VALID, Case
from tests.chart import Document, Helm
from tests.tools.envoy_api import lost
from tests.tools.programs import module_dir
from tests.tools.schemas import Schema, istio_specs

VERSIONS = sorted(ENVOY)
#: What Envoy's API of an older version does not have: the version that has it, and whether its loss opens anything.
SINCE = {"resolved_address_filter": ((1, 31), True), "header_value_prefix": ((1, 29), False)}
#: What Istio's API of 1.24 does not have, and 1.27 has.
BEFORE_1_27 = {"retryBudget"}


@dataclass(frozen=True, slots=True)
class Printed:
    """An example, and its documents on the newest mesh and on those that take no part in traces."""

    case: Case
    plan: Plan
    newest: list[Document]
    older: list[Document]

    def on(self, version: Version) -> list[Document]:
        """The documents for a mesh of this version, without hosts that are refused there."""
        refused = {
            carrier.route
            for carrier in self.plan.carriers
            if any(version < row.istio and row.place(carrier.host) for row in TABLE)
        }
        documents = self.older if version < CONTEXT_KEPT_BACK else self.newest
        return [document for document in documents if not refused & {*document["metadata"]["labels"].values()}]


@pytest.fixture(scope="module")
def printed(helm4: Helm) -> list[Printed]:
    result = []
    for case in VALID:
        compilation = compile_files(list(map(str, case.lists)), list(map(str, case.overlays)))
        assert compilation.plan
        given = values(compilation.plan) | {"disableSpanReporting": False}
        documents = [
            list(helm4.render(given | {"disableSpanReporting": disabled}).values()) for disabled in (False, True)
        ]
        result.append(Printed(case, compilation.plan, *documents))
    return result


def _patches(documents: list[Document]) -> Iterator[tuple[str, dict[str, Any]]]:
    for document in documents:
        if document["kind"] == "EnvoyFilter":
            for patch in document["spec"]["configPatches"]:
                yield document["metadata"]["name"], patch


@pytest.mark.parametrize("version", VERSIONS, ids=spelled)
def test_envoy_filters_lose_nothing(printed: list[Printed], version: Version) -> None:
    """Of what a list of that version can say, istiod drops no field: unknown ones are refused here."""
    patches = [patch for one in printed for _, patch in _patches(one.on(version))]
    assert len(patches) > 500
    assert set().union(*lost(spelled(ENVOY[version]), patches)) == set()


@pytest.mark.parametrize("version", VERSIONS, ids=spelled)
def test_no_field_that_opens_is_lost_alone(printed: list[Printed], version: Version) -> None:
    """A list for a newer mesh reaches an older one: a patch whose loss opens anything is for newer proxies only."""
    patches = [patch for one in printed for _, patch in _patches(one.newest)]
    fields = lost(spelled(ENVOY[version]), patches)
    assert set().union(*fields) == {field for field, (since, _) in SINCE.items() if version < since}
    for patch, dropped in zip(patches, fields, strict=True):
        if any(SINCE[field][1] for field in dropped):
            gate = patch["match"]["proxy"]["proxyVersion"]
            assert not any(re.search(gate, f"{spelled(version)}.{level}") for level in (0, 3, 31))


@cache
def _specs(version: Version) -> dict[str, Schema]:
    if version < (1, 30):
        return istio_specs(module_dir("istio-api-1.24") / "kubernetes" / "customresourcedefinitions.gen.yaml")
    folder = "istio-1.30" if version == (1, 30) else "istio"
    return istio_specs(module_dir(folder) / "manifests" / "charts" / "base" / "files" / "crd-all.gen.yaml")


def _refused(version: Version, document: Document) -> set[str]:
    """What the API server of a mesh of `version` says of `document`."""
    kind = f"{document['apiVersion']} {document['kind']}"
    errors = jsonschema.Draft202012Validator(_specs(version)[kind]).iter_errors(document["spec"])
    known = {
        f"Additional properties are not allowed ('{field}' was unexpected)"
        for field in (BEFORE_1_27 if version < (1, 30) else ())
    }
    return {f"{document['metadata']['name']}: {error.message}" for error in errors if error.message not in known}


@pytest.mark.parametrize("version", VERSIONS, ids=spelled)
def test_istio_s_objects_are_valid(printed: list[Printed], version: Version) -> None:
    documents = [document for one in printed for document in one.on(version) if ".istio.io/" in document["apiVersion"]]
    assert len(documents) > 500
    assert set().union(*(_refused(version, document) for document in documents)) == set()


def test_an_older_mesh_would_refuse_or_drop_what_a_newer_one_has(printed: list[Printed]) -> None:
    """The schemas find what the table of versions says: else the test above could not fail."""
    documents = [document for one in printed for document in one.newest if ".istio.io/" in document["apiVersion"]]
    unknown = " ".join(set().union(*(_refused((1, 29), document) for document in documents)))
    assert "disableContextPropagation" in unknown
    assert "http2KeepAlive" in unknown
    service_entry = "networking.istio.io/v1 ServiceEntry"
    assert "DYNAMIC_DNS" not in _specs((1, 29))[service_entry]["properties"]["resolution"]["enum"]
    assert "DYNAMIC_DNS" in _specs((1, 30))[service_entry]["properties"]["resolution"]["enum"]
