"""A one-node Kubernetes: etcd, the API server and its controllers, containerd, kube-proxy and a real kubelet."""

import base64
import json
import secrets
import socket
from collections.abc import Mapping
from typing import Any

import trustme

from tests.mesh import settings
from tests.mesh.errors import MeshError
from tests.mesh.kubectl import kubectl
from tests.mesh.processes import Daemon, await_ready, create_groups, start, start_with_own_mounts
from tests.tools import tool

STATE, PKI = settings.STATE, settings.PKI
ISSUER = "https://kubernetes.default.svc"

CONTAINERD = f"""\
version = 2
root = "{STATE}/containerd/root"
state = "{STATE}/containerd/state"
[grpc]
  address = "{settings.CONTAINERD_SOCKET}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{settings.image("pause")}"
  restrict_oom_score_adj = true  # where root lacks CAP_SYS_RESOURCE, runc fails without it
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{STATE}/cni"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{STATE}/registries"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      Root = "{STATE}/runc"
"""
#: Whatever registry an image names, it is asked for where nobody listens: a pull fails at once and leaves nothing.
REGISTRIES = 'server = "http://127.0.0.1:9"\n'

KUBELET = {
    "apiVersion": "kubelet.config.k8s.io/v1beta1",
    "kind": "KubeletConfiguration",
    "address": settings.NODE_ADDRESS,
    "port": settings.KUBELET_PORT,
    "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
    "authorization": {"mode": "AlwaysAllow"},
    "cgroupDriver": "cgroupfs",
    "cgroupRoot": f"/{settings.CGROUP}",
    "failCgroupV1": False,
    "failSwapOn": False,
    "enforceNodeAllocatable": [],
    "evictionHard": {"memory.available": "50Mi"},
    "clusterDNS": [settings.DNS_SERVICE_ADDRESS],
    "clusterDomain": "cluster.local",
    "containerRuntimeEndpoint": f"unix://{settings.CONTAINERD_SOCKET}",
    "podLogsDir": f"{STATE}/pod-logs",
    "volumePluginDir": f"{STATE}/volume-plugins",
    "resolvConf": f"{STATE}/resolv.conf",
    "syncFrequency": "5s",  # a changed Secret reaches its mounted files within this time
    "maxPods": 150,
}
KUBE_PROXY = {
    "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
    "kind": "KubeProxyConfiguration",
    "mode": "iptables",
    "clusterCIDR": settings.POD_CIDR,
    "clientConnection": {"kubeconfig": str(settings.KUBECONFIG)},
    "hostnameOverride": settings.NODE,
    "conntrack": {"maxPerCore": 0},
    "iptables": {"localhostNodePorts": False},
    "healthzBindAddress": "127.0.0.1",
    "metricsBindAddress": "127.0.0.1",
}


def check_ports() -> None:
    """Raise MeshError when another program has one of the node's ports."""
    for owner, port in settings.NODE_PORTS.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("", port))
            except OSError:
                hint = f"`ss -ltnp 'sport = {port}'` tells by whom"
                raise MeshError(f"port {port}, which the mesh needs for {owner}, is in use: {hint}") from None


def start_containerd() -> Daemon:
    """Start containerd; when this returns, it answers."""
    create_groups()
    registries = STATE / "registries" / "_default"
    registries.mkdir(parents=True)
    (registries / "hosts.toml").write_text(REGISTRIES)
    (STATE / "containerd.toml").write_text(CONTAINERD)
    daemon = start_with_own_mounts("containerd", "containerd", "--config", f"{STATE}/containerd.toml")
    await_ready(daemon, settings.CONTAINERD_SOCKET.exists)
    return daemon


def start_control_plane() -> None:
    """Start etcd, the API server, the controller manager and the scheduler; when this returns, the API answers."""
    _write_credentials()
    etcd_url = f"http://127.0.0.1:{settings.ETCD_PORT}"
    start(
        "etcd",
        "etcd",
        f"--data-dir={STATE}/etcd",
        f"--listen-client-urls={etcd_url}",
        f"--advertise-client-urls={etcd_url}",
        f"--listen-peer-urls=http://127.0.0.1:{settings.ETCD_PEER_PORT}",
        "--unsafe-no-fsync",  # it lives as long as the mesh does
    )
    api = start(
        "kube-apiserver",
        tool("kube-apiserver"),
        f"--etcd-servers={etcd_url}",
        f"--bind-address={settings.NODE_ADDRESS}",
        f"--advertise-address={settings.NODE_ADDRESS}",
        f"--secure-port={settings.API_PORT}",
        f"--tls-cert-file={PKI}/api.crt",
        f"--tls-private-key-file={PKI}/api.key",
        f"--service-account-issuer={ISSUER}",
        f"--service-account-key-file={PKI}/service-account.key",
        f"--service-account-signing-key-file={PKI}/service-account.key",
        f"--api-audiences={ISSUER},istio-ca",
        f"--token-auth-file={PKI}/tokens.csv",
        "--authorization-mode=RBAC",
        f"--service-cluster-ip-range={settings.SERVICE_CIDR}",
        "--allow-privileged=true",
        "--kubelet-preferred-address-types=InternalIP",
    )
    await_ready(api, lambda: kubectl("get", "--raw", "/readyz", check=False) == "ok")
    start(
        "kube-controller-manager",
        tool("kube-controller-manager"),
        "--bind-address=127.0.0.1",
        f"--kubeconfig={settings.KUBECONFIG}",
        f"--root-ca-file={PKI}/ca.crt",
        f"--service-account-private-key-file={PKI}/service-account.key",
        "--allocate-node-cidrs=false",
        "--kube-api-qps=500",  # by its own limit the end of a namespace takes as long as a test
        "--kube-api-burst=1000",
        "--controllers=*,-certificatesigningrequest-signing-controller",  # it wants a key that nobody needs
        "--use-service-account-credentials=true",
        "--leader-elect=false",
    )
    start(
        "kube-scheduler",
        tool("kube-scheduler"),
        "--bind-address=127.0.0.1",
        f"--kubeconfig={settings.KUBECONFIG}",
        "--leader-elect=false",
    )


def start_kubelet(containerd: Daemon) -> None:
    """Start kube-proxy and the kubelet; when this returns, the node is Ready."""
    (STATE / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    (STATE / "kube-proxy.json").write_text(json.dumps(KUBE_PROXY, indent=1))
    start("kube-proxy", tool("kube-proxy"), f"--config={STATE}/kube-proxy.json")
    join(settings.NODE, KUBELET, containerd)


def join(name: str, configuration: Mapping[str, Any], containerd: Daemon, part: str = "") -> None:
    """Start a kubelet, of a part of the mesh if it says one; when this returns, the node of this name is Ready."""
    state, daemon = STATE / part, f"kubelet-{part}" if part else "kubelet"
    (state / "kubelet.json").write_text(json.dumps(configuration, indent=1))
    kubelet = start(
        daemon,
        tool("kubelet"),
        f"--config={state}/kubelet.json",
        f"--kubeconfig={settings.KUBECONFIG}",
        f"--hostname-override={name}",
        f"--node-ip={settings.NODE_ADDRESS}",
        f"--root-dir={state}/kubelet",
        f"--cert-dir={state}/kubelet/pki",
        mounts_of=containerd,
        part=part,
    )
    ready = """jsonpath={.status.conditions[?(@.type=="Ready")].status}"""
    await_ready(kubelet, lambda: kubectl("get", "node", name, "--output", ready, check=False) == "True")


def _write_credentials() -> None:
    """A certificate authority, the API server's certificate, the service accounts' key, and the admin's kubeconfig."""
    PKI.mkdir(mode=0o700)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(PKI / "ca.crt"))
    api = authority.issue_cert(
        settings.NODE_ADDRESS, settings.API_SERVICE_ADDRESS, "127.0.0.1", "localhost", "kubernetes.default.svc"
    )
    api.private_key_pem.write_to_path(str(PKI / "api.key"))
    api.cert_chain_pems[0].write_to_path(str(PKI / "api.crt"))
    authority.issue_cert("service-accounts.test").private_key_pem.write_to_path(str(PKI / "service-account.key"))
    token = secrets.token_hex(16)
    (PKI / "tokens.csv").write_text(f'{token},admin,1,"system:masters"\n')
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "mesh",
        "clusters": [
            {
                "name": "mesh",
                "cluster": {
                    "server": f"https://{settings.NODE_ADDRESS}:{settings.API_PORT}",
                    "certificate-authority-data": base64.b64encode((PKI / "ca.crt").read_bytes()).decode(),
                },
            }
        ],
        "users": [{"name": "admin", "user": {"token": token}}],
        "contexts": [{"name": "mesh", "context": {"cluster": "mesh", "user": "admin"}}],
    }
    settings.KUBECONFIG.write_text(json.dumps(kubeconfig, indent=1))
    settings.KUBECONFIG.chmod(0o600)
