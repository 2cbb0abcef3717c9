"""What people write by mistake: the fix, applied as written, compiles to what they meant, or says why none can."""

from textwrap import dedent

import pytest

from egressc.meant.written import is_placeholder
from tests.lists import hosts
from tests.meant import findings, mended, values

A = "host: a.example.com"
REASON = 'unverified: "The line is leased (RISK-1)."'

DATABASE = f"- {{{{{A}, ports: [{{{{port: {{}}, protocol: TCP}}}}], tls: {{{{mode: none, unverified: '{{}}'}}}}}}}}"
#: Strings by which applications connect to a database, its port and what verifies it.
STRINGS = [
    ("jdbc:oracle:thin:@a.example.com:1521/x", (1521, "Oracle: the application verifies the server")),
    ("jdbc:oracle:thin:@//a.example.com/x", (1521, "Oracle: the application verifies the server")),
    ("jdbc:oracle:thin:scott/word@a.example.com:1521:x", (1521, "Oracle: the application verifies the server")),
    ("jdbc:mysql:loadbalance://a.example.com/x", (3306, "MySQL: the application verifies the server")),
    ("jdbc:postgresql://a.example.com/x?sslmode=require", (5432, "PostgreSQL: the application verifies the server")),
    ("jdbc:sqlserver://a.example.com:1433;encrypt=true", (1433, "SQL Server: the application verifies the server")),
    ("jdbc:db2://a.example.com:50000/x", (50000, "DB2: the application verifies the server")),
    ("postgresql+psycopg2://u:w@a.example.com/x", (5432, "PostgreSQL: the application verifies the server")),
    ("host=a.example.com port=5432 dbname=x", (5432, "PostgreSQL: the application verifies the server")),
    ("Server=a.example.com;Port=5432;Database=x", (5432, "PostgreSQL: the application verifies the server")),
    ("Data Source=a.example.com;Initial Catalog=x", (1433, "SQL Server: the application verifies the server")),
    ("tcp:a.example.com,1433", (1433, "SQL Server: the application verifies the server")),
    (
        "Driver={ODBC Driver 18 for SQL Server};Server=tcp:a.example.com,1433;Pwd=x",
        (1433, "SQL Server: the application verifies the server"),
    ),
    ("odbc:Driver=MySQL;Server=a.example.com;Database=x", (3306, "MySQL: the application verifies the server")),
    ("foodb://a.example.com:7777/x", (7777, "foodb: the application verifies the server")),
]

#: An entry as it is written, and as it was meant.
ENTRIES = [
    # clients
    (f"- {{{A}, clients: web}}", f"- {{{A}, clients: [web]}}"),
    (f"- {{{A}, clients: 'web, mail'}}", f"- {{{A}, clients: [web, mail]}}"),
    (f"- {{{A}, clients: web mail}}", f"- {{{A}, clients: [web, mail]}}"),
    (f"- {{{A}, clients: all}}", f"- {{{A}, clients: [{{wholeMesh: true}}]}}"),
    (f"- {{{A}, clients: ['*']}}", f"- {{{A}, clients: [{{wholeMesh: true}}]}}"),
    (f"- {{{A}, clients: [web/cart]}}", f"- {{{A}, clients: [{{namespace: web, serviceAccount: cart}}]}}"),
    (f"- {{{A}, clients: web/cart}}", f"- {{{A}, clients: [{{namespace: web, serviceAccount: cart}}]}}"),
    (f"- {{{A}, clients: ['web:cart']}}", f"- {{{A}, clients: [{{namespace: web, serviceAccount: cart}}]}}"),
    (f"- {{{A}, clients: [web/*]}}", f"- {{{A}, clients: [web]}}"),
    (
        f"- {{{A}, clients: ['system:serviceaccount:web:cart']}}",
        f"- {{{A}, clients: [{{namespace: web, serviceAccount: cart}}]}}",
    ),
    (
        f"- {{{A}, clients: ['spiffe://cluster.local/ns/web/sa/cart']}}",
        f"- {{{A}, clients: [{{namespace: web, serviceAccount: cart}}]}}",
    ),
    (
        f"- {{{A}, clients: [cluster.local/ns/web/sa/cart]}}",
        f"- {{{A}, clients: [{{namespace: web, serviceAccount: cart}}]}}",
    ),
    (f"- {{{A}, clients: ['ns:web']}}", f"- {{{A}, clients: [web]}}"),
    (f"- {{{A}, clients: ['namespace: web']}}", f"- {{{A}, clients: [web]}}"),
    (f"- {{{A}, clients: {{namespace: web}}}}", f"- {{{A}, clients: [web]}}"),
    (f"- {{{A}, clients: {{web: }}}}", f"- {{{A}, clients: [web]}}"),
    (
        f"- {{{A}, clients: {{web: {{methods: [GET]}}}}}}",
        f"- {{{A}, clients: [{{namespace: web, methods: [GET]}}]}}",
    ),
    (f"- {{{A}, clients: [Web]}}", f"- {{{A}, clients: [web]}}"),
    (f"- {{{A}, clients: [web_shop]}}", f"- {{{A}, clients: [web-shop]}}"),
    (f"- {{{A}, clients: [{{ns: web}}]}}", f"- {{{A}, clients: [web]}}"),
    (
        f"- {{{A}, clients: [{{namespace: web, sa: cart}}]}}",
        f"- {{{A}, clients: [{{namespace: web, serviceAccount: cart}}]}}",
    ),
    (
        f"- {{{A}, clients: [{{namespace: web, labels: {{app: cart}}}}]}}",
        f"- {{{A}, clients: [{{namespace: web, podLabels: {{app: cart}}}}]}}",
    ),
    (f"- {{{A}, allowFrom: [web]}}", f"- {{{A}, clients: [web]}}"),
    (f"- {{{A}, namespaces: [web, mail]}}", f"- {{{A}, clients: [web, mail]}}"),
    (f"- {{{A}, client: web}}", f"- {{{A}, clients: [web]}}"),
    # methods, paths, ports of clients
    (
        f"- {{{A}, clients: [{{namespace: web, methods: GET}}]}}",
        f"- {{{A}, clients: [{{namespace: web, methods: [GET]}}]}}",
    ),
    (
        f"- {{{A}, clients: [{{namespace: web, methods: 'get, post'}}]}}",
        f"- {{{A}, clients: [{{namespace: web, methods: [GET, POST]}}]}}",
    ),
    (
        f"- {{{A}, clients: [{{namespace: web, method: GET}}]}}",
        f"- {{{A}, clients: [{{namespace: web, methods: [GET]}}]}}",
    ),
    (
        f"- {{{A}, clients: [{{namespace: web, verbs: [GET]}}]}}",
        f"- {{{A}, clients: [{{namespace: web, methods: [GET]}}]}}",
    ),
    (
        f"- {{{A}, clients: [{{namespace: web, path: /v1/*}}]}}",
        f"- {{{A}, clients: [{{namespace: web, paths: [/v1/*]}}]}}",
    ),
    (
        f"- {{{A}, clients: [{{namespace: web, paths: [/v1/**]}}]}}",
        f"- {{{A}, clients: [{{namespace: web, paths: [/v1/*]}}]}}",
    ),
    (
        f"- {{{A}, clients: [{{namespace: web, paths: [v1/*]}}]}}",
        f"- {{{A}, clients: [{{namespace: web, paths: [/v1/*]}}]}}",
    ),
    (
        f"- {{{A}, clients: [{{namespace: web, paths: ['^/v1/.*$']}}]}}",
        f"- {{{A}, clients: [{{namespace: web, paths: [/v1/*]}}]}}",
    ),
    (
        f"- {{{A}, clients: [{{namespace: web, paths: ['/v1?page=2']}}]}}",
        f"- {{{A}, clients: [{{namespace: web, paths: [/v1]}}]}}",
    ),
    (
        f"- {{{A}, clients: [{{namespace: web, paths: ['/orders/{{id}}']}}]}}",
        f"- {{{A}, clients: [{{namespace: web, paths: [/orders/*]}}]}}",
    ),
    (f"- {{{A}, clients: [{{namespace: web, ports: 80}}]}}", f"- {{{A}, clients: [{{namespace: web, ports: [80]}}]}}"),
    (f"- {{{A}, methods: [GET]}}", f"- {{{A}, clients: [{{namespace: shop, methods: [GET]}}]}}"),
    (f"- {{{A}, clients: [web], paths: [/v1/*]}}", f"- {{{A}, clients: [{{namespace: web, paths: [/v1/*]}}]}}"),
    (f"- {{{A}, deny: shop/cart}}", f"- {{{A}, deny: [{{namespace: shop, serviceAccount: cart}}]}}"),
    # durations, numbers, limits
    (f"- {{{A}, retries: 3}}", f"- {{{A}, retries: {{attempts: 3}}}}"),
    (f"- {{{A}, retries: false}}", f"- {{{A}, retries: {{attempts: 0}}}}"),
    (f"- {{{A}, retries: {{numRetries: 3}}}}", f"- {{{A}, retries: {{attempts: 3}}}}"),
    (f"- {{{A}, attempts: 3}}", f"- {{{A}, retries: {{attempts: 3}}}}"),
    (f"- {{{A}, retries: {{attempts: 1, perTryTimeout: 2s}}}}", f"- {{{A}, retries: {{attempts: 1, perTry: 2s}}}}"),
    (f"- {{{A}, timeouts: {{request: 300}}}}", f"- {{{A}, timeouts: {{request: 300s}}}}"),
    (f"- {{{A}, timeouts: {{request: 5min}}}}", f"- {{{A}, timeouts: {{request: 5m}}}}"),
    (f"- {{{A}, timeouts: {{request: 15 seconds}}}}", f"- {{{A}, timeouts: {{request: 15s}}}}"),
    (f"- {{{A}, timeouts: {{request: PT30S}}}}", f"- {{{A}, timeouts: {{request: 30s}}}}"),
    (f"- {{{A}, timeouts: 30s}}", f"- {{{A}, timeouts: {{request: 30s}}}}"),
    (f"- {{{A}, timeout: 30}}", f"- {{{A}, timeouts: {{request: 30s}}}}"),
    (f"- {{{A}, requestTimeout: 30s}}", f"- {{{A}, timeouts: {{request: 30s}}}}"),
    (f"- {{{A}, connectTimeout: 2s}}", f"- {{{A}, timeouts: {{connect: 2s}}}}"),
    (f"- {{{A}, drain: 120}}", f"- {{{A}, drain: 120s}}"),
    (f"- {{{A}, terminationGracePeriodSeconds: 60}}", f"- {{{A}, drain: 60s}}"),
    (f"- {{{A}, rateLimit: 100/m}}", f"- {{{A}, rateLimit: {{requests: 100, per: 1m}}}}"),
    (f"- {{{A}, rateLimit: 10 per second}}", f"- {{{A}, rateLimit: {{requests: 10, per: 1s}}}}"),
    (f"- {{{A}, connectionPool: 100}}", f"- {{{A}, connectionPool: {{maxConnections: 100}}}}"),
    (f"- {{{A}, maxConnections: 100}}", f"- {{{A}, connectionPool: {{maxConnections: 100}}}}"),
    (f"- {{{A}, replicas: '3'}}", f"- {{{A}, replicas: 3}}"),
    (f"- {{{A}, replicaCount: 3}}", f"- {{{A}, replicas: 3}}"),
    (f"- {{{A}, minReplicas: 3}}", f"- {{{A}, autoscaling: {{minReplicas: 3}}}}"),
    (f"- {{{A}, autoscaling: {{min: 3, max: 6}}}}", f"- {{{A}, autoscaling: {{minReplicas: 3, maxReplicas: 6}}}}"),
    (f"- {{{A}, podDisruptionBudget: 50%}}", f"- {{{A}, podDisruptionBudget: {{minAvailable: 50%}}}}"),
    (f"- {{{A}, resources: {{requests: {{memory: 256MB}}}}}}", f"- {{{A}, resources: {{requests: {{memory: 256M}}}}}}"),
    (f"- {{{A}, reviewBy: 20270630}}", f"- {{{A}, reviewBy: 2027-06-30}}"),
    (f"- {{{A}, expires: 2027-06-30}}", f"- {{{A}, reviewBy: 2027-06-30}}"),
    (f"- {{{A}, team: shop}}", f"- {{{A}, owner: shop}}"),
    (f"- {{{A}, readiness: /healthz}}", f"- {{{A}, readiness: {{path: /healthz}}}}"),
    (f"- {{{A}, readiness: false}}", f"- {{{A}, readiness: {{mode: gateway}}}}"),
    (f"- {{{A}, healthCheck: {{path: /healthz}}}}", f"- {{{A}, readiness: {{path: /healthz}}}}"),
    (
        f"- {{{A}, readiness: {{path: /healthz, statuses: 200}}}}",
        f"- {{{A}, readiness: {{path: /healthz, statuses: [200]}}}}",
    ),
    (
        f"- {{{A}, readiness: {{path: /x, statuses: [2xx]}}}}",
        f"- {{{A}, readiness: {{path: /x, statuses: [200-299]}}}}",
    ),
    (
        f"- {{{A}, proxy: 'http://proxy.corp.example:3128'}}",
        f"- {{{A}, proxy: {{host: proxy.corp.example, port: 3128}}}}",
    ),
    (f"- {{{A}, endpoints: 192.0.2.10}}", f"- {{{A}, endpoints: [192.0.2.10]}}"),
    (f"- {{{A}, ip: 192.0.2.10}}", f"- {{{A}, endpoints: [192.0.2.10]}}"),
    (f"- {{{A}, headers: {{X-Version: '1'}}}}", f"- {{{A}, headers: {{request: {{set: {{X-Version: '1'}}}}}}}}"),
    (f"- {{{A}, headers: {{preserveHttp1HeaderCase: true}}}}", f"- {{{A}, headers: {{preserveCase: true}}}}"),
    (f"- {{{A}, headers: {{headerCase: preserve}}}}", f"- {{{A}, headers: {{preserveCase: true}}}}"),
    (f"- {{{A}, preserveHeaderCase: true}}", f"- {{{A}, headers: {{preserveCase: true}}}}"),
    (f"- {{{A}, headers: {{set: {{x-a: b}}}}}}", f"- {{{A}, headers: {{request: {{set: {{x-a: b}}}}}}}}"),
    (f"- {{{A}, accessLog: yes}}", f"- {{{A}, accessLog: true}}"),
    (f"- {{{A}, speaks: both}}", f"- {{{A}, speaks: [http, https]}}"),
    (f"- {{{A}, clients: [cart@web]}}", f"- {{{A}, clients: [{{namespace: web, serviceAccount: cart}}]}}"),
    (f"- {{{A}, clients: [cart.web.svc.cluster.local]}}", f"- {{{A}, clients: [web]}}"),
    (f"- {{{A}, clients: ['^preview-.*$']}}", f"- {{{A}, clients: [preview-*]}}"),
    (f"- {{{A}, clients: [-web]}}", f"- {{{A}, clients: [web]}}"),
    (f"- {{{A}, clients: ['web,mail']}}", f"- {{{A}, clients: [web, mail]}}"),
    (f"- {{{A}, clients: [[web, mail]]}}", f"- {{{A}, clients: [web, mail]}}"),
    (f"- {{{A}, clients: {{namespaces: [web, mail]}}}}", f"- {{{A}, clients: [web, mail]}}"),
    (f"- {{{A}, clients: [{{namespaces: [web, mail]}}]}}", f"- {{{A}, clients: [web, mail]}}"),
    (
        f"- {{{A}, clients: [{{namespace: web, serviceAccounts: [a, b]}}]}}",
        f"- {{{A}, clients: [{{namespace: web, serviceAccount: a}}, {{namespace: web, serviceAccount: b}}]}}",
    ),
    (
        f"- {{{A}, clients: [{{namespace: web, podSelector: {{matchLabels: {{app: cart}}}}}}]}}",
        f"- {{{A}, clients: [{{namespace: web, podLabels: {{app: cart}}}}]}}",
    ),
    (f"- {{{A}, clients: [web, shop], denyClients: [web]}}", f"- {{{A}, clients: [web, shop], deny: [web]}}"),
    (f"- {{{A}, clients: [web, shop], exclude: [web]}}", f"- {{{A}, clients: [web, shop], deny: [web]}}"),
    # times, as other tools write them
    (f"- {{{A}, timeouts: {{request: 00:05:00}}}}", f"- {{{A}, timeouts: {{request: 5m}}}}"),
    (f"- {{{A}, timeouts: {{request: '01:30:00'}}}}", f"- {{{A}, timeouts: {{request: 1h30m}}}}"),
    (f"- {{{A}, timeouts: {{request: 00:00:07}}}}", f"- {{{A}, timeouts: {{request: 7s}}}}"),
    (f"- {{{A}, timeouts: {{request: PT1M30S}}}}", f"- {{{A}, timeouts: {{request: 1m30s}}}}"),
    (f"- {{{A}, timeouts: {{request: PT1H2M3S}}}}", f"- {{{A}, timeouts: {{request: 1h2m3s}}}}"),
    (f"- {{{A}, timeouts: {{request: PT0.5S}}}}", f"- {{{A}, timeouts: {{request: 500ms}}}}"),
    (f"- {{{A}, timeouts: {{idle: P1D}}}}", f"- {{{A}, timeouts: {{idle: 24h}}}}"),
    (f"- {{{A}, timeouts: {{request: 1m 30s}}}}", f"- {{{A}, timeouts: {{request: 1m30s}}}}"),
    (f"- {{{A}, timeouts: {{request: 1 minute and 30 seconds}}}}", f"- {{{A}, timeouts: {{request: 90s}}}}"),
    (f"- {{{A}, timeouts: {{request: .5s}}}}", f"- {{{A}, timeouts: {{request: 500ms}}}}"),
    (f"- {{{A}, timeouts: {{request: '1,5s'}}}}", f"- {{{A}, timeouts: {{request: 1500ms}}}}"),
    (f"- {{{A}, timeouts: {{request: {{seconds: 30}}}}}}", f"- {{{A}, timeouts: {{request: 30s}}}}"),
    (f"- {{{A}, timeouts: PT30S}}", f"- {{{A}, timeouts: {{request: 30s}}}}"),
    (f"- {{{A}, connectionPool: {{keepalive: PT1M}}}}", f"- {{{A}, connectionPool: {{keepalive: {{time: 60s}}}}}}"),
    # addresses
    (f"- {{{A}, addresses: 240.0.0.5/32}}", f"- {{{A}, addresses: [240.0.0.5]}}"),
    (f"- {{{A}, addresses: ['2001:db8::1/128']}}", f"- {{{A}, addresses: ['2001:db8::1']}}"),
    (f"- {{{A}, endpoints: ['[2001:db8::1]']}}", f"- {{{A}, endpoints: ['2001:db8::1']}}"),
    (f"- {{{A}, endpoints: ['192.0.2.1/32']}}", f"- {{{A}, endpoints: [192.0.2.1]}}"),
    (
        f"- {{{A}, endpoints: [{{address: 192.0.2.1, ports: {{https: 8443}}}}]}}",
        f"- {{{A}, endpoints: [192.0.2.1]}}",
    ),
    # of Kubernetes and of Istio
    (f"- {{{A}, hpa: {{minReplicas: 2}}}}", f"- {{{A}, autoscaling: {{minReplicas: 2}}}}"),
    (f"- {{{A}, pdb: {{minAvailable: 1}}}}", f"- {{{A}, podDisruptionBudget: {{minAvailable: 1}}}}"),
    (f"- {{{A}, resources: {{limits: {{memory: 512mb}}}}}}", f"- {{{A}, resources: {{limits: {{memory: 512M}}}}}}"),
    (
        f"- {{{A}, readinessProbe: {{httpGet: {{path: /healthz, port: 80}}, periodSeconds: 5}}}}",
        f"- {{{A}, readiness: {{path: /healthz, interval: 5s}}}}",
    ),
    (
        f"- {{{A}, readiness: {{path: /x, periodSeconds: 5, failureThreshold: 2}}}}",
        f"- {{{A}, readiness: {{path: /x, interval: 5s, unhealthyThreshold: 2}}}}",
    ),
    (f"- {{{A}, readiness: {{path: healthz}}}}", f"- {{{A}, readiness: {{path: /healthz}}}}"),
    (
        f"- {{{A}, readiness: {{path: 'https://a.example.com/healthz'}}}}",
        f"- {{{A}, readiness: {{path: /healthz}}}}",
    ),
    (f"- {{{A}, trafficPolicy: {{tls: {{mode: SIMPLE}}}}}}", f"- {{{A}}}"),
    (f"- {{{A}, tls: SIMPLE}}", f"- {{{A}}}"),
    (
        f"- {{{A}, connectionPool: {{tcp: {{maxConnections: 9, connectTimeout: 5s}}}}}}",
        f"- {{{A}, connectionPool: {{maxConnections: 9}}, timeouts: {{connect: 5s}}}}",
    ),
    (
        f"- {{{A}, connectionPool: {{http: {{http1MaxPendingRequests: 9}}}}}}",
        f"- {{{A}, connectionPool: {{maxPendingRequests: 9}}}}",
    ),
    (f"- {{{A}, outlierDetection: 5}}", f"- {{{A}, outlierDetection: {{consecutive5xxErrors: 5}}}}"),
    (f"- {{{A}, retryPolicy: {{numRetries: 3}}}}", f"- {{{A}, retries: {{attempts: 3}}}}"),
    (f"- {{{A}, tls: {{mode: mutual, secret: egress/x}}}}", f"- {{{A}, tls: {{mode: mutual, secret: x}}}}"),
    (f"- {{{A}, tls: {{mode: mutual, secret: 'kubernetes://x'}}}}", f"- {{{A}, tls: {{mode: mutual, secret: x}}}}"),
    (f"- {{{A}, tls: {{sans: ['DNS:b.example.com']}}}}", f"- {{{A}, tls: {{sans: [b.example.com]}}}}"),
    (
        f"- {{{A}, tls: {{cipherSuites: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}}}}",
        f"- {{{A}, tls: {{cipherSuites: [ECDHE-RSA-AES128-GCM-SHA256]}}}}",
    ),
    (
        f"- {{{A}, tls: {{cipherSuites: 'ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256'}}}}",
        f"- {{{A}, tls: {{cipherSuites: [ECDHE-RSA-AES256-GCM-SHA384, ECDHE-RSA-AES128-GCM-SHA256]}}}}",
    ),
    # of Cilium
    ("- {toFQDNs: [{matchName: a.example.com}]}", f"- {{{A}}}"),
    (
        "- toFQDNs: [{matchName: a.example.com}, {matchPattern: '*.a.example.com'}]\n"
        "  toPorts: [{ports: [{port: '443', protocol: TCP}]}]",
        "- {hosts: [a.example.com, '*.a.example.com'], ports: [{port: 443, protocol: TLS}]}",
    ),
    (f"- {{{A}, timeouts: {{request: half an hour}}}}", f"- {{{A}, timeouts: {{request: 30m}}}}"),
    (f"- {{{A}, timeouts: {{request: a quarter of an hour}}}}", f"- {{{A}, timeouts: {{request: 15m}}}}"),
    (f"- {{{A}, timeouts: {{request: an hour}}}}", f"- {{{A}, timeouts: {{request: 1h}}}}"),
    # subjects, as RBAC has them
    (
        f"- {{{A}, clients: [{{kind: ServiceAccount, name: cart, namespace: shop}}]}}",
        f"- {{{A}, clients: [{{namespace: shop, serviceAccount: cart}}]}}",
    ),
    (
        f"- {{{A}, clients: [{{kind: ServiceAccount, namespace: shop, name: cart}}]}}",
        f"- {{{A}, clients: [{{namespace: shop, serviceAccount: cart}}]}}",
    ),
    (f"- {{{A}, clients: [{{kind: Namespace, name: web}}]}}", f"- {{{A}, clients: [web]}}"),
    # ports and protocols
    (f"- {{{A}, ports: {{443: {{protocol: TLS}}}}}}", f"- {{{A}, ports: [{{port: 443, protocol: TLS}}]}}"),
    (f"- {{{A}, ports: [{{443: {{protocol: TLS}}}}]}}", f"- {{{A}, ports: [{{port: 443, protocol: TLS}}]}}"),
    (f"- {{{A}, ports: {{https: 443}}}}", f"- {{{A}, ports: [{{port: 443, protocol: TLS}}]}}"),
    (f"- {{{A}, ports: {{http: 80, https: 443}}}}", f"- {{{A}, speaks: [http, https]}}"),
    (f"- {{{A}, ports: {{443: https}}}}", f"- {{{A}, ports: [{{port: 443, protocol: TLS}}]}}"),
    (f"- {{{A}, ports: {{https: {{port: 443}}}}}}", f"- {{{A}, ports: [{{port: 443, protocol: TLS}}]}}"),
    (f"- {{{A}, ports: {{tcp: [443, 80]}}}}", f"- {{{A}, speaks: [http, https]}}"),
    (f"- {{{A}, ports: [{{https: 443}}]}}", f"- {{{A}, ports: [{{port: 443, protocol: TLS}}]}}"),
    (f"- {{{A}, ports: [{{443: https}}]}}", f"- {{{A}, ports: [{{port: 443, protocol: TLS}}]}}"),
    (f"- {{{A}, ports: [{{port: https}}]}}", f"- {{{A}, ports: [{{port: 443, protocol: TLS}}]}}"),
    (f"- {{{A}, ports: [{{port: 0x1F90}}]}}", f"- {{{A}, ports: [{{port: 8080}}]}}"),
    (f"- {{{A}, ports: [0x1F90]}}", f"- {{{A}, ports: [{{port: 8080}}]}}"),
    (f"- {{{A}, ports: [{{port: 8_080}}]}}", f"- {{{A}, ports: [{{port: 8080}}]}}"),
    (f"- {{{A}, ports: ['8080:8443']}}", f"- {{{A}, ports: [{{port: 8080, upstreamPort: 8443}}]}}"),
    (f"- {{{A}, ports: [443]}}", f"- {{{A}, ports: [{{port: 443, protocol: TLS}}]}}"),
    (f"- {{{A}, ports: 443}}", f"- {{{A}, ports: [{{port: 443, protocol: TLS}}]}}"),
    (f"- {{{A}, ports: [80]}}", f"- {{{A}, ports: [{{port: 80}}]}}"),
    (f"- {{{A}, ports: [80, 443]}}", f"- {{{A}, speaks: [http, https]}}"),
    (f"- {{{A}, ports: ['443/tcp']}}", f"- {{{A}, ports: [{{port: 443, protocol: TLS}}]}}"),
    (f"- {{{A}, ports: {{port: 8080}}}}", f"- {{{A}, ports: [{{port: 8080}}]}}"),
    (f"- {{{A}, ports: [8080]}}", f"- {{{A}, ports: [{{port: 8080}}]}}"),
    (f"- {{{A}, port: 8080}}", f"- {{{A}, ports: [{{port: 8080}}]}}"),
    (f"- {{{A}, ports: [{{port: 8080, name: web}}]}}", f"- {{{A}, ports: [{{port: 8080}}]}}"),
    (f"- {{{A}, ports: [{{port: '8080'}}]}}", f"- {{{A}, ports: [{{port: 8080}}]}}"),
    (f"- {{{A}, ports: [{{number: 8080}}]}}", f"- {{{A}, ports: [{{port: 8080}}]}}"),
    (f"- {{{A}, ports: [{{port: 80, targetPort: 8443}}]}}", f"- {{{A}, ports: [{{port: 80, upstreamPort: 8443}}]}}"),
    (f"- {{{A}, ports: [{{port: 443, protocol: HTTPS}}]}}", f"- {{{A}, ports: [{{port: 443, protocol: TLS}}]}}"),
    (f"- {{{A}, ports: [{{port: 443, protocol: tls}}]}}", f"- {{{A}, ports: [{{port: 443, protocol: TLS}}]}}"),
    (f"- {{{A}, ports: [{{port: 80, protocol: HTTP/2}}]}}", f"- {{{A}, ports: [{{port: 80, protocol: HTTP2}}]}}"),
    (f"- {{{A}, port: 443, protocol: TLS}}", f"- {{{A}, ports: [{{port: 443, protocol: TLS}}]}}"),
    (f"- {{{A}, port: 443}}", f"- {{{A}, ports: [{{port: 443, protocol: TLS}}]}}"),
    # tls
    (f"- {{{A}, secret: x}}", f"- {{{A}, tls: {{mode: mutual, secret: x}}}}"),
    (f"- {{{A}, tls: {{mode: mutual}}, secret: x}}", f"- {{{A}, tls: {{mode: mutual, secret: x}}}}"),
    (f"- {{{A}, credentialName: x}}", f"- {{{A}, tls: {{mode: mutual, secret: x}}}}"),
    (f"- {{{A}, tls: {{mode: mutual, credentialName: x}}}}", f"- {{{A}, tls: {{mode: mutual, secret: x}}}}"),
    (f"- {{{A}, tls: {{mode: MUTUAL, secret: x}}}}", f"- {{{A}, tls: {{mode: mutual, secret: x}}}}"),
    (f"- {{{A}, tls: {{mode: mtls, secret: x}}}}", f"- {{{A}, tls: {{mode: mutual, secret: x}}}}"),
    (f"- {{{A}, tls: passthrough}}", f"- {{{A}, speaks: https}}"),
    (f"- {{{A}, tls: true}}", f"- {{{A}}}"),
    (f"- {{{A}, tls: {{verify: true}}}}", f"- {{{A}}}"),
    (f"- {{{A}, tls: {{insecureSkipVerify: false}}}}", f"- {{{A}}}"),
    (f"- {{{A}, insecure: false}}", f"- {{{A}}}"),
    (f"- {{{A}, sni: b.example.com}}", f"- {{{A}, tls: {{sni: b.example.com}}}}"),
    (f"- {{{A}, tls: {{serverName: b.example.com}}}}", f"- {{{A}, tls: {{sni: b.example.com}}}}"),
    (f"- {{{A}, tls: {{subjectAltNames: b.example.com}}}}", f"- {{{A}, tls: {{sans: [b.example.com]}}}}"),
    (f"- {{{A}, tls: {{mode: simple, timeouts: {{request: 5s}}}}}}", f"- {{{A}, timeouts: {{request: 5s}}}}"),
    (
        f"- {{{A}, clients: [{{namespace: web, retries: {{attempts: 0}}}}]}}",
        f"- {{{A}, clients: [web], retries: {{attempts: 0}}}}",
    ),
    (f"- {{{A}, tls: {{sni: https://b.example.com}}}}", f"- {{{A}, tls: {{sni: b.example.com}}}}"),
    # what is pasted for a host
    *(
        (f"- '{slip}a.example.com'", "- a.example.com")
        for slip in (
            *("https:/", "https//", "https:", "//", "https: //", "https://https://", "htps://", "hxxps://", "CONNECT "),
            *("curl https://", "# ", "acl ok dstdomain ", "- ", "https:\\\\", "^https://", "GET https://"),
        )
    ),
    *(
        (f"- 'a.example.com{slip}'", "- a.example.com")
        for slip in (
            *(
                " # for carts",
                " 443",
                " tcp/443",
                " -> 443",
                "|443",
                ".:443",
                ";",
                "\\",
                ":*",
            ),
        )
    ),
    ("- a..example.com", "- a.example.com"),
    ("- -a.example.com", "- a.example.com"),
    ("- a .example.com", "- a.example.com"),
    ("- a.example,com", "- a.example.com"),
    ("- a[.]example[.]com", "- a.example.com"),
    ("- '[a.example.com](https://a.example.com)'", "- a.example.com"),
    ("- dstdomain .example.com", "- '*.example.com'"),
    ("- '||example.com^'", "- example.com\n- '*.example.com'"),
    (r"- '(^|\.)example\.com$'", "- example.com\n- '*.example.com'"),
    ("- '{a,b}.example.com'", "- a.example.com\n- b.example.com"),
    ("- a.example.com and b.example.com", "- a.example.com\n- b.example.com"),
    *(
        (f"- '{slip}a.example.com/*'", f"- {{{A}, speaks: [http, https]}}")
        for slip in ("http*://", "*://", "http(s)://", "{http,https}://", "https?://")
    ),
    (
        "- a.example.com:443,8443",
        f"- {{{A}, ports: [{{port: 443, protocol: TLS}}, {{port: 8443, protocol: TLS}}]}}",
    ),
    *((f"- '{string}'", DATABASE.format(*how)) for string, how in STRINGS),
    (
        "- 'Endpoint=sb://a.example.com/;SharedAccessKeyName=x;SharedAccessKey=y'",
        f"- {{{A}, ports: [{{port: 5671, protocol: TLS}}]}}",
    ),
    ("- 'AccountName=acme;AccountKey=x;EndpointSuffix=core.windows.net'", "- acme.blob.core.windows.net"),
    (
        "- 'jdbc:oracle:thin:@(DESCRIPTION=(ADDRESS=(PROTOCOL=TCPS)(HOST=a.example.com)(PORT=2484)))'",
        f"- {{{A}, ports: [{{port: 2484, protocol: TLS}}]}}",
    ),
    ("- https://a.example.com", "- a.example.com"),
    ("- https://a.example.com/*", "- a.example.com"),
    ("- HTTPS://A.example.com/", "- a.example.com"),
    ("- http://a.example.com", "- a.example.com"),
    ("- https://a.example.com:8443", "- {host: a.example.com, ports: [{port: 8443, protocol: TLS}]}"),
    ("- http://a.example.com:8080/", "- {host: a.example.com, ports: [{port: 8080}]}"),
    ("- https://a.example.com/v1", "- {host: a.example.com, clients: [{namespace: shop, paths: [/v1, /v1/*]}]}"),
    ("- a.example.com/v1/*", "- {host: a.example.com, clients: [{namespace: shop, paths: [/v1/*]}]}"),
    ("- a.example.com/", "- a.example.com"),
    ('- "https://*.example.com/*"', '- "*.example.com"'),
    ("- wss://a.example.com", "- a.example.com"),
    ("- amqps://user:word@mq.example.com", "- {host: mq.example.com, ports: [{port: 5671, protocol: TLS}]}"),
    ("- a.example.com:443", "- a.example.com"),
    ("- {host: 'a.example.com:443'}", "- a.example.com"),
    ("- '*.example.com:443'", "- '*.example.com'"),
    ("- a.example.com:8443", "- {host: a.example.com, ports: [{port: 8443, protocol: TLS}]}"),
    ("- {host: 'a.example.com:8443'}", "- {host: a.example.com, ports: [{port: 8443, protocol: TLS}]}"),
    ("- .example.com", '- "*.example.com"'),
    ("- {host: .example.com}", '- "*.example.com"'),
    ('- "*.example.com."', '- "*.example.com"'),
    ('- "**.example.com"', '- "*.example.com"'),
    ('- "*.*.example.com"', '- "*.example.com"'),
    ('- "*example.com"', '- "*.example.com"'),
    (r"- '^.*\.example\.com$'", '- "*.example.com"'),
    ("- a.example.com.", "- a.example.com"),
    ("- A.Example.COM", "- a.example.com"),
    ("- a.example.com, b.example.com", "- a.example.com\n- b.example.com"),
    ("- a.example.com, *.a.example.com", '- a.example.com\n- "*.a.example.com"'),
    ("- {host: 'a.example.com b.example.com'}", "- a.example.com\n- b.example.com"),
    ("- {hosts: 'a.example.com, b.example.com'}", "- a.example.com\n- b.example.com"),
    ("- {host: [a.example.com, b.example.com]}", "- a.example.com\n- b.example.com"),
    ("- {host: [a.example.com]}", "- a.example.com"),
    ("- <https://a.example.com>", "- a.example.com"),
    ("- a.example.com # x\n- 'b.example.com,'", "- a.example.com\n- b.example.com"),
    ("- host:a.example.com", "- a.example.com"),
    ("- host:a.example.com\n  clients: [web]", "- {host: a.example.com, clients: [web]}"),
    (
        "- host: a.example.com\n- tls: {mode: mutual, secret: x}",
        "- {host: a.example.com, tls: {mode: mutual, secret: x}}",
    ),
    ("- a.example.com:\n    clients: [web]", "- {host: a.example.com, clients: [web]}"),
    ("- a.example.com:", "- a.example.com"),
    ("- {hostname: a.example.com}", "- a.example.com"),
    ("- {name: a, url: https://a.example.com}", "- {name: a, host: a.example.com}"),
    ("- {domains: [a.example.com, b.example.com]}", "- a.example.com\n- b.example.com"),
    ("- *.example.com", '- "*.example.com"'),
    ("- host: a.example.com\n  clients: - web", "- {host: a.example.com, clients: [web]}"),
    ("- a.example.com:https", "- a.example.com"),
    ("- 'a.example.com: 8443'", "- {host: a.example.com, ports: [{port: 8443, protocol: TLS}]}"),
    ("- user@a.example.com", "- a.example.com"),
    ("- a.example.com?x=1", "- a.example.com"),
    ("- a.example.com (the shop's)", "- a.example.com"),
    (f"- {{{A}, clients: [{{web}}]}}", f"- {{{A}, clients: [web]}}"),
    (f"- {{{A}, clients: [{{name: web}}]}}", f"- {{{A}, clients: [web]}}"),
    (f"- {{{A}, clients: [{{wholeMesh: yes}}]}}", f"- {{{A}, clients: [{{wholeMesh: true}}]}}"),
    (
        f"- {{{A}, clients: [{{namespace: web/cart}}]}}",
        f"- {{{A}, clients: [{{namespace: web, serviceAccount: cart}}]}}",
    ),
    (
        f"- {{{A}, clients: [{{serviceAccount: web/cart}}]}}",
        f"- {{{A}, clients: [{{namespace: web, serviceAccount: cart}}]}}",
    ),
    (f"- {{{A}, wholeMesh: true}}", f"- {{{A}, clients: [{{wholeMesh: true}}]}}"),
    (
        f"- {{{A}, serviceAccount: cart}}",
        f"- {{{A}, clients: [{{namespace: shop, serviceAccount: cart}}]}}",
    ),
    (f"- {{{A}, tls: {{mode: simple, ca: partner-ca}}}}", f"- {{{A}, tls: {{mode: simple, secret: partner-ca}}}}"),
    (f"- {{{A}, tls: {{mode: mutual, secret: {{name: x}}}}}}", f"- {{{A}, tls: {{mode: mutual, secret: x}}}}"),
    (f"- {{{A}, endpoints: [{{address: 192.0.2.1}}]}}", f"- {{{A}, endpoints: [192.0.2.1]}}"),
    (f"- {{{A}, endpoints: ['https://o.example.net/']}}", f"- {{{A}, endpoints: [o.example.net]}}"),
    (f"- {{{A}, upstreamPort: 8443}}", f"- {{{A}, ports: [{{port: 80, upstreamPort: 8443}}]}}"),
    (f"- {{{A}, ports: ['80:8443']}}", f"- {{{A}, ports: [{{port: 80, upstreamPort: 8443}}]}}"),
    (f"- {{{A}, rateLimit: {{requests: 10, unit: minute}}}}", f"- {{{A}, rateLimit: {{requests: 10, per: 1m}}}}"),
    (f"- {{{A}, rateLimit: {{rps: 10}}}}", f"- {{{A}, rateLimit: {{requests: 10, per: 1s}}}}"),
    (f"- {{{A}, https: true}}", f"- {{{A}, speaks: https}}"),
    (f"- {{{A}, protocol: https}}", f"- {{{A}, speaks: https}}"),
    (f"- {{{A}, enforcement: audit}}", f"- {{{A}, enforcement: report}}"),
    (f"- {{{A}, enforcement: off}}", f"- {{{A}, enforcement: report}}"),
    (f"- {{{A}, enforcement: false}}", f"- {{{A}, enforcement: report}}"),
    (f"- {{{A}, enforcement: true}}", f"- {{{A}, enforcement: enforce}}"),
    (f"- {{{A}, dryRun: true}}", f"- {{{A}, enforcement: report}}"),
    (f"- {{{A}, dryRun: false}}", f"- {{{A}}}"),
    (f"- {{{A}, tls: {{minVersion: 1.3}}}}", f"- {{{A}, tls: {{minProtocolVersion: TLSV1_3}}}}"),
    (f"- {{{A}, endpoints: [192.0.2.1, 192.0.2.1]}}", f"- {{{A}, endpoints: [192.0.2.1]}}"),
    ("- {matchName: a.example.com}", f"- {{{A}}}"),
    (
        "- wss://a.example.com:9443/live",
        f"- {{{A}, ports: [{{port: 9443, protocol: TLS}}]}}",
    ),
    (
        "- https://hooks.slack.com/services/T01/B02/abcdefgh",
        "- {host: hooks.slack.com, clients: [{namespace: shop, paths: [/services/*]}]}",
    ),
    (f"- {{{A}, readiness: {{mode: off}}}}", f"- {{{A}, readiness: {{mode: gateway}}}}"),
    (f"- {{{A}, resolution: LOGICAL_DNS}}", f"- {{{A}, resolution: DNS_ROUND_ROBIN}}"),
    (f"- {{{A}, owner: [shop]}}", f"- {{{A}, owner: shop}}"),
    (f"- {{{A}, exportTo: [.]}}", f"- {{{A}}}"),
    (f"- {{{A}, websocket: true}}", f"- {{{A}}}"),
    (
        f"- {{{A}, resources: {{cpu: 100m, memory: 256Mi}}}}",
        f"- {{{A}, resources: {{requests: {{cpu: 100m, memory: 256Mi}}}}}}",
    ),
    (f"- {{{A}, retries: {{retryOn: '5xx,reset'}}}}", f"- {{{A}, retries: {{retryOn: [5xx, reset]}}}}"),
    (
        f"- {{{A}, headers: {{request: {{add: {{x-a: 1}}}}}}}}",
        f"- {{{A}, headers: {{request: {{set: {{x-a: '1'}}}}}}}}",
    ),
]

#: A whole list as it is written, and as it was meant.
LISTS = [
    ("version: 2\nhosts: []", "version: 1\nhosts: []"),
    ("version: '1'\nhosts: []", "version: 1\nhosts: []"),
    ("version: 1.0\nhosts: []", "version: 1\nhosts: []"),
    ("version: v1\nhosts: []", "version: 1\nhosts: []"),
    (
        "version: 1\ndefaults: {clients: [a]}\nhots: [a.example.com]",
        "version: 1\ndefaults: {clients: [a]}\nhosts: [a.example.com]",
    ),
    (
        "version: 1\nclients: [a]\nhosts: [a.example.com]",
        "version: 1\ndefaults: {clients: [a]}\nhosts: [a.example.com]",
    ),
    (
        "version: 1\ndefaults: {owner: x}\nclients: [a]\nhosts: [a.example.com]",
        "version: 1\ndefaults: {owner: x, clients: [a]}\nhosts: [a.example.com]",
    ),
    (
        "version: 1\ndefault: {clients: [a]}\nhosts: [a.example.com]",
        "version: 1\ndefaults: {clients: [a]}\nhosts: [a.example.com]",
    ),
    (
        "version: 1\ndefaults: {clients: a}\nhosts: [a.example.com]",
        "version: 1\ndefaults: {clients: [a]}\nhosts: [a.example.com]",
    ),
    (
        "version: 1\ndefaults: {clients: [a]}\nhosts: a.example.com",
        "version: 1\ndefaults: {clients: [a]}\nhosts: [a.example.com]",
    ),
    (
        "version: 1\ndefaults: {clients: [a]}\nhosts: {a.example.com: , b.example.com: {retries: {attempts: 0}}}",
        "version: 1\ndefaults: {clients: [a]}\nhosts: [a.example.com, {host: b.example.com, retries: {attempts: 0}}]",
    ),
    (
        "version: 1\ndefaults: {clients: [a]}\nhosts:\n- host: a.example.com\ntls: {mode: mutual, secret: x}",
        "version: 1\ndefaults: {clients: [a]}\nhosts: [{host: a.example.com, tls: {mode: mutual, secret: x}}]",
    ),
    ("version: 1\ntrustDomain: td.example\nhosts: []", "version: 1\nmesh: {trustDomain: td.example}\nhosts: []"),
    ("version: 1\nmesh: td.example\nhosts: []", "version: 1\nmesh: {trustDomain: td.example}\nhosts: []"),
    (
        "version: 1\ndefaults: {clients: [a], hosts: [a.example.com]}",
        "version: 1\ndefaults: {clients: [a]}\nhosts: [a.example.com]",
    ),
    ("hosts: []", "version: 1\nhosts: []"),
]

#: An entry that cannot be, words of why, and of where it belongs.
CANNOT = [
    (f"- {{{A}, clients: [{{namespace: [a, b]}}]}}", "is not one value", "`{namespace: a}` and `{namespace: b}`"),
    (f"- {{{A}, clients: [{{wholeMesh: false}}]}}", "only `true` says something", "leave the key out"),
    (f"- {{{A}, endpoints: [10.0.0.0/24]}}", "single addresses", "leave `endpoints` out"),
    (f"- {{{A}, endpoints: ['192.0.2.1:8443']}}", "is not allowed", "`192.0.2.1`; and its port in `ports`"),
    (f"- {{{A}, resolution: STATIC}}", "follows from the other settings", "`endpoints`"),
    (f"- {{{A}, enabled: false}}", "a host of the list is there", "`remove: true` in an overlay"),
    (f"- {{{A}, tls: {{mode: mutual, secret: x, ca: y}}}}", "is not a key here", "`secret` says it already"),
    ("- a.example.com:80-90", "a range of ports", "list each of its `ports`"),
    ("- ftp://a.example.com", "FTP, whose data goes over other ports", "SFTP"),
    (f"- {{{A}, clients: [[web, mail]]}}", "is not a string or a mapping", "the inner brackets: `web`, `mail`"),
    ("- 192.30.252.0/22", "range of addresses, which cannot be a host", "NetworkPolicy"),
    ("- {host: 'fd00::/8'}", "range of addresses", "NetworkPolicy"),
    ("- 10.0.0.1-10.0.0.9", "range of addresses", "NetworkPolicy"),
    ('- "*"', "every host, which cannot be a host", "ALLOW_ANY"),
    ('- "*:9000"', "every host, which cannot be a host", "ALLOW_ANY"),
    ('- "b-*.kafka.example.com"', "a star only as the whole first label", 'list each name; `"*.kafka.example.com"`'),
    ('- "api.*.example.com"', "a star only as the whole first label", "list each name"),
    ("- '*.hcp.<location>.azmk8s.io'", "placeholder `<location>`", "what the placeholder stands for"),
    ("- 10.0.0.1-10.0.0.9", "a range of addresses", "NetworkPolicy"),
    ("- 10.0.0.1-9", "a range of addresses", "NetworkPolicy"),
    ("- 10.0.0.*", "a range of addresses", "NetworkPolicy"),
    ("- 10.0.0.0/255.255.255.0", "a range of addresses", "NetworkPolicy"),
    ("- 127.0.0.1", "a loopback address", "the DNS name"),
    ("- '[::1]:8080'", "a loopback address", "the DNS name"),
    ("- 224.0.0.1", "a multicast address", "the DNS name"),
    ("- 10.20.30.40:8080", "is an IP address", "`ports: [{port: 8080}]`"),
    ("- localhost", "names whoever asks for it", "the full DNS name"),
    (f"- {{{A}, addresses: [240.0.0.0/24]}}", "a range has more addresses than one", "list each"),
    (f"- {{{A}, endpoints: [10.0.0.1-10.0.0.3]}}", "not an IP address", "list each address"),
    (f"- {{{A}, timeouts: {{request: '1:30'}}}}", "hours and minutes or minutes and seconds", "`1h30m` or `1m30s`"),
    (f"- {{{A}, timeouts: {{request: 500us}}}}", "count whole milliseconds", "`1ms`"),
    (f"- {{{A}, timeouts: {{request: 0}}}}", "a time of 0 is none", "leave the key out"),
    (f"- {{{A}, timeouts: {{request: 0s}}}}", "cannot be 0s", "leave it out"),
    (f"- {{{A}, clients: none}}", "a host that nobody may call", "name the namespaces"),
    (f"- {{{A}, clients: ['!guests']}}", "a list of who may call", "`deny` refuses"),
    (f"- {{{A}, clients: ['*-shop']}}", "by how their names begin", "list each"),
    (f"- {{{A}, deny: all}}", "a host that nobody may call", "which methods and paths"),
    (f"- {{{A}, tls: {{cipherSuites: [TLS_AES_256_GCM_SHA384]}}}}", "not to be chosen", "leave it out"),
    (f"- {{{A}, tls: {{sans: ['*.example.com']}}}}", "such a name", "`www.example.com`"),
    (f"- {{{A}, path: /v1}}", "what clients may call", "`paths: [/v1]`"),
    (f"- {{{A}, loadBalancer: ROUND_ROBIN}}", "over all addresses that answer", "remove it"),
    ("- '{{ region }}.example.com'", "placeholder", "what the placeholder stands for"),
    ("- ${HOST}.example.com", "placeholder", "what the placeholder stands for"),
    ("- mongodb+srv://user:word@cluster0.example.net/db", "SRV record", "list the servers"),
    ("- udp://ntp.example.com:123", "UDP: Istio carries TCP and nothing else", "NetworkPolicy"),
    ("- s3://bucket/key", "names no server", "DNS name"),
    (f"- {{{A}, ports: [{{port: 123, protocol: UDP}}]}}", "Istio carries TCP and nothing else", "NetworkPolicy"),
    (f"- {{{A}, ports: [{{port: 443, protocol: QUIC}}]}}", "Istio carries TCP and nothing else", "NetworkPolicy"),
    (f"- {{{A}, ports: [{{port: 11000-11999, protocol: TCP}}]}}", "single ports, and not on ranges", "list each port"),
    (f"- {{{A}, ports: [49152-65535]}}", "single ports, and not on ranges", "list each port"),
    (f"- {{{A}, ports: ['123/udp']}}", "Istio carries TCP and nothing else", "NetworkPolicy"),
    (f"- {{{A}, clients: [10.0.0.0/8]}}", "an address proves none", "namespace"),
    (f"- {{{A}, clients: [{{namespace: a, ipBlocks: [10.0.0.0/8]}}]}}", "an address proves none", "namespace"),
    (
        f"- {{{A}, nodeSelector: {{egress: static}}}}",
        "it is of the cluster",
        "`nodeSelector: {egress: static}` for all",
    ),
    (f"- {{{A}, tolerations: []}}", "it is of the cluster", "the chart's values"),
    (f"- {{{A}, egressIP: 192.0.2.1}}", "the cluster decides", "`nodeSelector`"),
    (f"- {{{A}, livenessProbe: {{}}}}", "a dead upstream must not restart gateways", "`readiness`"),
    (f"- {{{A}, proxy: 'http://user:word@proxy.example:3128'}}", "a password would stand", "leave the password out"),
    (f"- {{{A}, clients: [{{namespace: a, methods: ['*']}}]}}", "no method has this name", "leave `methods` out"),
    (f"- {{{A}, clients: [{{namespace: a, paths: [/a/*/b*c]}}]}}", "one star", "list each path"),
    (f"- {{{A}, timeouts: {{request: -1}}}}", "no duration says this", "leave the key out"),
    (f"- {{{A}, timeouts: {{request: 7 days}}}}", "a duration has no days", "in hours"),
    (f"- {{{A}, headers: {{credential: {{value: abc}}}}}}", "can be read in Git", "secret: <the Secret>"),
    (f"- {{{A}, tls: {{mode: none, unverified: '<the reason>'}}}}", "is a placeholder", "in words of your own"),
    (f"- {{{A}, tls: {{mode: none, unverified: TODO find out why}}}}", "is a placeholder", "in words of your own"),
    (f"- {{{A}, tls: {{mode: none, unverified: xxxxxxxxxx}}}}", "is a placeholder", "in words of your own"),
    (f"- {{{A}, tls: {{mode: none, unverified: ''}}}}", "is a placeholder", "in words of your own"),
    (f"- {{{A}, tls: {{verify: false}}}}", "is not a key here", 'unverified: "<the reason>"'),
    (f"- {{{A}, insecure: true}}", "is not a key here", 'tls: {unverified: "<the reason>"}'),
    (f"- {{{A}, mtls: true}}", "`tls` says who speaks TLS", "mode: mutual, secret: <the Secret"),
    (f"- {{{A}, tls: {{mode: mutual, cert: /etc/p/c, key: /etc/p/k}}}}", "`cert` and `key`", "certificate: /etc/p/c"),
    (f"- {{{A}, tls: {{mode: ISTIO_MUTUAL}}}}", "the mesh's own TLS", "`mode: simple`"),
    (f"- {{{A}, clients: ['<namespace>']}}", "is a placeholder", "what it stands for"),
    (f"- &all {{{A}, clients: [a, b]}}", "is an anchor", "one name in `groups`"),
]


@pytest.mark.parametrize(("written", "meant"), ENTRIES)
def test_the_fix_of_an_entry_compiles_to_what_was_meant(written: str, meant: str) -> None:
    assert findings(hosts(written)), "nothing is wrong with it"
    assert values(mended(hosts(written))) == values(hosts(meant))


@pytest.mark.parametrize(("written", "meant"), LISTS)
def test_the_fix_of_a_list_compiles_to_what_was_meant(written: str, meant: str) -> None:
    assert findings(written), "nothing is wrong with it"
    assert values(mended(written)) == values(meant)


@pytest.mark.parametrize(("entry", "why", "where"), CANNOT)
def test_what_cannot_be_is_told_why_and_where_it_belongs(entry: str, why: str, where: str) -> None:
    assert any(why in one.message and where in one.fix for one in findings(hosts(entry)))


def test_there_are_enough_rows() -> None:
    assert len(ENTRIES) + len(LISTS) + len(CANNOT) > 200


OBJECT = """
    apiVersion: networking.istio.io/v1
    kind: ServiceEntry
    metadata: {name: a, namespace: shop}
    spec: {hosts: [a.example.com], ports: [{number: 443, name: tls, protocol: TLS}]}
"""


@pytest.mark.parametrize(
    ("text", "message", "fix"),
    [
        (OBJECT, "an object of Kubernetes, of kind `ServiceEntry`", "hosts: [a.example.com]"),
        ("apiVersion: v1\nkind: ConfigMap\ndata: {a: b}", "of kind `ConfigMap`", "begins with `version: 1`"),
        ("valuesVersion: 1\ngateways: {a: {host: a.example.com}}", "values of the chart", "the list that they were"),
        ("gateways: {a: {host: a.example.com}}\nimage: auto", "values of the chart", "the list that they were"),
    ],
)
def test_another_file_is_told_once(text: str, message: str, fix: str) -> None:
    (finding,) = findings(dedent(text))
    assert finding.code == "EG008"
    assert message in finding.message
    assert fix in finding.fix


def test_an_overlay_without_hosts_says_so() -> None:
    (finding,) = findings("version: 1\ndefaults: {clients: [a]}\n")
    assert "`hosts: []` to an overlay" in finding.fix


@pytest.mark.parametrize("many", [4, 260])
def test_one_kind_is_said_once_and_each_place_is_named(many: int) -> None:
    found = findings("version: 1\nhosts:\n" + "".join(f"- a{number}.example.com\n" for number in range(many)))
    (one,) = found
    assert one.span.line == 3
    assert f"{many - 1} more are the same, on lines 4-{many + 2}" in one.message
    assert "to `defaults` for all hosts" in one.fix


def test_few_of_a_kind_are_said_one_by_one() -> None:
    assert len(findings("version: 1\nhosts: [a.example.com, b.example.com, c.example.com]\n")) == 3


def test_what_has_other_fixes_is_said_one_by_one() -> None:
    entries = "".join(f"- .a{number}.example.com\n" for number in range(30))
    assert len(findings(hosts(entries))) == 30


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "…",
        "...",
        "TODO",
        "todo: ask",
        "TBD",
        "FIXME",
        "xxx",
        "xxxxxxxxxxxx",
        "n/a",
        "none",
        "<the reason>",
        "<reason>",
        "reason",
        "The reason",
        "Some reason here.",
        "because",
        "{{ reason }}",
        "${REASON}",
        "aaaaaaaaaaaa",
        "----------",
        "test",
    ],
)
def test_no_reason(text: str) -> None:
    assert is_placeholder(text)


@pytest.mark.parametrize(
    "text",
    [
        "The appliance has no TLS (RISK-118).",
        "Old FTP server, no TLS (RISK-9).",
        "MS-RPC over a leased line",
        "SSH checks host keys.",
    ],
)
def test_a_reason(text: str) -> None:
    assert not is_placeholder(text)


@pytest.mark.parametrize(
    "text",
    [
        "version: 1\ngroups: {backend: [{ns: web}]}\nhosts: []",
        "version: 1\ngroups: {backend: {a: b}}\nhosts: []",
        "version: 1\ngroups: {backend: [{wholeMesh: true}]}\nhosts: []",
        "version: 1\ncompanions: {sidecars: {x: 1}}\nhosts: []",
        "version: 1\ngateways: [{clients: [a]}]\nhosts: []",
        "version: 1\ngateways: [{name: a, image: b, secret: c}]\nhosts: []",
        "version: 1\ndefaults: {host: a.example.com, description: b, name: c}\nhosts: []",
        "version: 1\nhosts: [{host: a.example.com, clients: web, wholeMesh: true, secret: 1, tls: 5, cert: {a: b}}]",
        "version: 1\nhosts: [{host: a.example.com, ports: 5, protocol: [a], port: {}, headers: [], set: {a: b}}]",
        "version: 1\nhosts: [{host: a.example.com, clients: [{podLabels: {a b: {c: d}}}], deny: {ns: a}}]",
        "version: 1\nsecret: a\ncert: /b\nmethods: [GET]\nhosts: {a: 1, b: [c]}",
        "version: 1\ndeny: [{clients: [a], ns: b}]\nhosts: []",
        "hosts: [{}, [], [[]], null, {a: null}, {a: {b: c}}, {hosts: {a: b}}]",
    ],
)
def test_whatever_is_written_has_findings(text: str) -> None:
    assert all(finding.fix for finding in findings(text))
    assert findings(text)
