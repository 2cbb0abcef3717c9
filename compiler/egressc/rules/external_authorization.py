"""External authorization: one who decides, and a place for it to run."""

from collections.abc import Iterator

from egressc.findings import Finding
from egressc.model import Host, Inventory


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """EG247 and EG248."""
    outside = host.external_authorization
    if outside is None:
        return
    opa = outside.opa
    if (opa is None) == (outside.provider is None):
        fix = "add `opa: {image: <an OPA with its Envoy plugin>, policy: <a ConfigMap>}`, or `provider: <a name>`"
        if opa:
            fix = "keep `opa` (beside the gateway) or `provider` (of the mesh's configuration)"
        message = "external authorization is by exactly one of `opa` and `provider`"
        yield Finding(outside.at("provider"), "EG247", message, fix)
    if opa:
        for key, fix in (("image", "an OPA with its Envoy plugin"), ("policy", "a ConfigMap beside the gateway")):
            if getattr(opa, key) is None:
                yield Finding(outside.at("opa"), "EG247", f"an OPA without `{key}`", f"add `{key}: <{fix}>`")
        if host.shared:
            message = f"an OPA for {host.host} alone in the pods of {host.shared.name}"
            fix = f"give {host.host} a gateway of its own, or name a `provider`"
            yield Finding(outside.at("opa"), "EG248", message, fix)
