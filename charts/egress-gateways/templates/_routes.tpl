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

{{- /* Where a route leads. Expects: host, as YAML; port. */}}
{{- define "egress-gateways.destination" -}}
route:
- destination:
    host: {{ .host }}
    port:
      number: {{ .port }}
{{- end }}

{{- /* How often, and how long, the upstream is asked. Expects: way (a gateway or a sidecar), fleet (the chart's retries). */}}
{{- define "egress-gateways.tries" -}}
{{- with .way.requestTimeout }}
timeout: {{ . }}
{{- end }}
retries:
  {{- with dig "retries" "attempts" .fleet.attempts .way }}
  attempts: {{ . }}
  retryOn: {{ dig "retries" "retryOn" $.fleet.retryOn $.way | quote }}
  {{- if $.way.failover }}
  {{- /* the last try asks the failover endpoints, before any check has noticed */}}
  retryRemoteLocalities: true
  {{- end }}
  {{- with ($.way.retries).perTry }}
  perTryTimeout: {{ . }}
  {{- end }}
  {{- else }}
  attempts: 0
  {{- end }}
{{- end }}

{{- /* What a sidecar tries again towards a gateway: only what no upstream has seen. The gateway's own retries come on top. */}}
{{- define "egress-gateways.triesOfClients" -}}
retries:
  attempts: 2
  retryOn: connect-failure,refused-stream,reset-before-request
{{- end }}

{{- /* Whom a route is for in clients' sidecars. Expects: port; mesh, where the VirtualService is for a gateway too; sni, where the
       port is found by it; sources, where pods are told apart. */}}
{{- define "egress-gateways.matches" }}
{{- range .sources | default (list dict) }}
- {{ if $.mesh }}gateways: [mesh]
  {{ end }}port: {{ $.port }}
  {{- with $.sni }}
  sniHosts: [{{ . | quote }}]
  {{- end }}
  {{- with . }}
  {{- include "egress-gateways.source" . | trim | nindent 2 }}
  {{- end }}
{{- end }}
{{- end }}

{{- /* The pods that a client's sidecar lets through. Expects: namespace, podLabels, or one of them. */}}
{{- define "egress-gateways.source" }}
{{- with .namespace }}
sourceNamespace: {{ . | quote }}
{{- end }}
{{- with .podLabels }}
sourceLabels:
  {{- include "egress-gateways.pairs" . | trim | nindent 2 }}
{{- end }}
{{- end }}

{{- /* Routes of connections that nobody reads: those of the right pods, then those of all others, who would else be taken straight to
       the upstream. Expects: what matches expects; to, elsewhere (destinations). */}}
{{- define "egress-gateways.connections" -}}
- match:
  {{- include "egress-gateways.matches" . | trim | nindent 2 }}
  {{- include "egress-gateways.destination" .to | nindent 2 }}
{{- if .sources }}
- match:
  {{- include "egress-gateways.matches" (omit . "sources") | trim | nindent 2 }}
  {{- include "egress-gateways.destination" .elsewhere | nindent 2 }}
{{- end }}
{{- end }}

{{- /* What pods without the right labels are answered. */}}
{{- define "egress-gateways.refusal" -}}
directResponse:
  status: 403
  body:
    string: "this pod's labels are not among the host's clients\n"
{{- end }}
