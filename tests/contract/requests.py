"""What happens to a request: how its path is read, who is asked, what is counted, what others learn of it."""

from typing import Any

import yaml

from tests.contract.fleet import Fleet, Gateway, nested

#: Headers that tell a third party about the mesh and its callers.
MESH_HEADERS = {
    *("b3", "baggage", "forwarded", "traceparent", "tracestate", "x-ot-span-context", "x-request-id"),
    *(f"x-b3-{name}" for name in ("flags", "parentspanid", "sampled", "spanid", "traceid")),
    *(f"x-envoy-{name}" for name in ("attempt-count", "decorator-operation", "expected-rq-timeout-ms")),
    *(f"x-envoy-{name}" for name in ("external-address", "internal", "original-path")),
    *(f"x-envoy-{name}" for name in ("peer-metadata", "peer-metadata-id")),
    *(f"x-forwarded-{name}" for name in ("client-cert", "for", "host", "port", "proto")),
}
ORDER = (".authorization", ".external-authorization", ".rate-limit", ".credential")
WITHOUT_QUERY = "%REQ_WITHOUT_QUERY(:PATH)%"
LIMIT = "envoy.filters.http.local_ratelimit"


def check(fleet: Fleet) -> None:
    for gateway in fleet.hosts:
        _paths(gateway)
        _order(gateway)
        _authorizer(gateway)
        _limit(gateway)
        _credential(gateway)
        _headers(gateway)
        _log(gateway)
    for gateway in fleet.pods:
        _telling_nothing(gateway)


def _paths(gateway: Gateway) -> None:
    """What is allowed must be what the upstream reads: hosts, paths and names of headers have one reading."""
    for port in gateway.with_requests:
        (value,) = (
            patch["patch"]["value"]["typed_config"] for patch in gateway.patches(".requests") if _at(patch, port)
        )
        assert value["strip_trailing_host_dot"] is True
        formatters = list(nested(value, "stateful_formatter"))
        assert [one["name"] for one in formatters] == ["preserve_case"] * ("preserveCase" in port)
    by_path = any(rule.get("paths") for port in gateway.ports for part in port["rules"].values() for rule in part)
    strict = by_path or "externalAuthorization" in gateway.values
    kept = "escapedSlashes" in gateway.values
    escaped = "KEEP_UNCHANGED" if gateway.reports or kept else "REJECT_REQUEST"
    reading = {"normalize_path": True, "merge_slashes": True, "path_with_escaped_slashes_action": escaped}
    for port in gateway.with_requests if strict else ():
        refused = [rule["id"] for rule in port["rules"].get("deny", ())]
        assert ("dots beside an escaped slash" in refused) == (kept and not gateway.reports)
        found = [
            patch["patch"]["value"]["typed_config"]
            for patch in gateway.patches(".requests")
            if patch["applyTo"] == "NETWORK_FILTER" and _at(patch, port)
        ]
        assert [one.items() >= reading.items() for one in found] == [True]
    # many upstreams read x_api_key as x-api-key
    underscores = {"common_http_protocol_options": {"headers_with_underscores_action": "DROP_HEADER"}}
    for port in gateway.with_requests if gateway.values.get("dropUnderscores") else ():
        found = [
            patch["patch"]["value"]["typed_config"]
            for patch in gateway.patches(".requests")
            if patch["applyTo"] == "NETWORK_FILTER" and _at(patch, port)
        ]
        assert [one.items() >= underscores.items() for one in found] == [True]


def _at(patch: dict[str, Any], port: dict[str, Any]) -> bool:
    listener = patch["match"].get("listener", {})
    return str(listener.get("name")).endswith(f"_{port['gatewayPort']}")


def _order(gateway: Gateway) -> None:
    """Whoever is refused uses up no limit, and nobody who is asked sees the credential: it comes last."""
    there = [suffix for suffix in ORDER if gateway.has("EnvoyFilter", suffix)]
    priorities = [gateway.spec("EnvoyFilter", suffix)["priority"] for suffix in there]
    assert priorities == sorted(set(priorities))
    for suffix in there[1:]:
        for patch in gateway.patches(suffix):
            if patch["applyTo"] == "HTTP_FILTER":
                assert patch["patch"]["operation"] == "INSERT_BEFORE"
                assert patch["match"]["listener"]["filterChain"]["sni"] == gateway.host


def _authorizer(gateway: Gateway) -> None:
    """An OPA that does not answer refuses, at requests and at connections, unless the list says `failOpen`."""
    given = gateway.values.get("externalAuthorization", {})
    asked = gateway.filters(".external-authorization", "envoy.filters.http.ext_authz")
    asked += gateway.filters(".external-authorization", "envoy.filters.network.ext_authz")
    assert len(asked) == ("opa" in given) * len(gateway.ports)
    assert all(one["failure_mode_allow"] is given.get("failOpen", False) for one in asked)
    if gateway.carrier != gateway.name:
        return
    beside = gateway.spec("Deployment")["template"]["spec"].get("initContainers", [])
    # an init container that goes on: it is there before the proxy, and outlives its drain
    assert [(one["name"], one["restartPolicy"]) for one in beside] == [("opa", "Always")] * ("opa" in given)
    for opa in beside:
        assert ("readinessProbe" in opa) == (not given.get("failOpen", False))


def _limit(gateway: Gateway) -> None:
    given = gateway.values.get("rateLimit", {})
    filters = gateway.filters(".rate-limit", LIMIT)
    assert len(filters) == bool(given) * len(gateway.with_requests)
    for one in filters:
        every = {"default_value": {"numerator": 100}}
        assert one["filter_enabled"] == one["filter_enforced"] == every
        if "requests" in given:
            assert one["token_bucket"]["max_tokens"] == one["token_bucket"]["tokens_per_fill"] == given["requests"]
        # the identity in the mesh's certificate: no application can write it
        keys = ["connection.uri_san_peer_certificate"] * ("perClient" in given)
        assert list(nested(one.get("rate_limits", []), "text")) == keys
        assert [bucket["token_bucket"]["max_tokens"] for bucket in one.get("descriptors", [])] == [
            given["perClient"]["requests"] for _ in keys
        ]


def _credential(gateway: Gateway) -> None:
    """The gateway's own credential replaces whatever the application says there, and a renewed one is taken."""
    given = gateway.values.get("credential")
    filters = gateway.filters(".credential", "envoy.filters.http.credential_injector")
    assert len(filters) == bool(given) * len(gateway.with_requests)
    assert all(one["overwrite"] is True for one in filters)
    folder = {"path": f"/etc/egressc/credentials/{gateway.name}"}
    for one in (*filters, *(yaml.safe_load(config["data"]["sds.yaml"]) for config in gateway.all("ConfigMap"))):
        assert list(nested(one, "watched_directory")) == [folder]


def _headers(gateway: Gateway) -> None:
    kept = set(gateway.values.get("headers", {}).get("request", {}).get("keep", []))
    for route in gateway.spec("VirtualService").get("http", []):
        if route["name"].startswith("upstream-"):
            assert set(route["headers"]["request"]["remove"]) >= MESH_HEADERS - kept


def _telling_nothing(gateway: Gateway) -> None:
    """Neither the caller's certificate nor trace headers are put into requests after the routes' own header rules."""
    annotations = gateway.spec("Deployment")["template"]["metadata"]["annotations"]
    proxy = yaml.safe_load(annotations["proxy.istio.io/config"])
    assert proxy["gatewayTopology"] == {"forwardClientCertDetails": "SANITIZE"}
    assert proxy["proxyHeaders"] == {"attemptCount": {"disabled": True}, "envoyDebugHeaders": {"disabled": True}}
    assert gateway.spec("Telemetry")["tracing"] == [{"disableContextPropagation": True}]


def _log(gateway: Gateway) -> None:
    """A line says who called what, and shows no query: it often holds what nobody should read."""
    lines = [line for patch in gateway.patches(".access-log") for line in nested(patch, "json_format")]
    assert bool(lines) == bool(gateway.values.get("accessLog") or gateway.reports)
    for line in lines:
        assert line["client"] == "%DOWNSTREAM_PEER_URI_SAN%"
        assert line.get("path", WITHOUT_QUERY) == WITHOUT_QUERY
        assert not [text for text in map(str, line.values()) if "PATH)" in text and text != WITHOUT_QUERY]
