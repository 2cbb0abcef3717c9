"""What goes with whole namespaces: what sidecars know, who reaches whom, admission, own names."""

from tests.mutants.mutant import Mutant
from tests.mutants.places import COMPILER, TEMPLATES, contract

NETWORK = f"{TEMPLATES}/companions/network-policy.yaml"
ADMISSION = f"{TEMPLATES}/companions/validating-admission-policy"
DIVERT = "Other teams' objects do not divert clients"
ADMITTED = "Other teams' objects about the fleet are refused"
POLICIES = "tests/test_network_policies.py"
NETWORK_PARTS = f"{TEMPLATES}/_network.tpl"
OUT = "Pods of client namespaces reach gateways and nothing outside"
CLIENT_NETWORK = f"{COMPILER}/plan/client_network.py"
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
        NETWORK_PARTS,
        '"::/0" .except.ipv6',
        '"::/0" list',
        "gateways reach the company's IPv6 addresses, which the list excepts",
        POLICIES,
        row=REACH,
    ),
    Mutant(
        NETWORK,
        'ternary dict $network.except (hasKey $gateway "proxy")',
        "$network.except",
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
        NETWORK,
        "  podSelector: {}\n  {{- end }}\n  policyTypes:\n  - Egress",
        "  podSelector: {}\n  {{- end }}\n  policyTypes:\n  - Ingress",
        "pods of client namespaces reach every address past the gateways",
        POLICIES,
        row=OUT,
    ),
    Mutant(
        NETWORK,
        "          values: {{ toJson .names }}",
        "          values: {{ toJson (list $namespace) }}",
        "clients do not reach their gateways",
        POLICIES,
    ),
    Mutant(
        NETWORK,
        "      operator: DoesNotExist",
        "      operator: Exists",
        "the clients beside a gateway reach everything, and the gateway nothing",
        POLICIES,
        row=OUT,
    ),
    Mutant(
        CLIENT_NETWORK,
        "if one.host.reports or any(stands_for(client.namespace, namespace) for client in one.host.clients):",
        "if True:",
        "pods reach the gateways of hosts that are listed for others",
        POLICIES,
        row=OUT,
    ),
    Mutant(
        CLIENT_NETWORK,
        "ports[one.host.fixed_addresses] |= ",
        "ports[()] |= ",
        "pods reach any address where the list has fixed ones",
        POLICIES,
        row=OUT,
    ),
    Mutant(
        f"{COMPILER}/rules/client_network.py",
        "others = [one for one in sorted(_others(inventory)) if one[0] in closed]",
        "others = [one for one in sorted(_others(inventory)) if one[0] in wanted.without]",
        "an adopted gateway in a client namespace is cut off from its upstreams",
        "tests/test_cases.py -k EG327",
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
