"""SETTLE: the merged entries of a list as the model, every default filled in."""

from dataclasses import replace

from egressc import applicability
from egressc.findings import Finding
from egressc.layers import Combined
from egressc.model import Host, Inventory
from egressc.settle.clients import deny
from egressc.settle.companions import settle_companions
from egressc.settle.gateways import shared
from egressc.settle.groups import Groups
from egressc.settle.host import settle_host
from egressc.settle.mesh import settle_mesh


def inventory(combined: Combined) -> tuple[Inventory, list[Finding]]:
    """The model of `combined`, whose shape has been checked, and what hosts say that does not apply to them."""
    mesh = settle_mesh(combined.facts["mesh"])
    gateways = sorted(map(shared, combined.listed["gateways"]), key=lambda gateway: gateway.name)
    by_name = {gateway.name: gateway for gateway in gateways}
    hosts: list[Host] = []
    findings: list[Finding] = []
    groups = Groups(combined.groups, findings)
    for entry in combined.entries:
        host = settle_host(entry, by_name, groups, mesh)
        second = settle_host(entry, by_name, groups, mesh, stands_by=True) if "standby" in entry else None
        rest, more = applicability.applied(entry, host, second)
        settled = host if rest is entry else settle_host(rest, by_name, groups, mesh)
        findings += more
        if second and not host.in_sidecar:
            rest, more = applicability.applied(entry, second, host)
            second = second if rest is entry else settle_host(rest, by_name, groups, mesh, stands_by=True)
            settled = replace(settled, standby=second)
            known = {(one.code, one.span) for one in findings}
            findings += [one for one in more if (one.code, one.span) not in known]
        hosts.append(settled)
    for gateway in gateways:
        findings += applicability.of_gateway(gateway)
    fleet = tuple(deny(one) for rule in combined.listed["deny"] for one in groups.rule(rule))
    return (
        Inventory(
            hosts=tuple(sorted(hosts, key=lambda host: host.host)),
            shared=tuple(gateways),
            deny=fleet,
            companions=settle_companions(combined.facts["companions"]),
            mesh=mesh,
        ),
        findings,
    )
