import pytest

from tests.lists import codes, compile_text, hosts


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("autoscaling: {minReplicas: 2, maxReplicas: 2}", []),
        ("autoscaling: {minReplicas: 3, maxReplicas: 2}", ["EG219"]),
        ("autoscaling: {minReplicas: 5}", []),
        ("autoscaling: {minReplicas: 6}", ["EG219"]),
        ("autoscaling: {maxReplicas: 2}", []),
        ("autoscaling: {maxReplicas: 1}", ["EG219"]),
        ("autoscaling: {targetCPU: 50}", []),
        ("replicas: 2, autoscaling: {maxReplicas: 2}", ["EG219"]),
        ("resources: {requests: {cpu: 1, memory: 1Gi}, limits: {cpu: 1000m, memory: 1024Mi}}", []),
        ("resources: {requests: {cpu: 1.001}, limits: {cpu: 1}}", ["EG219"]),
        ("resources: {requests: {memory: 1Gi}, limits: {memory: 1G}}", ["EG219"]),
        ("resources: {requests: {memory: 1G}, limits: {cpu: 0.0000001}}", []),
        ("resources: {requests: {cpu: 100000000000000000.5}, limits: {cpu: 1}}", ["EG219"]),
        ("reviewBy: 2028-02-29", []),
        ("reviewBy: 2027-02-29", ["EG221"]),
        ("timeouts: {request: 1s}, retries: {perTry: 1s}", []),
    ],
)
def test_numbers(entry: str, expected: list[str]) -> None:
    assert codes(hosts(f"- {{host: api.example.com, {entry}}}")) == expected


@pytest.mark.parametrize(
    "entry",
    [
        "podDisruptionBudget: {maxUnavailable: 0}",
        "podDisruptionBudget: {maxUnavailable: 0%}",
        "podDisruptionBudget: {minAvailable: 100%}",
        "podDisruptionBudget: {minAvailable: 2}, replicas: 2",
        "podDisruptionBudget: {minAvailable: 2}, autoscaling: {minReplicas: 2}",
        "timeouts: {request: 1s}, retries: {perTry: 2s}",
    ],
)
def test_what_is_only_doubtful_is_a_warning(entry: str) -> None:
    compilation = compile_text(hosts(f"- {{host: api.example.com, {entry}}}"))
    assert [(finding.code, finding.level) for finding in compilation.findings] == [("EG219", "warning")]
    assert compilation.plan


@pytest.mark.parametrize(
    "entry",
    [
        "podDisruptionBudget: {maxUnavailable: 1}",
        "podDisruptionBudget: {minAvailable: 2}",
        "podDisruptionBudget: {minAvailable: 2}, replicas: 3",
        "podDisruptionBudget: {minAvailable: 50%}, autoscaling: {minReplicas: 2}",
    ],
)
def test_budgets_that_let_nodes_drain(entry: str) -> None:
    assert not codes(hosts(f"- {{host: api.example.com, {entry}}}"))


@pytest.mark.parametrize(
    "entry", ["retries: {attempts: 1}", "timeouts: {request: 1s}", "connectionPool: {maxRequests: 1}"]
)
def test_settings_of_requests(entry: str) -> None:
    tcp = "ports: [{port: 25, protocol: TCP}]"
    mixed = "ports: [{port: 25, protocol: TCP}, {port: 80}]"
    assert codes(hosts(f"- {{host: api.example.com, {tcp}, {entry}}}")) == ["EG217"]
    assert not codes(hosts(f"- {{host: api.example.com, {mixed}, {entry}}}"))
    inherited = f"version: 1\ndefaults: {{clients: [shop], {entry}}}\nhosts:\n- {{host: api.example.com, {tcp}}}\n"
    assert not codes(inherited)


def test_what_scaling_leaves_out_is_the_chart_s() -> None:
    (finding,) = compile_text(hosts("- {host: api.example.com, autoscaling: {maxReplicas: 1}}")).findings
    assert finding.fix == "write `minReplicas: 1` beside it: the chart's own is 2"
    assert not codes(hosts("- {host: api.example.com, autoscaling: {maxReplicas: 1, minReplicas: 1}}"))
