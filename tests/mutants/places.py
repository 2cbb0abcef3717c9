"""Where the table's faults are, and the tests that are to notice them."""

COMPILER = "compiler/egressc"
ENVOY = "charts/egress-gateways/templates/_envoy.tpl"
CHECKS = "charts/egress-gateways/templates/_checks.tpl"
TEMPLATES = "charts/egress-gateways/templates"
DECISIONS = "tests/test_decisions.py"
FOUND = "tests/test_found.py"


def contract(concern: str) -> str:
    """The tests of one concern of the contract, on every example."""
    return f"tests/test_contract.py -k {concern}"
