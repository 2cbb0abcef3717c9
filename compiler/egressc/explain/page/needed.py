"""What the fleet costs, what goes with it, and what must exist before it."""

from collections import defaultdict

from egressc.cost import cost
from egressc.explain.before import Before
from egressc.explain.page.markup import Markup, element, table, terms
from egressc.plan import Plan

CLOSES = {
    "PeerAuthentication": "other pods there take only the mesh's mutual TLS",
    "Sidecar": "its applications reach what the list and the mesh name, and nothing else",
    "NetworkPolicy": "the network lets gateways, or clients, reach what the list names and nothing else",
    "ValidatingAdmissionPolicy": "the API server refuses objects of others that would change the fleet",
    "ValidatingAdmissionPolicyBinding": "puts these policies into force",
}


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


def companions(plan: Plan) -> Markup:
    """The objects beside the gateways that close other ways out, by their kind."""
    kinds: dict[str, set[str]] = defaultdict(set)
    for one in plan.companions.objects():
        kinds[one.kind].add(one.namespace or "the whole cluster")
    rows = [(kind, CLOSES[kind], ", ".join(sorted(namespaces))) for kind, namespaces in kinds.items()]
    none = element("p", "The list makes no such objects: the mesh and the cluster must close other ways out.")
    return (
        table("What the list makes beside the gateways", ("Kind of object", "What it does", "Namespaces"), rows) or none
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
