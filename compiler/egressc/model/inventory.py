"""All that the lists of a release say."""

from dataclasses import dataclass

from egressc.model.clients import Deny, is_prefix
from egressc.model.companions import Companions
from egressc.model.gateways import SharedGateway
from egressc.model.host import Host
from egressc.model.mesh import Mesh


@dataclass(frozen=True, slots=True)
class Inventory:
    """The whole list: hosts and shared gateways sorted by name, what is true of all, and the mesh."""

    hosts: tuple[Host, ...]
    shared: tuple[SharedGateway, ...]
    deny: tuple[Deny, ...]
    companions: Companions
    mesh: Mesh

    @property
    def client_namespaces(self) -> set[str]:
        """The namespaces that hosts name as clients, without those that they mean by a prefix."""
        named = {client.namespace for host in self.hosts for client in host.clients if client.namespace}
        return {namespace for namespace in named if not is_prefix(namespace)}

    def carried_by(self, shared: SharedGateway) -> list[Host]:
        """The hosts on the pods of `shared`, by name, also those that it stands by for."""
        return [one for host in self.hosts for one in host.carried if one.shared is shared]

    @property
    def own(self) -> list[Host]:
        """The hosts on pods of their own, by name, also where these stand by."""
        carried = (one for host in self.hosts for one in host.carried)
        return [one for one in carried if not one.in_sidecar and one.gateway is None]
