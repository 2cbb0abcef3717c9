"""The gateway speaks TLS with the upstream that is meant, and passes on only TLS for this host unread."""

from typing import Any

from tests.contract.fleet import Fleet, Gateway, nested

SNI_OF_CHAINS = "server_names"


def check(fleet: Fleet) -> None:
    for gateway in fleet.hosts:
        for port in gateway.ports:
            _origination(gateway, port)
            _parameters(gateway, port)
            _protocol(gateway, port)
            _answers(gateway, port)
            _parts(gateway, port)
            _asked_again(gateway, port)
            if port["protocol"] in ("TLS", "TCP"):
                _passthrough(gateway, port)


def _origination(gateway: Gateway, port: dict[str, Any]) -> None:
    tls = gateway.upstream_settings[port["port"]]["tls"]
    assert tls == port.get("tls", {"mode": "DISABLE"})
    if tls["mode"] == "DISABLE":
        return
    # without an SNI Istio sends, and verifies, each name that a wildcard stands for
    assert tls.get("sni") or gateway.host.startswith("*.")
    named = bool(tls.get("subjectAltNames")) or not tls.get("sni")
    assert named != bool(tls.get("insecureSkipVerify"))
    trusted = {"caCertificates", "credentialName"} & tls.keys()
    assert trusted or tls.get("insecureSkipVerify")
    if tls["mode"] == "MUTUAL":
        assert "credentialName" in tls or {"clientCertificate", "privateKey"} <= tls.keys()


def _parameters(gateway: Gateway, port: dict[str, Any]) -> None:
    """What the list says of TLS itself, said to the port's cluster, or where the application speaks, to the check."""
    said = port.get("tlsParameters", {})
    names = {"minimum": "tls_minimum_protocol_version", "maximum": "tls_maximum_protocol_version"}
    expected = {names.get(key, "cipher_suites"): value for key, value in said.items()}
    checked = "tls" in port.get("check", {})
    patches = [
        patch["patch"]["value"]
        for patch in (*gateway.patches(), *gateway.patches(".upstream"))
        if patch["match"].get("cluster") == {"service": gateway.host, "portNumber": port["port"]}
    ]
    found = [one for patch in patches for one in nested(patch, "tls_params")]
    usual = {names["minimum"]: "TLSv1_2", names["maximum"]: "TLSv1_3"} if checked else {}
    assert found == ([usual | expected] if said or checked else [])
    revoked = [one for patch in patches for one in nested(patch, "crl")]
    assert revoked == (
        [{"filename": port["check"]["tls"]["caCrl"]}] if checked and "caCrl" in port["check"]["tls"] else []
    )


def _parts(gateway: Gateway, port: dict[str, Any]) -> None:
    """Answers are read in parts, said once for each upstream."""
    said = [
        patch["patch"]["value"]["per_connection_buffer_limit_bytes"]
        for patch in (*gateway.patches(), *gateway.patches(".upstream"))
        if patch["match"].get("cluster") == {"service": gateway.host, "portNumber": port["port"]}
        and "per_connection_buffer_limit_bytes" in patch["patch"]["value"]
    ]
    assert said == [2**15]


def _asked_again(gateway: Gateway, port: dict[str, Any]) -> None:
    """DNS is asked again where it gave no answer, said once for each upstream that is found by it."""
    said = [
        (patch["patch"]["value"]["dns_refresh_rate"], patch["patch"]["value"]["dns_failure_refresh_rate"])
        for patch in (*gateway.patches(), *gateway.patches(".upstream"))
        if patch["match"].get("cluster") == {"service": gateway.host, "portNumber": port["port"]}
        and "dns_failure_refresh_rate" in patch["patch"]["value"]
    ]
    values = gateway.values
    asked = not ({"perName", "proxy"} & values.keys() or values.get("resolution") == "STATIC")
    retry = values.get("dnsRetry", "10s")
    assert said == [(retry, {"base_interval": "1s", "max_interval": retry})] * asked


def _protocol(gateway: Gateway, port: dict[str, Any]) -> None:
    """HTTP/2 for applications of HTTP/1.1 where the list says it, and whatever the mesh says nowhere else."""
    policy = "UPGRADE" if "upstreamProtocol" in port else "DO_NOT_UPGRADE"
    assert gateway.upstream_settings[port["port"]]["connectionPool"]["http"]["h2UpgradePolicy"] == policy


def _answers(gateway: Gateway, port: dict[str, Any]) -> None:
    """The case of answers stands in place of what Istio says there: the check of names, and the pool's limits."""
    found = [
        patch["patch"]["value"]["typed_extension_protocol_options"]
        for patch in gateway.patches(".upstream")
        if patch["match"]["cluster"] == {"service": gateway.host, "portNumber": port["port"]}
        and "typed_extension_protocol_options" in patch["patch"]["value"]
    ]
    assert len(found) == ("preserveCase" in port)
    for one in found:
        settings = gateway.upstream_settings[port["port"]]
        per_name = settings["tls"]["mode"] != "DISABLE" and not settings["tls"].get("sni")
        verified = [{"auto_sni": True, "auto_san_validation": True}] * per_name
        assert list(nested(one, "upstream_http_protocol_options")) == verified
        assert settings["connectionPool"]["http"]["h2UpgradePolicy"] == "DO_NOT_UPGRADE"
        names = {"idle_timeout": "idleTimeout", "max_requests_per_connection": "maxRequestsPerConnection"}
        limits = {ours: settings["connectionPool"]["http"].get(theirs) for ours, theirs in names.items()}
        (said,) = nested(one, "common_http_protocol_options")
        assert said == {key: value for key, value in limits.items() if value}


def _passthrough(gateway: Gateway, port: dict[str, Any]) -> None:
    """Bytes that the gateway cannot read go to the host's own cluster; what says to be TLS must be TLS for the host."""
    inside, upstream = f"{gateway.name}.{port['port']}", f"outbound|{port['port']}||{gateway.host}"
    asks = port["protocol"] == "TLS" and not gateway.values.get("perName")
    led = [
        patch["patch"]["value"]["typed_config"]["cluster"]
        for patch in gateway.patches(".passthrough")
        if patch["applyTo"] == "NETWORK_FILTER"
        and patch["match"]["listener"]["name"].endswith(f"_{port['gatewayPort']}")
    ]
    assert led == [inside if asks else upstream]
    listeners = [
        patch["patch"]["value"]
        for patch in gateway.patches(".passthrough")
        if patch["applyTo"] == "LISTENER" and patch["patch"]["value"]["name"] == inside
    ]
    assert len(listeners) == int(asks)
    for listener in listeners:
        chains = listener["filter_chains"]
        assert [chain["filter_chain_match"][SNI_OF_CHAINS] for chain in chains][-1:] == [[gateway.host]]
        assert list(nested(chains[-1], "cluster")) == [upstream]
        assert all(not list(nested(chain, "cluster")) for chain in chains[:-1])
