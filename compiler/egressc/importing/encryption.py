"""What a DestinationRule says of TLS → `tls` of a list."""

import posixpath
from collections.abc import Iterator
from typing import Any

from egressc.findings import Code, Finding
from egressc.hostname import short
from egressc.importing.entry import Entry
from egressc.importing.part import Part
from egressc.importing.upstreams import Policy

UNDECIDED = Code(
    "EG409",
    "TLS that is left to decide",
    "The objects leave open what a list must say: why nobody verifies the upstream, or which volume has the "
    "certificate files. The entry is written without it, and it compiles as soon as it is there.",
    "warning",
)
STRICTER = Code(
    "EG410",
    "verification that begins with egressc",
    "With `sni` and without `subjectAltNames` Istio takes a certificate of any name. egressc always checks the name, "
    "so an upstream with another name in its certificate is refused. `sans` says which name it has.",
    "warning",
)
NO_SECRET = Code(
    "EG368",
    "TLS that begins with egressc",
    "Istio gives a Secret to sidecars only by a DestinationRule with a `workloadSelector`. Without one it leaves out "
    "all TLS of the rule: calls go out in clear, whatever `mode` says. The gateway speaks the TLS that was meant, so "
    "the upstream must speak it.",
    "warning",
)
CONFIG_MAP = "configmap://"


def tls(part: Part, upstream: str, sans: tuple[str, ...], entry: Entry, findings: list[Finding]) -> dict[str, Any]:
    """`tls` of a list for a port whose Envoy originates TLS to `upstream`; `sans` are those of its ServiceEntry."""
    mode = {"SIMPLE": "simple", "MUTUAL": "mutual"}[part.text("mode")]
    said: dict[str, Any] = {"mode": mode}
    if secret := part.text("credentialName"):
        if secret.startswith(CONFIG_MAP):
            text = f"`credentialName: {short(secret)[1:-1]}` of {entry.host} is a ConfigMap"
            fix = "write a Secret with ca.crt into `tls.secret`, or mount the ConfigMap with `tls.files`"
            findings.append(UNDECIDED(part.at("credentialName"), text, fix))
            entry.ask("The CA was a ConfigMap: add `tls.secret` or `tls.files`", part.at("credentialName"))
        else:
            said["secret"] = secret.removeprefix("kubernetes://")
    files = {
        "certificate": part.text("clientCertificate"),
        "key": part.text("privateKey"),
        "ca": part.text("caCertificates"),
        "crl": part.text("caCrl"),
    }
    if files["ca"] == "system":
        files["ca"] = ""
    files = {key: path for key, path in files.items() if path}
    if files and not secret:
        said["files"] = files | {"volumes": []}
        folders = sorted({posixpath.dirname(path) for path in files.values()})
        text = f"nothing says which volumes have the certificate files of {entry.host}, in {' and '.join(folders)}"
        fix = f"add to `volumes` for each folder `{{secret: <its Secret>, mountPath: {folders[0]}}}`"
        findings.append(UNDECIDED(part.span, text, fix))
        entry.ask(
            f"Which Secrets or ConfigMaps are mounted at {' and '.join(folders)}? Add them to `volumes`", part.span
        )
    sni, names = part.text("sni"), part.texts("subjectAltNames")
    if part.flag("insecureSkipVerify"):
        text = f"nobody verifies the upstream of {entry.host}, and no reason is written"
        fix = 'remove the comment and let the gateway verify it, or write `unverified: "<the reason>"` into `tls`'
        findings.append(UNDECIDED(part.at("insecureSkipVerify"), text, fix))
        entry.ask(
            "Nobody verified this upstream. Keep it so? Add `unverified` with the reason", part.at("insecureSkipVerify")
        )
    elif sni and not names and not sans:
        text = f"so far nothing checks the name in the certificate of {entry.host}"
        fix = f"look whether the certificate has {short(sni)}, and write `sans` if it has another name"
        findings.append(STRICTER(part.at("sni"), text, fix))
    sni = sni or (upstream if upstream != entry.host and not entry.host.startswith("*.") else "")
    if sni and sni != entry.host:
        said["sni"] = sni
    names = names or list(sans)
    if names and names != [sni or entry.host]:
        said["sans"] = names
    return said


def without_secret(policy: Policy, host: str, port: int) -> Iterator[Finding]:
    """That sidecars have spoken no TLS by `policy` to the upstream's `port`, although it says so."""
    part = policy.part("tls")
    secret = part.text("credentialName")
    if secret and not secret.startswith(CONFIG_MAP) and "workloadSelector" not in policy.rule.spec:
        name = short(secret.removeprefix("kubernetes://"))
        message = (
            f"so far calls of {host} go out in clear: {policy.rule.title} has no `workloadSelector`, so sidecars get "
            f"no Secret {name}, and speak no TLS"
        )
        clear = f'upstreamPort: {port}, tls: {{mode: none, unverified: "<the reason>"}}'
        fix = f"see whether the upstream speaks TLS at port {port}; if it does not, write `{clear}` at the host's port"
        yield NO_SECRET(part.at("credentialName"), message, fix)
