{{- /* Out to DNS and istiod. Expects: the values' networkPolicy. */}}
{{- define "egress-gateways.toDnsAndControlPlane" }}
- to:
  - namespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: {{ .dns.namespace | quote }}
    podSelector:
      matchLabels:
        {{- include "egress-gateways.pairs" .dns.podLabels | trim | nindent 8 }}
  ports:
  - port: {{ .dns.port }}
    protocol: UDP
  - port: {{ .dns.port }}
    protocol: TCP
- to:
  - namespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: {{ .controlPlane.namespace | quote }}
    podSelector:
      matchLabels:
        {{- include "egress-gateways.pairs" .controlPlane.podLabels | trim | nindent 8 }}
  ports:
  - port: {{ .controlPlane.port }}
    protocol: TCP
{{- end }}

{{- /* Fixed addresses or, where DNS finds them, any but the excepted. Expects: addresses, except. */}}
{{- define "egress-gateways.toAddresses" }}
{{- range .addresses }}
- ipBlock:
    cidr: {{ . | quote }}
{{- else }}
{{- range $cidr, $except := dict "0.0.0.0/0" .except.ipv4 "::/0" .except.ipv6 }}
- ipBlock:
    cidr: {{ $cidr | quote }}
    {{- with $except }}
    except: {{ toJson . }}
    {{- end }}
{{- end }}
{{- end }}
{{- end }}
