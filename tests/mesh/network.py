"""The pods' network: one bridge on this machine that leads nowhere else."""

import json
import re
import shutil
from pathlib import Path

from tests.mesh import settings
from tests.mesh.commands import run
from tests.mesh.errors import MeshError

#: Nothing crosses between the pods' bridge and any other interface. The mangle table is passed before the filter table,
#: so no chain of kube-proxy can accept such a packet first.
ISOLATION = (
    ["FORWARD", "-i", settings.BRIDGE, "!", "-o", settings.BRIDGE, "-j", "DROP"],
    ["FORWARD", "!", "-i", settings.BRIDGE, "-o", settings.BRIDGE, "-j", "DROP"],
)
#: Kernel settings that kubelet and kube-proxy change; they are put back when the mesh goes down.
KERNEL_SETTINGS = (
    "kernel/keys/root_maxbytes",
    "kernel/keys/root_maxkeys",
    "kernel/panic",
    "kernel/panic_on_oops",
    "net/bridge/bridge-nf-call-iptables",
    "net/ipv4/conf/all/route_localnet",
    "net/ipv4/ip_forward",
    "net/netfilter/nf_conntrack_max",
    "net/netfilter/nf_conntrack_tcp_be_liberal",
    "net/netfilter/nf_conntrack_tcp_timeout_close_wait",
    "net/netfilter/nf_conntrack_tcp_timeout_established",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
)
#: Chains of kube-proxy and kubelet, in a line of iptables-save: the chain itself, or a rule that leads there.
OF_THE_NODE = re.compile(r"(^:|-j |-g )KUBE-")
TABLES_COMMANDS = ("iptables", "ip6tables")
TABLES = ("filter", "nat", "mangle", "raw")


def check_addresses() -> None:
    """Raise MeshError when this machine sends the mesh's addresses elsewhere."""
    for cidr in (settings.POD_CIDR, settings.SERVICE_CIDR):
        for direction in ("match", "root"):
            for route in json.loads(run("ip", "-json", "route", "show", "table", "all", direction, cidr) or "[]"):
                if route["dst"] != "default":
                    raise MeshError(
                        f"the mesh needs the addresses {cidr}, and this machine routes {route['dst']} to {route['dev']}"
                    )


def create() -> None:
    """Make the bridge, isolate it, let it forward between pods, and write the configuration of the pods' interfaces."""
    _remember_kernel_settings()
    run("ip", "link", "add", settings.BRIDGE, "type", "bridge")
    for command in TABLES_COMMANDS:
        for rule in ISOLATION:  # before the bridge has an address, so before anything can be sent
            run(command, "-w", "-t", "mangle", "-I", *rule)
    for address in (f"{settings.NODE_ADDRESS}/24", f"{settings.NODE_ADDRESS_V6}/64"):
        run("ip", "address", "add", address, "dev", settings.BRIDGE, "nodad")
    run("ip", "link", "set", settings.BRIDGE, "up")
    # A Service's address is translated only after routing: it has a route even where the machine has no default one.
    run("ip", "route", "add", settings.SERVICE_CIDR, "dev", settings.BRIDGE)
    # The bridge alone forwards: the machine's own switch, net.ipv4.ip_forward, stays as it is.
    _kernel_setting(f"net/ipv4/conf/{settings.BRIDGE}/forwarding").write_text("1")
    # A Service's answer comes from a pod of the same bridge, and is to be translated back all the same.
    if not _kernel_setting("net/bridge").exists():
        run("modprobe", "br_netfilter")
    _kernel_setting("net/bridge/bridge-nf-call-iptables").write_text("1")
    configuration = {
        "cniVersion": "0.4.0",
        "name": settings.NETWORK,
        "plugins": [
            {
                "type": "bridge",
                "bridge": settings.BRIDGE,
                "hairpinMode": True,
                "ipam": {
                    "type": "host-local",
                    "dataDir": str(settings.STATE / "cni" / "leases"),
                    "ranges": [
                        [{"subnet": settings.POD_CIDR, "gateway": settings.NODE_ADDRESS}],
                        [{"subnet": settings.POD_CIDR_V6, "gateway": settings.NODE_ADDRESS_V6}],
                    ],
                    "routes": [{"dst": "0.0.0.0/0", "gw": settings.NODE_ADDRESS}],
                },
            }
        ],
    }
    (settings.STATE / "cni").mkdir(exist_ok=True)
    (settings.STATE / "cni" / "mesh.conflist").write_text(json.dumps(configuration, indent=1))


def remove() -> None:
    """Remove the bridge with its pods' ends, all rules and chains, and put the kernel's settings back."""
    for link in interfaces():
        run("ip", "link", "delete", link, check=False)  # a pod's end may vanish by itself meanwhile
    for command in filter(shutil.which, TABLES_COMMANDS):
        for table in TABLES:
            _remove_rules(command, table)
    _restore_kernel_settings()


def interfaces() -> list[str]:
    """The bridge and the pods' ends of it that exist now, the bridge last."""
    links = json.loads(run("ip", "-json", "link", "show") or "[]") if shutil.which("ip") else []
    ends = [link["ifname"] for link in links if link.get("master") == settings.BRIDGE]
    return ends + [link["ifname"] for link in links if link["ifname"] == settings.BRIDGE]


def rules() -> list[str]:
    """Every rule and chain that the mesh, its kubelet or its kube-proxy put into the machine's tables."""
    found = []
    for command in filter(shutil.which, TABLES_COMMANDS):
        saved = run(f"{command}-save", check=False).splitlines()
        found += [f"{command}: {line}" for line in saved if settings.BRIDGE in line or OF_THE_NODE.search(line)]
    return found


def _remove_rules(command: str, table: str) -> None:
    saved = run(f"{command}-save", "-t", table, check=False).splitlines()
    chains = [line[1:].split()[0] for line in saved if line.startswith(":")]
    doomed = [chain for chain in chains if chain.startswith("KUBE-")]
    edits = [f"-F {chain}" for chain in doomed]
    for line in saved:
        ours = settings.BRIDGE in line or OF_THE_NODE.search(line)
        if line.startswith("-A ") and line.split()[1] not in doomed and ours:
            edits.append(f"-D {line[3:]}")
    edits += [f"-X {chain}" for chain in doomed]
    if edits:
        text = "\n".join([f"*{table}", *edits, "COMMIT", ""])
        run(f"{command}-restore", "-w", "--noflush", text=text)


def _kernel_setting(name: str) -> Path:
    return Path("/proc/sys", name)


def _remember_kernel_settings() -> None:
    values = {
        name: _kernel_setting(name).read_text().strip() for name in KERNEL_SETTINGS if _kernel_setting(name).exists()
    }
    (settings.STATE / "kernel-settings.json").write_text(json.dumps(values, indent=1))


def _restore_kernel_settings() -> None:
    remembered = settings.STATE / "kernel-settings.json"
    if not remembered.exists():
        return
    for name, value in json.loads(remembered.read_text()).items():
        if _kernel_setting(name).exists() and _kernel_setting(name).read_text().strip() != value:
            _kernel_setting(name).write_text(value)
