"""What happens to a request on its way: paths, authorizers, limits, credentials, headers, logs."""

from tests.mutants.mutant import Mutant
from tests.mutants.places import TEMPLATES, contract

PATHS = f"{TEMPLATES}/envoy-filter-requests.yaml"
OPA = f"{TEMPLATES}/envoy-filter-external-authorization.yaml"
LIMIT = f"{TEMPLATES}/envoy-filter-rate-limit.yaml"
CREDENTIAL = f"{TEMPLATES}/envoy-filter-credential.yaml"
READING = "An authorizer sees paths of one reading"
SPELLING = "A header that the gateway sets has one spelling"
SILENT = "Nobody passes an OPA that does not answer"
SHARE = "A client keeps to its limit"
LAST = "A credential goes only to its upstream"
NOTHING = "The upstream learns nothing of the mesh"

MUTANTS = (
    Mutant(
        PATHS,
        "normalize_path: true",
        "normalize_path: false",
        "/v1/../admin passes for /v1",
        contract("requests"),
        row=READING,
    ),
    Mutant(
        PATHS,
        "merge_slashes: true",
        "merge_slashes: false",
        "//admin is none of /admin",
        contract("requests"),
        row=READING,
    ),
    Mutant(
        PATHS,
        "        strip_trailing_host_dot: true\n",
        "",
        "a host with its last dot is not found",
        contract("requests"),
    ),
    Mutant(
        PATHS,
        "{{ else }}REJECT_REQUEST",
        "{{ else }}KEEP_UNCHANGED",
        "%2F passes the rules as a letter, and is a slash to the upstream",
        contract("requests"),
        row=READING,
    ),
    Mutant(
        "compiler/egressc/emit/authorization.py",
        "        if host.keeps_slashes:\n",
        "        if not host.keeps_slashes:\n",
        "/v1/..%2Fadmin passes for /v1, where escaped slashes are kept",
        contract("requests"),
    ),
    Mutant(
        "compiler/egressc/emit/spelling.py",
        "if result and len(result[-1]) + len(pattern) < LONGEST:",
        "if result:",
        "Envoy refuses the rules of a host with 150 denied paths, and keeps the old ones",
        "tests/test_long_expressions.py",
        row="A denial holds in every spelling",
    ),
    Mutant(
        "compiler/egressc/emit/authorization.py",
        "            if rule.paths and rule.covers(number):\n                deny +=",
        "            if not rule.who and rule.covers(number):\n                deny +=",
        "/x%2f..%2fadmin passes a fleet-wide denial of /admin where a host reports",
        "tests/test_decisions.py",
        row="A denial holds in every spelling",
    ),
    Mutant(
        "compiler/egressc/emit/spelling.py",
        "{PARAMETERS}(?:{TWICE}(?:3[Ff]|23).*)?",
        "{PARAMETERS}",
        "/admin%3F passes a denial of /admin",
        "tests/test_spelling.py -k denied_in_every",
        row="A denial holds in every spelling",
    ),
    Mutant(
        f"{TEMPLATES}/envoy-filter-authorization.yaml",
        "string_match: {contains: {{ . | quote }}, ignore_case: true}",
        "string_match: {exact: {{ . | quote }}}",
        "`X-HTTP-Method-Override: DELETE, x` passes a denial of DELETE",
        "tests/test_decisions.py",
        row="A denial holds in every spelling",
    ),
    Mutant(
        "compiler/egressc/slashes.py",
        'r"/(?:\\.|%2e){0,2}%2f",',
        'r"/(?:\\.|%2e){3}%2f",',
        "/v1/x/..%2Fadmin passes for /v1, where escaped slashes are kept",
        "tests/test_spelling.py",
    ),
    Mutant(
        "compiler/egressc/slashes.py",
        'r"%2f(?:\\.|%2e){1,2}(?:[/;]|%2f|%3b|$)",',
        'r"%2f(?:\\.|%2e){3}(?:[/;]|%2f|%3b|$)",',
        "/v1/x%2F../..%2Fadmin passes for /v1, where escaped slashes are kept",
        "tests/test_spelling.py",
    ),
    Mutant(
        PATHS,
        "headers_with_underscores_action: DROP_HEADER",
        "headers_with_underscores_action: ALLOW",
        "x_api_key replaces the gateway's x-api-key at many upstreams",
        contract("requests"),
        row=SPELLING,
    ),
    Mutant(
        OPA,
        "failure_mode_allow: {{ $failOpen }}\n  {{- else }}",
        "failure_mode_allow: true\n  {{- else }}",
        "connections pass an OPA that does not answer",
        contract("requests"),
        row=SILENT,
    ),
    Mutant(
        OPA,
        "failure_mode_allow: {{ $failOpen }}\n          {{-",
        "failure_mode_allow: true\n          {{-",
        "requests pass an OPA that does not answer",
        contract("requests"),
        row=SILENT,
    ),
    Mutant(
        CREDENTIAL,
        "priority: 30",
        "priority: 5",
        "an OPA, and its log, see the upstream's credential",
        contract("requests"),
        row=LAST,
    ),
    Mutant(
        CREDENTIAL,
        "overwrite: true",
        "overwrite: false",
        "a header of the application replaces the gateway's credential",
        contract("requests"),
        row=LAST,
    ),
    Mutant(
        f"{TEMPLATES}/config-map.yaml",
        '          watched_directory:\n            path: "/etc/egressc/credentials/{{ $name }}"\n',
        "",
        "a renewed credential is never taken",
        contract("requests"),
    ),
    Mutant(
        LIMIT,
        "filter_enforced: {default_value: {numerator: 100}}",
        "filter_enforced: {default_value: {numerator: 0}}",
        "limits are counted, and nobody is refused",
        contract("requests"),
        row=SHARE,
    ),
    Mutant(
        LIMIT,
        "text: connection.uri_san_peer_certificate",
        "text: request.headers['x-client']",
        "an application writes in a header whose share it uses up",
        contract("requests"),
        row=SHARE,
    ),
    Mutant(
        f"{TEMPLATES}/_routes.tpl",
        "- x-forwarded-client-cert\n",
        "",
        "an upstream reads the caller's identity in a header",
        contract("requests"),
        row=NOTHING,
    ),
    Mutant(
        f"{TEMPLATES}/deployment.yaml",
        "forwardClientCertDetails: SANITIZE",
        "forwardClientCertDetails: SANITIZE_SET",
        "Envoy writes the caller's identity into requests",
        contract("requests"),
        row=NOTHING,
    ),
    Mutant(
        f"{TEMPLATES}/telemetry.yaml",
        "disableContextPropagation: true",
        "disableContextPropagation: false",
        "an upstream is sent trace headers",
        contract("requests"),
        row=NOTHING,
    ),
    Mutant(
        f"{TEMPLATES}/envoy-filter-access-log.yaml",
        "%REQ_WITHOUT_QUERY(:PATH)%",
        "%REQ(:PATH)%",
        "tokens in query strings stand in the log",
        contract("requests"),
    ),
)
