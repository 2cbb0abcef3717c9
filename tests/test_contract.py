"""What must hold between the objects of a fleet: nothing dangles, nothing leaks, nobody gets past a gateway."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml
from hypothesis import given

from egressc import emit
from egressc.compile import compile_files
from egressc.plan import Gateway, Plan
from tests import rbac
from tests.cases import VALID, Case
from tests.chart import Document, Documents, Helm
from tests.strategies import fleets
from tests.test_properties import FEW, compiled, source

Key = tuple[str, str, str]

DNS_1035 = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?\Z")
EVERYBODY = {"prefix": "spiffe://"}
CLOSED = 9  # the Service's port that nothing listens on


@pytest.mark.parametrize("case", VALID, ids=lambda case: case.name)
def test_cases(case: Case, helm4: Helm) -> None:
    plan = compile_files([str(path) for path in case.lists], [str(path) for path in case.overlays]).plan
    assert plan
    check(helm4, (case.folder / "values.yaml").read_text(encoding="utf-8"), plan)


@given(fleets())
@FEW
def test_fleets(helm4: Helm, fleet: list[Any]) -> None:
    plan = compiled(source(fleet)).plan
    assert plan
    check(helm4, emit.dump(emit.values(plan)), plan)


def check(helm: Helm, text: str, plan: Plan) -> None:
    printed = helm.render(text)
    sidecars = {key: one for key, one in printed.items() if "egressc.io/sidecar" in one["metadata"]["labels"]}
    documents = {key: one for key, one in printed.items() if key not in sidecars}
    check_sidecars(yaml.safe_load(text).get("sidecars", {}), sidecars)
    emitted = yaml.safe_load(text)["gateways"]
    ways = {gateway.name: gateway for gateway in plan.gateways}
    entries = {name: Objects(documents, name, entry, ways.get(name)) for name, entry in emitted.items()}
    owned = [key for entry in entries.values() for key in entry.keys]
    owned += check_exposures(documents, yaml.safe_load(text).get("exposures", {}), entries)
    straight = [name for one in yaml.safe_load(text).get("sidecars", {}).values() for name in one["namespaces"]]
    owned += check_companions(documents, yaml.safe_load(text).get("companions", {}), entries, straight)
    assert sorted(owned) == sorted(documents), "every object belongs to one gateway, an own name or a namespace"
    pods = {entry.name: entry for entry in entries.values() if "pods" in entry.values}
    for entry in pods.values():
        carried = [one for one in entries.values() if "host" in one.values and one.carrier == entry.name]
        check_pods(entry, carried, documents)
    for gateway in entries.values():
        if "host" not in gateway.values:
            continue
        check_names(gateway)
        check_selectors(gateway, documents)
        check_visibility(gateway)
        check_ports(gateway)
        check_client_hop(gateway)
        check_gateway_hop(gateway)
        check_identity(gateway)
        check_denials(gateway)


def labelled(documents: Documents, label: str, value: str) -> list[Key]:
    return [key for key, document in documents.items() if document["metadata"]["labels"].get(label) == value]


def check_exposures(documents: Documents, exposures: Mapping[str, Any], entries: Mapping[str, "Objects"]) -> list[Key]:
    """The objects of all own names, each of which leads to gateways that let its ingress gateway in."""
    owned = []
    for name, exposure in exposures.items():
        keys = labelled(documents, "egressc.io/exposure", name)
        assert {namespace for _, namespace, _ in keys} == {exposure["namespace"]}
        objects = {kind: documents[kind, namespace, name]["spec"] for kind, namespace, name in keys}
        assert len(objects) == len(keys) == len({object_name for _, _, object_name in keys}) + 2
        assert objects["Gateway"]["selector"] == exposure["selector"]
        in_clear, encrypted = objects["Gateway"]["servers"]
        assert (in_clear["tls"], encrypted["tls"]["mode"]) == ({"httpsRedirect": True}, "SIMPLE")
        assert "endpoints" not in objects["ServiceEntry"]
        routes = [route for route in objects["VirtualService"]["http"] if "route" in route]
        paths = [match["uri"].get("exact", "/") for route in routes for match in route["match"][:1]]
        assert paths == sorted(set(paths), key=lambda path: (-len(path), path))
        for route in routes:
            (way,) = (entry for entry in entries.values() if entry.values.get("host") == route["rewrite"]["authority"])
            destination = route["route"][0]["destination"]
            assert destination["host"] == way.client_rule["host"]
            assert {exposure["namespace"], "*"} & {*way.values["exportTo"]} or exposure["namespace"] == way.namespace
            numbers = {port["port"]: port["gatewayPort"] for port in way.values["ports"]}
            ingress = [rule for rule in way.rules if rule.who.namespace == exposure["namespace"]]
            assert [[numbers[port] for port in rule.ports] for rule in ingress] == [[destination["port"]["number"]]]
        owned += keys
    return owned


def check_companions(
    documents: Documents, wanted: Mapping[str, Any], entries: Mapping[str, "Objects"], straight: list[str]
) -> list[Key]:
    """The objects of whole namespaces; gateways whose namespace is isolated have a policy of their own.

    `straight` are the namespaces whose own sidecars carry hosts, which stand beside them.
    """
    expected = [("PeerAuthentication", namespace, "default") for namespace in wanted.get("peerAuthentication", ())]
    expected += [("Sidecar", namespace, "default") for namespace in wanted.get("sidecars", ())]
    isolated = wanted.get("networkPolicies", ())
    denied = wanted.get("defaultDeny", ())
    expected += [("NetworkPolicy", namespace, "all.gateways") for namespace in isolated]
    expected += [("NetworkPolicy", namespace, "all.denied") for namespace in denied]
    admission = ("gateways", "hosts", "services") if "admission" in wanted else ()
    for kind in ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"):
        expected += [(kind, "", f"egressc.egress.egress.{about}") for about in admission]
    for entry in entries.values():
        has_policy = ("NetworkPolicy", entry.namespace, entry.name) in documents
        assert has_policy == ("host" in entry.values and entry.namespace in isolated)
    for namespace, hosts in wanted.get("sidecars", {}).items():
        ways = {f"{entry.namespace}/{entry.values['host']}" for entry in entries.values() if "host" in entry.values}
        assert "./*" in hosts
        assert ways & set(hosts) or namespace in straight or any(way.startswith(f"{namespace}/") for way in ways)
    return expected


def check_sidecars(emitted: Mapping[str, Any], documents: Documents) -> None:
    """What holds without a gateway: names verified everywhere, Secrets for named pods alone, TLS for all others."""
    owned = set()
    for name, sidecar in emitted.items():
        for place, clients in sidecar["namespaces"].items():
            namespace, seen = ("egress", "*") if place == "*" else (place, ".")
            mine = {
                kind: [
                    one["spec"]
                    for (of, at, _), one in documents.items()
                    if (of, at) == (kind, namespace) and one["metadata"]["labels"]["egressc.io/sidecar"] == name
                ]
                for kind in ("ServiceEntry", "DestinationRule", "VirtualService")
            }
            owned |= {
                key
                for key, one in documents.items()
                if key[1] == namespace and one["metadata"]["labels"]["egressc.io/sidecar"] == name
            }
            (entry,) = mine["ServiceEntry"]
            assert (entry["exportTo"], entry["hosts"]) == ([seen], [sidecar["host"]])
            assert [port["number"] for port in entry["ports"]] == [port["port"] for port in clients["ports"]]
            for route in mine["VirtualService"]:
                assert route["exportTo"] == [seen]
            _check_rules(mine["DestinationRule"], namespace, seen, clients)
            grants = ("Role", namespace, name) in documents, ("RoleBinding", namespace, name) in documents
            assert grants == ("accounts" in clients,) * 2
            if "accounts" in clients:
                assert documents["Role", namespace, name]["rules"] == [
                    {"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}
                ]
    assert owned == set(documents)


def _check_rules(rules: list[Any], namespace: str, seen: str, clients: Mapping[str, Any]) -> None:
    selected = [rule for rule in rules if "workloadSelector" in rule]
    (rest,) = (rule for rule in rules if "workloadSelector" not in rule)
    assert [rule["workloadSelector"]["matchLabels"] for rule in selected] == [
        rule["selector"] for rule in clients.get("rules", [])
    ]
    # with equal exportTo, Istio would merge the one for all others into the selected ones
    assert all(rule["exportTo"] == ["."] for rule in selected)
    assert rest["exportTo"] == ([namespace] if selected else [seen])
    for rule in rules:
        for port in rule["trafficPolicy"]["portLevelSettings"]:
            tls = port["tls"]
            if tls["mode"] != "DISABLE" and not tls.get("insecureSkipVerify"):
                assert tls["sni"]
                assert tls["subjectAltNames"]
            # Istio gives pods that no rule selects plain text instead of a Secret's TLS
            assert rule in selected or "credentialName" not in tls
    originated = {port["port"] for port in clients["ports"] if "tls" in port}
    spoken = {
        port["port"]["number"]
        for port in rest["trafficPolicy"]["portLevelSettings"]
        if port["tls"]["mode"] != "DISABLE"
    }
    assert spoken == originated


class Objects:
    """The objects of one gateway."""

    def __init__(self, documents: Documents, name: str, values: Mapping[str, Any], way: Gateway | None) -> None:
        self.name, self.namespace, self.values = name, str(values["namespace"]), values
        self.rules = way.rules if way else ()
        self.keys = labelled(documents, "egressc.io/gateway", name)
        self.documents = {key: documents[key] for key in self.keys}
        self.host = str(values.get("host"))
        self.service = f"{name}.{self.namespace}.svc."

    @property
    def carrier(self) -> str | None:
        """The name of the gateway whose pods carry the host; None where we don't make them."""
        if self.values.get("adopted"):
            return None
        return str(self.values["selector"]["egressc.io/gateway"])

    def all(self, kind: str) -> list[Document]:
        return [document for (of, _, _), document in self.documents.items() if of == kind]

    def spec(self, kind: str, name: str = "") -> Any:
        return self.documents[kind, self.namespace, name or self.name].get("spec")

    @property
    def client_ports(self) -> list[Any]:
        """The ports that clients see, of one ServiceEntry or of one for each."""
        return [port for entry in self.all("ServiceEntry") for port in entry["spec"]["ports"]]

    @property
    def client_rule(self) -> Any:
        """The DestinationRule client → gateway."""
        return self.spec("DestinationRule")

    @property
    def direct_rule(self) -> Any:
        """The DestinationRule client → upstream, which keeps everybody from going there."""
        return self.spec("DestinationRule", f"{self.name}.direct")

    @property
    def upstream_rule(self) -> Any:
        """The DestinationRule gateway → upstream."""
        return self.spec("DestinationRule", f"{self.name}.upstream")

    def sent(self, side: str, port: Mapping[str, Any], source: Mapping[str, Any]) -> tuple[str, int]:
        """Where the VirtualService sends a caller at a port, in its client's sidecar ("mesh") or in the gateway."""
        virtual_service = self.spec("VirtualService")
        kind = (
            "http" if port["protocol"] not in ("TLS", "TCP") else port["protocol"].lower() if side == "mesh" else "tcp"
        )
        number = port["port"] if side == "mesh" else port["gatewayPort"]
        for route in virtual_service.get(kind, []):
            for match in route["match"]:
                if (
                    side in match.get("gateways", virtual_service["gateways"])
                    and match["port"] == number
                    and match.get("sourceNamespace") in (None, source.get("namespace"))
                    and match.get("sourceLabels", {}).items() <= source.get("podLabels", {}).items()
                    and match.get("sniHosts", [self.host]) == [self.host]
                ):
                    return self._destination(route)
        return "nowhere", 0

    def _destination(self, route: Mapping[str, Any]) -> tuple[str, int]:
        if "directResponse" in route:
            return "refused", route["directResponse"]["status"]
        (destination,) = (one["destination"] for one in route["route"])
        number = destination["port"]["number"]
        if destination["host"] == self.host:
            assert number in {port["number"] for port in self.client_ports}
            return "upstream", number
        assert destination["host"] == self.client_rule["host"]
        assert number in {port["port"] for port in self.spec("Service")["ports"]}
        return "gateway", number


def check_names(gateway: Objects) -> None:
    for _, namespace, name in gateway.keys:
        assert namespace == gateway.namespace
        assert DNS_1035.match(gateway.name)
        assert name.startswith(gateway.name)


def check_selectors(gateway: Objects, documents: Documents) -> None:
    selectors = [
        gateway.spec("Service")["selector"],
        gateway.spec("Gateway")["selector"],
        *(one["spec"]["selector"]["matchLabels"] for one in gateway.all("AuthorizationPolicy")),
        gateway.upstream_rule["workloadSelector"]["matchLabels"],
        *(one["spec"]["workloadSelector"]["labels"] for one in gateway.all("EnvoyFilter")),
    ]
    for selector in selectors:
        if gateway.carrier:
            assert _matched(selector, documents) == [gateway.carrier]
        else:
            assert selector == gateway.values["selector"]


def _matched(selector: Mapping[str, str], documents: Documents) -> list[str]:
    """The names of the Deployments whose pods `selector` finds."""
    assert selector, "it would select all"
    assert "app.kubernetes.io/instance" not in selector
    return [
        name
        for (kind, _, name), document in documents.items()
        if kind == "Deployment" and selector.items() <= document["spec"]["template"]["metadata"]["labels"].items()
    ]


def check_pods(gateway: Objects, carried: list[Objects], documents: Documents) -> None:
    deployment = gateway.spec("Deployment")
    for kind in ("Telemetry", "PodDisruptionBudget", "Deployment"):
        assert _matched(gateway.spec(kind)["selector"]["matchLabels"], documents) == [gateway.name]
    pod = deployment["template"]["spec"]
    assert ("ServiceAccount", gateway.namespace, pod["serviceAccountName"]) in gateway.documents
    scalers = gateway.all("HorizontalPodAutoscaler")
    assert len(scalers) == (0 if "replicas" in deployment else 1)
    for scaler in scalers:
        assert scaler["spec"]["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": gateway.name}
        assert scaler["spec"]["minReplicas"] <= scaler["spec"]["maxReplicas"]
    keyed = any(
        port["tls"]["mode"] == "MUTUAL" and "credentialName" in port["tls"]
        for one in carried
        for port in one.upstream_rule["trafficPolicy"]["portLevelSettings"]
    )
    assert len(gateway.all("Role")) == len(gateway.all("RoleBinding")) == int(keyed)
    for role in gateway.all("Role"):
        assert role["rules"] == [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}]
    for binding in gateway.all("RoleBinding"):
        assert ("Role", gateway.namespace, binding["roleRef"]["name"]) in gateway.documents
        assert [subject["name"] for subject in binding["subjects"]] == [pod["serviceAccountName"]]
    (container,) = pod["containers"]
    volumes = [volume["name"] for volume in pod.get("volumes", [])]
    mounts = container.get("volumeMounts", [])
    beside = [mount["name"] for other in pod.get("initContainers", []) for mount in other["volumeMounts"]]
    assert [mount["name"] for mount in mounts] + beside == volumes
    assert len(set(volumes)) == len(volumes)
    assert len(mounts) == len({mount["mountPath"] for mount in mounts})
    asked = [one for one in carried if "opa" in one.values.get("externalAuthorization", {})]
    assert ["opa" for _ in asked] == _beside(pod)
    for path in (path for one in carried for path in _files(one)):
        assert any(path.startswith(mount["mountPath"] + "/") for mount in mounts)
    assert pod["automountServiceAccountToken"] is False
    assert "livenessProbe" not in container


def _beside(pod: Document) -> list[str]:
    """The containers that run beside the proxy."""
    return [other["name"] for other in pod.get("initContainers", []) if other["restartPolicy"] == "Always"]


def _files(gateway: Objects) -> Iterator[str]:
    for one in gateway.all("EnvoyFilter"):
        yield from re.findall(r'"path": "(/etc/[^"]+/sds.yaml)"', json.dumps(one))
    for port in gateway.upstream_rule["trafficPolicy"]["portLevelSettings"]:
        for key in ("clientCertificate", "privateKey", "caCertificates"):
            path = port["tls"].get(key, "system")
            if path != "system":
                yield path


def check_visibility(gateway: Objects) -> None:
    visible = gateway.spec("ServiceEntry")["exportTo"]
    assert gateway.spec("VirtualService")["exportTo"] == visible
    assert gateway.client_rule["exportTo"] == visible
    # a rule of the same exportTo as the one for the gateway's pods would be merged into that, and be gone
    assert gateway.direct_rule["exportTo"] == ([gateway.namespace] if visible == ["."] else visible)
    service = gateway.documents["Service", gateway.namespace, gateway.name]
    assert service["metadata"]["annotations"]["networking.istio.io/exportTo"] == ",".join(visible)
    assert gateway.upstream_rule["exportTo"] == ["."]
    if gateway.values.get("reports"):
        assert visible == ["*"]
        return
    principals = [rule.who.principal for rule in gateway.rules]
    callers = {principal.split("/")[2] if principal != "*" else "*" for principal in principals}
    seeing = {gateway.namespace if name == "." else name for name in visible}
    assert callers - {gateway.namespace} == seeing - {gateway.namespace} or seeing == {"*"} <= callers


def check_ports(gateway: Objects) -> None:
    for entry in gateway.all("ServiceEntry"):
        assert entry["spec"]["hosts"] == [gateway.host] == [gateway.values["host"]]
        assert entry["spec"]["exportTo"] == gateway.values["exportTo"]
        assert len(entry["spec"]["ports"]) == 1 or "unix" not in json.dumps(entry["spec"])
    client_ports = [port["number"] for port in gateway.client_ports]
    assert client_ports == [port["port"] for port in gateway.values["ports"]]
    assert len(set(client_ports)) == len(client_ports)
    settings = [port["port"]["number"] for port in gateway.upstream_rule["trafficPolicy"]["portLevelSettings"]]
    assert settings == client_ports
    servers = [server["port"]["number"] for server in gateway.spec("Gateway")["servers"]]
    assert len(set(servers)) == len(servers) == len(client_ports)
    service = {port["port"]: port["targetPort"] for port in gateway.spec("Service")["ports"]}
    assert set(service) - {CLOSED} == set(servers)
    assert all(port == target for port, target in service.items())


def check_client_hop(gateway: Objects) -> None:
    assert gateway.client_rule["host"].startswith(gateway.service)
    sni = gateway.host.replace("*", "_")
    assert gateway.client_rule["trafficPolicy"]["tls"] == {"mode": "ISTIO_MUTUAL", "sni": sni}
    assert gateway.direct_rule["host"] == gateway.upstream_rule["host"] == gateway.host
    assert gateway.direct_rule["trafficPolicy"]["tls"]["subjectAltNames"] == ["spiffe://nobody"]
    for server in gateway.spec("Gateway")["servers"]:
        assert server["hosts"] == [f"./{gateway.host}"]
        assert server["tls"]["mode"] == "ISTIO_MUTUAL"
    for port in gateway.values["ports"]:
        sources = port.get("sources", [{}])
        for origin in sources:
            assert gateway.sent("mesh", port, origin) == ("gateway", port["gatewayPort"])
        # whoever else sees the port is taken to the gateway as well, or refused: nobody gets past it
        stranger = {"namespace": "elsewhere", "podLabels": {}}
        if any(not origin for origin in sources):
            assert gateway.sent("mesh", port, stranger) == ("gateway", port["gatewayPort"])
        else:
            assert gateway.sent("mesh", port, stranger) in (("refused", 403), ("gateway", CLOSED))


def check_gateway_hop(gateway: Objects) -> None:
    for port in gateway.values["ports"]:
        assert gateway.sent(gateway.name, port, {}) == ("upstream", port["port"])
    for settings in gateway.upstream_rule["trafficPolicy"]["portLevelSettings"]:
        tls = settings["tls"]
        if tls["mode"] in ("SIMPLE", "MUTUAL"):
            # without an SNI Istio sends, and verifies, each name that a wildcard stands for
            assert tls.get("sni") or gateway.host.startswith("*.")
            names = tls.get("subjectAltNames") or not tls.get("sni")
            assert bool(names) != bool(tls.get("insecureSkipVerify"))
        else:
            assert tls == {"mode": "DISABLE"}


def check_identity(gateway: Objects) -> None:
    """Whoever the list names is let in at the ports that it says, and nobody else: by rules and by the handshake."""
    servers = {server["port"]["number"]: server for server in gateway.spec("Gateway")["servers"]}
    for port in gateway.values["ports"]:
        rules = rbac.filters(gateway.documents, gateway.namespace, gateway.name, port)["shadow_rules"]
        assert rules["action"] == "ALLOW"
        named = {rule.who.principal for rule in gateway.rules if rule.covers(port["port"])}
        handshake = servers[port["gatewayPort"]]["tls"].get("subjectAltNames")
        assert handshake is None or {name.removeprefix("spiffe://") for name in handshake} == named
        if gateway.values.get("reports"):
            continue
        found = [one for policy in (rules["policies"] or {}).values() for one in policy["principals"]]
        callers = [one["authenticated"]["principal_name"] for one in found]
        spelled = {"*" if one == EVERYBODY else _principal(one) for one in callers}
        assert spelled == named
        stranger = rbac.Call("spiffe://cluster.local/ns/nobody-s/sa/stranger")
        let_in = rbac.decided(gateway.documents, gateway.namespace, gateway.name, port, stranger)
        assert not let_in or "*" in named
    if gateway.carrier is None:
        assert {one["spec"]["action"] for one in gateway.all("AuthorizationPolicy")} <= {"DENY", "CUSTOM"}


def _principal(matcher: Mapping[str, str]) -> str:
    ((how, name),) = matcher.items()
    return name.removeprefix("spiffe://") + ("*" if how == "prefix" else "")


def check_denials(gateway: Objects) -> None:
    """A report touches no fleet-wide denial, and what only requests show is denied on ports with requests alone."""
    reports = gateway.values.get("reports", False)
    for port in gateway.values["ports"]:
        rules = port["rules"]
        assert ("wouldAllow" in rules) == ("wouldDeny" in rules) == reports
        if port["protocol"] in ("TLS", "TCP"):
            for rule in (rule for part in rules.values() for rule in part):
                assert not {"methods", "paths", "hosts"} & set(rule)
