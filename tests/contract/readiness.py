"""A pod is Ready while an address behind every port that counts answers, and shakes hands as the one that is meant."""

from typing import Any

from tests.contract.fleet import Fleet, Gateway, nested

PROBE = {"path": "/ready", "port": 15099, "scheme": "HTTP"}


def check(fleet: Fleet) -> None:
    for gateway in fleet.hosts:
        if _follows(gateway):
            for port in _counted(gateway):
                _checked(gateway, port)
    for gateway in fleet.pods:
        _probe(gateway)


def _follows(gateway: Gateway) -> bool:
    return bool(gateway.values.get("readiness", {}).get("mode", "upstream") == "upstream")


def _counted(gateway: Gateway) -> list[dict[str, Any]]:
    """The ports that readiness follows; the others are not asked."""
    rest = [port for port in gateway.ports if port.get("readiness") == {"mode": "gateway"}]
    assert not [patch for port in rest for patch in _values(gateway, port) if list(nested(patch, "health_checks"))]
    return [port for port in gateway.ports if port not in rest]


def _values(gateway: Gateway, port: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        patch["patch"]["value"]
        for patch in gateway.patches()
        if patch["match"].get("cluster") == {"service": gateway.host, "portNumber": port["port"]}
    ]


def _checked(gateway: Gateway, port: dict[str, Any]) -> None:
    patches = _values(gateway, port)
    (values,) = (value for value in patches if "health_checks" in value)
    (check,) = values["health_checks"]
    # an open connection, or a resumed session, would outlive the upstream's certificate
    assert check["reuse_connection"] is False
    keys = [key for value in patches for key in nested(value, "max_session_keys")]
    shakes_hands = ("tls" in port) + ("tls" in port.get("check", {}))
    assert keys == [0] * shakes_hands
    # addresses that are all new and none checked are used: at 0 every one of them would be refused
    assert values["common_lb_config"] == {"healthy_panic_threshold": {"value": 1}}
    assert values["ignore_health_on_host_removal"] is True
    _own_tls(values, port)


def _own_tls(values: dict[str, Any], port: dict[str, Any]) -> None:
    """The application's TLS is its own: the check speaks TLS by itself, and verifies what the list says."""
    expected = port.get("check", {}).get("tls")
    contexts = list(nested(values.get("transport_socket_matches", []), "combined_validation_context"))
    assert len(contexts) == bool(expected)
    for context in contexts:
        names = context["default_validation_context"]["match_typed_subject_alt_names"]
        assert [(one["san_type"], one["matcher"]["exact"]) for one in names] == [
            ("DNS", name) for name in expected["subjectAltNames"]
        ]
        assert names
        assert list(nested(values["transport_socket_matches"], "sni")) == [expected["sni"]]
        trusted = context["validation_context_sds_secret_config"]["name"]
        if "credentialName" in expected:
            assert trusted == f"kubernetes://{expected['credentialName']}-cacert"
        else:
            assert trusted == f"file-root:{expected['caCertificates']}"


def _probe(gateway: Gateway) -> None:
    (container,) = gateway.spec("Deployment")["template"]["spec"]["containers"]
    assert "livenessProbe" not in container
    mode = gateway.values.get("readiness", {}).get("mode", "upstream")
    listeners = [
        patch["patch"]["value"]
        for patch in gateway.patches()
        if patch["applyTo"] == "LISTENER" and patch["patch"]["value"]["name"] == "readiness"
    ]
    assert len(listeners) == (mode == "upstream" and "host" in gateway.values)
    probe = container.get("readinessProbe", {})
    if mode == "upstream":
        assert (probe["httpGet"], probe["periodSeconds"]) == (PROBE, 2)
    elif mode == "probe":
        assert probe == gateway.values["readiness"]["probe"]
    else:
        assert not probe
    for listener in listeners:
        assert listener["address"]["socket_address"]["port_value"] == PROBE["port"]
        (healthy,) = nested(listener, "cluster_min_healthy_percentages")
        # everything else learns nothing: no body, and 404
        assert [(one["name"], one["string_match"]["exact"]) for one in next(nested(listener, "headers"))] == [
            (":path", PROBE["path"]),
            (":method", "GET"),
        ]
        assert list(nested(listener, "direct_response")) == [{"status": 404}]
        every = [f"outbound|{port['port']}||{gateway.host}" for port in _counted(gateway)]
        assert healthy == {cluster: {"value": 1} for cluster in every}
