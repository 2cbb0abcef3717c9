"""What people paste where a host name belongs: URLs, suffixes, ports, several names, placeholders, addresses."""

import re
from dataclasses import dataclass, field
from typing import Any

from egressc import hidden
from egressc.addresses import PAST_THE_MESH, is_metadata
from egressc.flow import flow
from egressc.hostname import ends_in_number, is_ip, normalise, short
from egressc.meant import schemes

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
SCHEME = re.compile(r"(?:jdbc:)?([A-Za-z][A-Za-z0-9+.-]*)://")
RANGE = re.compile(
    r"[0-9.]+/[0-9]{1,2}|[0-9a-f:]*:[0-9a-f:]*/[0-9]{1,3}|([0-9]+\.){3}[0-9]+ *[-\u2013] *[0-9.]+", re.IGNORECASE
)
PLACEHOLDER = re.compile(r"<[^<>]*>|\$?\{+[^{}]*\}+|\[[a-z_ -]+\]|%[a-z]+%?|\$\w+", re.IGNORECASE)
PORTS = {"http": "80", "https": "443", "any": "*"}
BETWEEN = re.compile(r"[\s,;|]+")
REGEX = re.compile(r"[\\^$()+]|^\.\*")
QUOTES = " \t\n\r\"'\u201c\u201d\u2018\u2019`,;"
PATH = re.compile(r"/[^*?#\s{}<>%;]*\*?\Z")


@dataclass(frozen=True, slots=True)
class Pasted:
    """What is wrong, and the hosts that were meant with what to say beside them; without hosts, `remark` is the fix."""

    problem: str
    hosts: tuple[str, ...] = ()
    beside: dict[str, Any] = field(default_factory=dict)
    remark: str = ""
    path: str = ""


def read(text: str) -> Pasted:
    """What `text`, which is no host, was pasted from."""
    tidy = re.sub(r": +(?=[0-9]+$)", ":", text.strip(QUOTES))
    if tidy.startswith("<") and tidy.endswith(">") and is_host(normalise(SCHEME.sub("", tidy[1:-1]).split("/")[0])):
        tidy = tidy[1:-1]
    if not tidy:
        return Pasted("is empty", remark="write the full DNS name, such as api.example.com")
    for look in (_colon, _range, _placeholder, _several, _url, _address, _regex, _login, _with_port, _with_path, _star):
        found = look(tidy)
        if found:
            return found
    return _name(text, tidy)


def _colon(text: str) -> Pasted | None:
    """`host:api.example.com`, which has no blank."""
    match = re.fullmatch(r"(?:hosts?|name|domain|fqdn|address|url) *[:=] *([^/\s]\S*)", text)
    if (match and "." in match[1]) or (match and match[1].startswith("*")):
        inside = read(match[1])
        hosts = (match[1],) if is_host(match[1]) else inside.hosts
        return (
            Pasted("has no blank after its colon, so it is one text", hosts, inside.beside, path=inside.path)
            if hosts
            else inside
        )
    return None


def _range(text: str) -> Pasted | None:
    if not RANGE.fullmatch(text):
        return None
    return Pasted(
        "is a range of addresses, which cannot be a host: a gateway tells hosts apart by their names, in Host or SNI",
        remark="list the names that applications call; a range belongs in a NetworkPolicy, and the addresses of a host "
        "in its `endpoints`",
    )


def _placeholder(text: str) -> Pasted | None:
    found = PLACEHOLDER.search(text) if "://" not in text or "<" in text or "{" in text else None
    if not found or REGEX.search(text.replace(found[0], "")):
        return None
    return Pasted(
        f"has the placeholder {short(found[0])}",
        remark="write the whole name, with what the placeholder stands for; a list has one entry for each name",
    )


def _several(text: str) -> Pasted | None:
    parts = [part for part in BETWEEN.split(text) if part]
    if len(parts) < 2:
        return None
    each = [Pasted("", (part,)) if is_host(part) else read(part) for part in parts]
    named = [one for one in each if one.hosts]
    if len(named) == 1 and each[0].hosts:
        return Pasted("has more than a name in it", each[0].hosts, each[0].beside, path=each[0].path)
    if len(named) < len(each):
        return Pasted("is more than one word", remark="write one name in each entry")
    hosts = tuple(dict.fromkeys(host for one in each for host in one.hosts))
    beside = each[0].beside if all(one.beside == each[0].beside for one in each) else {}
    remark = "" if beside or not any(one.beside for one in each) else "give those with other ports entries of their own"
    return Pasted(f"has {len(parts)} names", hosts, beside, remark)


def _url(text: str) -> Pasted | None:
    scheme = SCHEME.match(text)
    if not scheme:
        return None
    rest = text[scheme.end() :]
    authority = _authority(rest)
    host, port = _split(authority)
    path = "/" + rest.partition("/")[2].split("?")[0].split("#")[0] if authority in rest else ""
    known = schemes.SCHEMES.get(scheme[1].lower())
    if known is None or known.impossible:
        why = known.impossible if known else "of a scheme that no gateway carries"
        return Pasted(
            f"is a URL {why}",
            remark=known.use if known else "write the DNS name of its server, and its port in `ports`",
        )
    names = tuple(_host(one) for one in host.split(","))
    if any(name is None for name in names):
        inside = read(host) if host and "://" not in host else Pasted("", remark="write the DNS name of its server")
        if not inside.hosts:
            return Pasted(
                f"is a URL; its host {inside.problem}" if inside.problem else "is a URL", remark=inside.remark
            )
        names = inside.hosts
    beside, remark = schemes.written(known, port)
    unseen = any("protocol" in one for one in beside.get("ports", ()))
    limit = _path(path) if known.requests and not unseen else ""
    return Pasted("is a URL", tuple(name for name in names if name), beside, remark, path=limit)


def _authority(rest: str) -> str:
    """Host and port of a URL after its scheme; a password may have what ends it elsewhere."""
    authority = re.split(r"[/?#]", rest)[0]
    if "@" not in authority and "@" in rest and re.search(r":[^0-9]", authority + "/"):
        authority = re.split(r"[/?#]", rest.rpartition("@")[2])[0]
    return authority.rpartition("@")[2]


def _path(path: str) -> str:
    """What of a URL's path a client's `paths` can say; empty for all of it."""
    shown, hides, _ = hidden.sentence(path).partition("…")
    path = f"{shown}*" if hides else path  # the secret of a webhook
    return "" if path in ("", "/", "/*", "/**") or not PATH.match(path) else path.replace("**", "*")


def _split(authority: str) -> tuple[str, int | None]:
    if authority.startswith("[") or is_ip(authority):
        return authority, None
    host, _, port = authority.partition(":")
    return host, int(port) if port.isdecimal() and len(port) < 6 else None


def _address(text: str) -> Pasted | None:
    host = text.rpartition(":")[0]
    address = next((one.strip("[]") for one in (text, host) if is_ip(one)), None)
    if address is None:
        return None
    where = flow([address])
    if is_metadata(address):
        return Pasted("is the address of a metadata service of the cloud", remark=PAST_THE_MESH)
    remark = (
        f"give the host a name that applications ask for and its certificate has, with `endpoints: {where}`; if they "
        f"ask for the address itself, add `addresses: {where}` and write `protocol: TCP` at its ports"
    )
    return Pasted("is an IP address", remark=remark)


def _regex(text: str) -> Pasted | None:
    if not REGEX.search(text):
        return None
    bare = (
        re.sub(r"^~?\^?(\(.*?\)|\[.*?\][+*]?|\.[*+]|\\w[+*])*(\\?\.)", "*.", text.strip("~^$/"))
        .replace("\\.", ".")
        .rstrip("$")
    )
    hosts = (bare,) if is_host(bare) else ()
    return Pasted(
        "is a regular expression",
        hosts,
        remark="" if hosts else 'list the names, or write `"*.example.com"` for all names below a domain',
    )


def _login(text: str) -> Pasted | None:
    """`git@github.com:org/repo`, as SSH writes it, and what else has a login or a query."""
    ssh = re.fullmatch(r"[\w.-]+@([\w.-]+):([^/\s]*[^\d\s].*)", text)
    name = _host(ssh[1] if ssh else re.split(r"[?#]", text.rpartition("@")[2])[0])
    if name and ssh:
        return Pasted("is a login of SSH", (name,), *schemes.written(schemes.SCHEMES["ssh"], None))
    return Pasted("has more than a name in it", (name,)) if name and re.search(r"[@?#]", text) else None


def _with_port(text: str) -> Pasted | None:
    host, colon, port = text.rpartition(":")
    port = PORTS.get(port.lower(), port)
    if not colon or not re.fullmatch(r"[0-9]+|\*|[0-9]+-[0-9]+", port) or "/" in host:
        return None
    name = _host(host)
    inside = Pasted("", (name,)) if name else read(host)
    if not inside.hosts:
        return Pasted(f"has a port, and {host} {inside.problem}", remark=inside.remark) if host != "*" else inside
    if "-" in port:
        return Pasted(
            "has a range of ports, and a gateway listens on single ones",
            inside.hosts,
            remark="and list each of its `ports`",
        )
    beside, remark = schemes.by_port(int(port) if port.isdecimal() and len(port) < 6 else None)
    return Pasted("has a port", inside.hosts, beside, remark)


def _with_path(text: str) -> Pasted | None:
    if "/" not in text:
        return None
    authority, _, rest = text.lstrip("/").partition("/")
    host, port = _split(authority.rpartition("@")[2])
    name = _host(host)
    inside = (
        Pasted("", (name,))
        if name
        else read(host)
        if host
        else Pasted("", remark="write the full DNS name, such as api.example.com")
    )
    if not inside.hosts:
        return Pasted("has a path", remark=inside.remark)
    beside, remark = schemes.by_port(port) if port else ({}, "")
    return Pasted("has a path", inside.hosts, beside, remark, path=_path(f"/{rest}"))


def _star(text: str) -> Pasted | None:
    if "*" not in text and not text.startswith("."):
        return None
    if not text.strip("*."):
        return Pasted(
            "stands for every host, which cannot be a host: each name needs its own upstream, and its own clients",
            remark="list the names; who may call everything needs the mesh's outboundTrafficPolicy ALLOW_ANY, and no "
            "gateway",
        )
    bare = normalise(re.sub(r"^(\*+\.)+|^\*\*?(?=[a-z0-9])|^\.+", "", text.lower()))
    labels = bare.split(".")
    if "*" in bare:
        rest = bare[bare.rindex("*") :].partition(".")[2]
        wider = f"; `{flow('*.' + rest)}` would open all of {rest}" if is_host(rest) else ""
        return Pasted(
            "has a star inside: Istio, TLS and DNS know a star only as the whole first label",
            remark=f"list each name{wider}",
        )
    if not all(map(LABEL.match, labels)):
        return None
    if len(labels) == 1:
        return Pasted(
            "stands for a whole top-level domain",
            remark='write the domain whose names clients call, such as `"*.example.com"`',
        )
    also = f"`{bare}` itself is another host" if not text.startswith("*.") else ""
    problem = (
        "begins with a dot"
        if text.startswith(".")
        else "is a wildcard"
        if text == f"*.{bare}"
        else "is not the form of a wildcard"
    )
    return Pasted(problem, (f"*.{bare}",), remark=also)


def _name(text: str, tidy: str) -> Pasted:
    wanted = normalise(tidy)
    labels = wanted.split(".")
    bad = next((label for label in labels if not LABEL.match(label)), None)
    if bad is not None:
        return _bad_label(bad)
    if len(wanted) > 253:
        return Pasted(
            f"has {len(wanted)} characters", remark="write a name of at most 253 characters: DNS takes no more"
        )
    if len(labels) == 1:
        return Pasted("is a single label", remark="write the full DNS name, such as api.example.com")
    if ends_in_number(wanted):
        return Pasted("ends in a number: clients take it for an address", remark="write the DNS name")
    return Pasted(f"is {'not in its normal form' if text.isascii() else 'an internationalised name'}", (wanted,))


def _bad_label(label: str) -> Pasted:
    if len(label) > 63:
        fix = "write labels of at most 63 characters between the dots: DNS takes no more"
        return Pasted(f"has a label of {len(label)} characters", remark=fix)
    what = f"the label {short(label)}" if label else "an empty label"
    return Pasted(
        f"has {what}", remark="write labels of letters, digits and hyphens, with a letter or a digit at each end"
    )


def _host(text: str) -> str | None:
    name = normalise(text)
    return name if is_host(name) else None


def is_host(text: str) -> bool:
    """Whether `text` is a host as a list has it: a name in its one spelling, or a wildcard."""
    labels = text.removeprefix("*.").split(".")
    return len(labels) > 1 and not ends_in_number(text) and all(map(LABEL.match, labels)) and len(text) <= 253
