"""kubeconform without the network: strict schemas of Kubernetes', Istio's and Flux's kinds, from the pinned modules."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.tools.cache import kept, log
from tests.tools.errors import ToolError
from tests.tools.go import environment, go_for
from tests.tools.programs import HERE, module_dir, pin, tool
from tests.tools.run import run

Schema = dict[str, Any]

OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
#: Flux publishes its kinds as Go types, from which its own releases write CustomResourceDefinitions in this way.
FLUX = HERE / "flux"
FLUX_PACKAGES = ("helm-controller/api/v2", "kustomize-controller/api/v1", "source-controller/api/v1")
# The API server reads more from these than their published schemas say.
LENIENT: dict[str, Schema] = {
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": ["integer", "string"]},
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": ["number", "string"]},
}


def schema_location() -> str:
    """What `kubeconform -schema-location` takes; the schemas are made now if they are not kept yet."""
    made_from = [Path(__file__).read_text(), *pin("kubernetes"), *pin("istio"), (FLUX / "go.mod").read_text()]
    return f"{kept('schemas', made_from, _write)}/{{{{.Group}}}}/{{{{.ResourceKind}}}}-{{{{.ResourceAPIVersion}}}}.json"


def kubeconform(manifests: str) -> list[str]:
    """What `kubeconform -strict` finds wrong with a YAML stream, sorted, as "Kind/name: what"; [] if all is well."""
    command = [str(tool("kubeconform")), "-strict", "-output", "json", "-schema-location", schema_location()]
    ended = subprocess.run(command, input=manifests, capture_output=True, text=True, check=False)
    if ended.returncode not in (0, 1) or not ended.stdout:
        raise ToolError(f"kubeconform failed: {ended.stderr.strip()}")
    refused = json.loads(ended.stdout)["resources"] or []
    return sorted(line for resource in refused for line in _lines(resource))


def istio_specs(resources: Path) -> dict[str, Schema]:
    """The strict schema of `spec` of each kind, in the version in use, from a file of CustomResourceDefinitions."""
    specs = {}
    for definition in filter(None, yaml.load_all(resources.read_text(), yaml.CSafeLoader)):
        for version in definition["spec"]["versions"]:
            if "spec" in version["schema"]["openAPIV3Schema"]["properties"]:
                key = f"{definition['spec']['group']}/{version['name']} {definition['spec']['names']['kind']}"
                specs[key] = strict(version["schema"]["openAPIV3Schema"]["properties"]["spec"])
    return specs


def _lines(resource: dict[str, Any]) -> Iterator[str]:
    whole, *faults = re.split(r"\s+- at ", resource["msg"])
    for fault in faults or [whole]:
        yield f"{resource['kind']}/{resource['name']}: {fault}"


def _write(folder: Path) -> None:
    swagger = json.loads((module_dir("kubernetes") / "api" / "openapi-spec" / "swagger.json").read_text())
    definitions = {name: strict(schema) for name, schema in (swagger["definitions"] | LENIENT).items()}
    resources = module_dir("istio") / "manifests" / "charts" / "base" / "files" / "crd-all.gen.yaml"
    custom = [resources.read_text(), *flux_kinds(folder)]
    for group, version, kind, schema in [*_built_in(definitions), *(one for text in custom for one in _custom(text))]:
        file = folder / (group or version) / f"{kind.lower()}-{version}.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(schema | {"definitions": _reached(schema, definitions)}))


def _built_in(definitions: dict[str, Schema]) -> Iterator[tuple[str, str, str, Schema]]:
    """Group, version, kind and schema of every kind that a manifest can have."""
    for schema in definitions.values():
        match schema.get("x-kubernetes-group-version-kind"):
            case [{"group": group, "version": version, "kind": kind}]:
                yield group, version, kind, schema | {"required": [*schema.get("required", []), "apiVersion", "kind"]}


def flux_kinds(folder: Path) -> list[str]:
    """The CustomResourceDefinitions of Flux's kinds, each also a file in `folder`."""
    command = [str(tool("controller-gen")), "crd", f"output:crd:dir={folder}"]
    command += [f"paths=github.com/fluxcd/{package}" for package in FLUX_PACKAGES]
    go = go_for((FLUX / "go.mod").read_text()).command()  # controller-gen asks it for the packages
    path = f"{go.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    run("reading Flux's kinds", command, log("flux-kinds"), FLUX, environment() | {"PATH": path})
    return [file.read_text() for file in sorted(folder.glob("*.toolkit.fluxcd.io_*.yaml"))]


def _custom(text: str) -> Iterator[tuple[str, str, str, Schema]]:
    """The same for a stream of CustomResourceDefinitions."""
    for definition in filter(None, yaml.load_all(text, yaml.CSafeLoader)):
        spec = definition["spec"]
        for version in spec["versions"]:
            schema = strict(version["schema"]["openAPIV3Schema"])
            schema["properties"] |= {
                "apiVersion": {"const": f"{spec['group']}/{version['name']}"},
                "kind": {"const": spec["names"]["kind"]},
                "metadata": {"$ref": f"#/definitions/{OBJECT_META}"},
            }
            schema["required"] = [*schema.get("required", []), "apiVersion", "kind", "metadata"]
            yield spec["group"], version["name"], spec["names"]["kind"], schema


def strict(schema: Schema) -> Schema:
    """The JSON Schema of a schema in OpenAPI's dialect, in which an object has no field that is not listed."""
    result = dict(schema)
    if "properties" in schema:
        result["properties"] = {name: strict(field) for name, field in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            result.setdefault("additionalProperties", False)
    for inner in ("items", "additionalProperties"):
        if isinstance(schema.get(inner), dict):
            result[inner] = strict(schema[inner])
    if schema.get("nullable") and "type" in schema:
        result["type"] = [schema["type"], "null"]
    return result


def _reached(schema: Schema, definitions: dict[str, Schema]) -> dict[str, Schema]:
    """The definitions that a schema refers to, directly or not."""
    reached: dict[str, Schema] = {}
    waiting = list(_references(schema))
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached[name] = definitions[name]
            waiting += _references(definitions[name])
    return reached


def _references(node: object) -> Iterator[str]:
    match node:
        case {"$ref": str(reference)}:
            yield reference.removeprefix("#/definitions/")
        case dict():
            for value in node.values():
                yield from _references(value)
        case list():
            for value in node:
                yield from _references(value)
