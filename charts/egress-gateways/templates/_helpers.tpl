{{- /* Labels of every object of the release. Expects: the root. */}}
{{- define "egress-gateways.labels" -}}
app.kubernetes.io/name: egress-gateways
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- /* metadata of one gateway's object. Expects: root, name, gateway, labels (the above, indented by 4); suffix, annotations, key. */}}
{{- define "egress-gateways.metadata" -}}
{{- $fleet := .root.Values }}{{ $gateway := .gateway -}}
metadata:
  name: "{{ .name }}{{ .suffix }}"
  namespace: "{{ or $gateway.namespace .root.Release.Namespace }}"
  labels:
    {{ or .key "egressc.io/gateway" }}: "{{ .name }}"
    {{- .labels }}
    {{- range $key, $value := $fleet.labels }}
    {{- if not (hasKey (or $gateway.labels dict) $key) }}
    {{ toJson $key }}: {{ toJson $value }}
    {{- end }}
    {{- end }}
    {{- range $key, $value := $gateway.labels }}
    {{ toJson $key }}: {{ toJson $value }}
    {{- end }}
  {{- if or $gateway.annotations $fleet.annotations .annotations }}
  annotations:
    {{- with .annotations }}
    {{ . }}
    {{- end }}
    {{- range $key, $value := $fleet.annotations }}
    {{- if not (hasKey (or $gateway.annotations dict) $key) }}
    {{ toJson $key }}: {{ toJson $value }}
    {{- end }}
    {{- end }}
    {{- range $key, $value := $gateway.annotations }}
    {{ toJson $key }}: {{ toJson $value }}
    {{- end }}
  {{- end }}
{{- end }}

{{- /* metadata of an object that several gateways share. Expects: root, name, namespace, label (what for), labels (as above). */}}
{{- define "egress-gateways.sharedMetadata" -}}
metadata:
  name: "{{ .name }}"
  namespace: "{{ .namespace }}"
  labels:
    {{ .label }}
    {{- .labels }}
    {{- range $key, $value := .root.Values.labels }}
    {{ toJson $key }}: {{ toJson $value }}
    {{- end }}
  {{- with .root.Values.annotations }}
  annotations:
    {{- range $key, $value := . }}
    {{ toJson $key }}: {{ toJson $value }}
    {{- end }}
  {{- end }}
{{- end }}

{{- /* The full name of a gateway's Service. Expects: root, name, gateway. */}}
{{- define "egress-gateways.service" -}}
{{ .name }}.{{ or .gateway.namespace .root.Release.Namespace }}.svc.{{ .root.Values.clusterDomain }}
{{- end }}

{{- /* The socket by which a gateway reaches what no ServiceEntry can name; other containers don't have this folder. Expects: name. */}}
{{- define "egress-gateways.socket" -}}
/etc/istio/proxy/{{ . }}.sock
{{- end }}

{{- /* What shows a listener behind such a socket the SNI, of a connection that is TLS. */}}
{{- define "egress-gateways.tlsInspector" -}}
- name: envoy.filters.listener.tls_inspector
  typed_config:
    "@type": type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector
{{- end }}

{{- /* The filter chain there that closes what is for a listed host below a wildcard: it has a way of its own. Expects: the gateway. */}}
{{- define "egress-gateways.listed" -}}
{{- with .listed }}
- filter_chain_match:
    server_names: {{ toJson . }}
  filters:
  - name: envoy.filters.network.direct_response
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.network.direct_response.v3.Config
{{- end }}
{{- end }}

{{- /* A cluster whose connections others count: by itself Envoy would stop at 1,024. */}}
{{- define "egress-gateways.unlimited" -}}
circuit_breakers:
  thresholds:
  - max_connections: 4294967295
    max_pending_requests: 4294967295
    max_requests: 4294967295
{{- end }}

{{- /* What a cluster behind such a socket opens, as Envoy spells a connection pool. Expects: its settings, as in values.yaml. */}}
{{- define "egress-gateways.socketConnections" -}}
connect_timeout: {{ .connectTimeout }}
{{ include "egress-gateways.unlimited" . }}
{{- with .keepalive }}
upstream_connection_options:
  tcp_keepalive:
    keepalive_probes: {{ .probes }}
    keepalive_time: {{ trimSuffix "s" .time }}
    keepalive_interval: {{ trimSuffix "s" .interval }}
{{- end }}
{{- end }}

{{- /* Patches that keep a TLS session of one name of a wildcard from vouching for another. Expects: the gateway. */}}
{{- define "egress-gateways.ownSessions" }}
{{- range .ports }}
{{- if .tls }}
- applyTo: CLUSTER
  match:
    context: GATEWAY
    cluster:
      service: {{ $.host | quote }}
      portNumber: {{ .port }}
  patch:
    operation: MERGE
    value:
      transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
          max_session_keys: 0
{{- end }}
{{- end }}
{{- end }}

{{- /* A connection pool. Expects: its settings, as in values.yaml. */}}
{{- define "egress-gateways.connectionPool" -}}
connectionPool:
  tcp:
    connectTimeout: {{ .connectTimeout }}
    idleTimeout: {{ .idleTimeout }}
    {{- with .maxConnections }}
    maxConnections: {{ int64 . }}
    {{- end }}
    {{- with .keepalive }}
    tcpKeepalive:
      {{- toYaml . | nindent 6 }}
    {{- end }}
  http:
    {{- /* mesh-wide h2UpgradePolicy must not reach upstreams that never said they speak HTTP/2 */}}
    h2UpgradePolicy: DO_NOT_UPGRADE
    idleTimeout: {{ .idleTimeout }}
    {{- with .maxPendingRequests }}
    http1MaxPendingRequests: {{ int64 . }}
    {{- end }}
    {{- with .maxRequests }}
    http2MaxRequests: {{ int64 . }}
    {{- end }}
    {{- with .maxRequestsPerConnection }}
    maxRequestsPerConnection: {{ int64 . }}
    {{- end }}
{{- end }}

{{- /* Headers that tell a third party about the mesh and its callers. */}}
{{- define "egress-gateways.meshHeaders" -}}
- b3
- baggage
- forwarded
- traceparent
- tracestate
- x-b3-flags
- x-b3-parentspanid
- x-b3-sampled
- x-b3-spanid
- x-b3-traceid
- x-envoy-attempt-count
- x-envoy-decorator-operation
- x-envoy-expected-rq-timeout-ms
- x-envoy-external-address
- x-envoy-internal
- x-envoy-original-path
- x-envoy-peer-metadata
- x-envoy-peer-metadata-id
- x-forwarded-client-cert
- x-forwarded-for
- x-forwarded-host
- x-forwarded-port
- x-forwarded-proto
- x-ot-span-context
- x-request-id
{{- end }}

{{- /* The filter chain of one host: by its SNI, in the listener of its port and not in one that somebody else opens at the pod's own
       address. Expects: address, port, host; filter, subFilter. */}}
{{- define "egress-gateways.chain" -}}
match:
  context: GATEWAY
  listener:
    name: "{{ .address }}_{{ .port }}"
    filterChain:
      sni: {{ .host | quote }}
      {{- with .filter }}
      filter:
        name: {{ . }}
        {{- with $.subFilter }}
        subFilter:
          name: {{ . }}
        {{- end }}
      {{- end }}
{{- end }}

{{- /* Where an HTTP filter of one host goes. Expects: address, port, host. */}}
{{- define "egress-gateways.beforeRouter" -}}
{{ include "egress-gateways.chain" (merge (dict "filter" "envoy.filters.network.http_connection_manager" "subFilter" "envoy.filters.http.router") .) }}
patch:
  operation: INSERT_BEFORE
{{- end }}

{{- /* What a route does to headers. Expects: headers; meshHeaders, as a list. */}}
{{- define "egress-gateways.headers" -}}
{{- $request := or .headers.request dict }}
{{- $removed := .meshHeaders }}
{{- range $request.keep }}{{ $removed = without $removed . }}{{ end }}
request:
  {{- with $request.set }}
  set:
    {{- range $name, $value := . }}
    {{ $name | quote }}: {{ $value | quote }}
    {{- end }}
  {{- end }}
  remove:
  {{- range concat (or $request.remove list) $removed | uniq }}
  - {{ . | quote }}
  {{- end }}
{{- with .headers.response }}
response:
  {{- with .set }}
  set:
    {{- range $name, $value := . }}
    {{ $name | quote }}: {{ $value | quote }}
    {{- end }}
  {{- end }}
  {{- with .remove }}
  remove:
  {{- range . }}
  - {{ . | quote }}
  {{- end }}
  {{- end }}
{{- end }}
{{- end }}

{{- /* Limits in the spelling of the header ratelimit-policy. Expects: rateLimit. */}}
{{- define "egress-gateways.rateLimitPolicy" -}}
{{- with .requests }}"all";q={{ int64 . }};w={{ trimSuffix "s" $.per }}{{ end }}
{{- with .perClient }}{{ if $.requests }}, {{ end }}"client";q={{ int64 .requests }};w={{ trimSuffix "s" .per }}{{ end }}
{{- end }}

{{- /* "true" where a port without requests tells callers apart by their labels. Expects: the gateway. */}}
{{- define "egress-gateways.refusesByLabel" -}}
{{- range .ports }}
{{- if and .sources (eq .protocol "TLS" "TCP") }}true{{ end }}
{{- end }}
{{- end }}

{{- /* The pods that a client's sidecar lets through. Expects: namespace, podLabels; nothing: all. */}}
{{- define "egress-gateways.source" -}}
{{- with .namespace }}
sourceNamespace: {{ . | quote }}
{{- end }}
{{- with .podLabels }}
sourceLabels:
  {{- /* not toYaml, whose order of keys such as 1e3 and 007 is another each time */}}
  {{- range $key, $value := . }}
  {{ toJson $key }}: {{ toJson $value }}
  {{- end }}
{{- end }}
{{- end }}
