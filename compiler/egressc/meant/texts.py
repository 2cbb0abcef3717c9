"""What a text was pasted from that stands where a host belongs: each that knows a kind of text is asked in its turn."""

import re

from egressc.hostname import LOCAL, ends_in_number, normalise, short
from egressc.meant import connections, numbers, patterns, schemes, urls
from egressc.meant.pasted import LABEL, Pasted, Read, host_of, is_host, limit_of, port_of, split

PORTS = {"http": "80", "https": "443", "any": "*"}
BETWEEN = re.compile(r"[\s,;|\u3001\u2022]+")
QUOTES = " \t\n\r\"'\u201c\u201d\u2018\u2019`,;\\"
#: What goes before a name in logs, rules of proxies and shells, or between two.
WORDS = re.compile(
    r"and|or|und|&|\+|get|head|put|post|delete|connect|options|curl|wget|dig|ping|acl|allow|deny|permit|dstdomain|"
    r"dstdom_regex|url_regex|server_name|http_access|host|domain|fqdn|name|url|tcp|tls|http|https|#+|//|--|->|=>|-|\u2014|:",
    re.IGNORECASE,
)
NUMBER = re.compile(r"(?:tcp[/:])?([0-9]{1,5})(?:/tcp)?", re.IGNORECASE)
REMARK = re.compile(r"\s+(?:#|//|\().*", re.DOTALL)
LINK = re.compile(r"\[[^]]*\]\((\S+)\)")


def read(text: str) -> Pasted:
    """What `text`, which is no host, was pasted from."""
    tidy = _tidy(text)
    if not tidy:
        return Pasted("is empty", remark="write the full DNS name, such as api.example.com")
    for look in LOOKS:
        found = look(tidy, read)
        if found:
            return found
    return _name(text, tidy)


def _tidy(text: str) -> str:
    """`text` without what stands around it: quotes, a dash, a link of Markdown, brackets that keep mails from links."""
    tidy = re.sub(r": +(?=[0-9]+$)", ":", text.strip(QUOTES))
    tidy = re.sub(r"^-+ +|^acl \S+ \S+ +", "", tidy)
    tidy = re.sub(r"[\[(]\.[\])]", ".", re.sub(r"^hxxp", "http", tidy, flags=re.IGNORECASE))
    link = LINK.fullmatch(tidy)
    tidy = urls.mended(link[1] if link else tidy)
    inside = normalise(urls.SCHEME.sub("", tidy[1:-1]).split("/")[0])
    return tidy[1:-1] if tidy.startswith("<") and tidy.endswith(">") and is_host(inside) else tidy


def _colon(text: str, read: Read) -> Pasted | None:
    """`host:api.example.com`, which has no blank."""
    match = re.fullmatch(r"(?:hosts?|name|domain|fqdn|address|url) *[:=] *([^/\s]\S*)", text)
    if not match or not ("." in match[1] or match[1].startswith("*")):
        return None
    inside = Pasted("", (match[1],)) if is_host(match[1]) else read(match[1])
    if not inside.hosts:
        return inside
    return Pasted("has no blank after its colon, so it is one text", inside.hosts, inside.beside, path=inside.path)


def _several(text: str, read: Read) -> Pasted | None:
    """More than one word: names, or a name with what stands around it."""
    bare = REMARK.sub("", text)
    if bare != text and (name := host_of(bare)):
        return Pasted("has more than a name in it", (name,))
    parts = [part for part in BETWEEN.split(text) if part]
    if len(parts) < 2:
        return None
    words = [part for part in parts if not WORDS.fullmatch(part)]
    ports = [NUMBER.fullmatch(part) for part in words]
    named = [part for part, port in zip(words, ports, strict=True) if not port]
    numbers = [port[1] for port in ports if port]
    if len(named) == 1 and len(numbers) < 2 and (read_one := _one(named[0], numbers, read)).hosts:
        return Pasted("has more than a name in it", read_one.hosts, read_one.beside, read_one.remark, read_one.path)
    each = [Pasted("", (part,)) if is_host(part) else read(part) for part in named]
    if numbers or not each or not all(one.hosts for one in each):
        close = host_of(re.sub(r"\s*,\s*|\s+", ".", text)) or host_of(re.sub(r"\s+", "", text))
        close = close if close and "*" not in text and not all(map(is_host, named)) and len(parts) == 2 else None
        return Pasted(
            "is more than one word", (close,) if close else (), remark="" if close else "write one name in each entry"
        )
    hosts = tuple(dict.fromkeys(host for one in each for host in one.hosts))
    beside = each[0].beside if all(one.beside == each[0].beside for one in each) else {}
    remark = "" if beside or not any(one.beside for one in each) else "give those with other ports entries of their own"
    return Pasted(f"has {len(named)} names", hosts, beside, remark)


def _one(name: str, numbers: list[str], read: Read) -> Pasted:
    if numbers:
        name = f"{name}:{numbers[0]}"
    return Pasted("", (name,)) if is_host(name) else read(name)


def _with_ports(text: str, read: Read) -> Pasted | None:
    host, _, digits = text.rpartition(":")
    if not re.fullmatch(r"[0-9]{1,5}(,[0-9]{1,5})+", digits) or not (inside := _one(host, [], read)).hosts:
        return None
    ports = [one for number in digits.split(",") for one in schemes.port(int(number))]
    return Pasted("has several ports", inside.hosts, {"ports": ports}, "if applications speak so there")


def _with_port(text: str, read: Read) -> Pasted | None:
    host, colon, port = text.rpartition(":")
    port = PORTS.get(port.lower(), port)
    if not colon or not re.fullmatch(r"[0-9]+|\*|[0-9]+-[0-9]+", port) or "/" in host:
        return None
    name = host_of(host)
    inside = Pasted("", (name,)) if name else read(host)
    if not inside.hosts:
        return Pasted(f"has a port, and {host} {inside.problem}", remark=inside.remark) if host != "*" else inside
    if "-" in port:
        problem = "has a range of ports, and a gateway listens on single ones"
        return Pasted(problem, inside.hosts, remark="and list each of its `ports`")
    beside, remark = schemes.by_port(port_of(port))
    return Pasted("has a port", inside.hosts, beside, remark)


def _with_path(text: str, read: Read) -> Pasted | None:
    if "/" not in text:
        return None
    authority, _, rest = text.lstrip("/").partition("/")
    host, port = split(authority.rpartition("@")[2])
    name = host_of(host)
    empty = Pasted("", remark="write the full DNS name, such as api.example.com")
    inside = Pasted("", (name,)) if name else read(host) if host else empty
    if not inside.hosts:
        return Pasted("has a path", remark=inside.remark)
    beside, remark = schemes.by_port(port) if port else ({}, "")
    limit = "" if any("protocol" in one for one in beside.get("ports", ())) else limit_of(f"/{rest}")
    return Pasted("has a path", inside.hosts, beside, remark, path=limit)


def _name(text: str, tidy: str) -> Pasted:
    wanted = normalise(tidy)
    labels = wanted.split(".")
    for problem, slip in (("has two dots in a row", r"\.{2,}"), ("begins or ends with a hyphen", r"^-+|-+$")):
        close = host_of(re.sub(slip, "." if "dots" in problem else "", wanted))
        if close and close != wanted:
            return Pasted(problem, (close,))
    bad = next((label for label in labels if not LABEL.match(label)), None)
    if bad is not None:
        return _bad_label(bad)
    if len(wanted) > 253:
        remark = "write a name of at most 253 characters: DNS takes no more"
        return Pasted(f"has {len(wanted)} characters", remark=remark)
    if len(labels) == 1:
        own = "names whoever asks for it" if wanted in LOCAL else "is a single label"
        return Pasted(own, remark="write the full DNS name, such as api.example.com")
    if ends_in_number(wanted):
        return Pasted("ends in a number: clients take it for an address", remark="write the DNS name")
    return Pasted(f"is {'not in its normal form' if text.isascii() else 'an internationalised name'}", (wanted,))


def _bad_label(label: str) -> Pasted:
    if len(label) > 63:
        fix = "write labels of at most 63 characters between the dots: DNS takes no more"
        return Pasted(f"has a label of {len(label)} characters", remark=fix)
    what = f"the label {short(label)}" if label else "an empty label"
    fix = "write labels of letters, digits and hyphens, with a letter or a digit at each end"
    return Pasted(f"has {what}", remark=fix)


#: In the order in which they are asked: who comes later sees only what nobody before has known.
LOOKS = (
    _colon,
    numbers.of_addresses,
    urls.both,
    connections.connection,
    patterns.braces,
    patterns.placeholder,
    patterns.regex,
    urls.url,
    _with_ports,
    _several,
    numbers.address,
    urls.login,
    _with_port,
    _with_path,
    patterns.star,
)
