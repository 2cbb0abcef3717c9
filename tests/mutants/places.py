"""Where the table's faults are, and the tests that are to notice them."""

TEMPLATES = "charts/egress-gateways/templates"
DECISIONS = "tests/test_decisions.py"


def contract(concern: str) -> str:
    """The tests of one concern of the contract, on every example."""
    return f"tests/test_contract.py -k {concern}"
