"""A mesh without EnvoyFilters: what Istio's own policies, routes and a container must do there."""

from tests.mutants.mutant import Mutant
from tests.mutants.places import COMPILER, TEMPLATES

POLICY = f"{TEMPLATES}/authorization-policy.yaml"
SCRIPT = "charts/egress-gateways/files/ready.sh"
UNFILTERED = "tests/test_no_envoy_filters.py"
SHARED = f"{UNFILTERED} -k 'shared or rule or default'"

MUTANTS = (
    Mutant(
        POLICY,
        "values: [{{ $.gateway.host | quote }}]\n    {{- with .account }}",
        'values: ["*"]\n    {{- with .account }}',
        "without EnvoyFilters a policy holds for what another team's Gateway opens",
        UNFILTERED,
    ),
    Mutant(
        POLICY,
        "        ports: {{ toJson .ports }}\n",
        "",
        "without EnvoyFilters a client of one port may use all",
        UNFILTERED,
    ),
    Mutant(
        POLICY,
        '    - key: request.headers[{{ . }}]\n      notValues: ["*"]\n',
        "",
        "without EnvoyFilters a header names a method that the client may not use",
        UNFILTERED,
    ),
    Mutant(
        POLICY,
        "    - key: source.principal\n      values: [{{ . | quote }}]\n",
        "",
        "without EnvoyFilters every account of namespaces by a prefix is a client",
        UNFILTERED,
    ),
    Mutant(
        f"{COMPILER}/emit/policy.py",
        "paths = [spelling.AMBIGUOUS, spelling.NOT_NORMALISED, escaped]",
        "paths = [spelling.AMBIGUOUS, spelling.NOT_NORMALISED]",
        "without EnvoyFilters an escaped slash leads out of an allowed path",
        UNFILTERED,
    ),
    Mutant(
        f"{COMPILER}/plan/decisions/requests.py",
        '    for between in product("-_", repeat=len(parts) - 1):',
        '    for between in product("-", repeat=len(parts) - 1):',
        "without EnvoyFilters a header is forged with an underscore",
        UNFILTERED,
    ),
    Mutant(
        POLICY,
        "        hosts: {{ toJson . }}\n",
        "",
        "without EnvoyFilters a connection for one host of a shared gateway is good for another",
        SHARED,
    ),
    Mutant(
        f"{COMPILER}/emit/policy.py",
        "[port for port in ports if port.is_http and not gateway.pods.single]",
        "[]",
        "without EnvoyFilters nothing holds a request on a shared gateway to its own Host",
        SHARED,
    ),
    Mutant(
        f"{COMPILER}/emit/policy.py",
        '"hosts": [gateway.host.host, f"{gateway.host.host}:*"]',
        '"hosts": [f"{gateway.host.host}*"]',
        "without EnvoyFilters a host's rules hold for each name that begins like it",
        SHARED,
    ),
    Mutant(
        f"{COMPILER}/emit/policy.py",
        "    others = [port for port in ports if port not in with_requests]\n",
        "    others = ports\n",
        "without EnvoyFilters a second rule lets requests of a shared gateway in with any Host",
        SHARED,
    ),
    Mutant(
        f"{COMPILER}/emit/policy.py",
        "    return [port for port in gateway.ports if rule.covers(port.client_port)]",
        "    return list(gateway.ports)",
        "without EnvoyFilters a client of one port may use all ports of its host",
        SHARED,
    ),
    Mutant(
        POLICY,
        "{{- if .gateway.pods }}\n---",
        "{{- if .gateway.host }}\n---",
        "without EnvoyFilters a shared gateway without any other policy lets everybody in",
        SHARED,
    ),
    Mutant(
        f"{COMPILER}/elsewhere.py",
        "ADOPTED_UNFILTERED = _unfiltered(lambda host, _: host.shared is not None and bool(host.shared.adopt))",
        "ADOPTED_UNFILTERED = _unfiltered(lambda *_: False)",
        "without EnvoyFilters a list closes all else that adopted pods carry",
        "tests/test_cases.py -k EG360",
    ),
    Mutant(
        f"{COMPILER}/elsewhere.py",
        "NEEDS_ENVOYFILTERS, lambda host, _: host.shares_policies, _SHARES_PODS",
        "NEEDS_ENVOYFILTERS, lambda *_: False, _SHARES_PODS",
        "without EnvoyFilters a provider is promised for a host of a shared gateway, and never asked",
        "tests/test_cases.py -k EG360-of-shared-pods",
    ),
    Mutant(
        f"{COMPILER}/rules/memory.py",
        "load = load._replace(copies=rules * chains)",
        "load = load._replace(copies=rules)",
        "without EnvoyFilters a shared gateway is killed for what its rules take in each filter chain",
        "tests/rules/test_memory.py -k chain",
    ),
    Mutant(
        f"{COMPILER}/cost/memory.py",
        "return round(ROOM * (idle(load) - _rules(load))) + 2 * _rules(load)",
        "return round(ROOM * idle(load))",
        "without EnvoyFilters a shared gateway is killed while a host is added",
        "tests/rules/test_memory.py -k twice",
    ),
    Mutant(
        SCRIPT,
        "[ $? -eq 90 ]",
        "[ $? -ge 60 ]",
        "without EnvoyFilters a pod is Ready whose upstream has another certificate",
        UNFILTERED,
    ),
    Mutant(
        f"{COMPILER}/elsewhere.py",
        "lambda host, value: host.unfiltered and says_so(host, value),",
        "lambda host, value: False,",
        "without EnvoyFilters a limit or a credential is promised that nothing keeps",
        "tests/test_cases.py -k EG360",
    ),
    Mutant(
        f"{COMPILER}/rules/envoy_filters.py",
        "        if deny.methods or deny.paths:\n            key",
        "        if deny.methods and deny.paths:\n            key",
        "without EnvoyFilters a denied path is denied in one spelling only",
        "tests/test_cases.py -k EG362",
    ),
)
