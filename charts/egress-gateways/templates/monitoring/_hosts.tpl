{{- /* A series for each client port of each host whose gateway's pods are scraped, with the host's owner: see monitoring/rules.yaml. */}}
{{- define "egress-gateways.hostsInfo" }}
{{- range $gateway := .Values.gateways }}
{{- if and $gateway.host (not $gateway.adopted) }}
{{- range $gateway.ports }}
- record: egressc:host:info
  expr: vector(1)
  labels:
    namespace: {{ $gateway.namespace | quote }}
    egressc_io_gateway: {{ index $gateway.selector "egressc.io/gateway" | quote }}
    cluster_name: "outbound|{{ .port }}|{{ if $gateway.marked }}carried{{ end }}|{{ $gateway.host }}"
    host: {{ $gateway.host | quote }}
    {{- with index (or $gateway.annotations dict) "egressc.io/owner" }}
    owner: {{ toJson . }}
    {{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.monitoring.prometheusRule.callsFloor }}
- record: egressc:calls:floor
  expr: vector({{ . }})
{{- end }}
{{- end }}
