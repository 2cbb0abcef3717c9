{{- /* How a port's upstream is asked, as a DestinationRule says it. Expects: port (of the values), pool (a connection pool, printed), settings
       (of the pool); outlierDetection, failover. */}}
{{- define "egress-gateways.portSettings" -}}
- port:
    number: {{ .port.port }}
  {{- with .port.upstreamProtocol }}
  {{- include "egress-gateways.connectionPool" (merge (dict "upstreamProtocol" .) $.settings) | nindent 2 }}
  {{- else }}
  {{- .pool | nindent 2 }}
  {{- end }}
  {{- with .outlierDetection }}
  {{- /* without this, outlier detection would prefer addresses by their locality */}}
  loadBalancer:
    localityLbSetting:
      {{- if $.failover }}
      enabled: true
      failoverPriority: [egressc.io/endpoint=primary]
      {{- else }}
      enabled: false
      {{- end }}
  outlierDetection:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  tls:
    {{- with .port.tls }}
    {{- include "egress-gateways.pairs" . | trim | nindent 4 }}
    {{- else }}
    mode: DISABLE
    {{- end }}
{{- end }}

{{- /* A connection pool. Expects: its settings, as in values.yaml; without idleTimeout it has nothing of HTTP. upstreamProtocol: as
       a port has it. */}}
{{- define "egress-gateways.connectionPool" -}}
connectionPool:
  tcp:
    connectTimeout: {{ .connectTimeout }}
    {{- with .idleTimeout }}
    idleTimeout: {{ . }}
    {{- end }}
    {{- with .maxConnections }}
    maxConnections: {{ int64 . }}
    {{- end }}
    {{- with .keepalive }}
    tcpKeepalive:
      {{- with .intervalSeconds }}
      interval: {{ . }}s
      {{- end }}
      {{- with .probes }}
      probes: {{ . }}
      {{- end }}
      {{- with .timeSeconds }}
      time: {{ . }}s
      {{- end }}
    {{- end }}
  {{- with .idleTimeout }}
  http:
    {{- /* mesh-wide h2UpgradePolicy must not reach upstreams that never said they speak HTTP/2 */}}
    h2UpgradePolicy: {{ eq (or $.upstreamProtocol "HTTP") "HTTP2" | ternary "UPGRADE" "DO_NOT_UPGRADE" }}
    idleTimeout: {{ . }}
    {{- with $.http2Keepalive }}
    http2KeepAlive:
      interval: {{ .interval }}
      timeout: {{ .timeout }}
    {{- end }}
    {{- with $.maxPendingRequests }}
    http1MaxPendingRequests: {{ int64 . }}
    {{- end }}
    {{- with $.maxRequests }}
    http2MaxRequests: {{ int64 . }}
    {{- end }}
    {{- with $.maxRequestsPerConnection }}
    maxRequestsPerConnection: {{ int64 . }}
    {{- end }}
  {{- end }}
{{- end }}

{{- /* What the cluster of every port has. Expects: gateway; retry, the fleet's dnsRetry. */}}
{{- define "egress-gateways.everyCluster" }}
{{- /* so much of an answer at once: by Envoy's own 1 MiB a large one holds up the other hosts of the pods */}}
per_connection_buffer_limit_bytes: 32768
{{- /* when DNS is asked again where it gave no address or a TTL of 0, and where it gave no answer: Istio waits a minute */}}
{{- if not (or .gateway.perName .gateway.proxy (eq (or .gateway.resolution "DNS") "STATIC")) }}
dns_refresh_rate: {{ or .gateway.dnsRetry .retry }}
dns_failure_refresh_rate: {base_interval: 1s, max_interval: {{ or .gateway.dnsRetry .retry }}}
{{- end }}
{{- end }}

{{- /* How many retries there may be at once, for all ports. Expects: a gateway or a sidecar. */}}
{{- define "egress-gateways.retryBudget" }}
{{- with .retryBudget }}
retryBudget:
  percent: {{ .percent }}
  minRetryConcurrency: {{ .minRetryConcurrency }}
{{- end }}
{{- end }}
