"""What the fleet costs, and what must exist before it."""

from egressc.cost import cost
from egressc.explain.before import Before
from egressc.explain.page.markup import Markup, table, terms
from egressc.plan import Plan


def costs(plan: Plan) -> Markup:
    """What `plan` asks of a cluster."""
    asked = cost(plan)
    adopted = {(one.namespace, one.gateway) for one in plan.gateways if not one.pods.ours}
    return terms(
        [
            ("Gateways", f"{asked.gateways:,}"),
            ("Of these for one host only", f"{asked.own:,}"),
            ("Gateways that run already", f"{len(adopted):,}"),
            ("Hosts without a gateway", f"{len(plan.sidecars):,}"),
            ("Pods", asked.pods.text),
            ("Requested CPU and memory", f"{asked.requests}, by the chart's defaults"),
            ("Checks of upstreams a minute", asked.checks_per_minute.text),
        ]
    )


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
