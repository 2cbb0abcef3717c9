"""EMIT: the plan as Helm values, keyed by gateway name, defaults left out, every string quoted."""

from typing import Any

import yaml

from egressc.model import Host, default, milliseconds
from egressc.plan import SYSTEM_CA, Gateway, GatewayPort, Plan, Rule
from egressc.shape import schema

HEADER = "# Compiled by egressc from a host list. Change the list and compile it again: this file is overwritten.\n"
ANNOTATIONS = (("description", "description"), ("owner", "owner"), ("review_by", "review-by"))
ANY_STATUS = [(100, 599)]
AS_GIVEN = ("replicas", "autoscaling", "podDisruptionBudget", "resources")


def values(plan: Plan) -> dict[str, Any]:
    """What the chart egress-gateways takes, as `schemas/values.schema.json` describes it."""
    result: dict[str, Any] = {}
    if plan.cluster_domain != "cluster.local":
        result["clusterDomain"] = plan.cluster_domain
    result["gateways"] = {gateway.name: gateway_values(gateway) for gateway in plan.gateways}
    return result


def dump(content: dict[str, Any]) -> str:
    """`content` as YAML that PyYAML, Helm 3 and Helm 4 read alike: strings quoted, keys too."""
    return HEADER + yaml.dump(content, Dumper=_Dumper, sort_keys=False, width=4096, allow_unicode=True)


_Base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_Base):  # type: ignore[misc]  # libyaml's where it is there
    def ignore_aliases(self, _: Any) -> bool:
        return True


# YAML 1.1 and 1.2 disagree about bare words such as `1e3` or `y`; quoted they are strings to all
_Dumper.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


def seconds(milliseconds: int) -> str:
    """1500 → `1.5s`, the one spelling that Go, protobuf's JSON and Kubernetes all read."""
    whole, rest = divmod(int(milliseconds), 1000)
    return f"{whole}.{rest:03}".rstrip("0").rstrip(".") + "s"


def gateway_values(gateway: Gateway) -> dict[str, Any]:
    """What stands under `gateways.<name>`."""
    host = gateway.host
    result: dict[str, Any] = {"host": host.host, "namespace": gateway.namespace}
    notes = {f"egressc.io/{key}": text for field, key in ANNOTATIONS if (text := getattr(host, field))}
    if notes:
        result["annotations"] = notes
    result["exportTo"] = list(gateway.export_to)
    result["clients"] = [_rule(rule) for rule in gateway.rules]
    result["ports"] = [_port(gateway, port) for port in gateway.ports]
    if gateway.has_paths:
        result["strictPaths"] = True
    if gateway.fetches_key:
        result["fetchesKey"] = True
    result |= _upstream(host) | _readiness(host) | _traffic(host)
    volumes = _volumes(gateway)
    if volumes:
        result["volumes"] = volumes
    if "drain" in host.source:
        result["drainSeconds"] = milliseconds(host.source["drain"]) // 1000
    return result | {key: _plain(host.source[key]) for key in AS_GIVEN if key in host.source}


def _rule(rule: Rule) -> dict[str, Any]:
    result: dict[str, Any] = {"principal": rule.principal}
    for key, items in (("ports", rule.ports), ("methods", rule.methods), ("paths", rule.paths)):
        if items:
            result[key] = list(items)
    return result


def _port(gateway: Gateway, port: GatewayPort) -> dict[str, Any]:
    result: dict[str, Any] = {
        "name": port.name,
        "port": port.port.port,
        "gatewayPort": port.number,
        "upstreamPort": port.port.upstream_port,
        "protocol": port.port.protocol,
    }
    if port.port.tls.originates:
        result["tls"] = _tls(port)
    if port.identities:
        result["identities"] = list(port.identities)
    if port.sources:
        result["sources"] = [
            {
                key: value
                for key, value in (("namespace", source.namespace), ("podLabels", dict(source.pod_labels)))
                if value
            }
            for source in port.sources
        ]
    if gateway.checks_upstream:
        check = _check(gateway.host, port)
        if check:
            result["check"] = check
    return result


def _tls(port: GatewayPort) -> dict[str, Any]:
    tls = port.port.tls
    result: dict[str, Any] = {"mode": tls.mode.upper()}
    if tls.secret and not (tls.unverified and tls.mode == "simple"):
        result["credentialName"] = tls.secret
    elif tls.files and tls.mode == "mutual":
        result |= {"clientCertificate": tls.files.certificate, "privateKey": tls.files.key}
    result["sni"] = tls.sni
    if tls.unverified:
        return result | {"insecureSkipVerify": True}
    if not tls.secret:
        result["caCertificates"] = (tls.files.ca if tls.files else None) or SYSTEM_CA
    return result | {"subjectAltNames": list(tls.sans)}


def _check(host: Host, port: GatewayPort) -> dict[str, Any]:
    """How the upstream behind one port is checked; empty for a connection with the port's own TLS."""
    tls, readiness = port.port.tls, host.readiness
    if port.port.is_http and (readiness.path or tls.mode == "mutual"):
        # after a TLS 1.3 handshake only an answer shows that the client certificate was taken
        statuses = readiness.statuses if readiness.path else ANY_STATUS
        ranges = [{"start": first, "end": last + 1} for first, last in statuses]
        check: dict[str, Any] = {"path": readiness.path or "/", "host": host.host, "statuses": ranges}
        return check | ({} if port.port.protocol == "HTTP" else {"http2": True})
    if tls.mode == "passthrough":
        verify = {"sni": host.host, "subjectAltNames": [host.host]}
        if tls.secret:
            return {"tls": verify | {"credentialName": tls.secret}}
        return {"tls": verify | {"caCertificates": (tls.files.ca if tls.files else None) or SYSTEM_CA}}
    return {}


def _upstream(host: Host) -> dict[str, Any]:
    result: dict[str, Any] = {}
    if host.addresses:
        result["addresses"] = list(host.addresses)
    if host.endpoints:
        result["endpoints"] = list(host.endpoints)
    if host.kind != default("host", "resolution"):
        result["resolution"] = host.kind
    return result


def _readiness(host: Host) -> dict[str, Any]:
    readiness = host.readiness
    if readiness.mode != "upstream":
        return {"readiness": {"mode": readiness.mode} | ({"probe": _plain(readiness.probe)} if readiness.probe else {})}
    given = {
        "interval": seconds(readiness.interval),
        "timeout": seconds(readiness.timeout),
        "unhealthyThreshold": readiness.unhealthy_threshold,
        "healthyThreshold": readiness.healthy_threshold,
    }
    changed = {key: value for key, value in given.items() if value != default("readiness", key)}
    return {"readiness": changed} if changed else {}


def _traffic(host: Host) -> dict[str, Any]:
    result: dict[str, Any] = {}
    settings = host.source
    request, stream, per_try = (
        host.duration("timeouts", "request"),
        host.duration("timeouts", "stream"),
        host.duration("retries", "perTry"),
    )
    if any(port.is_http for port in host.ports):
        if request:
            result["requestTimeout"] = seconds(request)
        if stream:
            result["streamTimeout"] = seconds(stream)
        retries = settings.get("retries") or {}
        changed: dict[str, Any] = {}
        if retries.get("attempts", default("retries", "attempts")) != default("retries", "attempts"):
            changed["attempts"] = retries["attempts"]
        if sorted(retries.get("retryOn") or []) not in ([], sorted(default("retries", "retryOn"))):
            changed["retryOn"] = ",".join(sorted(retries["retryOn"]))
        if per_try:
            changed["perTry"] = seconds(per_try)
        if changed:
            result["retries"] = changed
    pool = _pool(host)
    if pool:
        result["connectionPool"] = pool
    if "outlierDetection" in settings:
        result["outlierDetection"] = _outliers(host)
    return result


def _outliers(host: Host) -> dict[str, Any]:
    names = schema()["$defs"]["outlierDetection"]["properties"]
    given = {name: host.source["outlierDetection"].get(name, default("outlierDetection", name)) for name in names}
    times = {name: seconds(milliseconds(given[name])) for name in ("interval", "baseEjectionTime")}
    return {name: value for name, value in (given | times).items() if value is not None}


def _pool(host: Host) -> dict[str, Any]:
    given = host.source.get("connectionPool") or {}
    result: dict[str, Any] = {}
    for key in ("connect", "idle"):
        time = host.duration("timeouts", key)
        if time is not None and time != milliseconds(default("timeouts", key)):
            result[f"{key}Timeout"] = seconds(time)
    for key in ("maxConnections", "maxPendingRequests", "maxRequests", "maxRequestsPerConnection"):
        if key in given:
            result[key] = given[key]
    if "keepalive" in given:
        alive = given["keepalive"]
        result["keepalive"] = {
            "time": seconds(milliseconds(alive.get("time", default("keepalive", "time")))),
            "interval": seconds(milliseconds(alive.get("interval", default("keepalive", "interval")))),
            "probes": alive.get("probes", default("keepalive", "probes")),
        }
    return result


def _volumes(gateway: Gateway) -> list[dict[str, Any]]:
    mounts: dict[str, dict[str, Any]] = {}
    for port in gateway.ports:
        for volume in port.port.tls.files.volumes if port.port.tls.files else ():
            source = {"secret": volume.secret} if volume.secret else {"configMap": volume.config_map}
            mount = {"name": f"certificates-{len(mounts)}"} | source | {"mountPath": volume.mount_path}
            mounts.setdefault(volume.mount_path, mount)
    return list(mounts.values())


def _plain(data: Any) -> Any:
    """A copy without the spans, for the dumper."""
    if isinstance(data, dict):
        return {key: _plain(value) for key, value in data.items()}
    return [_plain(item) for item in data] if isinstance(data, list) else data
