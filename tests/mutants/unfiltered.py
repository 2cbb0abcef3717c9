"""A mesh without EnvoyFilters: what Istio's own policies, routes and a container must do there."""

from tests.mutants.mutant import Mutant
from tests.mutants.places import COMPILER, TEMPLATES

POLICY = f"{TEMPLATES}/authorization-policy.yaml"
SCRIPT = "charts/egress-gateways/files/ready.sh"
UNFILTERED = "tests/test_no_envoy_filters.py"

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
