"""What all gateways have in common, whoever's pods they are."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import ClassVar, Literal

from egressc.model import EVERYBODY, Client, Port
from egressc.plan import name_resolution, remarks
from egressc.plan.decision import Decision, Object
from egressc.plan.decisions import readiness, tls, upstream
from egressc.plan.decisions.authorization import admitted
from egressc.plan.decisions.exposed import exposed
from egressc.plan.decisions.judged import judged
from egressc.plan.decisions.limits import limits
from egressc.plan.decisions.pods import running
from egressc.plan.decisions.requests import changed, named, spelled, tried
from egressc.plan.decisions.seen import seen
from egressc.plan.decisions.sent import sent
from egressc.plan.hops import Hop, to_sidecar, to_upstream
from egressc.plan.load import Checks, Replicas, checks, replicas
from egressc.plan.name_resolution import Note
from egressc.plan.needs import (
    HEADER_CASE,
    IPV6,
    SCOPED,
    SIDECARS,
    Condition,
    Reading,
    cluster_local,
    patched,
    read_for,
)
from egressc.plan.pods import Labels
from egressc.plan.ports import GatewayPort
from egressc.plan.remarks import Remark
from egressc.plan.way import GatewayWay


@dataclass(frozen=True, slots=True)
class GatewayCarrier(GatewayWay):
    """A host behind a gateway, a Carrier."""

    standby: "GatewayCarrier | None" = None
    speaker: ClassVar[Literal["gateway"]] = "gateway"
    in_release: ClassVar[bool] = False

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What the mesh must have, and what some meshes and clusters must."""
        of_host = (HEADER_CASE,) if self.host.headers and self.host.headers.preserve_case else ()
        return (
            patched(self.host.mesh.istio),
            SIDECARS,
            SCOPED,
            cluster_local(f"*{self.service.removeprefix(self.name)}"),
            IPV6,
            *of_host,
        )

    @property
    def gateway(self) -> str:
        """The name of the gateway's pods."""
        return self.pods.name

    @property
    def pods_made_in(self) -> str | None:
        """The namespace of gateway pods that are ours."""
        return self.namespace if self.pods.ours else None

    @property
    def adopts(self) -> tuple[str, Labels] | None:
        """The namespace and the labels of pods that are not ours."""
        return None if self.pods.ours else (self.namespace, self.pods.labels)

    def hops(self, port: Port) -> tuple[Hop, ...]:
        """From the application to its sidecar, on to the gateway, and on to the upstream."""
        carried = self._carried(port)
        account = f"{self.namespace}/{self.pods.name}"
        spoken = "HTTP/2" if self.over_http2(carried) else "the same"
        return (
            to_sidecar(self.host, port, seen(self, carried)),
            Hop(
                "its sidecar",
                "gateway",
                f"{spoken} inside the mesh's mutual TLS, to {self.service}:{carried.gateway_port}",
                f"by both, with mesh certificates: of the account {account}, and the client's",
                tuple(self._at_gateway(carried)),
            ),
            to_upstream("gateway", self.host, port, self._onward(carried)),
        )

    def decisions(self) -> Iterator[Decision]:
        """All that sets anything in the host's entry of the chart's values."""
        for port in self.ports:
            yield from seen(self, port)
            yield from self._at_gateway(port)
            yield from self._onward(port)
        yield from chain(readiness.readiness(self), self._counted(), running(self))

    def readiness(self) -> Iterator[Decision]:
        """What decides whether pods are Ready, and how they run."""
        return chain(readiness.readiness(self), readiness.amounts(self), self._counted(), running(self))

    def exposure(self) -> Iterator[Decision]:
        """How others come to the host by a name of one's own."""
        return exposed(self)

    def name_resolution(self) -> Iterator[Note]:
        """How clients find the host, and the gateway the upstream."""
        return name_resolution.through_gateway(self.host)

    def remarks(self) -> Iterator[Remark]:
        """What is weaker than it could be."""
        return remarks.through_gateway(self)

    def namespaces(self) -> set[str]:
        """The namespaces of the gateway, and of the ingress gateway that leads to it."""
        expose = self.host.expose
        return {self.namespace} | ({expose.gateway.namespace} if expose else set())

    def reads(self) -> Iterator[Reading]:
        """What the gateway reads, and the ingress gateway that leads to it."""
        host, headers, outside = self.host, self.host.headers, self.host.external_authorization
        for port in host.ports:
            yield from read_for(port.tls, self.namespace, host.host)
        if headers and headers.credential:
            yield self.namespace, "Secret", headers.credential.secret, {headers.credential.key}, host.host
        if outside and outside.opa and outside.opa.policy:
            yield self.namespace, "ConfigMap", outside.opa.policy, set(), host.host
        if expose := host.expose:
            yield expose.gateway.namespace, "Secret", expose.secret, {"tls.crt", "tls.key"}, expose.host

    def known_to(self) -> Iterator[tuple[str, str]]:
        """The client namespaces, also by prefix, each with the host and the gateway's Service."""
        host = self.host
        # a host that reports is there for all: who may not call it is to be seen calling
        everybody = {EVERYBODY} if host.reports else set()
        for namespace in {client.namespace or EVERYBODY for client in host.clients} | everybody:
            # its Service by name: Istio would find it by the route, and take another namespace's of that name
            yield namespace, f"{self.namespace}/{host.host}"
            yield namespace, f"{self.namespace}/{self.service}"
        if self.standby:
            yield from self.standby.known_to()

    def owners(self) -> set[str]:
        """The gateway's namespace."""
        return {self.namespace}

    def callers(self) -> Iterator[tuple[Client, str | None]]:
        """Who may call, each with its principal."""
        principals = (rule.who.principal for rule in self.rules)
        return zip(self.host.callers, principals, strict=True)

    def replicas(self) -> Replicas:
        """How many pods carry the host."""
        return replicas(self)

    def checks(self, port: Port) -> Checks:
        """The checks that the upstream behind a client port gets."""
        return checks(self, port)

    def gateway_port(self, port: Port) -> int:
        """The gateway's own port for a client port."""
        return self._carried(port).gateway_port

    def ready_when(self, port: Port) -> str:
        """When pods are Ready, for people."""
        return readiness.ready_when(self.host, port)

    def objects(self) -> tuple[Object, ...]:
        """All that the chart prints for the host, in the order of a request's way, then what stands by."""
        made = dict.fromkeys(decision.by for decision in chain(self.decisions(), self.exposure()))
        stand_by = (one for one in self.standby.objects() if not self.leads(one)) if self.standby else ()
        return tuple(dict.fromkeys(chain(made, stand_by)))

    def _counted(self) -> Iterator[Decision]:
        if self.pods.ours and not self.pods.single and self.filtered:
            says = "lets the shared pods count its upstream, without a restart"
            yield Decision(self.object("EnvoyFilter", ".statistics"), says, self.host.said("gateway"), {"marked": True})

    def _carried(self, port: Port) -> GatewayPort:
        return next(one for one in self.ports if one.settled is port)

    def _at_gateway(self, port: GatewayPort) -> Iterator[Decision]:
        return chain(sent(self, port), admitted(self, port), judged(self, port))

    def _onward(self, port: GatewayPort) -> Iterator[Decision]:
        host, rule, key = self.host, self.object("DestinationRule", ".upstream"), port.tls
        if port.is_http:
            yield from tried(host, self.object("VirtualService"))
            yield from named(host, port.settled, self.object("VirtualService"))
            yield from changed(self)
            yield from spelled(self, port)
        else:
            yield from upstream.unread(self, port)
        if self.pods.ours:
            yield Decision(self.object("Telemetry"), "writes no trace headers of its own")
            if port.is_http:
                yield Decision(self.object("Deployment"), "keeps back the client's mesh certificate")
        yield from upstream.reached(self, port)
        if key.mode == "mutual" and key.secret and self.pods.ours:
            says = f"lets Istio hand the gateway the Secret {key.secret}"
            yield Decision(self.object("Role"), says, key.said("secret"))
            yield Decision(self.object("RoleBinding"), "gives this right to the gateway's account")
        yield from upstream.asked_by(port.settled, rule)
        yield from tls.spoken(port.settled, rule)
        # of the application's own TLS only the check is the gateway's
        patch = self.object("EnvoyFilter", "" if key.mode == "passthrough" else ".upstream")
        yield from tls.parameters(port.settled, patch)
        yield from limits(host, rule, http=port.is_http)
