"""What the fleet costs, and what must exist before it."""

from collections.abc import Sequence

from egressc.explain.before import Before
from egressc.explain.facts import Facts
from egressc.explain.page.markup import Markup, table


def gateways(known: Sequence[Facts]) -> dict[str, Facts]:
    """One host of each gateway, by the gateway's name and namespace."""
    return {about.carrier: about for about in known if about.gateway}


def costs(known: Sequence[Facts]) -> list[tuple[str, str]]:
    """What runs for the fleet, as terms and numbers."""
    pods = [about.pods for about in gateways(known).values() if about.pods.counted]
    others = sum(not about.pods.counted for about in gateways(known).values())
    return [
        ("Gateways of the fleet", str(len(pods))),
        ("Gateways that run already", str(others)),
        ("Pods, at least", str(sum(one.least for one in pods))),
        ("Pods, at most", str(sum(one.most for one in pods))),
        ("Hosts without a gateway", str(sum(not about.gateway for about in known))),
    ]


def needs(wanted: Before) -> Markup:
    """What must exist before the installation."""
    rows = [
        *((f"Namespace {namespace}", "", "") for namespace in wanted.namespaces),
        *(
            (f"{need.kind} {need.namespace}/{need.name}", ", ".join(need.keys), f"for {', '.join(need.hosts)}")
            for need in wanted.objects
        ),
        *((one.of, one.what, one.why) for one in wanted.conditions),
    ]
    return table("What must exist before the installation", ("Where", "What", "Why"), rows)
