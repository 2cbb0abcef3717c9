"""Hosts that are new, that are gone, and what carries those that stay."""

from collections.abc import Iterator

from egressc.diff.access import access_changes, newcomers
from egressc.diff.change import Change, Effect
from egressc.diff.settings import differences, setting_changes
from egressc.diff.upstream import new_ports, port_changes
from egressc.diff.words import Sentence, join, sentence
from egressc.model import OWN_GATEWAY, Exposure, Host, Inventory, called
from egressc.plan.decisions.lines import host_line
from egressc.positions import Lines

#: What the list says of what carries a host, and the host's field.
CARRIED = {"at": "in_sidecar", "gateway": "gateway", "namespace": "namespace", "name": "name"}
#: How much a host has to itself, from its clients' sidecars to pods of its own.
KINDS = ("sidecar", "adopted", "shared", "own")


def host_changes(old: Inventory, new: Inventory) -> Iterator[Change]:
    """What differs for each host of the two lists."""
    before, now = ({host.host: host for host in inventory.hosts} for inventory in (old, new))
    for name in sorted(before.keys() | now.keys()):
        first, then = before.get(name), now.get(name)
        if first and then:
            yield from _both(first, then, old, new)
        elif then:
            yield from _new(then, old, new)
        elif first:
            yield from _gone(first, old, new)


def _both(first: Host, then: Host, old: Inventory, new: Inventory) -> Iterator[Change]:
    yield from access_changes(then.host, first, then, old, new)
    yield from _exposure(first, then)
    yield from port_changes(first, then)
    yield from _carrier(first, then)
    yield from setting_changes(first, then)


def _new(host: Host, old: Inventory, new: Inventory) -> Iterator[Change]:
    above = called(host.host, old.hosts)
    if above:
        yield from access_changes(host.host, above, host, old, new, carried=True)
        says = sentence("{} is a host of its own, before one of the names of {}", host.host, above.host)
        yield Change("changes", host.host, "hosts", says, (host_line(above),), (host_line(host),))
    else:
        yield from newcomers(host, new)
        yield Change("changes", host.host, "hosts", _described(host), (), (host_line(host),))
    if host.reports:
        says = sentence("the rules of this new host refuse nobody, and report whom they would refuse")
        yield Change("opens", host.host, "enforcement", says, (), host.said("enforcement"))
    if host.expose:
        yield Change("opens", host.host, "expose", _exposed(host.expose), (), _said(host, "expose"))
    yield from new_ports(host)


def _gone(host: Host, old: Inventory, new: Inventory) -> Iterator[Change]:
    above = called(host.host, new.hosts)
    if above:
        yield from access_changes(host.host, host, above, old, new, carried=True)
        words = "{} is no host of its own any more: it is one of the names of {}, with its rules, TLS and gateway"
        says, there = sentence(words, host.host, above.host), (host_line(above),)
        yield Change("weakens", host.host, "hosts", says, (host_line(host),), there)
    else:
        callers = ", ".join(sorted({client.who for client in host.callers}))
        words = "the host is gone. In a REGISTRY_ONLY mesh its callers get 502, or a closed connection. In an open "
        words += "mesh they go straight to it: {}"
        yield Change("cuts", host.host, "hosts", sentence(words, callers), (host_line(host),), ())


def _described(host: Host) -> Sentence:
    return sentence("a new host, carried by {}", _carried(host))


def _carrier(first: Host, then: Host) -> Iterator[Change]:
    kinds = KINDS.index(_kind(first)), KINDS.index(_kind(then))
    if (kinds[0], _carried(first)) == (kinds[1], _carried(then)) and first.own_name == then.own_name:
        yield from _standby(first, then)
        return
    key = next((key for key, field in CARRIED.items() if getattr(first, field) != getattr(then, field)), "host")
    words = "carried by {}, before by {}"
    says = sentence(words, _carried(then), _carried(first))
    if _kind(then) == "sidecar":
        says = join(says, sentence(": no gateway asks who calls"))
    elif kinds[1] < kinds[0]:
        says = join(says, sentence(": it shares identity, keys and restarts"))
    elif not _swapped(first, then):
        says = join(says, sentence(": its objects are made anew, and its open connections end"))
    effect: Effect = "weakens" if kinds[1] < kinds[0] else "changes" if _swapped(first, then) else "cuts"
    yield Change(effect, then.host, key, says, _said(first, key), _said(then, key))
    if _swapped(first, then):
        yield from _standby(first, then)
    elif 0 not in kinds:
        yield Change("cuts", then.host, key, _loses(first, then), _said(first, key), _said(then, key))


def _standby(first: Host, then: Host) -> Iterator[Change]:
    """The gateway that stands by, where it is another one."""
    before, now = (_carried(one.standby) if one.standby else "" for one in (first, then))
    if before == now:
        return
    says = sentence("no longer stands by, and its open connections end: {}", before)
    if now:
        says = sentence("stands by, with the same rules, and no caller is led to it: {}", now)
    yield Change("changes", then.host, "standby", says, _said(first, "standby"), _said(then, "standby"))


def _swapped(first: Host, then: Host) -> bool:
    """Whether callers are led to a gateway that carries the host already, and the one before goes on carrying it."""
    if not (first.standby and then.standby) or first.own_name != then.own_name:
        return False
    return (_carried(first), _carried(first.standby)) == (_carried(then.standby), _carried(then))


def _loses(first: Host, then: Host) -> Sentence:
    """What a move without a standby costs, and what to write instead."""
    lost = "callers get 503 and 403 for some seconds, while one gateway goes and the other does not know the host yet"
    if first.own_name != then.own_name or first.namespace != then.namespace:
        return sentence(f"{lost}. No standby helps: the namespace or the name changes too")
    if first.standby and _carried(first.standby) == _carried(then):
        words = "callers whose sidecars have not heard of the move get 503. Write `standby: {}`, and remove it later"
        return sentence(words, first.gateway or OWN_GATEWAY)
    words = f"{lost}. No request is lost if you write `standby: {{}}` first, install, and swap the two then"
    return sentence(words, then.gateway or OWN_GATEWAY)


def _kind(host: Host) -> str:
    if host.in_sidecar:
        return "sidecar"
    return "own" if host.shared is None else "adopted" if host.shared.adopt else "shared"


def _carried(host: Host) -> str:
    match _kind(host):
        case "sidecar":
            return "its clients' sidecars"
        case "own":
            return f"a gateway of its own, {host.namespace}/{host.own_name}"
        case kind:
            name = host.shared.name if host.shared else ""
            return f"the {kind} gateway {host.namespace}/{name}"


def _exposure(first: Host, then: Host) -> Iterator[Change]:
    before, now = first.expose, then.expose
    lines = _said(first, "expose"), _said(then, "expose")
    if now and not before:
        yield Change("opens", then.host, "expose", _exposed(now), *lines)
    elif before and not now:
        yield Change("cuts", then.host, "expose", join(sentence("no longer "), _exposed(before)), *lines)
    elif before and now:
        for setting, old, new, there, here in differences(before, now, "expose"):
            says = sentence("{}: {}, before {}", setting, new, old)
            effect: Effect = "changes" if setting == "expose.secret" else "opens"
            yield Change(effect, then.host, setting, says, there or lines[0], here or lines[1])


def _exposed(expose: Exposure) -> Sentence:
    gateway = expose.gateway
    labels = ",".join(f"{key}={value}" for key, value in gateway.selector)
    words = "exposed as {} by the ingress gateway of namespace {} with {}"
    return sentence(words, f"https://{expose.host}{expose.path}", gateway.namespace, labels)


def _said(host: Host, key: str) -> Lines:
    return host.said(key) or (host_line(host),)
