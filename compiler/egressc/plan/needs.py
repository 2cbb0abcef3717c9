"""Which objects, of others' making, a host reads, and what the mesh must have for it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from egressc.model import Files, Tls, Version
from egressc.since import ADVISORIES, FIXED, spelled

Kind = Literal["Secret", "ConfigMap"]
#: A Secret or ConfigMap, its namespace first, with keys that it must have, and the host that it is read for.
Reading = tuple[str, Kind, str, set[str], str]


@dataclass(frozen=True, slots=True, order=True)
class Need:
    """An object that must exist before the installation, with at least these keys, for these hosts."""

    namespace: str
    kind: Kind
    name: str
    keys: tuple[str, ...]
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """What the mesh or the cluster must have or allow: `of` which part of it, `what`, and `why`."""

    of: str
    what: str
    why: str


SCOPED = Condition(
    "istiod", "PILOT_SCOPE_GATEWAY_TO_NAMESPACE=true", "so that no other namespace's Gateway takes gateway pods"
)
FILTERED = Condition(
    "istiod",
    "PILOT_FILTER_GATEWAY_CLUSTER_CONFIG=true",
    "or namespaces of their own for hosts: otherwise each gateway is told of the hosts of all others in its namespace",
)
IPV6 = Condition(
    "Cluster of IPv6 only",
    'listenAddress: "::"',
    "in the chart's values: pods have no IPv4 address to listen at",
)
HEADER_CASE = Condition(
    "Clients' sidecars",
    "proxyHeaders: {preserveHttp1HeaderCase: true}",
    "for `headers.preserveCase`; in `defaultConfig` of the mesh, or in the annotation proxy.istio.io/config of pods",
)
SIDECARS = Condition(
    "Client namespaces",
    "sidecars, and no label istio.io/dataplane-mode",
    "a client in ambient mode calls http:// in clear, past gateway and rules",
)
ADMISSION_KUBERNETES: Version = (1, 31)
ADMISSION = Condition(
    "Cluster",
    "the right to create ValidatingAdmissionPolicies and their bindings",
    f"for `companions.admission`, and Kubernetes {spelled(ADMISSION_KUBERNETES)}",
)


def patched(istio: Version) -> Condition:
    """The patch levels without known holes, of this version of Istio and of newer ones."""
    levels = ", ".join(f"{spelled(version)}.{level}" for version, level in FIXED.items() if version >= istio)
    why = f"methods in another letter case and paths with dot segments pass policies of older ones ({ADVISORIES})"
    return Condition("Istio", f"{levels} or later", why)


def cluster_local(services: str) -> Condition:
    """What a mesh of several networks or clusters must say of the gateways' Services, `*.egress.svc.cluster.local`."""
    return Condition(
        "Mesh of several clusters",
        f"serviceSettings: [{{settings: {{clusterLocal: true}}, hosts: ['{services}']}}]",
        "an east-west gateway would not know the SNI of the client's hop",
    )


def needs(readings: Iterable[Reading]) -> tuple[Need, ...]:
    """What must be there for `readings`, in the order of the names."""
    keys: dict[tuple[str, Kind, str], set[str]] = defaultdict(set)
    hosts: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for namespace, kind, name, wanted, host in readings:
        keys[namespace, kind, name] |= wanted
        hosts[namespace, kind, name].add(host)
    return tuple(sorted(Need(*which, tuple(sorted(keys[which])), tuple(sorted(hosts[which]))) for which in keys))


def read_for(tls: Tls, namespace: str, host: str) -> Iterator[Reading]:
    """What is read in `namespace` for the TLS to `host`."""
    if tls.secret:
        key = {"tls.crt", "tls.key"} if tls.mode == "mutual" else set()
        trusted = set() if tls.unverified else {"ca.crt", "ca.crl"} if tls.crl else {"ca.crt"}
        yield namespace, "Secret", tls.secret, key | trusted, host
    for kind, name, wanted in _mounted(tls.files) if tls.files else ():
        yield namespace, kind, name, wanted, host


def _mounted(files: Files) -> Iterator[tuple[Kind, str, set[str]]]:
    paths = [PurePosixPath(path) for path in (files.certificate, files.key, files.ca, files.crl) if path]
    for volume in files.volumes:
        mount = PurePosixPath(volume.mount_path)
        others = {PurePosixPath(other.mount_path) for other in files.volumes} - {mount}
        mine = [path for path in paths if mount in path.parents and not _nearer(path, mount, others)]
        wanted = {str(path.relative_to(mount)) for path in mine}
        if volume.secret:
            yield "Secret", volume.secret, wanted
        elif volume.config_map:
            yield "ConfigMap", volume.config_map, wanted


def _nearer(path: PurePosixPath, mount: PurePosixPath, others: set[PurePosixPath]) -> bool:
    return any(other in path.parents and mount in other.parents for other in others)
