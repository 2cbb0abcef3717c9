"""URLs and logins that stand where a host belongs."""

import re

from egressc.meant import schemes
from egressc.meant.pasted import Pasted, Read, host_of, limit_of, split
from egressc.slips import SURE, nearest

#: `jdbc:` and its kinds (`jdbc:mysql:loadbalance:`) go before a scheme of their own.
SCHEME = re.compile(r"(?:jdbc:)?([A-Za-z][A-Za-z0-9+.-]*)(?:(?<=\w)(?<!https)(?<!http):[a-z-]+)*://")
SLIP = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*?) *(?:[:;]+ *[/\\]+|[/\\]{2,}|(?<=http|ttps): *(?=[A-Za-z*]))[/\\]*")
BOTH = re.compile(r"\^?(?:https?\\?\?|http\(s\)\??|https?\*|\(https?\|https?\)|\{https?, *https?\}|\*):\\?/\\?/")


def mended(text: str) -> str:
    """`text` with the `://` that a slip has left out: `https:/a`, `https//a`, `https: //a`, `https://https://a`."""
    slip = SLIP.match(text)
    if slip and slip[1].lower() in schemes.SCHEMES and re.match(r"[\w*\[]", text[slip.end() :]):
        text = f"{slip[1]}://{text[slip.end() :]}"
    while (twice := SCHEME.match(text)) and SCHEME.match(text[twice.end() :]):
        text = text[twice.end() :]
    return text


def both(text: str, read: Read) -> Pasted | None:
    """`http(s)://a.example.com`, `*://a.example.com/*`: http:// and https://."""
    begin = BOTH.match(text)
    if not begin:
        return None
    inside = read(f"https://{text[begin.end() :]}")
    return Pasted(inside.problem, inside.hosts, {"speaks": ["http", "https"]}, "" if inside.hosts else inside.remark)


def url(text: str, read: Read) -> Pasted | None:
    """A URL, of whatever scheme."""
    scheme = SCHEME.match(text)
    if not scheme:
        return None
    rest = text[scheme.end() :]
    authority = _authority(rest)
    host, port = split(authority)
    path = "/" + rest.partition("/")[2].split("?")[0].split("#")[0] if authority in rest else ""
    known = _known(scheme[1].lower(), port)
    if known.impossible:
        return Pasted(f"is a URL {known.impossible}", remark=known.use)
    names = tuple(host_of(split(one)[0]) for one in authority.split(","))
    if any(name is None for name in names):
        inside = read(host) if host and "://" not in host else Pasted("", remark="write the DNS name of its server")
        if not inside.hosts:
            problem = f"is a URL; its host {inside.problem}" if inside.problem else "is a URL"
            return Pasted(problem, remark=inside.remark)
        names = inside.hosts
    beside, remark = schemes.written(known, port)
    unseen = any("protocol" in one for one in beside.get("ports", ()))
    limit = limit_of(path) if known.requests and not unseen else ""
    return Pasted("is a URL", tuple(dict.fromkeys(name for name in names if name)), beside, remark, path=limit)


def login(text: str, _: Read) -> Pasted | None:
    """`git@github.com:org/repo`, as SSH writes it, and what else has a login or a query."""
    ssh = re.fullmatch(r"[\w.-]+@([\w.-]+):([^/\s]*[^\d\s].*)", text)
    name = host_of(ssh[1] if ssh else re.split(r"[?#]", text.rpartition("@")[2])[0])
    if name and ssh:
        return Pasted("is a login of SSH", (name,), *schemes.written(schemes.SCHEMES["ssh"], None))
    return Pasted("has more than a name in it", (name,)) if name and re.search(r"[@?#]", text) else None


def _known(scheme: str, port: int | None) -> schemes.Scheme:
    """The scheme, the one with a driver behind a plus, or the one that a slip in it was meant to be."""
    base = scheme.partition("+")[0]
    near = nearest(scheme, [*schemes.SCHEMES], SURE)
    known = next((schemes.SCHEMES[name] for name in (scheme, base, near or "") if name in schemes.SCHEMES), None)
    if known:
        return known
    if port:
        return schemes.own(port, scheme)
    return schemes.Scheme(
        impossible="of a scheme that no gateway carries",
        use="write the DNS name of its server, and its port in `ports`",
    )


def _authority(rest: str) -> str:
    """Host and port of a URL after its scheme; a password may have what ends it elsewhere."""
    authority = re.split(r"[/?#;\\]", rest)[0]
    if "@" not in authority and "@" in rest and re.search(r":[^0-9]", authority + "/"):
        authority = re.split(r"[/?#]", rest.rpartition("@")[2])[0]
    return authority.rpartition("@")[2]
