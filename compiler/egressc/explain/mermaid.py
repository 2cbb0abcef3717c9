"""The fleet and one host's path as diagrams that GitHub renders."""

import re
from collections.abc import Iterable

from egressc.explain.carriers import Carrier, carriers, facts, path
from egressc.explain.facts import Caller, Facts, Way
from egressc.explain.hops import Hop
from egressc.explain.objects import namespaces as gateway_namespaces
from egressc.plan import Plan

# whatever Mermaid, its markdown or HTML could take for their own
SPECIAL = re.compile(r"[^\w .,:()/→-]|_")
SOLID, DOTTED = "-->", "-.->"  # dotted: nobody verifies


def fleet(plan: Plan) -> str:
    """Clients, the gateways in their namespaces, and upstreams."""
    known = [facts(carrier) for carrier in carriers(plan)]
    gateways = list(dict.fromkeys((about.namespace, about.gateway) for about in known if about.gateway))
    callers = sorted({caller.who for about in known for caller in about.clients})
    lines = ["flowchart LR", *(f"  c{index}{_box(who)}" for index, who in enumerate(callers))]
    for index, namespace in enumerate(gateway_namespaces(plan.gateways)):
        lines.append(f"  subgraph n{index}{_box(f'namespace {namespace}')}")
        lines += [
            f"    g{number}{_box(str(name))}" for number, (where, name) in enumerate(gateways) if where == namespace
        ]
        lines.append("  end")
    for number, about in enumerate(known):
        lines.append(f"  u{number}{_box(about.host)}")
        if about.gateway is None:
            for caller in about.clients:
                straight = f"  c{callers.index(caller.who)} "
                lines += [f"{straight}{_arrow(way)}|{_text(_outside(way))}| u{number}" for way in _used(about, caller)]
            lines = list(dict.fromkeys(lines))
            continue
        carrier = gateways.index((about.namespace, about.gateway))
        for who in sorted({caller.who for caller in about.clients}):
            ports = {way.port for caller in about.clients if caller.who == who for way in _used(about, caller)}
            lines.append(f"  c{callers.index(who)} {SOLID}|{_text(', '.join(map(str, sorted(ports))))}| g{carrier}")
        lines += [f"  g{carrier} {_arrow(way)}|{_text(_outside(way))}| u{number}" for way in about.ports]
    return _lines(lines)


def host(carrier: Carrier) -> str:
    """The hops of a request to the host of `carrier`, each with the objects that decide it."""
    known = path(carrier)
    about = known.about
    lines = ["flowchart LR", f"  subgraph pod{_box('a pod of the client')}"]
    lines += [f"    c{index}{_box(*_caller(caller))}" for index, caller in enumerate(about.clients)]
    lines += [f"    sidecar{_box('its sidecar')}", "  end"]
    lines += [f"  gateway{_box('gateway', about.carrier)}"] if about.gateway else []
    lines.append(f"  upstream{_box(about.host)}")
    for index, caller in enumerate(about.clients):
        spoken = [f"{way.protocol} to {way.port}" for way in _used(about, caller)]
        lines += [f"  c{index} {SOLID}|{_text(says)}| sidecar" for says in spoken]
    for way, (_, *within, outside) in zip(about.ports, known.hops, strict=True):
        for hop in within:
            inside = _text(f"{way.port} → {way.gateway_port}, mesh mutual TLS", *_deciders(hop))
            lines.append(f"  sidecar {SOLID}|{inside}| gateway")
        last = "gateway" if within else "sidecar"
        lines.append(f"  {last} {_arrow(way)}|{_text(_outside(way), *_deciders(outside))}| upstream")
    return _lines(lines)


def _used(about: Facts, caller: Caller) -> list[Way]:
    return [way for way in about.ports if not caller.ports or way.port in caller.ports]


def _caller(caller: Caller) -> Iterable[str]:
    return ("application of", caller.who, caller.labels, " ".join(caller.methods), *caller.paths)


def _outside(way: Way) -> str:
    by = "nobody" if way.verified.by == "nobody" else f"the {way.verified.by}"
    return f"{way.port} → {way.upstream_port}, TLS {way.tls}, verified by {by}"


def _deciders(hop: Hop) -> list[str]:
    return list(dict.fromkeys(f"{decision.by.kind} {decision.by.name}" for decision in hop.decisions))


def _arrow(way: Way) -> str:
    return DOTTED if way.verified.by == "nobody" else SOLID


def _box(*lines: str) -> str:
    return f"[{_text(*lines)}]"


def _text(*lines: str) -> str:
    """A quoted label; other characters than words and plain punctuation as their codes."""
    escaped = (SPECIAL.sub(lambda match: f"#{ord(match[0])};", line) for line in lines if line)
    return f'"{"<br>".join(escaped)}"'


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
