"""A second gateway that carries a host: nobody is led to it, and it does what the one in use does."""

from tests.mutants.mutant import Mutant
from tests.mutants.places import COMPILER, TEMPLATES, contract

STANDBY = "tests/test_standby.py"

MUTANTS = (
    Mutant(
        f"{TEMPLATES}/virtual-service.yaml",
        "{{- if and $gateway.host (not $gateway.standsBy) }}",
        "{{- if $gateway.host }}",
        "a standby prints the host's VirtualService too, and leads clients to itself",
        contract("hops"),
        row="A gateway that stands by takes only the host's clients, and none is led to it",
    ),
    Mutant(
        f"{COMPILER}/plan/carriers/__init__.py",
        "in_use=False",
        "in_use=True",
        "a standby leads clients before it is ready",
        contract("hops"),
    ),
    Mutant(
        f"{TEMPLATES}/virtual-service.yaml",
        "{{ $_ := set $ports . $.port.standbyPort }}",
        "",
        "a standby knows no way to the upstream, and callers that are led to it get 404",
        contract("hops"),
    ),
    Mutant(
        f"{COMPILER}/rules/standby.py",
        "headers.check, external_authorization.check, envoy_filters.check",
        "headers.check, envoy_filters.check",
        "a host moves to pods that run no OPA, and nobody judges its requests",
        "tests/test_cases.py -k EG248-opa-on-a-standby",
    ),
    Mutant(
        f"{COMPILER}/settle/__init__.py",
        "applicability.applied(entry, host, second)",
        "applicability.applied(entry, host, host)",
        "a setting of the pods that stand by is refused, and a swap needs another list",
        STANDBY,
    ),
    Mutant(
        f"{COMPILER}/applicability.py",
        "if reason[0].inherited or (elsewhere and",
        "if (elsewhere and",
        "a provider that only one of two gateways asks is no finding",
        STANDBY,
    ),
    Mutant(
        f"{COMPILER}/plan/__init__.py",
        "plan_companions(inventory, carrying, sidecars",
        "plan_companions(inventory, gateways, sidecars",
        "NetworkPolicies and Sidecars of clients do not know the standby, and a swap loses all their calls",
        STANDBY,
    ),
)
