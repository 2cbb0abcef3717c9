"""`python -m release VERSION`: makes all that is published in one folder, whole or not at all."""

import argparse
import hashlib
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from release import chart, layout, packages, source
from release.commands import ReleaseError
from tests.tools import ToolError

REPOSITORY = Path(__file__).resolve().parents[1]
SCHEMAS = ("schemas/hosts.schema.json", "charts/egress-gateways/values.schema.json")
SUMS = "SHA256SUMS"


def make(version: str, key: str | None, work: Path) -> Path:
    """The folder of the release, made below `work`; ReleaseError if it cannot be made."""
    moment = source.moment(REPOSITORY)
    files = source.exported(REPOSITORY, version, work)
    made = work / "release"
    made.mkdir()
    packages.build(files, made, moment)
    archive = chart.archive(files, made)
    provenance = chart.sign(archive, files, key) if key else None
    layout.write(archive.with_suffix(".oci"), files / source.CHART, archive, provenance, moment)
    site(files, made)
    if key:
        chart.public(key, made / urlsplit(source.metadata(files)["home"]).netloc / "release.asc")
    packages.sbom(files, made / f"egressc-{version}.cdx.json", version, moment)
    sums = "".join(f"{digest}  {name}\n" for name, digest in checksums(made))
    (made / SUMS).write_text(sums, encoding="utf-8")
    if key:
        chart.signed(made / SUMS, made / f"{SUMS}.asc", key, "--detach-sign")
    return made


def site(files: Path, made: Path) -> None:
    """Writes what others find by its address, in a folder for each name: the schemas under their `$id`, the icon."""
    addresses = {json.loads((files / name).read_text(encoding="utf-8"))["$id"]: name for name in SCHEMAS}
    addresses[source.metadata(files)["icon"]] = "docs/icon.svg"
    for address, name in addresses.items():
        place = urlsplit(address)
        path = made / place.netloc / place.path.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(files / name, path)


def checksums(made: Path) -> list[tuple[str, str]]:
    """Each file's name below `made` and its SHA-256, by name."""
    paths = sorted(path for path in made.rglob("*") if path.is_file())
    return [(path.relative_to(made).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest()) for path in paths]


def main() -> int:
    """The exit code: 0, 1 if there is no release, 130 when interrupted."""
    parser = argparse.ArgumentParser("python -m release", description="Make all that is published.")
    parser.add_argument("version", metavar="VERSION", help="the version that the source says")
    parser.add_argument("--key", help="the GnuPG key that signs the chart and the checksums")
    parser.add_argument("-o", "--output", metavar="DIR", type=Path, default=REPOSITORY / "build" / "release")
    given = parser.parse_args()
    target: Path = given.output
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".release-") as work:
            made = make(given.version, given.key, Path(work))
            if target.exists():
                target.replace(Path(work, "before"))
            made.replace(target)
    except (ReleaseError, ToolError, OSError) as error:
        print(f"no release: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    for name, _ in checksums(target):
        if "/blobs/" not in name:
            print(os.path.relpath(target / name))
    if not given.key:
        print("The chart has no provenance: nobody has signed it. KEY=<name> chooses a key of gpg.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
