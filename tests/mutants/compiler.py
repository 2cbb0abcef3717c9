"""What the compiler makes of lists: layers, rules of a port, names, files."""

from tests.mutants.mutant import Mutant
from tests.mutants.places import COMPILER, DECISIONS, contract

LAYERS = f"{COMPILER}/layers.py"
LAYERED = "tests/test_layers.py"
POLICIES = "tests/test_network_policies.py"

MUTANTS = (
    Mutant(
        f"{COMPILER}/hidden.py",
        'OF_A_NAME.sub("…@", OF_A_URL.sub("://…@", text))',
        "text",
        "a password that somebody pastes stands in findings, and in the CI's log",
        "tests/test_hidden.py",
    ),
    Mutant(
        f"{COMPILER}/findings.py",
        "hidden.sentence(message), hidden.sentence(fix)",
        "message, fix",
        "a token in a list stands in findings too",
        "tests/test_hidden.py",
    ),
    Mutant(
        f"{COMPILER}/rules/headers.py",
        " or hidden.is_token(value)",
        "",
        "a token under an innocent header's name is committed to Git",
        "tests/rules/test_headers.py",
    ),
    Mutant(
        f"{COMPILER}/written.py",
        "PLACEHOLDER.fullmatch(text.strip()) or ",
        "",
        "TODO is the reason why nobody verifies an upstream",
        "tests/test_meant.py",
    ),
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
        "denied=tuple(namespace for namespace in isolated if namespace not in clients),",
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
        "if host.reports or port.is_http or not all(",
        "if host.reports or port.is_http or not any(",
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
