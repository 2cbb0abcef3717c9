"""DNS names as a host list wants them, and what to write where one is not."""

import ipaddress
import re

import idna

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")


def is_ip(text: str) -> bool:
    """Whether `text` is an IPv4 or IPv6 address, brackets allowed."""
    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True


def normalise(text: str) -> str:
    """The one spelling of a host that DNS treats as equal: lower case, no trailing dot, IDN as A-labels."""
    bare = text.strip().rstrip(".").lower()
    if bare.isascii():
        return bare
    try:
        return idna.encode(bare, uts46=True).decode("ascii")
    except idna.IDNAError:
        return bare


def explain(text: str) -> tuple[str, str, str]:
    """Why `text` is not a host of a list: a finding's code, message and fix. Only for texts that the schema refused."""
    if "*" in text:
        return (
            "EG106",
            f"`{text}` is a wildcard",
            "list each host by its name: an Istio egress gateway cannot resolve a wildcard to one upstream",
        )
    bare = re.sub(r"^[A-Za-z][A-Za-z0-9+.-]*://", "", text)
    if bare != text:
        host = normalise(re.split(r"[/?#:]", bare.rpartition("@")[2])[0])
        return "EG105", f"`{text}` is a URL", f"write the host alone: {host}"
    if "/" in text:
        return "EG105", f"`{text}` has a path", f"write the host alone: {text.split('/')[0]}; paths belong to `clients`"
    if is_ip(text):
        fix = f"give the host a name and write its address as `endpoints: [{text.strip('[]')}]`"
        return "EG105", f"`{text}` is an IP address", fix
    host, colon, port = text.rpartition(":")
    if colon and port.isdigit():
        return "EG105", f"`{text}` has a port", f"write `host: {host}` with `ports: [{{port: {port}}}]`"
    wanted = normalise(text)
    if wanted != text and all(LABEL.match(label) for label in wanted.split(".")) and "." in wanted:
        if not text.isascii():
            return "EG105", f"`{text}` is an internationalised name", f"write its ASCII form: {wanted}"
        return "EG105", f"`{text}` is not in its normal form", f"write {wanted}"
    if len(text) > 253:
        return "EG105", f"a name of {len(text)} characters", "DNS names have 253 characters at most"
    for label in wanted.split("."):
        if len(label) > 63:
            fix = "each part between dots has 63 characters at most"
            return "EG105", f"`{text}` has a label of {len(label)} characters", fix
        if not LABEL.match(label):
            what = f"the label `{label}`" if label else "an empty label"
            fix = "labels are letters, digits and hyphens, and neither begin nor end with a hyphen"
            return "EG105", f"`{text}` has {what}", fix
    return "EG105", f"`{text}` is a single label", "write the full DNS name, such as api.example.com"
