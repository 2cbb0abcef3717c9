"""CoreDNS: the cluster's names, and the names of upstreams from a file that the tests write."""

import fcntl
import re
from collections.abc import Mapping, Sequence
from urllib.request import urlopen

from tests.mesh import settings
from tests.mesh.claims import claim
from tests.mesh.kubectl import apply, kubectl
from tests.mesh.waiting import wait_until

#: c0000201.mapped.names.example.com has the IPv4-mapped address ::ffff:c000:201, which no hosts file can say.
#: A name that neither Kubernetes nor the file knows does not exist: nobody else is asked.
COREFILE = """\
.:53 {
  errors
  health
  ready
  prometheus :9153
  kubernetes cluster.local in-addr.arpa ip6.arpa
  template IN AAAA mapped.names.example.com {
    match ^(\\w{4})(\\w{4})[.]
    answer "{{ .Name }} 1 IN AAAA ::ffff:{{ index .Match 1 }}:{{ index .Match 2 }}"
  }
  hosts /hosts/hosts {
    ttl 1
    reload 100ms
    fallthrough
  }
  file /etc/coredns/nothing .
}
"""
#: The root zone without a name in it. (The template plugin's NXDOMAIN would come first: CoreDNS fixes the order.)
NOTHING = ". 1 IN SOA dns.test. admin.test. 1 60 60 60 1\n"

_NAMESPACE = "kube-system"
_LABELS = {"k8s-app": "kube-dns"}
_METRICS = f"http://{settings.DNS_SERVICE_ADDRESS}:9153/metrics"
_READ = re.compile(r"^coredns_hosts_reload_timestamp_seconds (\S+)$", re.MULTILINE)

OBJECTS = (
    {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "coredns", "namespace": _NAMESPACE}},
    {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "coredns"},
        "rules": [
            {
                "apiGroups": [""],
                "resources": ["endpoints", "services", "pods", "namespaces"],
                "verbs": ["list", "watch"],
            },
            {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
        ],
    },
    {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "coredns"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "coredns"},
        "subjects": [{"kind": "ServiceAccount", "name": "coredns", "namespace": _NAMESPACE}],
    },
    {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "coredns", "namespace": _NAMESPACE},
        "data": {"Corefile": COREFILE, "nothing": NOTHING},
    },
    {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "kube-dns", "namespace": _NAMESPACE},
        "spec": {
            "clusterIP": settings.DNS_SERVICE_ADDRESS,
            "selector": _LABELS,
            "ports": [
                {"name": "dns", "port": 53, "protocol": "UDP"},
                {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
                {"name": "metrics", "port": 9153, "protocol": "TCP"},
            ],
        },
    },
    {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "coredns", "namespace": _NAMESPACE, "labels": _LABELS},
        "spec": {
            "serviceAccountName": "coredns",
            "dnsPolicy": "Default",
            "containers": [
                {
                    "name": "coredns",
                    "image": settings.image("coredns"),
                    "imagePullPolicy": "Never",
                    "args": ["-conf", "/etc/coredns/Corefile"],
                    "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}},  # before the pods that ask it
                    "readinessProbe": {"httpGet": {"path": "/ready", "port": 8181}, "periodSeconds": 1},
                    "volumeMounts": [
                        {"name": "corefile", "mountPath": "/etc/coredns"},
                        {"name": "hosts", "mountPath": "/hosts"},  # a folder of this machine: a change is seen at once
                    ],
                }
            ],
            "volumes": [
                {"name": "corefile", "configMap": {"name": "coredns"}},
                {"name": "hosts", "hostPath": {"path": str(settings.HOSTS.parent), "type": "Directory"}},
            ],
        },
    },
)


def install() -> None:
    """Start CoreDNS; when this returns it answers."""
    settings.HOSTS.parent.mkdir(parents=True, exist_ok=True)
    settings.HOSTS.touch()
    apply(*OBJECTS)
    kubectl("wait", "--namespace", _NAMESPACE, "--for=condition=Ready", "pod/coredns", "--timeout=60s")


def set_names(names: Mapping[str, Sequence[str]]) -> None:
    """Let each name have exactly these addresses; no address at all, and the name does not exist any more.

    When this returns, DNS says so: Envoy asks for a name once, and believes the answer for a minute. MeshError when the
    name is one of other tests.
    """
    folder = settings.HOSTS.parent
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        claim([name for name, addresses in names.items() if addresses])
        lines = [line for line in settings.HOSTS.read_text().splitlines() if line.split()[1] not in names]
        lines += [f"{address} {name}" for name, addresses in names.items() for address in addresses]
        # never half a file: CoreDNS would say that a name does not exist
        new = folder / "hosts.new"
        new.write_text("".join(f"{line}\n" for line in lines))
        new.rename(settings.HOSTS)
        written = settings.HOSTS.stat().st_mtime_ns / 1e9  # as CoreDNS reckons it, to the last digit
        wait_until(lambda: _read() >= written, "CoreDNS has read the new names", seconds=30, every=0.1)


def _read() -> float:
    """When the file was written that CoreDNS answers from, in seconds since 1970."""
    with urlopen(_METRICS, timeout=10) as answer:
        found = _READ.search(answer.read().decode())
    return float(found[1]) if found else 0
