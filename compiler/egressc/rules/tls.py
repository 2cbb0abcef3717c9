"""TLS to the upstream: one credential, one who speaks, and somebody who verifies."""

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from egressc.findings import Finding, Span
from egressc.model import Files, Host, Inventory, Port, Tls

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


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """EG207 to EG214 and EG222. A tls that ports share is looked at once, where the gateway speaks it if any does."""
    ports: dict[Span, Port] = {}
    for port in host.ports:
        yield from _speaker(host, port)
        if port.tls.originates or port.tls.at() not in ports:
            ports[port.tls.at()] = port
    for port in ports.values():
        yield from _verified(host, port)
        yield from _credential(port.tls)
        yield from _meaning(port.tls)
        if port.tls.files:
            yield from _files(port.tls.files)
    yield from check_mounts(port.tls.files for port in ports.values() if port.tls.files)


def _speaker(host: Host, port: Port) -> Iterator[Finding]:
    tls = port.tls
    where = tls.at("mode") if tls.says("mode") else port.at("protocol")
    if port.protocol == "TLS" and tls.mode != "passthrough":
        if tls.originates:
            message = (
                f"{host.host}:{port.port} is TLS from the application, and mode {tls.mode} would wrap it in TLS again"
            )
            yield Finding(where, "EG207", message, "write `protocol: HTTP` (or TCP), or `mode: passthrough`")
        else:
            message = f"{host.host}:{port.port} is TLS from the application, mode none contradicts it"
            yield Finding(where, "EG208", message, "write `mode: passthrough`, or the protocol that is really spoken")
    elif port.protocol != "TLS" and tls.mode == "passthrough":
        message = f"{host.host}:{port.port} is {port.protocol}, there is no TLS of the application to pass through"
        yield Finding(where, "EG208", message, "write `protocol: TLS`, or leave `mode` to simple")


def _verified(host: Host, port: Port) -> Iterator[Finding]:
    tls = port.tls
    if tls.mode == "none" and not tls.unverified:
        fix = 'write `unverified: "<the reason>"`, or let the gateway speak TLS with `mode: simple`'
        yield Finding(tls.at("mode"), "EG212", f"nobody verifies {host.host}: mode none needs a written reason", fix)
    elif tls.mode == "passthrough" and tls.unverified:
        fix = "remove it: the application verifies the upstream"
        yield Finding(tls.at("unverified"), "EG211", "`unverified` in mode passthrough", fix)
    elif tls.originates and tls.unverified:
        configured = [
            key for key in ("sans", "secret") if tls.says(key) and not (key == "secret" and tls.mode == "mutual")
        ]
        if tls.files and tls.files.ca:
            configured.append("files")
        for key in configured:
            fix = f"remove `{key}`, or remove `unverified` so that it is used"
            message = f"`{key}` beside `unverified`: Istio refuses a CA or names where verification is off"
            yield Finding(tls.at(key), "EG222", message, fix)


def _credential(tls: Tls) -> Iterator[Finding]:
    if tls.secret and tls.files:
        fix = "keep `secret` (renewed without a restart) or `files`"
        yield Finding(tls.at("files"), "EG210", "two credentials: Istio refuses files beside a Secret by name", fix)
    elif tls.mode == "mutual" and not tls.secret:
        key, certificate = (tls.files.key, tls.files.certificate) if tls.files else (None, None)
        if not (key and certificate):
            fix = "add `secret: <name>`, or `files` with `certificate` and `key`"
            yield Finding(tls.at("mode"), "EG209", "mutual TLS without a client certificate and its key", fix)


def _meaning(tls: Tls) -> Iterator[Finding]:
    useless: tuple[str, ...] = ()
    if tls.mode == "none":
        useless = ("secret", "files", "sni", "sans")
    elif tls.mode == "passthrough":
        useless = ("sni", "sans")
    for key in useless:
        if tls.says(key):
            fix = f"remove `{key}`: the gateway speaks no TLS in this mode"
            yield Finding(tls.at(key), "EG211", f"`{key}` in mode {tls.mode}", fix)
    if tls.mode != "mutual" and tls.files:
        for key in ("certificate", "key"):
            if getattr(tls.files, key):
                fix = f"write `mode: mutual`, or remove `{key}`"
                yield Finding(tls.files.at(key), "EG211", f"a client {key} in mode {tls.mode}", fix)
    if tls.files and tls.mode != "none" and not (tls.files.ca or tls.files.certificate or tls.files.key):
        fix = "name the files: `ca`, or `certificate` and `key`"
        yield Finding(tls.files.at("volumes"), "EG211", "volumes without a certificate file in them", fix)


def _files(files: Files) -> Iterator[Finding]:
    mounts = [PurePosixPath(volume.mount_path) for volume in files.volumes]
    for key in ("certificate", "key", "ca"):
        path = getattr(files, key)
        if path and not _is_plain(path):
            yield Finding(files.at(key), "EG213", f"{path} is not a plain path", "write the path without . and ..")
        elif path and not any(mount in PurePosixPath(path).parents for mount in mounts):
            fix = f"mount one above it; now mounted: {', '.join(map(str, mounts))}"
            yield Finding(files.at(key), "EG213", f"no volume provides {path}", fix)


def check_mounts(blocks: Iterable[Files]) -> Iterator[Finding]:
    """EG214, over all `blocks` that are mounted into one container."""
    taken: dict[PurePosixPath, tuple[str | None, str | None]] = {}
    for files in blocks:
        for index, volume in enumerate(files.volumes):
            mount, content = PurePosixPath(volume.mount_path), (volume.secret, volume.config_map)
            where = files.at("volumes", index, "mountPath")
            if (volume.secret is None) == (volume.config_map is None):
                fix = "keep exactly one of `secret` and `configMap`"
                yield Finding(files.at("volumes", index), "EG214", "a volume is a Secret or a ConfigMap", fix)
            if not _is_plain(volume.mount_path):
                yield Finding(where, "EG214", f"{mount} is not a plain path", "write the path without . and ..")
            if taken.setdefault(mount, content) != content:
                yield Finding(where, "EG214", f"two volumes at {mount}", "give each volume a mount path of its own")
            for needed in NEEDED:
                if mount == needed or needed in mount.parents or mount in needed.parents:
                    fix = "take a path of your own, such as /etc/partner-certs"
                    yield Finding(where, "EG214", f"{mount} would hide or be hidden by the gateway's own {needed}", fix)


def _is_plain(path: str) -> bool:
    return not {".", ".."} & set(path.split("/"))
