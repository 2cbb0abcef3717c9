"""Addresses and ranges of them that stand where a host belongs."""

import re

from egressc.addresses import PAST_THE_MESH, is_metadata, unreachable
from egressc.flow import flow
from egressc.hostname import is_ip
from egressc.meant.pasted import Pasted, Read, port_of

RANGE = re.compile(
    r"[0-9.]+/[0-9.]{1,15}|[0-9a-f:]*:[0-9a-f:]*/[0-9]{1,3}|"
    r"([0-9]+\.){3}[0-9]+ *[-\u2013] *[0-9.]+|[0-9]+(\.[0-9]+)*(\.\*)+",
    re.IGNORECASE,
)


def of_addresses(text: str, _: Read) -> Pasted | None:
    """A range: `10.0.0.0/8`, `10.0.0.1-10.0.0.9`, `10.0.0.*`."""
    address, slash, length = text.partition("/")
    if not RANGE.fullmatch(text) or (slash and is_ip(address) and length in ("32", "128")):
        return None
    return Pasted(
        "is a range of addresses, which cannot be a host: a gateway tells hosts apart by their names, in Host or SNI",
        remark="list the names that applications call; a range belongs in a NetworkPolicy, and the addresses of a host "
        "in its `endpoints`",
    )


def address(text: str, _read: Read) -> Pasted | None:
    """An IP address, with or without a port."""
    text = re.sub(r"/(32|128)$", "", text)
    host, _, digits = text.rpartition(":")
    one = next((one.strip("[]") for one in (text, host) if is_ip(one)), None)
    if one is None:
        return None
    if is_metadata(one):
        return Pasted("is the address of a metadata service of the cloud", remark=PAST_THE_MESH)
    if problem := unreachable(one):
        return Pasted(f"is {problem}", remark="write the DNS name at which clients in the mesh reach the server")
    where, port = flow([one]), port_of(digits) if not is_ip(text) else None
    beside = f"and `ports: [{{port: {port}}}]`" if port and port != 443 else ""
    remark = (
        f"give the host a name that applications ask for and its certificate has, with `endpoints: {where}`"
        f"{' ' + beside if beside else ''}; if they ask for the address itself, add `addresses: {where}` and write "
        f"`protocol: TCP` at its ports"
    )
    return Pasted("is an IP address", remark=remark)
