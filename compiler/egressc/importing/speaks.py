"""The ports of a host → `speaks` or `ports` of its entry."""

from typing import Any

from egressc.importing.entry import Entry
from egressc.meant.schemes import BY_PORT


def spoken(entry: Entry, ports: list[tuple[int, str]]) -> None:
    """Says the ports of a host whose applications speak to it directly: TLS, HTTP in clear, or bytes."""
    said: list[dict[str, Any]] = []
    for number, protocol in ports:
        kind = {"HTTP": "HTTP", "HTTPS": "TLS", "TLS": "TLS"}.get(protocol.upper(), "TCP")
        if kind == "TCP":
            said.append(in_bytes(entry, number))
        else:
            said.append({"port": number} | ({} if kind == "HTTP" else {"protocol": kind}))
    as_spoken(entry, said)


def in_bytes(entry: Entry, number: int) -> dict[str, Any]:
    """A port whose bytes go out as they are: its reason if the port's protocol is known, a question if not."""
    tls = {"mode": "none"}
    if why := reason(number):
        tls["unverified"] = why
    else:
        entry.ask(f"Port {number} goes out as it is. Add `unverified` with the reason to its `tls`", entry.span)
    return {"port": number, "protocol": "TCP", "tls": tls}


def reason(number: int) -> str:
    """Why no proxy verifies the server at a port of bytes; empty if the port's protocol is not known."""
    known = BY_PORT.get(number)
    return f"{known.reason}." if known else ""


def as_spoken(entry: Entry, said: list[dict[str, Any]]) -> None:
    """Puts the ports into the entry, as `speaks` where that says the same, and nothing where it is the default."""
    http, https = {"port": 80}, {"port": 443, "protocol": "TLS"}
    said.sort(key=lambda port: port["port"])
    if said == [https]:
        entry.settings["speaks"] = "https"
    elif said == [http, https]:
        entry.settings["speaks"] = ["http", "https"]
    elif said != [http]:
        entry.settings["ports"] = said
