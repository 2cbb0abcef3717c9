"""Where hosts lead: the upstream that is meant, names of wildcards, readiness, sidecars."""

from tests.mutants.mutant import Mutant
from tests.mutants.places import CHECKS, ENVOY, TEMPLATES, contract

RULE = f"{TEMPLATES}/_upstream.tpl"
WILDCARD = f"{TEMPLATES}/envoy-filter-wildcard.yaml"
READINESS = f"{TEMPLATES}/envoy-filter-readiness.yaml"
MEANT = "The upstream is the one that the list names"
PASSTHROUGH = "Passthrough carries only TLS for its host"
BELOW = "A wildcard leads only to names below it"
FLOOD = "No client blocks a wildcard for the others"
STATUS = "The readiness port shows nothing"

MUTANTS = (
    Mutant(
        RULE,
        '{{- include "egress-gateways.pairs" . | trim | nindent 4 }}',
        '{{- include "egress-gateways.pairs" (omit . "subjectAltNames") | trim | nindent 4 }}',
        "whoever has any certificate is taken for the upstream",
        contract("upstream"),
        row=MEANT,
    ),
    Mutant(
        RULE,
        '{{- include "egress-gateways.pairs" . | trim | nindent 4 }}',
        '{{- include "egress-gateways.pairs" (omit . "caCertificates") | trim | nindent 4 }}',
        "the list's own CA is not used",
        contract("upstream"),
        row=MEANT,
    ),
    Mutant(
        f"{TEMPLATES}/service-entry.yaml",
        "targetPort: {{ .upstreamPort }}",
        "targetPort: {{ .port }}",
        "TLS goes to the upstream's port for plain HTTP",
        contract("hops"),
        row=MEANT,
    ),
    Mutant(
        f"{TEMPLATES}/envoy-filter-passthrough.yaml",
        "server_names: [{{ $gateway.host | quote }}]",
        "transport_protocol: tls",
        "a client reaches other hosts of the same upstream by its own SNI",
        contract("upstream"),
        row=PASSTHROUGH,
    ),
    Mutant(
        f"{TEMPLATES}/envoy-filter-passthrough.yaml",
        "        cluster: {{ $inside | quote }}\n",
        "        cluster: {{ $upstream | quote }}\n",
        "what says to be TLS may be anything",
        contract("upstream"),
        row=PASSTHROUGH,
    ),
    Mutant(
        WILDCARD,
        "proxy: {proxyVersion: '^1\\.(3[1-9]|[4-9][0-9])'}",
        "",
        "an older proxy, which knows no denied ranges, leads a wildcard's names to any address",
        contract("wildcards"),
    ),
    Mutant(
        WILDCARD,
        "server_names: [{{ $gateway.host | quote }}]",
        "transport_protocol: tls",
        "a wildcard's clients reach any name at all",
        contract("wildcards"),
        row=BELOW,
    ),
    Mutant(
        WILDCARD,
        "dns_resolver_options: {no_default_search_domain: true}",
        "dns_resolver_options: {}",
        "a wildcard's name leads to a Service of the cluster's search domains",
        contract("wildcards"),
        row="A name is looked up as it is written",
    ),
    Mutant(
        WILDCARD,
        "resolved_address_filter:",
        "unused_address_filter:",
        "a wildcard's name leads to the cloud's metadata service",
        contract("wildcards"),
        row="A wildcard leads to no denied address",
    ),
    Mutant(
        "charts/egress-gateways/values.yaml",
        '- "::ffff:0:0/96"\n',
        "",
        "an IPv4-mapped answer leads a wildcard into the network",
        contract("wildcards"),
        row="A wildcard leads to no denied address",
    ),
    Mutant(
        "charts/egress-gateways/values.yaml",
        '- "64:ff9b::a9fe:0/112"\n',
        "",
        "behind a NAT64 a wildcard leads to the cloud's metadata service",
        contract("wildcards"),
        row="A wildcard leads to no denied address",
    ),
    Mutant(
        WILDCARD,
        "max_hosts: {{ int64 .maxHosts }}\n",
        "max_hosts: 1024\n",
        "one client asks for a thousand names, and the wildcard is closed for all",
        contract("wildcards"),
        row=FLOOD,
    ),
    Mutant(
        WILDCARD,
        "($cache | sha256sum | trunc 8)",
        '"cache"',
        "Envoy refuses changed ranges under the cache's old name, and keeps the old ones",
        "tests/test_wildcards.py",
        row="A wildcard leads to no denied address",
    ),
    Mutant(
        WILDCARD,
        '  {{- include "egress-gateways.newSessions" (dict "host" $gateway.host "port" .port) | nindent 2 }}\n',
        "",
        "a TLS session of one name of a wildcard vouches for another",
        contract("wildcards"),
        row=BELOW,
    ),
    Mutant(
        CHECKS,
        "{{- range .subjectAltNames }}",
        "{{- range list }}",
        "a passthrough gateway is Ready though the upstream is somebody else",
        contract("readiness"),
        row=MEANT,
    ),
    Mutant(
        CHECKS,
        'print "file-root:" .caCertificates',
        'print "file-root:" "system"',
        "a passthrough upstream with a CA of its own is never Ready",
        contract("readiness"),
        row=MEANT,
    ),
    Mutant(
        ENVOY,
        "max_session_keys: 0",
        "max_session_keys: 1",
        "an expired certificate of the upstream goes unnoticed: checks resume their session",
        contract("readiness"),
        row=MEANT,
    ),
    Mutant(
        CHECKS,
        "reuse_connection: false",
        "reuse_connection: true",
        "an expired certificate of the upstream goes unnoticed: a check's connection stays open",
        contract("readiness"),
        row=MEANT,
    ),
    Mutant(
        READINESS,
        "status: 404",
        "status: 200",
        "port 15099 answers every request with 200",
        contract("readiness"),
        row=STATUS,
    ),
    Mutant(
        READINESS,
        "{{- range $gateway.ports }}\n                    {{- if eq",
        "{{- range list (first $gateway.ports) }}\n                    {{- if eq",
        "a pod is Ready while its second port's upstream is dead",
        contract("readiness"),
    ),
    Mutant(
        READINESS,
        "healthy_panic_threshold: {value: 1}",
        "healthy_panic_threshold: {value: 0}",
        "requests are refused while all addresses are new and none is checked",
        contract("readiness"),
    ),
    Mutant(
        f"{TEMPLATES}/sidecar/destination-rule.yaml",
        "    {{- $port := . }}\n",
        '    {{- $port := dict "port" .port "tls" (omit (or .tls dict) "subjectAltNames") }}\n',
        "pods that no rule selects take any certificate for the upstream's",
        contract("sidecars"),
    ),
    Mutant(
        f"{TEMPLATES}/sidecar/service-entry.yaml",
        "{{- with $sidecar.endpoints }}",
        "{{- with list }}",
        "DNS decides where a host of fixed addresses leads",
        contract("sidecars"),
    ),
)
