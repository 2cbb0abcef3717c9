"""What the compiler makes of lists: layers, rules of a port, names, files."""

from tests.mutants.mutant import Mutant
from tests.mutants.places import COMPILER, DECISIONS, contract

LAYERS = f"{COMPILER}/layers.py"
LAYERED = "tests/test_layers.py"
PREFIXES = "tests/rules/test_prefixes.py"
POLICIES = "tests/test_network_policies.py"

MUTANTS = (
    Mutant(
        LAYERS,
        "    for item in items(overlays):",
        '    for item in items(overlays) if key != "deny" else ():',
        "whom an overlay denies is allowed",
        LAYERED,
    ),
    Mutant(
        LAYERS,
        "            hosts[host].broken |= overlay.is_broken(index)\n",
        "",
        "guesses about an entry that cannot be read are findings",
        LAYERED,
    ),
    Mutant(
        LAYERS,
        "merge(_defaults(document), above, HOST)",
        "merge(above, _defaults(document), HOST)",
        "what an environment's overlay says loses against the list's defaults",
        LAYERED,
    ),
    Mutant(
        f"{COMPILER}/emit/authorization.py",
        '{"prefix": f"spiffe://{trust_domain}{namespaces}"} if trust_domain',
        '{"contains": namespaces} if trust_domain',
        "a client by a prefix is one in every trust domain",
        PREFIXES,
        row="Only the list's clients call a host",
    ),
    Mutant(
        f"{COMPILER}/emit/authorization.py",
        "/sa/{re.escape(account)}",
        "/sa/.*",
        "one account of the namespaces by a prefix is all their accounts",
        PREFIXES,
        row="Only the list's clients call a host",
    ),
    Mutant(
        f"{COMPILER}/plan/way.py",
        "client.service_account and not is_prefix(client.namespace)",
        "client.service_account",
        "a handshake asks for an account of a namespace that is called preview-*",
        PREFIXES,
    ),
    Mutant(
        f"{COMPILER}/plan/companions.py",
        "any(stands_for(client, place) for client in clients)",
        "(place in clients)",
        "applications beside the gateways are cut off where a prefix makes them clients",
        PREFIXES,
    ),
    Mutant(
        f"{COMPILER}/emit/authorization.py",
        "for rule in gateway.rules if rule.covers(number)]",
        "for rule in gateway.rules]",
        "a client that is limited to some ports may use all of them",
        DECISIONS,
        row="Only the list's clients call a host",
    ),
    Mutant(
        f"{COMPILER}/emit/authorization.py",
        "for rule in gateway.fleet_denials if rule.covers(number)]",
        "for rule in ()]",
        "whom the whole fleet denies is allowed",
        DECISIONS,
        row="A denial holds in every spelling",
    ),
    Mutant(
        f"{COMPILER}/emit/authorization.py",
        '    account = f"/ns/{who.namespace}/sa/',
        '    account = f"/ns/{who.trust_domain and who.namespace}/sa/',
        "a denial names another namespace, and nobody is denied",
        DECISIONS,
        row="A denial holds in every spelling",
    ),
    Mutant(
        f"{COMPILER}/emit/authorization.py",
        '        deny.append({"id": "a path in a header", "headers": list(spelling.PATH_HEADERS)})\n',
        "",
        "a path in a header goes where the request's own path may not",
        DECISIONS,
        row="A denial holds in every spelling",
    ),
    Mutant(
        f"{COMPILER}/plan/decisions/readiness.py",
        'anchor = {"credentialName": tls.secret} if tls.secret else',
        'anchor = {"credentialName": tls.secret} if not host.host else',
        "a passthrough upstream with a CA in a Secret is never Ready",
        "tests/test_emit.py",
    ),
    Mutant(
        f"{COMPILER}/emit/companions.py",
        "callers = gateway.host.callers",
        "callers = gateway.host.clients",
        "the ingress gateway does not reach what it exposes",
        POLICIES,
    ),
    Mutant(
        f"{COMPILER}/plan/decisions/requests.py",
        'value.replace("%", "%%")',
        "value",
        "a % in a header's value is a command of Envoy",
        "tests/rules/test_headers.py",
    ),
    Mutant(
        f"{COMPILER}/plan/companions.py",
        "denied=tuple(place for place in isolated if not any(stands_for(client, place) for client in clients)),",
        "denied=isolated,",
        "applications beside a gateway lose all their traffic",
        POLICIES,
    ),
    Mutant(
        f"{COMPILER}/plan/exposure.py",
        "key=lambda route: (-len(route.path), route.path)",
        "key=lambda route: route.path",
        "an own name's / hides its /partner",
        contract("exposures"),
    ),
    Mutant(
        f"{COMPILER}/plan/way.py",
        "known = all(client.service_account",
        "known = any(client.service_account",
        "callers whose account the list does not name are refused in the handshake",
        contract("access"),
    ),
    Mutant(
        f"{COMPILER}/model/host.py",
        "return self.reports or any(",
        "return any(",
        "whoever is to be reported does not see the host, and gets 502",
        "tests/test_plan.py",
    ),
    Mutant(
        f"{COMPILER}/names.py",
        "range(15000, 15100)",
        "range(15000, 15091)",
        "a client port is the gateway's own readiness port",
        "tests/rules/test_ports.py",
    ),
    Mutant(
        f"{COMPILER}/output.py",
        "            _replace(Path(os.path.realpath(output)), content)",
        '            Path(output).write_text(content, encoding="utf-8")',
        "whoever reads the values while they are written reads half of them",
        "tests/test_cli.py -k replaced",
    ),
    Mutant(
        f"{COMPILER}/commands/compile.py",
        "return lists.ERRORS if drift else lists.OK",
        "return lists.OK",
        "CI passes though the committed values are stale",
        "tests/test_cli.py -k check",
    ),
)
