"""Whoever may call a host sees it, and nobody else; only the gateway's pods see the way to the upstream.

The gateway itself sees the host too, and no Service: it would keep a cluster for each.
"""

from tests.contract.fleet import Fleet, Gateway


def check(fleet: Fleet) -> None:
    for gateway in fleet.hosts:
        _objects(gateway)
        _callers(gateway)


def _objects(gateway: Gateway) -> None:
    visible = gateway.values["exportTo"]
    for entry in gateway.all("ServiceEntry"):
        assert entry["spec"]["hosts"] == [gateway.host]
        assert entry["spec"]["exportTo"] == visible
    assert gateway.spec("VirtualService")["exportTo"] == visible
    assert gateway.spec("DestinationRule")["exportTo"] == _called(gateway)
    # a rule of the same exportTo as the one for the gateway's pods would be merged into that, and be gone
    direct = gateway.spec("DestinationRule", ".direct")
    assert direct["exportTo"] == ([gateway.namespace] if visible == ["."] else visible)
    service = gateway.documents["Service", gateway.namespace, gateway.name]
    assert service["metadata"]["annotations"]["networking.istio.io/exportTo"] == ",".join(_called(gateway))
    assert gateway.spec("DestinationRule", ".upstream")["exportTo"] == ["."]


def _called(gateway: Gateway) -> list[str]:
    """The namespaces that see the Service."""
    called: list[str] = gateway.values.get("serviceExportTo", gateway.values["exportTo"])
    return called


def _callers(gateway: Gateway) -> None:
    visible, called = gateway.values["exportTo"], _called(gateway)
    if gateway.reports:
        assert visible == called == ["*"]
        return
    principals = [rule.who.principal for rule in gateway.rules]
    callers = {principal.split("/")[2] if principal != "*" else "*" for principal in principals}
    seeing, calling = ({gateway.namespace if name == "." else name for name in names} for names in (visible, called))
    if seeing == {"*"}:
        assert called == visible
        assert any("*" in caller for caller in callers)
    else:
        assert seeing == callers | {gateway.namespace}
        assert calling == (callers or seeing)
