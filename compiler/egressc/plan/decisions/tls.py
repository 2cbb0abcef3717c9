"""The TLS that a gateway or a sidecar speaks to the upstream, and who verifies whom."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from egressc.model import OLD_SUITES, OLD_VERSIONS, Port, Tls
from egressc.plan.decision import Decision, Object
from egressc.plan.spelled import in_certificates, one_line
from egressc.positions import Lines

#: Envoy's own, which are of TLS 1.2.
SUITES = (
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
)
SYSTEM_CA = "system"  # what Istio means by no CA at all; said aloud it also satisfies its analyzer


@dataclass(frozen=True, slots=True)
class Verified:
    """Who verifies the upstream: `names` and `ca` where a proxy does, `reason` where nobody does."""

    by: Literal["gateway", "sidecar", "application", "nobody"]
    names: tuple[str, ...]
    ca: str | None
    reason: str | None
    lines: Lines

    @property
    def text(self) -> str:
        """The answer to the words `verified by`."""
        if self.by in ("gateway", "sidecar"):
            return f"the {self.by}: {', '.join(self.names)}; {self.ca}"
        return "the application" if self.by == "application" else f"nobody: {self.reason}"


def verified(tls: Tls, by: Literal["gateway", "sidecar"]) -> Verified:
    """Who verifies the upstream, where a proxy of this kind speaks to it."""
    if tls.unverified:
        return Verified("nobody", (), None, one_line(tls.unverified), tls.said("unverified"))
    if tls.mode == "passthrough":
        return Verified("application", (), None, None, tls.said("mode"))
    lines = [line for key in ("sans", "sni", "secret", "files") for line in tls.said(key)]
    return Verified(by, tls.sans or (tls.sni,), trusted(tls), None, tuple(lines))


def client_certificate(tls: Tls) -> str | None:
    """Where the certificate comes from that the gateway presents, None where it presents none."""
    if tls.mode != "mutual":
        return None
    return f"Secret {tls.secret}" if tls.secret else f"file {tls.files.certificate if tls.files else ''}"


def trusted(tls: Tls) -> str:
    """The CA certificates that the upstream's certificate must chain to."""
    if tls.secret:
        return f"CA of Secret {tls.secret}"
    return f"CA file {tls.files.ca}" if tls.files and tls.files.ca else "public CAs"


def ca_file(tls: Tls) -> str:
    """The file of the CA certificates that are trusted, where no Secret has them."""
    return (tls.files.ca if tls.files else None) or SYSTEM_CA


def revocations(tls: Tls) -> dict[str, str]:
    """The file of revoked certificates, where the list names one; a Secret needs no name for it."""
    return {"caCrl": tls.files.crl} if tls.files and tls.files.crl else {}


def parameters(port: Port, patch: Object) -> Iterator[Decision]:
    """The versions and cipher suites of TLS on `port`, which the EnvoyFilter `patch` sets."""
    tls = port.tls

    def decision(key: str, name: str, says: str, value: Any) -> Decision:
        return Decision(patch, says, tls.said(key), {"tlsParameters": {name: value}}, port.port)

    if oldest := tls.min_protocol_version:
        says = f"speaks {in_words(oldest)} or newer"
        yield decision("minProtocolVersion", "minimum", says, in_envoy(oldest))
    if newest := tls.max_protocol_version:
        says = f"speaks {in_words(newest)} or older"
        yield decision("maxProtocolVersion", "maximum", says, in_envoy(newest))
    if tls.cipher_suites:
        says = f"offers the cipher suites {', '.join(tls.cipher_suites)}"
        yield decision("cipherSuites", "cipherSuites", says, list(tls.cipher_suites))
    elif oldest in OLD_VERSIONS:
        says = f"also offers cipher suites of {in_words(oldest)}"
        yield decision("minProtocolVersion", "cipherSuites", says, [*SUITES, *OLD_SUITES])


def in_envoy(version: str) -> str:
    """`TLSV1_2`, as Istio has it, is Envoy's `TLSv1_2`."""
    return version.replace("TLSV", "TLSv")


def in_words(version: str) -> str:
    """`TLSV1_2` is TLS 1.2."""
    return version.replace("V", " ").replace("_", ".")


def spoken(port: Port, rule: Object) -> Iterator[Decision]:
    """What the DestinationRule `rule` makes of TLS on `port`."""
    tls = port.tls
    if not tls.originates:
        yield Decision(rule, "speaks no TLS of its own", tls.said("mode") or port.said("protocol"))
        return

    def decision(says: str, lines: Lines, **sets: Any) -> Decision:
        return Decision(rule, says, lines, {"tls": sets} if sets else {}, port.port)

    yield decision(f"speaks TLS, mode {tls.mode}", tls.said("mode"), mode=tls.mode.upper())
    # without an SNI, and without names, Istio sends and verifies each name of a wildcard
    sni = {} if tls.per_name else {"sni": tls.sni}
    yield decision(f"sends the SNI {in_certificates([tls.sni])}", tls.said("sni"), **sni)
    if tls.mode == "mutual":
        says = f"presents the client certificate of {client_certificate(tls)}"
        yield decision(says, tls.said("secret") or tls.said("files", "certificate"), **_certificate(tls))
    if tls.unverified:
        says = f"verifies nothing: {one_line(tls.unverified)}"
        yield decision(says, tls.said("unverified"), insecureSkipVerify=True)
        return
    names = {"subjectAltNames": list(tls.sans)} if tls.sans else {}
    asked = in_certificates(tls.sans or (tls.sni,))
    says = f"wants a certificate {asked if tls.per_name else f'for {asked}'}"
    yield decision(says, tls.said("sans") or tls.said("sni"), **names)
    anchor = {"credentialName": tls.secret} if tls.secret else {"caCertificates": ca_file(tls)}
    yield decision(f"trusts {trusted(tls)}", tls.said("secret") or tls.said("files", "ca"), **anchor)
    if tls.crl:
        yield decision(f"refuses what ca.crl of Secret {tls.secret} revokes", tls.said("crl"))
    if revoked := revocations(tls):
        yield decision(f"refuses what {revoked['caCrl']} revokes", tls.said("files", "crl"), **revoked)


def _certificate(tls: Tls) -> dict[str, Any]:
    if tls.secret:
        return {"credentialName": tls.secret}
    return {"clientCertificate": tls.files.certificate, "privateKey": tls.files.key} if tls.files else {}
