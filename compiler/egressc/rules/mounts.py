"""Certificate files, and the volumes that bring them into the gateway's container."""

import posixpath
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from egressc.findings import Code, Finding
from egressc.model import Files

# what the gateway's container cannot do without: volumes of Istio's injection template, the programs, the system
NEEDED = tuple(
    map(
        PurePosixPath,
        (
            *("/etc/istio", "/var/run/secrets", "/var/lib/istio", "/etc/certs"),
            *("/etc/egressc", "/usr/local/bin", "/dev", "/proc", "/sys"),
        ),
    )
)

FILE_NOWHERE = Code(
    "EG213",
    "a certificate file that no volume provides",
    "The gateway's pod has the files of its volumes and no others. Envoy would wait for the file, and the gateway "
    "would never be Ready.",
)
VOLUME = Code(
    "EG214",
    "a volume that cannot be mounted",
    "A volume is one Secret or one ConfigMap at a path of its own. It must not hide what the gateway's container "
    "needs.",
)


def check(files: Files) -> Iterator[Finding]:
    """Files that no volume provides."""
    mounts = [PurePosixPath(volume.mount_path) for volume in files.volumes]
    for key in ("certificate", "key", "ca", "crl"):
        path = getattr(files, key)
        if path and not _is_plain(path):
            yield FILE_NOWHERE(files.at(key), f"{path} is not a plain path", f"write `{_plain(path)}`")
        elif path and not any(mount in PurePosixPath(path).parents for mount in mounts):
            fix = f"add a volume with `mountPath: {PurePosixPath(path).parent}`; there is {', '.join(map(str, mounts))}"
            yield FILE_NOWHERE(files.at(key), f"no volume provides {path}", fix)


def check_mounts(blocks: Iterable[Files]) -> Iterator[Finding]:
    """Volumes that cannot be mounted, or not together, over all `blocks` of one container."""
    taken: dict[PurePosixPath, tuple[str | None, str | None]] = {}
    for files in blocks:
        for index, volume in enumerate(files.volumes):
            mount, content = PurePosixPath(volume.mount_path), (volume.secret, volume.config_map)
            where = files.at("volumes", index, "mountPath")
            if (volume.secret is None) == (volume.config_map is None):
                fix = "keep exactly one of `secret` and `configMap`"
                yield VOLUME(files.at("volumes", index), "a volume is a Secret or a ConfigMap", fix)
            if not _is_plain(volume.mount_path):
                yield VOLUME(where, f"{volume.mount_path} is not a plain path", f"write `{_plain(volume.mount_path)}`")
            if taken.setdefault(mount, content) != content:
                yield VOLUME(where, f"two volumes have the path {mount}", "give each volume a `mountPath` of its own")
            for needed in NEEDED:
                if mount == needed or needed in mount.parents or mount in needed.parents:
                    fix = "write a path that nothing else uses, such as /etc/partner-certs"
                    yield VOLUME(where, f"{mount} would hide the gateway's own {needed}, or be hidden by it", fix)


def _is_plain(path: str) -> bool:
    return not {".", ".."} & set(path.split("/"))


def _plain(path: str) -> str:
    """`/etc/corp/../ca` → `/etc/ca`."""
    return posixpath.normpath(path)
