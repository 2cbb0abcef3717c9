"""The chart's archive, and who vouches for it."""

import hashlib
import re
from pathlib import Path

from release.commands import ReleaseError, run
from release.source import CHART
from tests.tools import tool


def archive(files: Path, folder: Path) -> Path:
    """The chart's archive in `folder`. Helm 4 gives it the times of the files; Helm 3 would give it today's."""
    run([tool("helm4"), "package", files / CHART, "--destination", folder], files)
    (made,) = folder.glob("*.tgz")
    return made


def sign(made: Path, files: Path, key: str) -> Path:
    """The provenance beside the archive, which `helm verify` reads. gpg signs it, so the key never leaves its keyring.

    `helm package --sign` would need the secret key in a file, as GnuPG 1 kept it.
    """
    metadata = (files / CHART / "Chart.yaml").read_text(encoding="utf-8")
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    content = made.with_suffix(".yaml")
    content.write_text(f"{metadata}\n...\nfiles:\n  {made.name}: sha256:{digest}\n", encoding="utf-8")
    provenance = made.with_name(f"{made.name}.prov")
    signed(content, provenance, key, "--clearsign")
    content.unlink()
    return provenance


def public(key: str, path: Path) -> None:
    """Writes the public half of a key, for those who check its signatures."""
    run(["gpg", "--batch", "--yes", "--armor", "--output", path, "--export", key], path.parent)


def signed(content: Path, signature: Path, key: str, form: str) -> None:
    """Writes the signature of a file; ReleaseError if gpg has no such key."""
    known = re.search(r"^sec:", _listed(key), re.MULTILINE)
    if not known:
        raise ReleaseError(f"gpg has no secret key {key}")
    options = ["--batch", "--yes", "--local-user", key, "--digest-algo", "SHA512", "--armor"]
    run(["gpg", *options, "--output", signature, form, content], content.parent)


def _listed(key: str) -> str:
    try:
        return run(["gpg", "--batch", "--with-colons", "--list-secret-keys", key], Path.cwd())
    except ReleaseError as error:
        raise ReleaseError(f"gpg has no secret key {key}: {error}") from error
