"""External authorization: one who decides, and a place for it to run."""

from collections.abc import Iterator

from egressc.findings import Code, Finding
from egressc.model import Host, Inventory

WHO_DECIDES = Code(
    "EG247",
    "external authorization that says too little, or too much",
    "Either an OPA beside the gateway decides, or a provider that the mesh's configuration names. An OPA needs an "
    "image with its Envoy plugin, and a ConfigMap with a policy.",
)
OPA_ON_SHARED_PODS = Code(
    "EG248",
    "an OPA in pods that are not the host's own",
    "An OPA runs in the gateway's pod. In pods that several hosts share it would see the calls of the others, and its "
    "failure would stop them; into adopted pods nothing can be added.",
)


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """Nobody or two who decide, and an OPA without its parts or its place."""
    outside = host.external_authorization
    if outside is None:
        return
    opa = outside.opa
    if opa and outside.provider:
        fix = "keep `opa` (beside the gateway) or `provider` (of the mesh's configuration)"
        yield WHO_DECIDES(outside.at("provider"), "`opa` and `provider` cannot both decide", fix)
    elif not opa and outside.provider is None:
        fix = "add `opa: {image: <an OPA with its Envoy plugin>, policy: <a ConfigMap>}`, or `provider: <a name>`"
        yield WHO_DECIDES(outside.at("provider"), "`externalAuthorization` does not say who decides", fix)
    if opa:
        for key, fix in (("image", "an OPA with its Envoy plugin"), ("policy", "a ConfigMap beside the gateway")):
            if getattr(opa, key) is None:
                yield WHO_DECIDES(outside.at("opa"), f"`opa` has no `{key}`", f"add `{key}: <{fix}>`")
        if host.shared:
            message = f"the pods of {host.shared.name} carry other hosts too: no OPA of {host.host} can run in them"
            fix = f"give {host.host} a gateway of its own, or name a `provider`"
            yield OPA_ON_SHARED_PODS(outside.at("opa"), message, fix)
