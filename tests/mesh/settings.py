"""The names, addresses, ports and folders of the test mesh: each is written here and nowhere else."""

from pathlib import Path

#: Everything a running mesh writes: state, logs, certificates, containers. One place a machine: any clone finds it.
STATE = Path("/var/lib/egressc-mesh")
LOGS = STATE / "log"
PKI = STATE / "pki"
KUBECONFIG = STATE / "kubeconfig"
CONTAINERD_SOCKET = STATE / "containerd" / "sock"
#: The file of names that CoreDNS serves; the tests write it.
HOSTS = STATE / "dns" / "hosts"
LOCK = Path("/run/lock/egressc-mesh")

#: The name of the cgroup that holds every process of the mesh, of the pods' network, and of the node.
CGROUP = "egressc-mesh"
NETWORK = "egressc-mesh"
NODE = "node"
BRIDGE = "egressc0"

NODE_ADDRESS = "10.244.0.1"
POD_CIDR = "10.244.0.0/24"
#: Pods have an IPv6 address beside, for upstreams that are asked by it; Kubernetes and Istio know only IPv4 here.
NODE_ADDRESS_V6 = "fd00:244::1"
POD_CIDR_V6 = "fd00:244::/64"
SERVICE_CIDR = "10.96.0.0/16"
API_SERVICE_ADDRESS = "10.96.0.1"
DNS_SERVICE_ADDRESS = "10.96.0.10"

API_PORT = 16443
ETCD_PORT = 12379
ETCD_PEER_PORT = 12380
KUBELET_PORT = 10250
#: Every port that a process of the node listens on: nothing else may have them.
NODE_PORTS = {
    "etcd": ETCD_PORT,
    "etcd's peers": ETCD_PEER_PORT,
    "the API server": API_PORT,
    "the kubelet": KUBELET_PORT,
    "the kubelet's health": 10248,
    "kube-proxy's metrics": 10249,
    "kube-proxy's health": 10256,
    "the controller manager": 10257,
    "the scheduler": 10259,
}

#: A registry that does not exist: images are imported, never pulled.
REGISTRY = "mesh.test"
TAG = "e2e"

#: A namespace with this label is no part of the mesh: istiod does not look into it.
OUTSIDE_LABEL = "egressc.test/outside-mesh"


def image(name: str) -> str:
    """The reference of one of the mesh's images, as a pod names it."""
    return f"{REGISTRY}/{name}:{TAG}"
