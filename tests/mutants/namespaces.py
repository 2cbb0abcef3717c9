"""What goes with whole namespaces: what sidecars know, who reaches whom, admission, own names."""

from tests.mutants.mutant import Mutant
from tests.mutants.places import COMPILER, TEMPLATES, contract

NETWORK = f"{TEMPLATES}/companions/network-policy.yaml"
ADMISSION = f"{TEMPLATES}/companions/validating-admission-policy"
DIVERT = "Other teams' objects do not divert clients"
ADMITTED = "Other teams' objects about the fleet are refused"
POLICIES = "tests/test_network_policies.py"
REACH = "Gateways connect only to their upstreams"

MUTANTS = (
    Mutant(
        f"{TEMPLATES}/companions/sidecar.yaml",
        "    - {{ . | quote }}",
        '    - "*/*"',
        "another namespace's ServiceEntry takes what clients send",
        contract("companions"),
        row=DIVERT,
    ),
    Mutant(
        f"{TEMPLATES}/companions/sidecar.yaml",
        "mode: REGISTRY_ONLY",
        "mode: ALLOW_ANY",
        "clients reach every host of the internet past the fleet",
        contract("companions"),
        row=DIVERT,
    ),
    Mutant(
        f"{ADMISSION}.yaml",
        '"name" "gateways" "labels" $labels) }}\nspec:\n  failurePolicy: Fail',
        '"name" "gateways" "labels" $labels) }}\nspec:\n  failurePolicy: Ignore',
        "an expression that fails lets another team's Gateway in",
        contract("companions"),
        row=ADMITTED,
    ),
    Mutant(
        f"{ADMISSION}-binding.yaml",
        "validationActions: [Deny]",
        "validationActions: [Audit]",
        "other teams' objects are written down and let in",
        contract("companions"),
        row=ADMITTED,
    ),
    Mutant(
        f"{TEMPLATES}/companions/peer-authentication.yaml",
        "mode: STRICT",
        "mode: PERMISSIVE",
        "the gateways' neighbours take plain text",
        contract("companions"),
    ),
    Mutant(
        NETWORK,
        '"::/0" $network.except.ipv6',
        '"::/0" list',
        "gateways reach the company's IPv6 addresses, which the list excepts",
        POLICIES,
        row=REACH,
    ),
    Mutant(
        NETWORK,
        "if and $except (not $gateway.proxy)",
        "if $except",
        "a gateway cannot reach the company's proxy",
        POLICIES,
    ),
    Mutant(
        NETWORK,
        "{{- range $gateway.networkPolicy.ports }}\n    - port: {{ . }}",
        "{{- range $gateway.ports }}\n    - port: {{ .port }}",
        "a gateway reaches the client's port of its upstream, and not the upstream's",
        POLICIES,
        row=REACH,
    ),
    Mutant(
        NETWORK,
        "    {{- with $gateway.closedPort }}",
        "    {{- with list }}",
        "callers without the labels hang instead of hearing at once that they may not",
        POLICIES,
    ),
    Mutant(
        NETWORK,
        "    - port: {{ .gatewayPort }}\n      protocol: TCP",
        "    - port: {{ .gatewayPort }}\n      protocol: UDP",
        "clients do not reach their gateway",
        POLICIES,
    ),
    Mutant(
        f"{COMPILER}/emit/exposure.py",
        """{"prefix": f"{route.path.rstrip('/')}/"}""",
        """{"prefix": route.path}""",
        "an own name's /partner takes /partnership too",
        contract("exposures"),
    ),
    Mutant(
        f"{TEMPLATES}/exposure/service-entry.yaml",
        "exportTo: {{ toJson $exposure.exportTo }}",
        'exportTo: ["*"]',
        "every namespace sees an own name",
        contract("exposures"),
    ),
)
