"""The fleet and one host's path as diagrams that GitHub renders."""

import re
from collections.abc import Iterable

from egressc.explain.facts import Caller, Facts, PortFacts, facts
from egressc.explain.view import WHOLE, View
from egressc.plan import Carrier, Plan
from egressc.plan.hops import Hop

# whatever Mermaid, its markdown or HTML could take for their own
SPECIAL = re.compile(r"[^\w .,:()/→-]|_")
SOLID, DOTTED = "-->", "-.->"  # dotted: nobody verifies


def fleet(plan: Plan, _: View = WHOLE) -> str:
    """Clients, the gateways in their namespaces, and upstreams."""
    known = [facts(carrier) for carrier in plan.carriers]
    gateways = list(dict.fromkeys((about.namespace, about.gateway) for about in known if about.gateway))
    callers = sorted({caller.who for about in known for caller in about.clients})
    lines = ["flowchart LR", *(f"  c{index}{_box(who)}" for index, who in enumerate(callers))]
    for index, namespace in enumerate(sorted({place for one in plan.gateways for place in one.namespaces()})):
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


def host(carrier: Carrier, _: View = WHOLE) -> str:
    """The hops of a request to the host of `carrier`, each with the objects that decide it."""
    about = facts(carrier)
    lines = ["flowchart LR", f"  subgraph pod{_box('a pod of the client')}"]
    lines += [f"    c{index}{_box(*_caller(caller))}" for index, caller in enumerate(about.clients)]
    lines += [f"    sidecar{_box('its sidecar')}", "  end"]
    lines += [f"  gateway{_box('gateway', about.carrier)}"] if about.gateway else []
    lines.append(f"  upstream{_box(about.host)}")
    for index, caller in enumerate(about.clients):
        spoken = [f"{way.protocol} to {way.port}" for way in _used(about, caller)]
        lines += [f"  c{index} {SOLID}|{_text(says)}| sidecar" for says in spoken]
    for way, port in zip(about.ports, carrier.host.ports, strict=True):
        first, *others = carrier.hops(port)
        for hop in others:
            source = "sidecar" if hop.source == first.target else "gateway"
            if hop.target == "gateway":
                says = f"{way.port} → {way.gateway_port}, mesh mutual TLS"
                lines.append(f"  {source} {SOLID}|{_text(says, *_deciders(hop))}| gateway")
            else:
                lines.append(f"  {source} {_arrow(way)}|{_text(_outside(way), *_deciders(hop))}| upstream")
    return _lines(lines)


def _used(about: Facts, caller: Caller) -> list[PortFacts]:
    return [way for way in about.ports if not caller.ports or way.port in caller.ports]


def _caller(caller: Caller) -> Iterable[str]:
    return ("application of", caller.who, caller.labels, " ".join(caller.methods), *caller.paths)


def _outside(way: PortFacts) -> str:
    by = "nobody" if way.verified.by == "nobody" else f"the {way.verified.by}"
    return f"{way.port} → {way.upstream_port}, TLS {way.tls}, verified by {by}"


def _deciders(hop: Hop) -> list[str]:
    return list(dict.fromkeys(f"{decision.by.kind} {decision.by.name}" for decision in hop.decisions))


def _arrow(way: PortFacts) -> str:
    return DOTTED if way.verified.by == "nobody" else SOLID


def _box(*lines: str) -> str:
    return f"[{_text(*lines)}]"


def _text(*lines: str) -> str:
    """A quoted label; other characters than words and plain punctuation as their codes."""
    escaped = (SPECIAL.sub(lambda match: f"#{ord(match[0])};", line) for line in lines if line)
    return f'"{"<br>".join(escaped)}"'


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
