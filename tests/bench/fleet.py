"""A host list of any length with the mix that companies have: mostly plain APIs, a few of everything else."""

import hashlib

HEADER = """\
version: 1
defaults:
  clients: [shop, {namespace: payments, serviceAccount: checkout}]
  owner: team-platform
hosts:
"""

# {n} tells the rounds apart, all of one length: rounds have the same size.
PLAIN = "- api-{n}.plain-{letter}.example.com\n"
OTHERS = [
    """\
- host: charges-{n}.payments.example.com
  description: Card payments of the web shop.
  owner: team-{n}
  reviewBy: "2027-06-30"
  clients:
  - {{namespace: payments, serviceAccount: checkout, methods: [GET, POST], paths: [/v1/charges*, /v1/refunds*]}}
  - {{namespace: shop, methods: [GET], paths: [/v1/status]}}
  timeouts: {{connect: 2s, request: 15s}}
  retries: {{attempts: 3, perTry: 4s}}
""",
    """\
- host: partner-{n}.bank.example.net
  owner: team-{n}
  namespace: egress-team-{n}
  tls: {{mode: mutual, secret: partner-bank}}
  readiness: {{path: /status/200, interval: 30s}}
""",
    """\
- host: sso-{n}.identity.example.org
  tls: {{mode: passthrough}}
""",
    """\
- host: db-{n}.cassandra.example.net
  clients: [{{namespace: team-{n}, serviceAccount: reports}}]
  ports: [{{port: 9042, protocol: TCP}}]
  tls: {{sni: db.cassandra.example.net}}
  addresses: ["{address}"]
""",
    """\
- host: clearing-{n}.bank.example.net
  owner: team-{n}
  namespace: egress-team-{n}
  tls:
    mode: mutual
    files:
      certificate: /etc/clearing/tls.crt
      key: /etc/clearing/tls.key
      ca: /etc/clearing-ca/ca.crt
      volumes:
      - {{secret: clearing-client, mountPath: /etc/clearing}}
      - {{configMap: clearing-ca, mountPath: /etc/clearing-ca}}
""",
    """\
- host: storage-{n}.objects.example.org
  ports: [{{port: 80}}, {{port: 443, protocol: TLS}}]
  connectionPool: {{maxConnections: 200, maxPendingRequests: 512}}
""",
    """\
- host: events-{n}.grpc.example.net
  ports: [{{port: 8443, protocol: GRPC}}]
  timeouts: {{stream: 10m}}
  drain: 2m
""",
    """\
- host: legacy-{n}.intranet.example.org
  endpoints: [192.0.2.10, 192.0.2.11]
  resources: {{requests: {{cpu: 200m, memory: 256Mi}}}}
  outlierDetection: {{consecutive5xxErrors: 3, maxEjectionPercent: 50}}
""",
    """\
- host: queue-{n}.broker.example.com
  clients: [{{namespace: orders, podLabels: {{app: orders}}}}]
  ports: [{{port: 8080}}, {{port: 9090}}, {{port: 9443, protocol: TLS}}]
  autoscaling: {{minReplicas: 3, maxReplicas: 10}}
""",
    """\
- host: appliance-{n}.plant.example.org
  tls: {{mode: none, unverified: The appliance has no TLS; the network is a leased line.}}
  readiness: {{mode: gateway}}
""",
]
ROUND_HOSTS = 2 * len(OTHERS)


def host_list(hosts: int) -> str:
    """A list of this many hosts, every second of them a bare name."""
    return HEADER + "".join(_entry(*divmod(index, ROUND_HOSTS)) for index in range(hosts))


def _entry(number: int, index: int) -> str:
    # without a pattern, as real names have none: a numbered list would compress too well
    name = hashlib.sha256(str(number).encode()).hexdigest()[:8]
    kind, other = divmod(index, 2)
    address = f"2001:db8::{name[:4]}:{name[4:]}"
    return OTHERS[kind].format(n=name, address=address) if other else PLAIN.format(n=name, letter="abcdefghij"[kind])
