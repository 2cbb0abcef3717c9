"""Whether Istio's control plane runs, is as new as the list says, and is set as the list needs it."""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from egressc.doctor.cluster import Object, condition, labels, named
from egressc.doctor.examination import Examination
from egressc.doctor.problem import Outcome, Unknown, run
from egressc.findings import Code
from egressc.plan.needs import SCOPED
from egressc.since import ADVISORIES, FIXED, spelled

AWAY = Code(
    "EG440",
    "istiod does not run",
    "Gateways keep the configuration that they have. But a new pod gets no proxy and no configuration, certificates of "
    "the mesh are not renewed, and no change of the list arrives.",
)
OLDER = Code(
    "EG441",
    "an Istio older than the list says",
    "An older istiod drops fields that it does not know without a word. So what the list says may not hold there. Say "
    "in `mesh.istio` which version the oldest mesh has, or upgrade Istio.",
)
UNPATCHED = Code(
    "EG442",
    "an istiod with known holes",
    f"Policies of this patch level let through what they should refuse ({ADVISORIES}). Upgrade Istio.",
    "warning",
)
UNSET = Code(
    "EG443",
    "the mesh is not set as the list needs it",
    'The list opens one way out, and the mesh closes all others. README says under "What the mesh must do" what each '
    "setting is for.",
    "warning",
)
ANOTHER_DOMAIN = Code(
    "EG444",
    "the mesh has another trust domain than the list",
    "The identity of each caller begins with the trust domain of the mesh. With another one in the list, no rule fits "
    "any caller, and the gateways refuse everybody.",
)
VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
SELECTOR = "app=istiod"


def control_planes(examination: Examination) -> list[Object]:
    """The Deployments of istiod, one for each revision."""
    return examination.cluster.all("Deployment", SELECTOR)


def runs(examination: Examination, _: None) -> Iterator[Outcome]:
    """Whether an istiod is there and answers."""
    found = control_planes(examination)
    if not found:
        fix = "install Istio; if istiod runs outside of the cluster, look there whether it answers"
        yield examination.everywhere.has(AWAY, "istiod", "is not in the cluster", fix, level="warning")
    for one in found:
        if not one.get("status", {}).get("readyReplicas"):
            where = one["metadata"]["namespace"]
            fix = (
                f"{run('kubectl', 'describe', 'pods', '--namespace', where, '--selector', SELECTOR)}, and read its log"
            )
            since = condition(one, "Available").get("lastTransitionTime")
            yield examination.everywhere.has(AWAY, named(one), "has no pod that is Ready", fix, since=since)


def version(examination: Examination, istiod: Object) -> Iterator[Outcome]:
    """Whether it is as new as `mesh.istio` says, and has the patches that the list needs."""
    wanted = examination.plan.mesh.istio
    image = _container(istiod).get("image", "")
    found = VERSION.search(image.rpartition(":")[2])
    if not found:
        yield Unknown("istio", named(istiod), f"its image {image} does not say a version")
        return
    major, minor, level = map(int, found.groups())
    says = f"is Istio {major}.{minor}.{level}"
    if (major, minor) < wanted:
        message = f"{says}, and the list is for {spelled(wanted)} and later"
        fix = f'write `mesh: {{istio: "{major}.{minor}"}}` in the list, or upgrade Istio'
        yield examination.everywhere.has(OLDER, named(istiod), message, fix)
    elif level < FIXED.get((major, minor), 0):
        patched = f"{major}.{minor}.{FIXED[major, minor]}"
        message = f"{says}, whose policies have known holes ({ADVISORIES})"
        yield examination.everywhere.has(UNPATCHED, named(istiod), message, f"upgrade Istio to {patched} or later")


def settings(examination: Examination, istiod: Object) -> Iterator[Outcome]:
    """Whether its environment and its mesh configuration are those that the list needs."""
    plan = examination.plan
    name, _, value = SCOPED.what.partition("=")
    set_to = {one["name"]: one.get("value") for one in _container(istiod).get("env") or []}
    if plan.gateways and not plan.companions.admission and set_to.get(name) != value:
        message = f"lacks {SCOPED.what} in its environment, which is needed {SCOPED.why}"
        variable = f'write `{name}: "{value}"` below `env` of istiod\'s chart values'
        fix = f"{variable}, or `companions: {{admission: {{}}}}` in the list"
        yield examination.everywhere.has(UNSET, named(istiod), message, fix)
    about, configuration = _mesh(examination, istiod)
    if configuration is None:
        yield Unknown("istio", about, "there is no such ConfigMap that can be read as a mesh's configuration")
        return
    domain = configuration.get("trustDomain") or "cluster.local"
    if domain != plan.mesh.trust_domain:
        message = f"says the trust domain {domain}, and the list says {plan.mesh.trust_domain}"
        yield examination.everywhere.has(
            ANOTHER_DOMAIN, about, message, f"write `mesh: {{trustDomain: {domain}}}` in the list"
        )
    mode = (configuration.get("outboundTrafficPolicy") or {}).get("mode", "ALLOW_ANY")
    closed = {sidecar.namespace for sidecar in plan.companions.sidecars}
    if mode != "REGISTRY_ONLY" and not examination.clients.keys() <= closed:
        message = f"says outboundTrafficPolicy {mode}: who may not call a host goes straight to it, past its gateway"
        fix = "write `companions: {sidecars: {}}` in the list, or `outboundTrafficPolicy: {mode: REGISTRY_ONLY}` there"
        yield examination.everywhere.has(UNSET, about, message, fix)


def _mesh(examination: Examination, istiod: Object) -> tuple[str, dict[str, Any] | None]:
    """The mesh's configuration, with the name of its object."""
    namespace, revision = istiod["metadata"]["namespace"], labels(istiod).get("istio.io/rev", "default")
    name = "istio" if revision == "default" else f"istio-{revision}"
    found = examination.cluster.one("ConfigMap", namespace, name)
    about = f"ConfigMap {namespace}/{name}"
    try:
        data = yaml.safe_load(found["data"]["mesh"]) if found else None
    except (KeyError, TypeError, yaml.YAMLError):
        data = None
    return about, data if isinstance(data, dict) else None


def _container(istiod: Object) -> Object:
    containers: list[Object] = istiod["spec"]["template"]["spec"]["containers"]
    return next((one for one in containers if one["name"] == "discovery"), containers[0])
