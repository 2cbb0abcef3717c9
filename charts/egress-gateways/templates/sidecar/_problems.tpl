{{- /* What validate.yaml asks of hosts without a gateway. Expects: the root. */}}
{{- define "egress-gateways.sidecarProblems" }}
{{- $hosts := dict }}
{{- range $name, $gateway := .Values.gateways }}
{{- if $gateway.host }}{{ $_ := set $hosts $gateway.host (printf "gateways.%s" $name) }}{{ end }}
{{- end }}
{{- range $name, $sidecar := .Values.sidecars }}
{{- if hasKey $hosts $sidecar.host }}

sidecars.{{ $name }}: {{ $sidecar.host }} is {{ get $hosts $sidecar.host }} already. Keep one.
{{- end }}
{{- $_ := set $hosts $sidecar.host (printf "sidecars.%s" $name) }}
{{- if and (hasKey $sidecar.namespaces "*") (gt (len $sidecar.namespaces) 1) }}

sidecars.{{ $name }}: "*" stands for every namespace. Keep it, or the others.
{{- end }}
{{- range $namespace, $clients := $sidecar.namespaces }}
{{- range $port := $clients.ports }}
{{- if not (hasPrefix (print (lower .protocol) "-") .name) }}

sidecars.{{ $name }}: Istio reads the protocol {{ .protocol }} of port {{ .port }} from its name. Write:
  - name: {{ lower .protocol }}-{{ .port }}
{{- end }}
{{- with .tls }}
{{- if not (and .sni (or .subjectAltNames .insecureSkipVerify)) }}

sidecars.{{ $name }}: tls of port {{ $port.name }} does not say whom the upstream must prove to be: without both of these Istio takes a
certificate of any name. Write:
    tls:
      mode: {{ .mode }}
      sni: {{ or .sni $sidecar.host }}
      subjectAltNames: [{{ or .sni $sidecar.host }}]
{{- end }}
{{- if or .clientCertificate .privateKey (and (eq .mode "MUTUAL") (not .credentialName)) }}

sidecars.{{ $name }}: tls of port {{ $port.name }} needs a Secret: no file is in an application's sidecar. Write:
    tls:
      mode: {{ .mode }}
      credentialName: partner-bank
{{- end }}
{{- if and .credentialName (not $clients.pods) }}

sidecars.{{ $name }}: Istio sends the Secret {{ .credentialName }} to pods that are selected, and all others would send plain text to the
upstream's TLS port. Name them:
    namespaces:
      {{ $namespace }}:
        pods: [{app: shop}]
{{- end }}
{{- if and (eq .mode "MUTUAL") (not $clients.accounts) }}

sidecars.{{ $name }}: Istio sends the key of port {{ $port.name }} to no account that may not list Secrets. Name who may:
    namespaces:
      {{ $namespace }}:
        accounts: [shop]
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
