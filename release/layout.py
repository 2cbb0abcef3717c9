"""The chart as an OCI image layout: what a registry holds, as files, for tools that copy it without Helm.

The media types are Helm's: https://helm.sh/docs/topics/registries/#helm-chart-manifest.
"""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

Descriptor = dict[str, Any]

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.cncf.helm.config.v1+json"
CONTENT = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
PROVENANCE = "application/vnd.cncf.helm.chart.provenance.v1.prov"


def write(folder: Path, chart: Path, archive: Path, provenance: Path | None, moment: int) -> None:
    """Writes the layout of `archive`, whose tag is the version that the Chart.yaml in `chart` says."""
    metadata = yaml.safe_load((chart / "Chart.yaml").read_text(encoding="utf-8"))
    layers = [_blob(folder, CONTENT, archive.read_bytes())]
    if provenance:
        layers.append(_blob(folder, PROVENANCE, provenance.read_bytes()))
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _blob(folder, CONFIG, _json(metadata)),
        "layers": layers,
        "annotations": {
            "org.opencontainers.image.title": metadata["name"],
            "org.opencontainers.image.description": metadata["description"],
            "org.opencontainers.image.version": metadata["version"],
            "org.opencontainers.image.url": metadata["home"],
            "org.opencontainers.image.created": datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
    }
    tag = {"annotations": {"org.opencontainers.image.ref.name": metadata["version"]}}
    index = {"schemaVersion": 2, "manifests": [_blob(folder, MANIFEST, _json(manifest)) | tag]}
    (folder / "index.json").write_bytes(_json(index))
    (folder / "oci-layout").write_bytes(_json({"imageLayoutVersion": "1.0.0"}))


def _blob(folder: Path, media_type: str, content: bytes) -> Descriptor:
    """Writes a blob under its digest, and describes it."""
    digest = hashlib.sha256(content).hexdigest()
    path = folder / "blobs" / "sha256" / digest
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}


def _json(data: Any) -> bytes:
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode()
