"""What an older mesh must not get."""

from tests.mutants.mutant import Mutant
from tests.mutants.places import COMPILER, TEMPLATES

FACTS = "tests/test_mesh_facts.py"

MUTANTS = (
    Mutant(
        f"{COMPILER}/since.py",
        'return host.at("host") if host.kind == "PER_NAME" else None',
        "return None",
        "in an older mesh the names of a wildcard lead to denied addresses",
        FACTS,
    ),
    Mutant(
        f"{COMPILER}/since.py",
        'return credential.at("prefix") if credential and credential.prefix else None',
        "return None",
        "in an older mesh a credential goes out without its prefix",
        FACTS,
    ),
    Mutant(
        f"{COMPILER}/layers.py",
        "_numbers(lower) < _numbers(said)",
        "_numbers(lower) > _numbers(said)",
        "an environment gets what its older mesh does not have",
        FACTS,
    ),
    Mutant(
        f"{COMPILER}/emit/__init__.py",
        "plan.mesh.istio < CONTEXT_KEPT_BACK",
        "plan.mesh.istio > CONTEXT_KEPT_BACK",
        "a gateway of an older mesh sends trace headers to the upstream",
        FACTS,
    ),
    Mutant(
        f"{TEMPLATES}/telemetry.yaml",
        "disableSpanReporting: true",
        "disableSpanReporting: false",
        "a gateway of an older mesh takes part in traces, and the upstream sees their headers",
        FACTS,
    ),
)
