"""istiod with its webhooks, installed by Istio's own chart, for a mesh that lets out only what it knows."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.mesh import settings, versions
from tests.mesh.commands import ask
from tests.mesh.errors import MeshError
from tests.mesh.kubectl import apply, environment, kubectl
from tests.mesh.waiting import wait_until
from tests.tools import module_dir, tool

NAMESPACE = "istio-system"

#: Spans go to a Service without endpoints: what matters is that every proxy traces, so that it sends trace headers.
TRACES = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "zipkin", "namespace": NAMESPACE},
    "spec": {"ports": [{"name": "http", "port": 9411}]},
}

#: An authorizer for those policies that name it; without it a change of istiod's settings would stop all other tests.
AUTHORIZER = {
    "name": "authorizer",
    "envoyExtAuthzGrpc": {"service": "opa.external-authorizer.svc.cluster.local", "port": 9191, "timeout": "1s"},
}

#: What the kinds' own schemas let through and only istiod refuses: a socket behind two ports.
REFUSED = {
    "apiVersion": "networking.istio.io/v1",
    "kind": "ServiceEntry",
    "metadata": {"name": "refused", "namespace": NAMESPACE},
    "spec": {
        "hosts": ["refused.example.com"],
        "resolution": "STATIC",
        "ports": [
            {"name": "http-80", "number": 80, "protocol": "HTTP"},
            {"name": "http-81", "number": 81, "protocol": "HTTP"},
        ],
        "endpoints": [{"address": "unix:///refused.sock"}],
    },
}

VALUES: dict[str, Any] = {
    "global": {
        "hub": settings.REGISTRY,
        "tag": settings.TAG,
        "imagePullPolicy": "IfNotPresent",
        # many small pods share two cores
        "proxy": {"resources": {"requests": {"cpu": "5m", "memory": "40Mi"}}},
        "proxy_init": {"resources": {"requests": {"cpu": "5m", "memory": "10Mi"}}},
    },
    "autoscaleEnabled": False,
    "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}},
    "traceSampling": 100,
    # Envoy from PyPI is the vanilla build: Istio's own filters stay out
    "env": {
        "PILOT_ENABLE_ALPN_FILTER": "false",
        "PILOT_ENABLE_METADATA_EXCHANGE": "false",
        "PILOT_DISABLE_MX_ALPN": "true",
    },
    "meshConfig": {
        "outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"},
        "discoverySelectors": [{"matchExpressions": [{"key": settings.OUTSIDE_LABEL, "operator": "DoesNotExist"}]}],
        "accessLogFile": "/dev/stdout",
        "enablePrometheusMerge": False,
        "enableTracing": True,
        "extensionProviders": [
            {
                "name": "zipkin",
                "zipkin": {
                    "service": f"zipkin.{NAMESPACE}.svc.cluster.local",
                    "port": 9411,
                    "traceContextOption": "USE_B3_WITH_W3C_PROPAGATION",  # both families of trace headers
                },
            },
            AUTHORIZER,
        ],
        "defaultProviders": {"metrics": [], "accessLogging": [], "tracing": ["zipkin"]},
    },
}


def install() -> None:
    """Install Istio's kinds and istiod; when this returns, istiod is ready."""
    charts = _charts()
    apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}, TRACES)
    kubectl("apply", "--server-side", f"--filename={charts}/base/files/crd-all.gen.yaml")
    configure({})
    _validate_everything(charts / "base")


def _validate_everything(chart: Path) -> None:
    """Have istiod judge every object: the webhook of its own chart leaves out those without a revision."""
    template = "templates/defaultrevision-validatingwebhookconfiguration.yaml"
    options = ["--namespace", NAMESPACE, "--set=defaultRevision=default", f"--show-only={template}"]
    done = ask([str(tool("helm3")), "template", "istio-base", str(chart), *options])
    if done.returncode:
        raise MeshError(f"Istio's webhook could not be printed: {done.stderr.strip()}")
    kubectl("apply", "--server-side", "--filename=-", text=done.stdout)
    # istiod puts its certificate there and makes it fail closed, once it answers
    wait_until(_validates, "istiod judges objects", seconds=60)


def _charts() -> Path:
    return module_dir(versions.chosen().module) / "manifests" / "charts"


def _validates() -> bool:
    return kubectl("apply", "--dry-run=server", "--filename=-", text=json.dumps(REFUSED), check=False) == ""


def configure(changes: dict[str, Any]) -> None:
    """Install istiod with changes to the chart's values, or with none again; when this returns, it is ready."""
    _install("istiod", changes)


@contextmanager
def revision(name: str) -> Iterator[None]:
    """A second istiod of this revision while this lasts."""
    release = f"istiod-{name}"
    try:
        _install(release, {"revision": name})
        yield
    finally:
        ask([str(tool("helm3")), "uninstall", release, "--namespace", NAMESPACE], environment=environment())


def _install(release: str, changes: dict[str, Any]) -> None:
    chart = _charts() / "istio-control" / "istio-discovery"
    options = ["--namespace", NAMESPACE, "--wait", "--timeout=120s", "--values=-"]
    command = [str(tool("helm3")), "upgrade", "--install", release, str(chart), *options]
    done = ask(command, text=json.dumps(_merged(VALUES, changes)), environment=environment())
    if done.returncode:
        raise MeshError(f"{release} could not be installed: {done.stderr.strip()}")


def log(since: str) -> str:
    """What istiod has logged since then (RFC 3339)."""
    return kubectl("logs", "--namespace", NAMESPACE, "deployment/istiod", f"--since-time={since}", check=False)


def _merged(values: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    result = dict(values)
    for key, change in changes.items():
        known = result.get(key)
        result[key] = _merged(known, change) if isinstance(known, dict) and isinstance(change, dict) else change
    return result
