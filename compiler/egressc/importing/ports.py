"""The calls of a host → `ports`, `speaks` and `tls` of its entry."""

from typing import Any

from egressc.hostname import short
from egressc.importing import encryption
from egressc.importing.calls import Call, Mesh
from egressc.importing.encryption import STRICTER, UNDECIDED
from egressc.importing.entry import Entry
from egressc.importing.registry import CONTRADICTION, NOT_CARRIED, Service
from egressc.importing.speaks import as_spoken, reason


def ports(mesh: Mesh, service: Service, calls: list[Call], entry: Entry) -> None:
    """Puts the ports and their TLS into the entry."""
    said, all_tls = [], []
    secure = {443} & {*service.ports, *(call.target for call in calls)}
    for call in calls:
        port: dict[str, Any] = {"port": call.way.port}
        tls = _tls(mesh, service, call, entry)
        if call.protocol != "HTTP" or call.way.port == 443:  # where https:// is meant unless it is said
            port["protocol"] = call.protocol
        clear = call.protocol != "TLS" and not tls
        if clear and call.protocol == "HTTP" and call.way.port == 80 and call.target == 80 and secure:
            span = call.way.span or entry.span
            message = f"http://{entry.host} goes on in clear to port 80, although port 443 is there"
            fix = "leave it to the gateway to speak TLS, or write `mode: none` and a reason into `tls` of port 80"
            mesh.findings.append(STRICTER(span, message, fix))
        elif clear:
            tls = _in_clear(mesh, call, entry)
        originates = tls.get("mode") in ("simple", "mutual") or (clear and not tls)
        https = 443 if originates and call.way.port == 80 else call.way.port
        target = 443 if clear and not tls else call.target
        if target != https:
            port["upstreamPort"] = target
        if call.protocol == "HTTP" and call.policy and call.policy.upgrades:
            port["upstreamProtocol"] = "HTTP2"
        said.append(port)
        all_tls.append(tls if call.protocol != "TLS" else None)
    _tls_of_ports(said, all_tls, entry)
    as_spoken(entry, said)


def _tls(mesh: Mesh, service: Service, call: Call, entry: Entry) -> dict[str, Any]:
    if not call.policy:
        return {}
    part = call.policy.part("tls")
    mode = part.text("mode")
    if call.policy.originates:
        if call.protocol == "TLS":
            message = (
                f"applications speak TLS to {short(f'{entry.host}:{call.way.port}')}, and {call.policy.rule.title} "
                "wraps it in TLS once more"
            )
            mesh.findings.append(CONTRADICTION(part.at("mode"), message, "remove one of the two"))
        if not call.way.gateway:
            mesh.findings += encryption.without_secret(call.policy, entry.host, call.target)
        upstream = mesh.services.get(call.way.upstream, service)
        return encryption.tls(part, call.way.upstream, upstream.sans, entry, mesh.findings)
    if mode == "ISTIO_MUTUAL":
        message = f"{call.policy.rule.title} speaks the mesh's own TLS to {entry.host}, which no host outside knows"
        mesh.findings.append(NOT_CARRIED(part.at("mode"), message, "look whether the host is outside of the mesh"))
    return {}


def _in_clear(mesh: Mesh, call: Call, entry: Entry) -> dict[str, Any]:
    if call.protocol == "TCP" and (why := reason(call.target)):
        return {"mode": "none", "unverified": why}
    span = call.way.span or entry.span
    what = f"{entry.host}:{call.way.port}"
    message = f"nobody speaks TLS to {short(what)}, and no reason is written"
    fix = 'write `unverified: "<the reason>"` into `tls`, or let the gateway speak TLS with `mode: simple`'
    mesh.findings.append(UNDECIDED(span, message, fix))
    entry.ask(
        f"Port {call.way.port} goes out in clear. Keep it so? Add `unverified` with the reason to its `tls`", span
    )
    return {"mode": "none"}


def _tls_of_ports(ports: list[dict[str, Any]], all_tls: list[dict[str, Any] | None], entry: Entry) -> None:
    """What most ports share stands once at the host."""
    spoken = [tls if tls != {"mode": "simple"} else {} for tls in all_tls if tls is not None]
    if not spoken:
        return
    shared = spoken[0]
    # the CA of a host is also that of the checks of its TLS ports
    beside = None in all_tls and bool({"secret", "files"} & {*shared})
    if all(tls == shared for tls in spoken) and not beside:
        if shared:
            entry.settings["tls"] = shared
        return
    for port, tls in zip(ports, all_tls, strict=True):
        if tls not in (None, {}, {"mode": "simple"}):
            port["tls"] = tls
