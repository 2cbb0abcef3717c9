{{- /* Labels of every object of the release. Expects: the root. */}}
{{- define "egress-gateways.labels" -}}
app.kubernetes.io/name: egress-gateways
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: egress-gateways-{{ .Chart.Version | replace "+" "_" }}
{{- with .Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* metadata of one gateway's object. Expects: root, name, gateway, labels (the text of the above); suffix, annotations. */}}
{{- define "egress-gateways.metadata" -}}
metadata:
  name: {{ .name }}{{ .suffix }}
  namespace: {{ .gateway.namespace | default .root.Release.Namespace }}
  labels:
    egressc.io/gateway: {{ .name }}
    {{- .labels | nindent 4 }}
    {{- with .gateway.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- if or .gateway.annotations .root.Values.annotations .annotations }}
  annotations:
    {{- with .annotations }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- with merge dict (.gateway.annotations | default dict) .root.Values.annotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- end }}
{{- end }}

{{- /* The full name of a gateway's Service. Expects: root, name, gateway. */}}
{{- define "egress-gateways.service" -}}
{{ .name }}.{{ .gateway.namespace | default .root.Release.Namespace }}.svc.{{ .root.Values.clusterDomain }}
{{- end }}

{{- /* What may see a gateway's objects. Expects: exportTo. */}}
{{- define "egress-gateways.exportTo" -}}
exportTo:
{{- range . }}
- {{ . | quote }}
{{- end }}
{{- end }}

{{- /* A connection pool. Expects: root, gateway. */}}
{{- define "egress-gateways.connectionPool" -}}
{{- $pool := .gateway.connectionPool | default dict -}}
{{- $fleet := .root.Values.connectionPool -}}
connectionPool:
  tcp:
    connectTimeout: {{ $pool.connectTimeout | default $fleet.connectTimeout }}
    idleTimeout: {{ $pool.idleTimeout | default $fleet.idleTimeout }}
    {{- with $pool.maxConnections | default $fleet.maxConnections }}
    maxConnections: {{ int64 . }}
    {{- end }}
    {{- with $pool.keepalive | default $fleet.keepalive }}
    tcpKeepalive:
      {{- toYaml . | nindent 6 }}
    {{- end }}
  http:
    # mesh-wide h2UpgradePolicy must not reach upstreams that never said they speak HTTP/2
    h2UpgradePolicy: DO_NOT_UPGRADE
    idleTimeout: {{ $pool.idleTimeout | default $fleet.idleTimeout }}
    {{- with $pool.maxPendingRequests | default $fleet.maxPendingRequests }}
    http1MaxPendingRequests: {{ int64 . }}
    {{- end }}
    {{- with $pool.maxRequests | default $fleet.maxRequests }}
    http2MaxRequests: {{ int64 . }}
    {{- end }}
    {{- with $pool.maxRequestsPerConnection | default $fleet.maxRequestsPerConnection }}
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

{{- /* "true" where a port without requests tells callers apart by their labels. Expects: the gateway. */}}
{{- define "egress-gateways.refusesByLabel" -}}
{{- range .ports }}
{{- if and .sources (has .protocol (list "TLS" "TCP")) }}true{{ end }}
{{- end }}
{{- end }}

{{- /* The pods that a client's sidecar lets through. Expects: namespace, podLabels; nothing: all. */}}
{{- define "egress-gateways.source" -}}
{{- with .namespace }}
sourceNamespace: {{ . | quote }}
{{- end }}
{{- with .podLabels }}
sourceLabels:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
