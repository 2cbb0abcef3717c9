"""Stars, suffixes, regular expressions, braces and placeholders that stand where a host belongs."""

import re

from egressc.flow import flow
from egressc.hostname import normalise, short
from egressc.meant.pasted import LABEL, Pasted, Read, is_host

PLACEHOLDER = re.compile(
    r"<[^<>]*>|\$?\{+[^{}]*\}+|\[(?![a-z0-9]-[a-z0-9])[a-z_ -]+\]|%[a-z]+%|%[a-z]{3,}|\$\w+", re.IGNORECASE
)
REGEX = re.compile(r"[\\^$+]|\(\^|\(\?|\)\?|^\.\*|\.\*\\|\|\|")
BRACES = re.compile(r"\{([a-z0-9.-]+(?:,[a-z0-9.-]+)+)\}", re.IGNORECASE)
BEGIN = re.compile(r"(?:~|\^|@@|\|\|)*")
#: What stands for a domain and all names below it.
SUFFIX = re.compile(r"\(\^\|\\?\.\)|\((?:\.[*+]|\[[^]]*\][*+])\\?\.\)[?*]|\(\?:\^\|\\?\.\)")
ANY_LABEL = re.compile(r"(?:\(.*?\)|\[.*?\][+*]?|\.[*+]|\\w[+*])*(\\?\.)")
BELOW = 'list the names; a star as the first label stands for all names below a domain, as in `"*.example.com"`'


def placeholder(text: str, _: Read) -> Pasted | None:
    """A name in which somebody was to write something."""
    found = PLACEHOLDER.search(text) if "://" not in text or "<" in text or "{" in text else None
    if not found or REGEX.search(text.replace(found[0], "")):
        return None
    return Pasted(
        f"has the placeholder {short(found[0])}",
        remark="write the whole name, with what the placeholder stands for; a list has one entry for each name",
    )


def braces(text: str, read: Read) -> Pasted | None:
    """`{a,b}.example.com`, as shells write several names."""
    found = BRACES.search(text)
    if not found:
        return None
    each = [read(text.replace(found[0], one, 1)) for one in found[1].split(",")]
    names = [text.replace(found[0], one, 1) for one in found[1].split(",")]
    hosts = tuple(
        host for name, one in zip(names, each, strict=True) for host in ((name,) if is_host(name) else one.hosts)
    )
    return Pasted(f"has {len(names)} names", hosts) if len(hosts) == len(names) else None


def regex(text: str, read: Read) -> Pasted | None:
    """A regular expression, or a filter of an ad blocker."""
    if not REGEX.search(text) or re.match(r"[a-z0-9+:.-]+://(?!.*[\\^$])", text, re.IGNORECASE):
        return None
    bare = BEGIN.sub("", text.strip("/"), count=1).rstrip("$^/")
    hosts: tuple[str, ...]
    domain, whole = SUFFIX.match(bare), text.startswith(("||", "@@||"))
    if domain or whole:
        name = normalise(bare[domain.end() if domain else 0 :].replace("\\.", "."))
        hosts = (name, f"*.{name}") if is_host(name) else ()
    elif "://" in bare:
        hosts = read(re.sub(r"/\.[*+]$|\.[*+]$", "/", bare.replace("\\", ""))).hosts
    else:
        name = re.sub(r"\.[*+]$", "", ANY_LABEL.sub("*.", bare, count=1) if ANY_LABEL.match(bare) else bare)
        name = name.replace("\\.", ".")
        hosts = (name,) if is_host(name) else ()
    return Pasted("is a regular expression", hosts, remark="" if hosts else BELOW)


def star(text: str, _: Read) -> Pasted | None:
    """A star where none can be, or a suffix that begins with a dot."""
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
    problem = "is a wildcard" if text == f"*.{bare}" else "is not the form of a wildcard"
    return Pasted("begins with a dot" if text.startswith(".") else problem, (f"*.{bare}",), remark=also)
