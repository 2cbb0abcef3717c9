"""Which modules of tests run at the same time, where pytest has several processes."""

from typing_extensions import override
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

#: Modules that have the same names, and why: one process runs them one after another. What must run beside no other
#: module at all is marked `alone`.
TOGETHER = {
    "hosts and namespaces of the examples": (
        "test_admission.py",
        "test_argocd.py",
        "test_chart_testing.py",
        "test_gateway.py",
        "test_helm_test.py",
        "test_matrix.py",
        "test_readiness.py",
        "test_refused.py",
        "test_routes.py",
        "test_secrets.py",
        "test_seeds.py",
        "test_upstream.py",
    ),
}
#: Modules that take longest beside those: they start before others, so that no process waits for one at the end.
LONG = (
    "test_migrate.py",
    "test_no_envoy_filters.py",
    "test_revoked.py",
    "test_tenants.py",
    "test_wildcards.py",
)


class Scheduling(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives each module whole to the next process that is idle, in the order in which they were collected."""

    @override
    def _split_scope(self, nodeid: str) -> str:
        return together(nodeid)


def order(node: str) -> int:
    """When a test runs, by its node id: a group of modules first, as it is the longest, then long modules."""
    file, scope = node.partition("::")[0], together(node)
    return 0 if scope != file else 1 if file.rpartition("/")[2] in LONG else 2


def together(node: str) -> str:
    """What runs in one process with a test, by its node id: the reason of its module's group, or its module."""
    file = node.partition("::")[0]
    name = file.rpartition("/")[2]
    return next((reason for reason, names in TOGETHER.items() if name in names), file)
