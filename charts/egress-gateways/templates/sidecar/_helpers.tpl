{{- /* metadata of an object in one client namespace. Expects: root, name, sidecar, namespace, labels; suffix, annotations. */}}
{{- define "egress-gateways.sidecarMetadata" -}}
{{- $place := dict "namespace" (eq .namespace "*" | ternary .root.Release.Namespace .namespace) "labels" .sidecar.labels "annotations" .sidecar.annotations }}
{{- include "egress-gateways.metadata" (merge (dict "gateway" $place "key" "egressc.io/sidecar") .) }}
{{- end }}
