"""The short form of the tests on the mesh: what stands for each concern, where not all of them run."""

#: By concern, files in this folder, or a test in one.
SHORT = {
    "routes and passthrough": ("test_routes.py",),
    "refused": ("test_refused.py",),
    "readiness": ("test_readiness.py::test_upstream_dies_and_returns",),
    "headers and credentials": ("test_headers.py",),
    "older meshes": ("test_older_meshes.py",),
    "without EnvoyFilters": (
        "test_no_envoy_filters.py::test_no_envoy_filter",
        "test_no_envoy_filters.py::test_carried",
        "test_no_envoy_filters.py::test_refused",
        "test_no_envoy_filters.py::test_down",
        "test_shared_no_envoy_filters.py::test_allowed",
        "test_shared_no_envoy_filters.py::test_refused",
    ),
    "wildcards": ("test_wildcards.py",),
    "shared gateways": ("test_shared.py",),
}


def is_short(node: str) -> bool:
    """Whether the short form has a test, by its node id."""
    test = node.rpartition("/")[2].partition("[")[0]
    return any(test == part or test.startswith(f"{part}::") for parts in SHORT.values() for part in parts)
