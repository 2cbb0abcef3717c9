"""What docs/security.md says is enforced, and the lines of templates that each of its rows rests on."""

import json
from collections.abc import Callable
from typing import NamedTuple

from tests import rbac
from tests.chart import Documents

LIST = """
version: 1
companions: {sidecars: {}, networkPolicies: true, clientNetworkPolicies: {}, admission: {}}
gateways: [{name: team}]
hosts:
- host: api.example.com
  clients: [{namespace: shop, serviceAccount: cart, methods: [GET], paths: [/v1/*]}]
  deny: [{namespace: shop, serviceAccount: cart, paths: [/v1/@me]}]
  tls: {mode: mutual, secret: partner}
  headers: {credential: {name: x-api-key, secret: token}}
  rateLimit: {perClient: {requests: 10, per: 1s}}
- {host: judged.example.com, clients: [shop], externalAuthorization: {opa: {image: "opa:1", policy: rules}}}
- {host: raw.example.com, clients: [{namespace: shop, serviceAccount: cart}], tls: {mode: passthrough}}
- {host: "*.wild.example.com", clients: [shop], ports: [{port: 80}, {port: 443, protocol: TLS}]}
- {host: gold.wild.example.com, clients: [payments], gateway: team}
- {host: moves.example.com, clients: [{namespace: shop, serviceAccount: cart}], standby: team}
"""
CART, OTHER = (f"spiffe://cluster.local/ns/shop/sa/{account}" for account in ("cart", "other"))
HTTP = {"name": "http-80", "gatewayPort": 8080, "protocol": "HTTP"}
API, RAW, JUDGED, GOLD = (f"{name}-example-com" for name in ("api", "raw", "judged", "gold-wild"))
WILD = "any---wild-example-com"
MOVES, STANDBY = "moves-example-com", "moves-example-com-on-team"

Check = Callable[[Documents], bool]


class Line(NamedTuple):
    """What a row rests on in a template: a text that is taken away, and what no longer holds then."""

    template: str
    text: str
    holds: Check


def lets_in(name: str, *calls: tuple[bool, rbac.Call]) -> Check:
    """Whether exactly these calls get through the HTTP port of a gateway."""
    return lambda documents: all(
        rbac.decided(documents, "egress", name, HTTP, call) is wanted for wanted, call in calls
    )


def says(text: str, kind: str, name: str, times: int = 1, namespace: str = "egress") -> Check:
    """Whether an object says something, so many times."""
    return lambda documents: json.dumps(documents[kind, namespace, name]).count(text) == times


GOOD = (True, rbac.Call(CART, path="/v1/a"))
AUTHORIZATION, RULES = "envoy-filter-authorization.yaml", f"{API}.authorization"
CLIENTS = ("NetworkPolicy", "egressc.egress.egress.clients")
ADMISSION = ("ValidatingAdmissionPolicy", "egressc.egress.egress.gateways", 1, "")

LINES: dict[str, tuple[Line, ...]] = {
    "Only the list's clients call a host": (
        Line("authorization-policy.yaml", 'values: ["allowed"]', lets_in(API, GOOD)),
        Line(
            AUTHORIZATION,
            "- authenticated: {principal_name: {{ toJson . }}}",
            lets_in(API, GOOD, (False, rbac.Call(OTHER, path="/v1/a"))),
        ),
    ),
    "Clients use only the list's methods and paths": (
        Line(
            AUTHORIZATION,
            "- url_path: {path: {safe_regex: {regex: {{ . | quote }}}}}",
            lets_in(API, GOOD, (False, rbac.Call(CART, path="/v2"))),
        ),
        Line(
            AUTHORIZATION,
            "- not_rule: {header: {name: {{ . }}, present_match: true}}",
            lets_in(API, (False, rbac.Call(CART, path="/v1/a", headers={"x-http-method": "PUT"}))),
        ),
    ),
    "A denial holds in every spelling": (
        Line(
            AUTHORIZATION,
            "- header: {name: {{ . }}, present_match: true}\n          {{- end }}",
            lets_in(API, GOOD, (False, rbac.Call(CART, path="/v1/a", headers={"x-original-url": "/v1/@me"}))),
        ),
        Line(
            AUTHORIZATION,
            '"rules" . "gateway" $.gateway) | trim | nindent 4 }}',
            lets_in(API, GOOD, (False, rbac.Call(CART, path="/v1/%40me"))),
        ),
    ),
    "An authorizer sees paths of one reading": (
        Line(
            "envoy-filter-requests.yaml",
            "path_with_escaped_slashes_action:",
            says("path_with_escaped_slashes_action", "EnvoyFilter", f"{JUDGED}.requests"),
        ),
        Line(
            "envoy-filter-requests.yaml",
            "merge_slashes: true",
            says("merge_slashes", "EnvoyFilter", f"{JUDGED}.requests"),
        ),
    ),
    "A host's rules hold for no other host": (
        Line(
            AUTHORIZATION,
            "gateway: {{ $gateway.namespace }}/{{ $name }}",
            says(f'"egress/{API}"', "EnvoyFilter", RULES),
        ),
        Line(
            "_envoy.tpl",
            "sni: {{ .host | quote }}",
            says('"sni": "raw.example.com"', "EnvoyFilter", f"{RAW}.authorization"),
        ),
    ),
    "A wildcard's gateway refuses a listed host below it": (
        Line(
            AUTHORIZATION,
            '- header: {name: ":authority", string_match: {safe_regex: {regex: {{ . | quote }}}}}',
            lets_in(
                WILD,
                (True, rbac.Call(CART, host="a.wild.example.com")),
                (False, rbac.Call(CART, host="GOLD.wild.example.com:80")),
            ),
        ),
        Line(
            "_envoy.tpl",
            "server_names: {{ toJson . }}",
            says('["gold.wild.example.com"]', "EnvoyFilter", f"{WILD}.wildcard", 2),
        ),
    ),
    "Passthrough carries only TLS for its host": (
        Line(
            "envoy-filter-passthrough.yaml",
            "server_names: [{{ $gateway.host | quote }}]",
            says('"server_names": ["raw.example.com"]', "EnvoyFilter", f"{RAW}.passthrough"),
        ),
    ),
    "A gateway carries its own host and no other": (
        Line("gateway.yaml", "- ./{{ $gateway.host }}", says("./api.example.com", "Gateway", API)),
    ),
    "A gateway that stands by takes only the host's clients, and none is led to it": (
        Line(
            AUTHORIZATION,
            "- authenticated: {principal_name: {{ toJson . }}}",
            lets_in(STANDBY, (True, rbac.Call(CART)), (False, rbac.Call(OTHER))),
        ),
        Line(
            "virtual-service.yaml",
            '(dict "host" $.service "port" .gatewayPort)',
            says(f'"host": "{MOVES}.egress.svc.cluster.local"', "VirtualService", MOVES),
        ),
        Line(
            "virtual-service.yaml",
            "- gateways: [mesh]",
            says('"gateways": ["mesh"]', "VirtualService", MOVES),
        ),
    ),
    "Another team's Gateway on our pods leads nowhere": (
        Line(AUTHORIZATION, "cluster: BlackHoleCluster", says("BlackHoleCluster", "EnvoyFilter", RULES)),
        Line(
            "_envoy.tpl",
            'name: "{{ .address }}_{{ .port }}"',
            says("0.0.0.0_8443", "EnvoyFilter", f"{RAW}.authorization"),
        ),
    ),
    "A credential goes only to its upstream": (
        Line(
            "envoy-filter-credential.yaml",
            "overwrite: true",
            says('"overwrite": true', "EnvoyFilter", f"{API}.credential"),
        ),
        Line(
            "_envoy.tpl",
            'name: "{{ .address }}_{{ .port }}"',
            says("0.0.0.0_8080", "EnvoyFilter", f"{API}.credential"),
        ),
    ),
    "A header that the gateway sets has one spelling": (
        Line(
            "envoy-filter-requests.yaml",
            "headers_with_underscores_action: DROP_HEADER",
            says("DROP_HEADER", "EnvoyFilter", f"{API}.requests"),
        ),
    ),
    "Other teams' objects do not divert clients": (
        Line(
            "companions/sidecar.yaml",
            "- {{ . | quote }}",
            says("egress/api.example.com", "Sidecar", "default", namespace="shop"),
        ),
    ),
    "Other teams' objects about the fleet are refused": (
        Line(
            "companions/validating-admission-policy.yaml",
            "failurePolicy: Fail",
            says('"failurePolicy": "Fail"', *ADMISSION),
        ),
    ),
    "Nothing goes past the gateway to the upstream": (
        Line(
            "destination-rule.yaml",
            'subjectAltNames: ["spiffe://nobody"]',
            says("spiffe://nobody", "DestinationRule", f"{API}.direct"),
        ),
    ),
    "The gateway's port takes only identities of the mesh": (
        Line("gateway.yaml", "mode: ISTIO_MUTUAL", says("ISTIO_MUTUAL", "Gateway", RAW)),
    ),
    "Only named accounts see what a TCP server says first": (
        Line("gateway.yaml", "subjectAltNames: {{ toJson . }}", says(CART, "Gateway", RAW)),
    ),
    "The upstream is the one that the list names": (
        Line(
            "_upstream.tpl",
            '{{- include "egress-gateways.pairs" . | trim | nindent 4 }}',
            says('"subjectAltNames": ["api.example.com"]', "DestinationRule", f"{API}.upstream"),
        ),
    ),
    "A name is looked up as it is written": (
        Line("deployment.yaml", "- name: ndots", says("ndots", "Deployment", API)),
    ),
    "A wildcard leads to no denied address": (
        Line(
            "envoy-filter-wildcard.yaml",
            "resolved_address_filter:",
            says("resolved_address_filter", "EnvoyFilter", f"{WILD}.wildcard", 3),
        ),
        Line(
            "envoy-filter-wildcard.yaml",
            "proxy: {proxyVersion: ",
            says("proxyVersion", "EnvoyFilter", f"{WILD}.wildcard", 3),
        ),
    ),
    "A wildcard leads only to names below it": (
        Line(
            "envoy-filter-wildcard.yaml",
            "server_names: [{{ $gateway.host | quote }}]",
            says('["*.wild.example.com"]', "EnvoyFilter", f"{WILD}.wildcard", 2),
        ),
    ),
    "No client blocks a wildcard for the others": (
        Line("envoy-filter-wildcard.yaml", "max_hosts:", says("max_hosts", "EnvoyFilter", f"{WILD}.wildcard", 3)),
    ),
    "Client keys stay with their owner": (
        Line("role.yaml", "verbs: [list]", says('"verbs": ["list"]', "Role", API)),
        Line(
            "deployment.yaml",
            "automountServiceAccountToken: false",
            says('"automountServiceAccountToken": false', "Deployment", API),
        ),
    ),
    "The upstream learns nothing of the mesh": (
        Line("_routes.tpl", "- x-forwarded-client-cert", says("x-forwarded-client-cert", "VirtualService", API)),
        Line(
            "telemetry.yaml", "- disableContextPropagation: true", says("disableContextPropagation", "Telemetry", API)
        ),
        Line(
            "deployment.yaml",
            "gatewayTopology: {forwardClientCertDetails: SANITIZE}",
            says("SANITIZE", "Deployment", API),
        ),
    ),
    "Nobody passes an OPA that does not answer": (
        Line(
            "envoy-filter-external-authorization.yaml",
            "failure_mode_allow: {{ $failOpen }}\n          {{-",
            says('"failure_mode_allow": false', "EnvoyFilter", f"{JUDGED}.external-authorization"),
        ),
    ),
    "A client keeps to its limit": (
        Line(
            "envoy-filter-rate-limit.yaml",
            "text: connection.uri_san_peer_certificate",
            says("connection.uri_san_peer_certificate", "EnvoyFilter", f"{API}.rate-limit"),
        ),
    ),
    "The readiness port shows nothing": (
        Line("envoy-filter-readiness.yaml", "status: 404", says('"status": 404', "EnvoyFilter", API)),
    ),
    "Gateway pods meet the `restricted` standard": (
        Line(
            "deployment.yaml",
            "allowPrivilegeEscalation: false",
            says('"allowPrivilegeEscalation": false', "Deployment", JUDGED, 2),
        ),
    ),
    "Gateways connect only to their upstreams": (
        Line("_network.tpl", "except:", says("169.254.0.0/16", "NetworkPolicy", API)),
    ),
    "Pods of client namespaces reach gateways and nothing outside": (
        Line(
            "companions/network-policy.yaml",
            "kubernetes.io/metadata.name: {{ .namespace | quote }}",
            says('{"kubernetes.io/metadata.name": "egress"}', *CLIENTS, times=3, namespace="shop"),
        ),
        Line(
            "companions/network-policy.yaml",
            "values: {{ toJson . }}",
            says('"values": ["shop"]', *CLIENTS, namespace="shop"),
        ),
        Line(
            "_network.tpl",
            "kubernetes.io/metadata.name: {{ .dns.namespace | quote }}",
            says('"kube-system"', *CLIENTS, namespace="shop"),
        ),
    ),
}
