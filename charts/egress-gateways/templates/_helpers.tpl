{{- /* Labels of every object of the release. Every template asks for them first, so that values which this chart does not read are
       refused before anything of them is printed. Expects: the root. */}}
{{- define "egress-gateways.labels" -}}
{{- include "egress-gateways.readable" . -}}
app.kubernetes.io/name: egress-gateways
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- /* metadata of one gateway's object. Expects: root, name, gateway, labels (the above, indented by 4); suffix, annotations, key. */}}
{{- define "egress-gateways.metadata" -}}
{{- $fleet := .root.Values }}{{ $gateway := .gateway -}}
metadata:
  name: "{{ .name }}{{ .suffix }}"
  namespace: "{{ $gateway.namespace }}"
  labels:
    {{ or .key "egressc.io/gateway" }}: "{{ or $gateway.route .name }}"
    {{- .labels }}
    {{- if or $fleet.labels $gateway.labels }}
    {{- include "egress-gateways.ownPairs" (dict "fleet" $fleet.labels "own" $gateway.labels) | trim | nindent 4 }}
    {{- end }}
  {{- if or $gateway.annotations $fleet.annotations .annotations }}
  annotations:
    {{- with .annotations }}
    {{ . }}
    {{- end }}
    {{- if or $fleet.annotations $gateway.annotations }}
    {{- include "egress-gateways.ownPairs" (dict "fleet" $fleet.annotations "own" $gateway.annotations) | trim | nindent 4 }}
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
    {{- with .root.Values.labels }}
    {{- include "egress-gateways.pairs" . | trim | nindent 4 }}
    {{- end }}
  {{- with .root.Values.annotations }}
  annotations:
    {{- include "egress-gateways.pairs" . | trim | nindent 4 }}
  {{- end }}
{{- end }}

{{- /* A mapping of strings. Not toYaml: its order of keys such as 1e3 and 007 is another each time. Expects: the mapping, not empty. */}}
{{- define "egress-gateways.pairs" }}
{{- range $key, $value := . }}
{{ toJson $key }}: {{ toJson $value }}
{{- end }}
{{- end }}

{{- /* The fleet's mapping under a gateway's own, key by key. Expects: fleet, own. */}}
{{- define "egress-gateways.ownPairs" }}
{{- range $key, $value := .fleet }}
{{- if not (hasKey (or $.own dict) $key) }}
{{ toJson $key }}: {{ toJson $value }}
{{- end }}
{{- end }}
{{- include "egress-gateways.pairs" .own }}
{{- end }}

{{- /* Whether a container beside the proxy asks the upstream, since no EnvoyFilter lets the proxy do it. Expects: root, gateway. */}}
{{- define "egress-gateways.askedByCurl" }}
{{- if and .gateway.pods (not .root.Values.envoyFilters) (eq (or (.gateway.readiness).mode "upstream") "upstream") }}true{{ end }}
{{- end }}

{{- /* The full name of a gateway's Service. Expects: root, name, namespace. */}}
{{- define "egress-gateways.service" -}}
{{ .name }}.{{ .namespace }}.svc.{{ .root.Values.clusterDomain }}
{{- end }}
