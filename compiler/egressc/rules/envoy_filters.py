"""What a mesh that takes no EnvoyFilter cannot have, where one setting does not tell it."""

from collections.abc import Iterable, Iterator

from egressc.elsewhere import NEEDS_ENVOYFILTERS
from egressc.findings import Code, Finding
from egressc.model import Client, Deny, Duration, Host, Inventory, Port

WILDCARD = Code(
    "EG361",
    "a wildcard in a mesh without EnvoyFilters",
    "A wildcard's names are found, and listed names below it are refused, by listeners and rules that Istio has no "
    "fields for. An AuthorizationPolicy would take the names of another host for its own.",
)
DENIED_OPERATION = Code(
    "EG362",
    "a denial of methods or paths in a mesh without EnvoyFilters",
    "What is denied must be denied in every spelling. An AuthorizationPolicy compares one spelling of a path or a "
    "method, so whoever writes another one would get through. Who may call what is safe: all else is refused.",
)
END_OF_A_PATH = Code(
    "EG363",
    "the end of a path, in a mesh without EnvoyFilters",
    "An AuthorizationPolicy compares the end of a path as text, and `/admin;x.json` ends in `.json`. Many upstreams "
    "read it as `/admin`.",
)
OTHER_NAMES = Code(
    "EG364",
    "names that the readiness container cannot check",
    "Without EnvoyFilters curl checks the upstream, and curl wants the name in the certificate that it asks for (SNI). "
    "With other names it would find a good upstream bad.",
)
PART_OF_A_SECOND = Code(
    "EG365",
    "a check in parts of a second in a mesh without EnvoyFilters",
    "Without EnvoyFilters the kubelet starts the checks, and it counts whole seconds.",
)


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """What only an EnvoyFilter could make so."""
    if not host.unfiltered:
        return
    if host.wildcard:
        message = f"{host.host} is a wildcard, and its mesh takes no EnvoyFilters"
        yield WILDCARD(host.at("host"), message, "list each host by its name")
        return
    for port in host.ports:
        yield from _tls(host, port)
    for client in host.clients:
        yield from _paths(client)
    yield from _denied(host.deny)
    if host.checked:
        for key, time in (("interval", host.readiness.interval), ("timeout", host.readiness.timeout)):
            yield from _whole(host, key, time)


def check_fleet(inventory: Inventory) -> Iterator[Finding]:
    """Fleet-wide denials that no gateway could keep."""
    if any(host.unfiltered for host in inventory.hosts):
        yield from _denied(inventory.deny)


def _tls(host: Host, port: Port) -> Iterator[Finding]:
    for key in ("minProtocolVersion", "maxProtocolVersion", "cipherSuites"):
        if port.tls.says(key):
            message = f"{host.host} is in a mesh without EnvoyFilters and takes no `{key}`: Istio has no field for it"
            fix = f"remove `{key}`: the gateway speaks TLS 1.2 or 1.3"
            yield NEEDS_ENVOYFILTERS(port.tls.at(key), message, fix)
    tls = port.tls
    if port in host.checked and tls.originates and not tls.unverified and tls.sans and {*tls.sans} != {tls.sni}:
        message = f"curl asks for {tls.sni} and takes no certificate for {', '.join(tls.sans)} only"
        fix = "write `readiness: {mode: gateway}`: the gateway still checks the names"
        yield OTHER_NAMES(tls.at("sans"), message, fix)


def _paths(client: Client) -> Iterator[Finding]:
    for path in sorted(client.paths):
        if path.startswith("*") and path != "*":
            fix = "write whole paths, or the beginning of one with `*` at its end"
            yield END_OF_A_PATH(client.at("paths"), f"`{path}` is the end of a path, which others can write too", fix)


def _denied(denials: Iterable[Deny]) -> Iterator[Finding]:
    for deny in denials:
        if deny.methods or deny.paths:
            key = "paths" if deny.paths else "methods"
            message = f"nothing here can deny {deny.who} these {key} in every spelling"
            fix = f"remove `{key}` to deny everything, or limit `clients` to what they may do"
            yield DENIED_OPERATION(deny.at(key), message, fix)


def _whole(host: Host, key: str, time: Duration) -> Iterator[Finding]:
    if time.milliseconds % 1000:
        message = f"the kubelet cannot count {time.spelled}"
        yield PART_OF_A_SECOND(host.readiness.at(key), message, f"write `{key}: {-(-time.milliseconds // 1000)}s`")
