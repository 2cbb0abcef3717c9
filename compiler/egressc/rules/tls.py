"""TLS to the upstream: one credential, one who speaks, and somebody who verifies."""

from collections.abc import Iterator

from egressc.elsewhere import GATEWAY_SETTING
from egressc.findings import Code, Finding, Span
from egressc.model import OLD_SUITES, OLD_VERSIONS, Host, Inventory, Port, Tls
from egressc.rules import mounts, protocols

DOUBLE_TLS = Code(
    "EG207",
    "double TLS: the application's TLS inside the gateway's",
    "With `protocol: TLS` the application speaks TLS itself. A gateway that originates TLS would wrap it once more, "
    "and the upstream would find TLS where it expects requests.",
)
NO_PASSTHROUGH = Code(
    "EG208",
    "passthrough of what is not TLS",
    "`protocol: TLS` and `mode: passthrough` belong together: the gateway reads the name in the application's TLS, "
    "and passes the rest on unread.",
)
NO_CREDENTIAL = Code(
    "EG209",
    "mutual TLS without a credential",
    "In mutual TLS the gateway shows a client certificate. The list says in which Secret or in which files it is.",
)
TWO_CREDENTIALS = Code(
    "EG210",
    "two credentials",
    "Istio refuses a DestinationRule that names a Secret and files at once.",
)
NO_TLS_SETTING = Code(
    "EG211",
    "a TLS setting without meaning in this mode",
    "A mode in which the gateway speaks no TLS, or shows no certificate, does not read the setting. It would look as "
    "if it held.",
)
NOBODY_VERIFIES = Code(
    "EG212",
    "the upstream is left unverified without a reason",
    "Without TLS the upstream can be anybody on the way. egressc takes that only with a reason that reviewers can "
    "read.",
)
OFF_AND_CONFIGURED = Code(
    "EG222",
    "verification is off and configured at once",
    "Istio refuses a CA or names beside `insecureSkipVerify`, and a reader would believe that they are checked.",
)


NO_CRL = Code(
    "EG286",
    "a CRL of no CA of the list",
    "A CRL revokes certificates of its own CA, and Envoy wants one of each CA that it trusts. The public CAs of the "
    "image have none, so every certificate would be refused.",
)
NO_VERSION = Code(
    "EG287",
    "TLS versions or cipher suites that cannot be",
    "The oldest version must not be newer than the newest, and cipher suites can be chosen for TLS up to 1.2 only.",
)
PARAMETERS = ("minProtocolVersion", "maxProtocolVersion", "cipherSuites")


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """A tls that ports share is looked at once, where the gateway speaks it if any does."""
    ports: dict[Span, Port] = {}
    for port in host.ports:
        yield from _speaker(host, port)
        if port.tls.originates or port.tls.at() not in ports:
            ports[port.tls.at()] = port
    for port in ports.values():
        yield from _verified(host, port)
        yield from _credential(port.tls)
        yield from _meaning(port.tls)
        yield from _revoked(port.tls)
        yield from _parameters(host, port.tls)
        yield from _of_old_versions(port.tls)
        if port.tls.files:
            yield from mounts.check(port.tls.files)
    yield from mounts.check_mounts(port.tls.files for port in ports.values() if port.tls.files)


def _speaker(host: Host, port: Port) -> Iterator[Finding]:
    tls = port.tls
    if protocols.other(port):
        return  # of which another rule says what to write
    where = tls.at("mode") if tls.says("mode") else port.at("protocol")
    if port.protocol == "TLS" and tls.mode != "passthrough":
        if tls.originates:
            message = (
                f"the application speaks TLS to {host.host}:{port.port}: mode {tls.mode} would wrap it in TLS again"
            )
            other = "`speaks: http`" if host.says("speaks") else "`protocol: HTTP` (or TCP)"
            yield DOUBLE_TLS(where, message, f"write `mode: passthrough`, or {other}")
        else:
            message = f"the application speaks TLS to {host.host}:{port.port}: mode none contradicts that"
            fix = "write `mode: passthrough`, or the protocol that the application speaks"
            yield NO_PASSTHROUGH(where, message, fix)
    elif port.protocol != "TLS" and tls.mode == "passthrough":
        message = f"the application speaks {port.protocol} to {host.host}:{port.port}: it has no TLS to pass through"
        fix = "write `protocol: TLS`, or `mode: simple`"
        if protocol := protocols.spoken(port) if port.protocol == "TCP" else None:
            where, fix = port.at("port"), protocols.unread(host, port, protocol)
        elif tls.says("mode") and not tls.own("mode"):  # it serves the other hosts of the file
            where, fix = (
                port.at("port"),
                "add `tls: {mode: simple}` to the host or to this port; the defaults pass TLS through",
            )
        yield NO_PASSTHROUGH(where, message, fix)


def _verified(host: Host, port: Port) -> Iterator[Finding]:
    tls = port.tls
    if tls.mode == "none" and not tls.unverified:
        fix = 'write `unverified: "<the reason>"`, or let the gateway speak TLS with `mode: simple`'
        if protocol := protocols.spoken(port) if port.protocol == "TCP" else None:
            fix = f'write `unverified: "{protocol.reason}"`'
        yield NOBODY_VERIFIES(tls.at("mode"), f"nobody verifies {host.host}: mode none needs a written reason", fix)
    elif tls.mode == "passthrough" and tls.unverified:
        message = "mode passthrough does not read `unverified`: the application verifies the upstream"
        yield NO_TLS_SETTING(tls.at("unverified"), message, "remove `unverified`")
    elif tls.originates and tls.unverified:
        configured = [
            key for key in ("sans", "secret", "crl") if tls.says(key) and not (key == "secret" and tls.mode == "mutual")
        ]
        if tls.files and tls.files.ca:
            configured.append("files")
        for key in configured:
            message = f"`{key}` stands beside `unverified`: Istio refuses a CA or names where verification is off"
            yield OFF_AND_CONFIGURED(tls.at(key), message, f"remove `unverified`, or remove `{key}`")


def _credential(tls: Tls) -> Iterator[Finding]:
    if tls.secret and tls.files:
        message = "`secret` and `files` are two credentials: Istio refuses files beside a Secret"
        yield TWO_CREDENTIALS(tls.at("files"), message, "keep `secret` (renewed without a restart) or `files`")
    elif tls.mode == "mutual" and not tls.secret:
        key, certificate = (tls.files.key, tls.files.certificate) if tls.files else (None, None)
        if not (key and certificate):
            fix = "add `secret: <name>`, or `files` with `certificate` and `key`"
            yield NO_CREDENTIAL(tls.at("mode"), "mutual TLS needs a client certificate and its key", fix)


def _meaning(tls: Tls) -> Iterator[Finding]:
    useless: tuple[str, ...] = ()
    if tls.mode == "none":
        useless = ("secret", "files", "crl", "sni", "sans", *PARAMETERS)
    elif tls.mode == "passthrough":
        useless = ("sni", "sans")
    for key in useless:
        if tls.says(key):
            message = f"mode {tls.mode} does not read `{key}`: the gateway speaks no TLS"
            yield NO_TLS_SETTING(tls.at(key), message, f"remove `{key}`")
    if tls.mode != "mutual" and tls.files:
        for key in ("certificate", "key"):
            if getattr(tls.files, key):
                message = f"mode {tls.mode} does not read `{key}`: the gateway shows no client certificate"
                yield NO_TLS_SETTING(tls.files.at(key), message, f"write `mode: mutual`, or remove `{key}`")
    if tls.files and tls.mode != "none" and not (tls.files.ca or tls.files.certificate or tls.files.key):
        fix = "name the files: `ca`, or `certificate` and `key`"
        yield NO_TLS_SETTING(tls.files.at("volumes"), "`volumes` stands without a file in them", fix)


def _revoked(tls: Tls) -> Iterator[Finding]:
    if tls.mode != "none" and tls.crl and not tls.secret:
        fix = "write `secret: <name>`, a Secret with ca.crt and ca.crl, or `files.crl`"
        yield NO_CRL(tls.at("crl"), "`crl` is about a Secret, and there is none", fix)
    if tls.files and tls.files.crl and not tls.files.ca:
        fix = "add `ca`, the CA that the list is of"
        yield NO_CRL(tls.files.at("crl"), "`crl` stands without a `ca`: public CAs have no list here", fix)


def _parameters(host: Host, tls: Tls) -> Iterator[Finding]:
    said = [key for key in PARAMETERS if tls.own(key)]
    if host.in_sidecar:
        for key in said:
            message = f"{host.host} has no gateway and takes no `tls.{key}`: no object of Istio says it to a sidecar"
            yield GATEWAY_SETTING(tls.at(key), message, f"remove `{key}`, or `at: sidecar`")
    oldest, newest = tls.min_protocol_version or "TLSV1_2", tls.max_protocol_version or "TLSV1_3"
    if oldest > newest:
        key = "maxProtocolVersion" if tls.max_protocol_version else "minProtocolVersion"
        fix = f"write `minProtocolVersion: {newest}`"
        yield NO_VERSION(tls.at(key), f"no version of TLS is from {oldest} on and up to {newest}", fix)
    elif tls.cipher_suites and oldest == "TLSV1_3":
        message = "`cipherSuites` has no meaning for TLS 1.3, whose suites nobody chooses"
        yield NO_VERSION(
            tls.at("cipherSuites"), message, "remove `cipherSuites`, or write an older `minProtocolVersion`"
        )


def _of_old_versions(tls: Tls) -> Iterator[Finding]:
    oldest = tls.min_protocol_version
    if oldest in OLD_VERSIONS and tls.cipher_suites and not set(tls.cipher_suites) & set(OLD_SUITES):
        message = f"none of these cipher suites is of {oldest}"
        fix = "add one of its own, such as ECDHE-RSA-AES128-SHA, or remove `cipherSuites`"
        yield NO_VERSION(tls.at("cipherSuites"), message, fix)
