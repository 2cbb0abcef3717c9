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

{{- /* The socket by which a gateway reaches what no ServiceEntry can name; other containers don't have this folder. Expects: name. */}}
{{- define "egress-gateways.socket" -}}
/etc/istio/proxy/{{ . }}.sock
{{- end }}

{{- /* The listener behind such a socket that finds the upstream of one port, and the socket's own name, by which the
       ServiceEntry finds it at whatever gateway carries the host. Expects: name (of the route), port. */}}
{{- define "egress-gateways.behind" -}}
{{ .name }}.{{ .port.name }}.upstream
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
    {{- with .probes }}
    keepalive_probes: {{ . }}
    {{- end }}
    {{- with .timeSeconds }}
    keepalive_time: {{ . }}
    {{- end }}
    {{- with .intervalSeconds }}
    keepalive_interval: {{ . }}
    {{- end }}
{{- end }}
{{- end }}

{{- /* The patch of a port's cluster by which no TLS session is resumed: that would not look at the certificates again. Istio merges
       a transport socket in a patch of its own. Expects: host, port. */}}
{{- define "egress-gateways.newSessions" -}}
- applyTo: CLUSTER
  match:
    context: GATEWAY
    cluster:
      service: {{ .host | quote }}
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

{{- /* HTTP/1.1 whose header names keep their letter case; names that Envoy adds are written like X-Api-Key. */}}
{{- define "egress-gateways.headerCase" -}}
http_protocol_options:
  header_key_format:
    stateful_formatter:
      name: preserve_case
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig
        formatter_type_on_envoy_headers: PROPER_CASE
{{- end }}

{{- /* The same for the answers of a cluster. Istio replaces all of these options, so they are said again. Expects: settings
       (of a connection pool), tls (of a port). */}}
{{- define "egress-gateways.headerCaseOfAnswers" -}}
typed_extension_protocol_options:
  envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
    "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
    common_http_protocol_options:
      idle_timeout: {{ .settings.idleTimeout }}
      {{- with .settings.maxRequestsPerConnection }}
      max_requests_per_connection: {{ int64 . }}
      {{- end }}
    {{- if and .tls (not .tls.sni) }}
    {{- /* TLS asks for the name of the request, and the certificate must have it */}}
    upstream_http_protocol_options: {auto_sni: true, auto_san_validation: true}
    {{- end }}
    explicit_http_config:
      {{- include "egress-gateways.headerCase" . | nindent 6 }}
{{- end }}

{{- /* Versions and cipher suites of TLS. Expects: minimum, maximum, cipherSuites, or some of them. */}}
{{- define "egress-gateways.tlsParameters" -}}
tls_params:
  {{- with .minimum }}
  tls_minimum_protocol_version: {{ . }}
  {{- end }}
  {{- with .maximum }}
  tls_maximum_protocol_version: {{ . }}
  {{- end }}
  {{- with .cipherSuites }}
  cipher_suites: {{ toJson . }}
  {{- end }}
{{- end }}
