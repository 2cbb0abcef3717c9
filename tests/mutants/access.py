"""Who may call: rules, policies, handshakes, and what others open on our pods."""

from tests.mutants.mutant import Mutant
from tests.mutants.places import DECISIONS, ENVOY, TEMPLATES, contract

RULES = f"{TEMPLATES}/envoy-filter-authorization.yaml"
POLICY = f"{TEMPLATES}/authorization-policy.yaml"
GATEWAY = f"{TEMPLATES}/gateway.yaml"
LISTED = "Only the list's clients call a host"
OPERATION = "Clients use only the list's methods and paths"
SPELLINGS = "A denial holds in every spelling"
NEIGHBOURS = "A host's rules hold for no other host"
BELOW = "A wildcard's gateway refuses a listed host below it"
DOOR = "Another team's Gateway on our pods leads nowhere"
PORT = "The gateway's port takes only identities of the mesh"
FIRST = "Only named accounts see what a TCP server says first"
OWN = "A gateway carries its own host and no other"
PAST = "Nothing goes past the gateway to the upstream"

WILDCARD = f"{TEMPLATES}/envoy-filter-wildcard.yaml"

MUTANTS = (
    Mutant(
        WILDCARD,
        "strip_any_host_port: true",
        "strip_any_host_port: false",
        "a client chooses the port that a wildcard's name is asked on in clear",
        contract("wildcards"),
    ),
    Mutant(
        WILDCARD,
        "      {{- with .gateway.listed }}\n      - name: listed",
        "      {{- with list }}\n      - name: listed",
        "a wildcard in clear leads to a listed host below it",
        contract("wildcards"),
    ),
    Mutant(
        POLICY,
        '\n      values: ["allowed"]',
        '\n      values: ["allowed", "denied"]',
        "the policy lets in whom the rules refuse",
        contract("access"),
        row=LISTED,
    ),
    Mutant(
        RULES,
        "- authenticated: {principal_name: {{ toJson . }}}",
        "- any: true",
        "any caller counts as every client",
        DECISIONS,
        row=LISTED,
    ),
    Mutant(
        RULES,
        "  {{- with .caller }}\n",
        '  {{- with and (eq $.action "DENY") .caller }}\n',
        "clients are everybody, and only denials are by identity",
        DECISIONS,
        row=LISTED,
    ),
    Mutant(RULES, "{{- if .methods }}", "{{- if list }}", "a client's methods are forgotten", DECISIONS, row=OPERATION),
    Mutant(RULES, "{{- with .paths }}", "{{- with list }}", "a client's paths are forgotten", DECISIONS, row=OPERATION),
    Mutant(
        RULES,
        "- not_rule: {header: {name: {{ . }}, present_match: true}}",
        "- any: true",
        "an allowed GET with X-HTTP-Method-Override: DELETE is a DELETE to the upstream",
        DECISIONS,
        row=OPERATION,
    ),
    Mutant(
        RULES,
        "{{- range $name := .methodHeaders.names }}",
        "{{- range $name := list }}",
        "a denied method passes in a header that names another one",
        DECISIONS,
        row=SPELLINGS,
    ),
    Mutant(
        RULES,
        "{{- with .rules.deny }}",
        "{{- with list }}",
        "denials are not printed",
        DECISIONS,
        row=SPELLINGS,
    ),
    Mutant(
        RULES,
        "        gateway: {{ $gateway.namespace }}/{{ $name }}\n",
        "",
        "a host's rules stand with the routes of every host on the same pods",
        DECISIONS,
        row=NEIGHBOURS,
    ),
    Mutant(
        ENVOY,
        "      sni: {{ .host | quote }}\n",
        "",
        "filters of one host are put into the chains of its neighbours",
        contract("requests"),
        row=NEIGHBOURS,
    ),
    Mutant(
        RULES,
        "{{- with .hosts }}",
        "{{- with list }}",
        "the wildcard's clients call a listed host below it",
        DECISIONS,
        row=BELOW,
    ),
    Mutant(
        ENVOY,
        "server_names: {{ toJson . }}",
        'server_names: ["nobody.invalid"]',
        "the wildcard's inner listener leads to a listed host below it",
        contract("wildcards"),
        row=BELOW,
    ),
    Mutant(
        RULES,
        "cluster: BlackHoleCluster",
        "max_connect_attempts: 1",
        "a Gateway of another team leads callers out of our pods, past every rule",
        contract("access"),
        row=DOOR,
    ),
    Mutant(
        ENVOY,
        '    name: "{{ .address }}_{{ .port }}"\n',
        "    portNumber: {{ .port }}\n",
        "rules and credentials go into a listener that another team opens",
        DECISIONS,
        row=DOOR,
    ),
    Mutant(
        GATEWAY,
        "{{- with .identities }}",
        "{{- with list }}",
        "any identity of the mesh hears what a TCP server says first",
        contract("access"),
        row=FIRST,
    ),
    Mutant(
        GATEWAY,
        "mode: ISTIO_MUTUAL",
        "mode: SIMPLE",
        "callers without an identity reach the gateway's port",
        contract("hops"),
        row=PORT,
    ),
    Mutant(
        GATEWAY,
        "    - ./{{ $gateway.host }}",
        '    - "*/{{ $gateway.host }}"',
        "a VirtualService of any namespace routes our gateway's callers",
        contract("hops"),
        row=OWN,
    ),
    Mutant(
        POLICY,
        'notValues: ["allowed"]',
        'values: ["allowed"]',
        "adopted pods refuse the clients and let all others in",
        contract("access"),
        row=LISTED,
    ),
    Mutant(
        POLICY,
        "  action: DENY\n  rules:\n  {{- range $gateway.ports }}",
        "  action: DENY\n  rules:\n  {{- range list (first $gateway.ports) }}",
        "adopted pods let everybody in at a host's second port",
        contract("access"),
        row=LISTED,
    ),
    Mutant(
        POLICY,
        "    name: {{ . | quote }}\n  rules:\n  {{- range $gateway.ports }}",
        "    name: {{ . | quote }}\n  rules:\n  {{- range list (first $gateway.ports) }}",
        "a provider is asked at the first port only, the others pass unasked",
        contract("access"),
    ),
    Mutant(
        POLICY,
        "    {{- if not $gateway.pods }}\n    when:",
        "    {{- if false }}\n    when:",
        "a provider judges the requests of the neighbours on the same pods",
        contract("access"),
        row=NEIGHBOURS,
    ),
    Mutant(
        POLICY,
        '"argocd.argoproj.io/sync-wave: \\"-1\\""',
        '"argocd.argoproj.io/sync-wave: \\"1\\""',
        "Argo CD opens the way before it applies who may go it",
        contract("order"),
    ),
    Mutant(
        RULES,
        '"argocd.argoproj.io/sync-wave: \\"-1\\""',
        '"argocd.argoproj.io/sync-wave: \\"1\\""',
        "Argo CD opens the way before it applies the rules",
        contract("order"),
    ),
    Mutant(
        f"{TEMPLATES}/envoy-filter-requests.yaml",
        '{{- if and $.gateway.gatewayProtocol (eq .protocol "HTTP") }}',
        "{{- if true }}",
        "gateways take CONNECT where no sidecar sends one",
        contract("hops"),
    ),
    Mutant(
        f"{TEMPLATES}/destination-rule.yaml",
        "h2UpgradePolicy: DO_NOT_UPGRADE",
        "h2UpgradePolicy: DEFAULT",
        "a mesh-wide h2UpgradePolicy breaks WebSockets",
        contract("hops"),
    ),
    Mutant(
        f"{TEMPLATES}/destination-rule.yaml",
        "{{- if $gateway.gatewayProtocol }}",
        "{{- if false }}",
        "requests wait in the connection to a gateway whose node has gone",
        contract("hops"),
    ),
    Mutant(
        f"{TEMPLATES}/service.yaml",
        '{{- if and $gateway.gatewayProtocol (eq .protocol "HTTP") }}',
        "{{- if $gateway.gatewayProtocol }}",
        "what is no HTTP/1.1 is made HTTP/2",
        contract("hops"),
    ),
    Mutant(
        "compiler/egressc/applicability.py",
        "        KEEPS_CASE: ",
        "        UNFILTERED: ",
        "a host that keeps the letter case of header names loses it on the way to its gateway",
        "tests/test_cases.py -k EG217-letter-case-over-http2",
    ),
    Mutant(
        "compiler/egressc/applicability.py",
        "        HTTP2_UNFILTERED: ",
        "        UNFILTERED: ",
        "WebSockets break in a mesh without EnvoyFilters",
        "tests/test_cases.py -k EG360-gateway-protocol",
    ),
    Mutant(
        f"{TEMPLATES}/destination-rule.yaml",
        "      mode: ISTIO_MUTUAL\n      sni: {{ $sni }}\n      subjectAltNames",
        "      mode: SIMPLE\n      sni: {{ $sni }}\n      subjectAltNames",
        "TLS straight to the upstream does not fail for want of a certificate of the mesh",
        contract("hops"),
        row=PAST,
    ),
    Mutant(
        f"{TEMPLATES}/destination-rule.yaml",
        '      subjectAltNames: ["spiffe://nobody"]\n',
        "",
        "clients go past the gateway while its VirtualService is missing",
        contract("hops"),
        row=PAST,
    ),
    Mutant(
        f"{TEMPLATES}/destination-rule.yaml",
        '"annotations" "argocd.argoproj.io/sync-wave: \\"-1\\""',
        '"annotations" "argocd.argoproj.io/sync-wave: \\"1\\""',
        "clients go straight out while Argo CD syncs",
        contract("order"),
        row=PAST,
    ),
)
