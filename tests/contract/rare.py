"""Small lists of what no example has and drawn fleets seldom do; each name says what is rare about it."""

from textwrap import dedent

_HEAD = "version: 1\ndefaults: {clients: [shop]}\n"

RARE = {
    name: _HEAD + dedent(text)
    for name, text in {
        "a provider for two ports, with and without requests": """
            hosts:
            - host: api.example.com
              ports: [{port: 80}, {port: 8080}, {port: 9000, protocol: TCP}]
              externalAuthorization: {provider: company}
        """,
        "a provider for one of two hosts on the same pods": """
            gateways: [{name: shared}, {name: adopted, namespace: others, adopt: {istio: egressgateway}}]
            hosts:
            - {host: a.example.com, gateway: shared, externalAuthorization: {provider: company}}
            - {host: b.example.com, gateway: shared}
            - {host: c.example.com, gateway: adopted, externalAuthorization: {provider: company}}
        """,
        "an OPA for connections": """
            hosts:
            - host: api.example.com
              ports: [{port: 443, protocol: TLS}, {port: 9000, protocol: TCP}]
              externalAuthorization: {opa: {image: "opa:1", policy: rules}}
            - host: open.example.com
              ports: [{port: 80}, {port: 9000, protocol: TCP}]
              addresses: [240.0.0.2]
              externalAuthorization: {opa: {image: "opa:1", policy: rules}, failOpen: true}
        """,
        "every account is named at a port without requests": """
            hosts:
            - host: api.example.com
              ports: [{port: 80}, {port: 443, protocol: TLS}, {port: 9000, protocol: TCP}]
              clients:
              - {namespace: shop, serviceAccount: cart, ports: [443, 80]}
              - {namespace: web, serviceAccount: front, ports: [443, 9000]}
        """,
        "passthrough with a CA in a file, in a Secret and of the system": """
            hosts:
            - host: a.example.com
              tls: {mode: passthrough, files: {ca: /ca/ca.crt, volumes: [{configMap: ca, mountPath: /ca}]}}
            - {host: b.example.com, tls: {mode: passthrough, secret: ca}}
            - {host: c.example.com, tls: {mode: passthrough}}
        """,
        "a sidecar's ports with a Secret, with the system's CAs and in clear, at fixed addresses": """
            hosts:
            - host: api.example.com
              at: sidecar
              endpoints: [192.0.2.1, "2001:db8::1"]
              clients: [{namespace: shop, podLabels: {app: cart}}]
              ports:
              - {port: 80, tls: {secret: own-ca}}
              - {port: 8080, upstreamPort: 8443}
              - {port: 8081, upstreamPort: 8081, tls: {mode: none, unverified: a leased line (RISK-118)}}
        """,
        "a wildcard with ranges of both families, with and without requests": """
            hosts:
            - host: "*.example.com"
              ports: [{port: 80}, {port: 443, protocol: TLS}]
              deniedRanges: [192.0.2.0/24, 198.51.100.7/32, "fd00::/8"]
            - {host: a.example.com, clients: [web]}
            - {host: "*.example.net", proxy: {host: proxy.corp.example, port: 3128}}
        """,
        "hosts behind sockets whose ports lead to different upstream ports": """
            hosts:
            - host: "*.example.com"
              ports: [{port: 80}, {port: 5671, protocol: TLS}, {port: 8080, upstreamPort: 8443}]
            - {host: "*.example.net", speaks: [http, https], tls: {mode: none, unverified: Updates are signed.}}
            - host: "*.example.org"
              proxy: {host: proxy.corp.example, port: 3128}
              ports: [{port: 80}, {port: 5671, protocol: TLS}]
            - host: api.example.edu
              proxy: {host: proxy.corp.example, port: 3128}
              ports: [{port: 80}, {port: 8443, protocol: TLS}]
        """,
        "short and long drains": """
            gateways: [{name: shared, drain: 90s}]
            hosts:
            - {host: a.example.com, drain: 1s}
            - {host: b.example.com, drain: 5m, autoscaling: {minReplicas: 3, maxReplicas: 9, targetCPU: 40}}
            - {host: c.example.com, gateway: shared}
        """,
        "an own name for two paths, beside network policies": """
            companions: {networkPolicies: true, sidecars: {}, peerAuthentication: STRICT}
            hosts:
            - host: a.example.com
              expose:
                host: own.example.net
                path: /partner
                secret: own
                gateway: {namespace: ingress, selector: {istio: ingress}, serviceAccount: ingress}
            - host: b.example.com
              clients: [{namespace: web, podLabels: {app: front}}]
              expose:
                host: own.example.net
                path: /partner/two
                secret: own
                gateway: {namespace: ingress, selector: {istio: ingress}, serviceAccount: ingress}
        """,
        "limits, a credential and an OPA at one port": """
            hosts:
            - host: api.example.com
              ports: [{port: 80}, {port: 443, protocol: TLS}]
              accessLog: true
              externalAuthorization: {opa: {image: "opa:1", policy: rules}}
              headers: {credential: {secret: token}, request: {keep: [traceparent]}}
              rateLimit: {requests: 100, per: 1s, perClient: {requests: 10, per: 1m}}
              clients: [{namespace: shop, ports: [80], methods: [GET], paths: [/v1/*]}, {namespace: web, ports: [443]}]
        """,
    }.items()
}
