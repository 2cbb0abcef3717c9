"""Releases for tests: a commit of this tree as it is, what `make release` makes of it, and a registry to put it in."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from egressc import __version__
from tests.tools import tool

ROOT = Path(__file__).parents[1]
#: Who signs the releases of tests.
KEY = "tests@egressc.example"
AUTHOR = ("-c", "user.name=test", "-c", "user.email=test@example.com")


def commit(folder: Path, version: str = __version__) -> Path:
    """A repository in `folder` whose only commit is this tree, with another version if that is given."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        # the cases are most of the tree, and no release has them
        if (ROOT / name).is_file() and not name.startswith("tests/cases/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    if version != __version__:
        package = folder / "compiler" / "egressc" / "__init__.py"
        package.write_text(package.read_text().replace(f'"{__version__}"', f'"{version}"'))
        python(folder, "-m", "docs.version")
        changes = folder / "CHANGELOG.md"
        changes.write_text(
            changes.read_text().replace(f"\n## {__version__} - ", f"\n## {version} - now\n\n## {__version__} - ")
        )
    git(folder, "init", "--quiet")
    (folder / ".git" / "info" / "exclude").write_text(".venv\n")
    (folder / ".venv").symlink_to(Path(sys.executable).parents[1])
    record(folder)
    return folder


def record(folder: Path) -> None:
    """A commit of what is there."""
    git(folder, "add", "--all")
    git(folder, *AUTHOR, "commit", "--quiet", "--message=test", "--date=2026-01-02T03:04:05Z")


def git(folder: Path, *arguments: str) -> None:
    """Runs git, of whose settings only those given here count."""
    moment = {"GIT_COMMITTER_DATE": "2026-01-02T03:04:05Z", "GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(["git", *arguments], cwd=folder, env=os.environ | moment, check=True)


def python(folder: Path, *arguments: str) -> None:
    """Runs a program of the repository in `folder`."""
    path = os.pathsep.join(map(str, (folder / "compiler", folder)))
    subprocess.run([sys.executable, *arguments], cwd=folder, env=os.environ | {"PYTHONPATH": path}, check=True)


def make(folder: Path, target: str, *variables: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What `make` says in a repository that `commit` made; its .venv is that of the tests."""
    command = ["make", "--old-file=.venv/ready", target, *variables]
    own = os.environ | {"PYTHONPATH": str(folder)} | environment
    return subprocess.run(command, cwd=folder, env=own, capture_output=True, text=True, check=False)


def keyring(folder: Path) -> Path:
    """A new home of gpg with one key, that of KEY; it stands beside as `public.gpg`."""
    folder.mkdir(mode=0o700)
    gpg = ["gpg", "--homedir", str(folder), "--batch", "--quiet"]
    subprocess.run([*gpg, "--passphrase", "", "--quick-generate-key", KEY, "ed25519", "sign", "never"], check=True)
    public = subprocess.run([*gpg, "--export", KEY], capture_output=True, check=True).stdout
    folder.with_name("public.gpg").write_bytes(public)
    return folder


@dataclass(frozen=True)
class Registry:
    """A registry that runs: its address, and the environment that lets programs in Go trust it."""

    address: str
    environment: dict[str, str]

    def run(self, *command: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
        """What comes of a command that asks the registry; its home is `folder`."""
        own = os.environ | self.environment | {"HOME": str(folder)}
        return subprocess.run(command, cwd=folder, env=own, capture_output=True, text=True, check=False)


@contextmanager
def registry(folder: Path) -> Iterator[Registry]:
    """The CNCF's registry, distribution, on this machine's own address and in memory."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = folder / "registry.yaml"
    tls = f"tls: {{certificate: {folder}/server.pem, key: {folder}/server.pem}}"
    config.write_text(f"version: 0.1\nstorage: {{inmemory: {{}}}}\nhttp: {{addr: '127.0.0.1:{port}', {tls}}}\n")
    quiet = os.environ | {"OTEL_TRACES_EXPORTER": "none"}
    with (folder / "registry.log").open("w") as log:
        process = subprocess.Popen([tool("registry"), "serve", config], env=quiet, stdout=log, stderr=log)
    try:
        _answers(process, port)
        yield Registry(f"localhost:{port}", {"SSL_CERT_FILE": str(folder / "ca.pem")})
    finally:
        process.terminate()
        process.wait()


def _answers(process: subprocess.Popen[bytes], port: int) -> None:
    while process.poll() is None:
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return
    raise AssertionError("the registry has ended")
