"""Pods of the `restricted` standard, with only the rights that they need, which stop and roll without a loss."""

from collections.abc import Iterator
from typing import Any

import yaml

from tests.chart import Document
from tests.contract.fleet import Fleet, Gateway, nested

RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "privileged": False,
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
LIST_SECRETS = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}]


def check(fleet: Fleet) -> None:
    for gateway in fleet.pods:
        deployment = gateway.spec("Deployment")
        pod = deployment["template"]["spec"]
        _rights(gateway, pod)
        _security(pod)
        _volumes(gateway, pod)
        _scaling(gateway, deployment)
        _stop(deployment)


def _rights(gateway: Gateway, pod: Document) -> None:
    """No token in any pod, and a Role only where istiod asks for one."""
    account = gateway.documents["ServiceAccount", gateway.namespace, pod["serviceAccountName"]]
    assert account["automountServiceAccountToken"] is False
    assert pod["automountServiceAccountToken"] is False
    keyed = any(
        one["tls"]["mode"] == "MUTUAL" and "credentialName" in one["tls"]
        for host in gateway.fleet.carried(gateway.name)
        for one in host.upstream_settings.values()
    )
    assert [role["rules"] for role in gateway.all("Role")] == [LIST_SECRETS] * keyed
    assert len(gateway.all("RoleBinding")) == keyed
    for binding in gateway.all("RoleBinding"):
        assert ("Role", gateway.namespace, binding["roleRef"]["name"]) in gateway.documents
        assert [subject["name"] for subject in binding["subjects"]] == [pod["serviceAccountName"]]


def _security(pod: Document) -> None:
    assert pod["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    for container in (*pod["containers"], *pod.get("initContainers", [])):
        assert container["securityContext"] == RESTRICTED
    # a name is whole: no search domain of the cluster is tried
    assert pod["dnsConfig"] == {"options": [{"name": "ndots", "value": "1"}]}


def _volumes(gateway: Gateway, pod: Document) -> None:
    (container,) = pod["containers"]
    volumes = [volume["name"] for volume in pod.get("volumes", [])]
    mounts = container.get("volumeMounts", [])
    beside = [mount["name"] for other in pod.get("initContainers", []) for mount in other["volumeMounts"]]
    assert [mount["name"] for mount in mounts] + beside == volumes
    assert len(set(volumes)) == len(volumes)
    assert len(mounts) == len({mount["mountPath"] for mount in mounts})
    for path in (path for host in gateway.fleet.carried(gateway.name) for path in _files(host)):
        assert any(path.startswith(mount["mountPath"] + "/") for mount in mounts)


def _files(gateway: Gateway) -> Iterator[str]:
    """The files that a host's objects name."""
    for one in gateway.all("EnvoyFilter"):
        yield from (path for path in nested(one, "path") if str(path).endswith("/sds.yaml"))
    for settings in gateway.upstream_settings.values():
        for key in ("clientCertificate", "privateKey", "caCertificates"):
            if settings["tls"].get(key, "system") != "system":
                yield settings["tls"][key]


def _scaling(gateway: Gateway, deployment: Document) -> None:
    scalers = gateway.all("HorizontalPodAutoscaler")
    assert len(scalers) == (0 if "replicas" in deployment else 1)
    said = gateway.values.get("autoscaling", {})
    for scaler in (one["spec"] for one in scalers):
        assert scaler["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": gateway.name}
        assert scaler["minReplicas"] <= scaler["maxReplicas"]
        (metric,) = scaler["metrics"]
        assert (metric["type"], metric["resource"]["name"]) == ("Resource", "cpu")
        found = {
            "minReplicas": scaler["minReplicas"],
            "maxReplicas": scaler["maxReplicas"],
            "targetCPU": metric["resource"]["target"]["averageUtilization"],
        }
        assert found.items() >= said.items()
    assert gateway.spec("PodDisruptionBudget")["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def _stop(deployment: Document) -> None:
    """A pod that stops waits for callers to hear of it, then only for open connections, and is killed no sooner."""
    assert deployment["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    template = deployment["template"]
    pod = template["spec"]
    grace = pod["terminationGracePeriodSeconds"]
    proxy = yaml.safe_load(template["metadata"]["annotations"]["proxy.istio.io/config"])
    (container,) = pod["containers"]
    environment: dict[str, Any] = {one["name"]: one["value"] for one in container["env"]}
    assert proxy["terminationDrainDuration"] == f"{grace}s"
    assert environment["EXIT_ON_ZERO_ACTIVE_CONNECTIONS"] == "true"
    assert environment["MINIMUM_DRAIN_DURATION"] == f"{min(5, grace)}s"
