{{- /* How the upstream behind a port is asked whether it is well. Expects: check and parameters (of the port's TLS), rhythm (as readiness in
       values.yaml). */}}
{{- define "egress-gateways.healthCheck" -}}
health_checks:
{{- /* each check shakes hands anew: an open connection would outlive the certificates */}}
- reuse_connection: false
  interval: {{ .rhythm.interval }}
  interval_jitter_percent: 10
  no_traffic_interval: {{ .rhythm.interval }}
  timeout: {{ .rhythm.timeout }}
  unhealthy_threshold: {{ .rhythm.unhealthyThreshold }}
  healthy_threshold: {{ .rhythm.healthyThreshold }}
  {{- if .check.path }}
  http_health_check:
    host: {{ .check.host | quote }}
    path: {{ .check.path | quote }}
    {{- if .check.http2 }}
    codec_client_type: HTTP2
    {{- end }}
    expected_statuses:
    {{- range .check.statuses }}
    - start: {{ .start }}
      end: {{ .end }}
    {{- end }}
  {{- else }}
  {{- /* no bytes: connected, and where the cluster has TLS, shaken hands */}}
  tcp_health_check: {}
  {{- end }}
  {{- if or .check.tls .check.connect }}
  transport_socket_match_criteria:
    readiness: "true"
  {{- end }}
{{- if .check.connect }}
{{- /* each name has its own certificate, and the check has no name: it only connects */}}
transport_socket_matches:
- name: readiness
  match:
    readiness: "true"
  transport_socket:
    name: envoy.transport_sockets.raw_buffer
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer
{{- end }}
{{- with .check.tls }}
{{ include "egress-gateways.checkTLS" (merge (dict "parameters" $.parameters) .) }}
{{- end }}
{{- end }}

{{- /* The TLS of a check alone: that on the port is the application's own. Expects: sni, subjectAltNames; credentialName or
       caCertificates, caCrl; parameters (of TLS). */}}
{{- define "egress-gateways.checkTLS" -}}
transport_socket_matches:
- name: readiness
  match:
    readiness: "true"
  transport_socket:
    name: envoy.transport_sockets.tls
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
      sni: {{ .sni | quote }}
      max_session_keys: 0
      common_tls_context:
        {{- /* Envoy's own default for clients ends at 1.2: an upstream of 1.3 alone would never be Ready */}}
        {{- include "egress-gateways.tlsParameters" (merge (or .parameters dict) (dict "minimum" "TLSv1_2" "maximum" "TLSv1_3")) | nindent 8 }}
        combined_validation_context:
          default_validation_context:
            match_typed_subject_alt_names:
            {{- range .subjectAltNames }}
            - san_type: DNS
              matcher:
                exact: {{ . | quote }}
            {{- end }}
            {{- with .caCrl }}
            crl: {filename: {{ . | quote }}}
            {{- end }}
          validation_context_sds_secret_config:
            {{- if .credentialName }}
            name: kubernetes://{{ .credentialName }}-cacert
            sds_config:
              ads: {}
              resource_api_version: V3
            {{- else }}
            name: {{ print "file-root:" .caCertificates | quote }}
            sds_config:
              api_config_source:
                api_type: GRPC
                grpc_services:
                - envoy_grpc:
                    cluster_name: sds-grpc
                set_node_on_first_message_only: true
                transport_api_version: V3
              resource_api_version: V3
            {{- end }}
{{- end }}
