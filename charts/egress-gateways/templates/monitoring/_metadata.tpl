{{- /* metadata of an object for the whole release. Expects: root, suffix, object (its values: namespace, labels, annotations). */}}
{{- define "egress-gateways.monitoringMetadata" -}}
metadata:
  name: "{{ .root.Release.Name }}-gateways{{ .suffix }}"
  namespace: {{ or .object.namespace .root.Release.Namespace | quote }}
  labels:
    {{- include "egress-gateways.labels" .root | nindent 4 }}
    {{- range $key, $value := .object.labels }}
    {{ toJson $key }}: {{ toJson $value }}
    {{- end }}
  {{- with .object.annotations }}
  annotations:
    {{- range $key, $value := . }}
    {{ toJson $key }}: {{ toJson $value }}
    {{- end }}
  {{- end }}
{{- end }}
