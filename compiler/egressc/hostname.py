"""DNS names as a host list wants them, and what to write where one is not."""

import ipaddress
import re

import idna

from egressc.findings import Code, Finding, Span

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
LOCAL = ("localhost", "localdomain", "svc")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")

NOT_A_NAME = Code(
    "EG105",
    "not a host name",
    "A host is a full DNS name in lower case, without scheme, port, path or last dot. Istio matches names letter by "
    "letter, so that another spelling would be another host.",
)
NO_WILDCARD = Code(
    "EG106",
    "a wildcard where none can be",
    "A wildcard is a `host` that begins with `*.`, and stands for every name below a domain. Nothing else of a list "
    "can be one.",
)


def is_ip(text: str) -> bool:
    """Whether `text` is an IPv4 or IPv6 address, brackets allowed."""
    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True


def is_cluster_name(host: str, cluster_domain: str) -> bool:
    """Whether `host` is a name that the cluster or the machine gives."""
    return host.endswith("." + cluster_domain) or host.rpartition(".")[2] in LOCAL


def is_service_name(host: str, cluster_domain: str) -> bool:
    """Whether `host` is the full name of a Service of the cluster, or of what is behind one."""
    return host.endswith(f".svc.{cluster_domain}")


def whole(place: str) -> str:
    """`place`, a name with a last dot so that DNS looks it up as it is written, in no search domain; or an address."""
    return place if is_ip(place) else f"{place}."


def canonical(text: str) -> str:
    """The one spelling of an IP address, so that equal ones are equal; other texts as they are."""
    return ipaddress.ip_address(text.strip("[]")).compressed if is_ip(text) else text


def normalise(text: str) -> str:
    """The one spelling of a host that DNS treats as equal: lower case, no trailing dot, IDN as A-labels."""
    bare = text.strip().rstrip(".").lower()
    if bare.isascii():
        return bare
    try:
        return idna.encode(bare, uts46=True).decode("ascii")
    except idna.IDNAError:
        return bare


def short(text: str) -> str:
    """`text` as a message shows it: in backticks, cut where it is too long to read."""
    return f"`{text}`" if len(text) <= 80 else f"`{text[:77]}…`"


def explain(text: str, span: Span) -> Finding:
    """Why `text`, which stands at `span`, is not a host of a list."""
    if "*" in text:
        return NO_WILDCARD(span, *_wildcard(text))
    return NOT_A_NAME(span, *_explain(text))


def _wildcard(text: str) -> tuple[str, str]:
    domain = normalise(text.removeprefix("*."))
    labels = domain.split(".")
    if not all(map(LABEL.match, labels)):
        fix = "write `*.example.com`, which stands for every name below example.com, or list each host by its name"
        return f"{short(text)} has a star elsewhere than as its first label", fix
    if len(labels) == 1:
        return (
            f"{short(text)} stands for a whole top-level domain",
            "write the domain whose names clients call, such as `*.example.com`",
        )
    return f"{short(text)} is a wildcard", f"write {short('*.' + domain)} as a `host`; this key takes one full name"


def _explain(text: str) -> tuple[str, str]:
    if not text.strip():
        return "the name is empty", "write the full DNS name, such as api.example.com"
    scheme = SCHEME.match(text)
    host, colon, port = text.rpartition(":")
    if scheme:
        problem = "is a URL", f"write only the host{_host_of(text[scheme.end() :])}; ports belong in `ports`"
    elif "/" in text:
        problem = "has a path", f"write only the host{_host_of(text)}; paths belong in `clients`"
    elif is_ip(text) or is_ip(host):
        address = (text if is_ip(text) else host).strip("[]")
        fix = (
            f"give the host a name that applications ask for and its certificate has, with `endpoints: [{address}]`; "
            f"if they ask for the address itself, add `addresses: [{address}]` and write `protocol: TCP` at its ports"
        )
        problem = "is an IP address", fix
    elif colon and port.isdecimal():
        problem = "has a port", f"write `host: {normalise(host)}` with `ports: [{{port: {port}}}]`"
    else:
        problem = _shape(text, normalise(text))
    return f"{short(text)} {problem[0]}", problem[1]


def _host_of(rest: str) -> str:
    """`: <host>` for a URL's text after its scheme, empty where there is none."""
    authority = re.split(r"[/?#]", rest)[0].rpartition("@")[2]
    host = normalise(authority.split(":")[0])
    return f": {host}" if all(map(LABEL.match, host.split("."))) else ""


def _shape(text: str, wanted: str) -> tuple[str, str]:
    labels = wanted.split(".")
    bad = next((label for label in labels if not LABEL.match(label)), None)
    if bad is not None:
        return _bad_label(bad)
    if len(wanted) > 253:
        return f"has {len(wanted)} characters", "write a name of at most 253 characters: DNS takes no more"
    if len(labels) == 1:
        return "is a single label", "write the full DNS name, such as api.example.com"
    if labels[-1].isdecimal():
        return "ends in a number: clients take it for an address", "write the DNS name"
    return f"is {'not in its normal form' if text.isascii() else 'an internationalised name'}", f"write {wanted}"


def _bad_label(label: str) -> tuple[str, str]:
    if len(label) > 63:
        return (
            f"has a label of {len(label)} characters",
            "write labels of at most 63 characters between the dots: DNS takes no more",
        )
    what = f"the label {short(label)}" if label else "an empty label"
    return f"has {what}", "write labels of letters, digits and hyphens, with a letter or a digit at each end"
