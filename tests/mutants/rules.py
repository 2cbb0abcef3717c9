"""What a list is refused for, and where a setting does not apply."""

from tests.mutants.mutant import Mutant
from tests.mutants.places import COMPILER, FOUND

RULES = f"{COMPILER}/rules"
APPLIES = f"{COMPILER}/applicability.py"
LAYERED = "tests/test_layers.py"

MUTANTS = (
    Mutant(
        f"{COMPILER}/hidden.py",
        "auth(entication|orization)?",
        "auth(entication)?",
        "a Proxy-Authorization in the list is no error",
        FOUND,
    ),
    Mutant(f"{RULES}/headers.py", '"transfer-encoding", ', "", "a list smuggles requests by Transfer-Encoding", FOUND),
    Mutant(f"{RULES}/tls.py", '"/usr/local/bin", ', "", "a volume hides the proxy's own program", FOUND),
    Mutant(f"{RULES}/tls.py", '"/proc", "/sys"', '"/proc"', "a volume hides /sys", FOUND),
    Mutant(
        APPLIES,
        "        **_NO_GATEWAY_TO_KEEP_IT,\n        OPA_UNFILTERED",
        "        OPA_UNFILTERED",
        "a host without a gateway names an authorizer that nobody asks",
        FOUND,
    ),
    Mutant(
        APPLIES,
        '        WITHOUT_A_GATEWAY: "there is no policy that could report",\n',
        "",
        "a host without a gateway says that it reports, and reports nothing",
        FOUND,
    ),
    Mutant(
        APPLIES,
        '        BEHIND_A_PROXY: "the proxy decides where the upstream may be",\n',
        "",
        "deniedRanges behind a proxy are taken, and kept by nobody",
        FOUND,
    ),
    Mutant(
        APPLIES,
        '"expose" in rest and',
        '"expose" not in rest and',
        "`expose` of the defaults publishes every host of the file",
        LAYERED,
    ),
    Mutant(
        f"{RULES}/durations.py",
        '#: Parts with a check of their own.\nAPART = ("shared", ',
        '#: Parts with a check of their own.\nAPART = ("readiness", "shared", ',
        "an interval of 0s checks the upstream as fast as Envoy can",
        FOUND,
    ),
    Mutant(
        f"{RULES}/exposure.py",
        '        ("gateway", "ingress gateway", mine.gateway == its.gateway),\n',
        "",
        "the second of two ingress gateways for an own name is silently the first",
        FOUND,
    ),
    Mutant(
        f"{RULES}/exposure.py",
        "if expose.host in listed and",
        "if expose.host not in listed and",
        "an own name that is a listed host is taken, and a right one refused",
        FOUND,
    ),
    Mutant(
        f"{RULES}/companions.py",
        "if shared.adopt and shared.namespace in ours:",
        "if shared.adopt and shared.namespace not in ours:",
        "a companion cuts off the neighbours of adopted pods",
        FOUND,
    ),
    Mutant(
        f"{RULES}/companions.py",
        "if companions.network_policies or companions.strict:",
        "if companions.network_policies:",
        "STRICT breaks the neighbours of adopted pods",
        FOUND,
    ),
    Mutant(
        f"{RULES}/authorization.py",
        "return set(used) <= set(host.decided_on(deny))",
        "return set(used) == set(host.decided_on(deny))",
        "a client of whom a denial leaves nothing is no warning",
        FOUND,
    ),
    Mutant(
        f"{RULES}/wildcards.py",
        "elif host.in_clear(port):",
        "elif False:",
        "a wildcard in clear is accepted where no name of it can be found",
        FOUND,
    ),
    Mutant(
        f"{RULES}/ports.py",
        'yield RESERVED_PORT(port.at("port")',
        'yield RESERVED_PORT(host.at("host")',
        "a reserved port is found at the wrong line",
        FOUND,
    ),
    Mutant(
        f"{RULES}/clients.py",
        'r"%5c|',
        'r"',
        "a rule on %5c is taken, and matches no request",
        "tests/rules/test_clients.py",
    ),
    Mutant(
        f"{RULES}/fleet.py",
        "if first.owner != host.owner:",
        "if first.owner and host.owner and first.owner != host.owner:",
        "a gateway without an owner reads the keys of an owner's",
        "tests/rules/test_fleet.py",
        row="Client keys stay with their owner",
    ),
    Mutant(
        f"{COMPILER}/hostname.py",
        '("localhost", "localdomain", "svc")',
        '("localhost", "svc")',
        "a name of the machine is taken for a host of the internet",
        FOUND,
    ),
    Mutant(
        f"{COMPILER}/model/host.py",
        '(("endpoints", self.endpoints), ("failover", self.failover))',
        '(("endpoints", self.endpoints),)',
        "a host that is down leads its clients to the cloud's metadata service",
        "tests/rules/test_metadata.py",
    ),
    Mutant(
        f"{COMPILER}/addresses.py",
        "return address.ipv4_mapped or address.sixtofour or inside or address",
        "return address",
        "an IPv6 form of its address leads clients to the cloud's metadata service",
        "tests/rules/test_metadata.py",
    ),
    Mutant(
        f"{RULES}/wildcards.py",
        "any(_inside(network, one) for one in denied)",
        "any(_inside(one, network) for one in denied)",
        "a name below a wildcard leads to the cloud's metadata service, and nobody was told",
        "tests/rules/test_wildcards.py",
    ),
    Mutant(
        "compiler/egressc/suffixes.py",
        "publicsuffix(domain) == domain or domain in _parents()",
        "publicsuffix(domain) == domain",
        "a wildcard above names that anybody can have lets clients call anybody",
        "tests/test_suffixes.py",
    ),
    Mutant(
        f"{RULES}/ports.py",
        'fix, "error")',
        "fix)",
        "one host gets what its clients send to any server on port 443",
        "tests/rules/test_ports.py",
    ),
    Mutant(
        f"{RULES}/protocols.py",
        'port.protocol == "TCP" and not port.tls.originates',
        'port.protocol == "TCP"',
        "a gateway opens TLS to a server that begins in clear, and is never Ready",
        "tests/rules/test_protocols.py",
    ),
)
