"""The fleet for people, plain text without colour: a summary, a table, and what somebody should do."""

from collections.abc import Sequence

from egressc import printable
from egressc.cost import share
from egressc.explain.before import before
from egressc.explain.facts import Caller, Facts, PortFacts, facts
from egressc.explain.layout import aligned, fit, shorten, table, wrap
from egressc.explain.sections import SHOWN, few, indented, needed, section, worth_a_look
from egressc.explain.summary import Summary, is_overdue, remarks, summary
from egressc.explain.view import WHOLE, View
from egressc.plan import Admission, ClientNetwork, Companions, Plan
from egressc.plan.decisions.tls import Verified

HEAD = (
    "HOST\n  GATEWAY",
    "PORT → UPSTREAM",
    "TLS",
    "VERIFIED BY",
    "READY WHEN\nCHECKS A MINUTE",
    "WHO MAY CALL",
    "ALSO",
    "OWNER\nREVIEW BY",
)
WIDTHS = (44, 16, 11, 42, 30, 32, 18, 20)
LEAST = (24, 9, 11, 13, 13, 13, 9, 13)
REASON = 60
NARROW = 120  # columns; with less, a host is a block of lines
LABEL = 12  # of a line in such a block


def fleet(plan: Plan, view: View = WHOLE) -> str:
    """All hosts of `plan`, those that are alike together, what they need, and what a person should look at."""
    groups = alike(plan, view)
    seen = remarks(plan.carriers, view)
    whole = not view.asked
    parts = (
        _summary(summary(plan, view, seen), view.width),
        (_blocks if view.width < NARROW else _table)(groups, view),
        needed(before(plan.carriers, plan.companions if whole else None), view.width),
        *(_companions(plan.companions, view.width) if whole else []),
        *worth_a_look(seen, view.width),
    )
    return printable.lines("\n".join(part for part in parts if part).rstrip("\n") + "\n")


def alike(plan: Plan, view: View = WHOLE) -> list[list[Facts]]:
    """The hosts of `plan` by their names, those together of which all but the name is the same."""
    groups: dict[object, list[Facts]] = {}
    for carrier in sorted(plan.carriers, key=lambda carrier: carrier.host.host):
        about = facts(carrier)
        shared = about.gateway if carrier.host.shared else None
        groups.setdefault((about.namespace, shared, *_cells(about, view)), []).append(about)
    return list(groups.values())


def _summary(of: Summary, width: int) -> str:
    costs, late = of.cost, len(of.overdue)
    own = f", {costs.own:,} of them for one host each" if costs.own and costs.own != costs.gateways else ""
    unowned = f", {of.without_owner:,} without an owner" if of.without_owner and of.owners else ""
    due = [f"{late:,} overdue"] * bool(late) + [f"the next is due on {of.next_review}"] * bool(of.next_review)
    release = [share(of.release.about)] if of.release else []
    rows = (
        ("hosts", f"{of.hosts:,}{f' of {of.of:,}, for ' if of.asked else ''}{', '.join(of.asked)}{unowned}"),
        ("owners", f"{of.owners:,}" if of.owners else ""),
        ("gateways", f"{costs.gateways:,}{own}"),
        ("pods", f"{costs.pods.text}, which request {costs.requests}, by the chart's defaults"),
        ("checks", f"{costs.checks_per_minute.text} a minute"),
        ("release", *release),
        ("reviews", ", ".join(due)),
        ("worth a look", ", ".join(f"{kind} ({count:,})" for kind, count in of.worth_a_look.items())),
    )
    shown = [row for row in rows if row[1:] not in ((), ("",))]
    return table(shown, (LABEL, width - LABEL - 2))


def _table(groups: Sequence[Sequence[Facts]], view: View) -> str:
    rows = [HEAD if any(group[0].marks for group in groups) else _without_marks(HEAD)]
    rows += [(_names(group), *_cells(group[0], view)) for group in groups]
    widths = fit(rows, WIDTHS, view.width, LEAST)
    ports = [_side_by_side(group[0], widths) for group in groups]
    rows[1:] = [(row[0], *cells, *row[-3:]) for row, cells in zip(rows[1:], ports, strict=True)]
    head, *texts = aligned(rows, widths)
    return head + "".join(f"{text}{_others(group, view.width)}" for text, group in zip(texts, groups, strict=True))


def _without_marks(head: tuple[str, ...]) -> tuple[str, ...]:
    return (*head[:-2], "", head[-1])


def _blocks(groups: Sequence[Sequence[Facts]], view: View) -> str:
    """The same for a terminal that is too narrow for a table."""
    return "".join(f"{_block(group, view)}\n" for group in groups).rstrip("\n") + "\n"


def _block(group: Sequence[Facts], view: View) -> str:
    about, width = group[0], view.width
    hosts, _, carrier = _names(group).rpartition("\n  ")
    rows = [("gateway", carrier)]
    for way in about.ports:
        port, tls, verified, ready, checks = _way(way, about.host)
        checked = f"checks a minute: {checks}" if way.checks_per_minute.most else checks
        rows.append(("port", f"{port}, TLS {tls}; verified by {verified}; Ready when {ready}; {checked}"))
    rows += [("may call", _callers(about)), ("also", ", ".join(about.marks))]
    rows += [("owner", about.owner or ""), ("review by", _review(about, view))]
    shown = [row for row in rows if row[1]]
    hosts = "\n".join(line for name in hosts.split("\n") for line in wrap(name, width))
    return f"{hosts}\n{_others(group, width)}{indented(table(shown, (LABEL, width - LABEL - 4)), 2)}"


def _names(group: Sequence[Facts]) -> str:
    about, hosts = group[0], [one.host for one in group]
    one_each = len({one.gateway for one in group}) > 1
    carrier = f"one each in {about.namespace}" if one_each else about.carrier
    return "\n".join(hosts if len(hosts) <= SHOWN else [f"{len(hosts):,} hosts"]) + f"\n  {carrier}"


def _others(group: Sequence[Facts], width: int) -> str:
    """The names of hosts that are too many for a cell."""
    if len(group) <= SHOWN:
        return ""
    return indented("\n".join(wrap(", ".join(one.host for one in group), width - 4)), 4)


def _cells(about: Facts, view: View) -> tuple[str, ...]:
    """What is true of a host, in the columns behind its name."""
    ports = [_way(way, about.host) for way in about.ports]
    columns = zip(*((*cells[:3], "\n".join(cells[3:])) for cells in ports), strict=True)
    stacked = ["\n".join(column) for column in columns]
    marks = few(about.marks, "\n")
    return (*stacked, _callers(about), marks, f"{about.owner or '-'}\n{_review(about, view) or '-'}")


def _side_by_side(about: Facts, widths: Sequence[int]) -> list[str]:
    """The cells of the ports, padded so that those of one port begin in one line."""
    columns: list[list[str]] = [[], [], [], []]
    for way in about.ports:
        port, tls, verified, *ready = _way(way, about.host)
        cells = (port, tls, verified, "\n".join(ready))
        wrapped = [wrap(cell, width) for cell, width in zip(cells, widths[1:5], strict=True)]
        height = max(map(len, wrapped))
        for column, lines in zip(columns, wrapped, strict=True):
            column.extend(lines + [""] * (height - len(lines)))
    return ["\n".join(column).rstrip("\n") for column in columns]


def _way(way: PortFacts, host: str) -> tuple[str, ...]:
    return (
        f"{way.port} → {way.upstream_port} {way.protocol}",
        way.tls,
        _verified(way.verified, host),
        way.ready_when,
        way.checks_per_minute.text if way.checks_per_minute.most else "no checks",
    )


def _verified(verified: Verified, host: str) -> str:
    if verified.by in ("application", "nobody"):
        return shorten(verified.text, REASON)
    # what differs from the rule is to be seen
    names = "the host's name" if verified.names == (host,) else few(verified.names, ", ")
    return f"the {verified.by}: {names}; {verified.ca}"


def _review(about: Facts, view: View) -> str:
    return f"{about.review_by or ''}{', overdue' if is_overdue(about.review_by, view) else ''}"


def _callers(about: Facts) -> str:
    return few([_caller(caller) for caller in about.clients], "\n")


def _caller(caller: Caller) -> str:
    ports = [f":{port}" for port in caller.ports]
    parts = (caller.who, *ports, caller.labels, ",".join(caller.methods), few(caller.paths, " "))
    return " ".join(part for part in parts if part)


def _companions(companions: Companions, width: int) -> list[str]:
    rows = [
        *((f"Namespace {namespace}", "PeerAuthentication: mutual TLS alone") for namespace in companions.strict),
        *((f"Namespace {name}", _isolation(name, companions)) for name in companions.isolated),
        *((f"Namespace {one.namespace}", f"Sidecar: {few(one.hosts, ', ')}") for one in companions.sidecars),
        *((f"Namespace {one.namespace}", _let_out(one)) for one in companions.client_networks),
        *([("Every namespace but:", _judged(companions.admission))] if companions.admission else []),
    ]
    return [section("What goes with them", rows, (40, 110), width)] if rows else []


def _judged(admission: Admission) -> str:
    names = len(admission.hosts) + len(admission.addresses)
    return (
        f"{', '.join(admission.without) or '-'}. ValidatingAdmissionPolicies refuse others' objects for {names} names"
    )


def _let_out(network: ClientNetwork) -> str:
    own = [f"pods of {few(network.namespaces, ', ')}"] if network.namespaces else []
    straight = [
        f"{few(one.addresses, ', ') or 'any address'} on port {', '.join(map(str, one.ports))}"
        for one in network.upstreams
    ]
    return f"NetworkPolicy: out to {', '.join((*own, 'their gateways', 'DNS', 'istiod', *straight))}"


def _isolation(namespace: str, companions: Companions) -> str:
    others = (
        "nothing for other pods" if namespace in companions.denied else "other pods, clients among them, as they are"
    )
    return f"NetworkPolicies: the gateways' own traffic; {others}"
