"""What `egressc explain` says, where the opposite would be believed."""

from tests.mutants.mutant import Mutant
from tests.mutants.places import COMPILER

TOLD = "tests/test_told.py"

MUTANTS = (
    Mutant(
        f"{COMPILER}/plan/remarks.py",
        "if outside.fail_open:",
        "if not outside.fail_open:",
        "explain says that an OPA fails open where it fails closed, and the other way round",
        TOLD,
    ),
    Mutant(
        f"{COMPILER}/plan/decisions/sent.py",
        '"answers 403 to all other pods"',
        '"lets all other pods through"',
        "explain says that pods without the labels get through",
        TOLD,
    ),
)
