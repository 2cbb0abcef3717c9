"""Faults of `egressc import`: an entry that opens more than the objects or the allowlist did."""

from tests.mutants.mutant import Mutant

PLACE = "compiler/egressc/importing"
TESTS = "tests/test_import.py -k 'not gives_the_list_back and not opens_nothing'"

MUTANTS = (
    Mutant(
        f"{PLACE}/clients.py",
        "    if some and not found.undecided:",
        "    if some:",
        "an imported host loses a denial that a list cannot say",
        TESTS,
    ),
    Mutant(
        f"{PLACE}/clients.py",
        "sorted(visible - {_gateway_namespace(service, carried)} or visible)",
        "sorted(visible)",
        "everybody in the old gateway's namespace is a client of an imported host",
        TESTS,
    ),
    Mutant(
        f"{PLACE}/callers.py",
        "_both(callers.clients, callers.only)",
        "callers.clients + callers.only",
        "an imported host is open to those whom `notPrincipals` denied",
        TESTS,
    ),
    Mutant(
        f"{PLACE}/clients.py",
        "if hops and all(hop.limits for hop in hops):",
        "if not hops:",
        "an imported host is open at paths that its route did not have",
        TESTS,
    ),
    Mutant(
        f"{PLACE}/squid.py",
        "elif allowed is None or acl in allowed:",
        "elif True:",
        "what Squid closed is in the imported list",
        TESTS,
    ),
)
