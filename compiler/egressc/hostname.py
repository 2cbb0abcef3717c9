"""DNS names as a host list wants them, and values as messages show them."""

import ipaddress
import re

import idna

from egressc import hidden

LOCAL = ("localhost", "localdomain", "svc")
NUMBER = re.compile(r"[0-9]+(-[0-9]+)?|0x[0-9a-f]*", re.IGNORECASE)


def is_ip(text: str) -> bool:
    """Whether `text` is an IPv4 or IPv6 address, brackets allowed."""
    try:
        ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True


def ends_in_number(name: str) -> bool:
    """Whether clients take `name` for an IPv4 address or a range, in some spelling: `10.1`, `10.0.0.1-9`."""
    return bool(NUMBER.fullmatch(name.rpartition(".")[2]))


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
    """`text` as a message shows it: in backticks, without passwords, cut where it is too long to read."""
    text = hidden.value(text)
    return f"`{text}`" if len(text) <= 80 else f"`{text[:77]}…`"
