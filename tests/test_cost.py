"""What a fleet costs is what the chart prints, and a release is about as large as Helm's own."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from egressc import emit
from egressc.cli import main
from egressc.cost import LIMIT, Amount, cost, release_bytes
from egressc.model.quantities import quantity
from egressc.plan import Plan
from tests.bench.calibrate import planned, samples, stored
from tests.cases import VALID, Case
from tests.chart import Document, Documents, Helm
from tests.costs import LINE
from tests.lists import compile_text, hosts

NEAR = 0.08
SAMPLES = samples([30])


@pytest.fixture(params=VALID, ids=lambda case: case.name)
def plan(request: pytest.FixtureRequest) -> Plan:
    case: Case = request.param
    compiled = case.compile().plan
    assert compiled
    return compiled


def test_pods_and_requests_are_those_of_the_deployments(plan: Plan, helm4: Helm) -> None:
    documents = helm4.render(emit.values(plan))
    running = list(_running(documents))
    costs = cost(plan)
    assert costs.gateways == len(running)
    for end in (0, 1):
        asked = [(pods[end], resource) for pods, resource in running]
        found = [getattr(amount, ("least", "most")[end]) for amount in (costs.pods, costs.cpu, costs.memory)]
        assert found == [
            sum(count for count, _ in asked),
            pytest.approx(float(sum(count * resource["cpu"] for count, resource in asked))),
            float(sum(count * resource["memory"] for count, resource in asked)),
        ]


def _running(documents: Documents) -> Iterator[tuple[tuple[int, int], dict[str, Decimal]]]:
    """How many pods each Deployment has, and what one of them requests."""
    for (kind, namespace, name), deployment in documents.items():
        if kind == "Deployment":
            scaler = documents.get(("HorizontalPodAutoscaler", namespace, name))
            fixed = deployment["spec"].get("replicas")
            spec = scaler["spec"] if scaler else {"minReplicas": fixed, "maxReplicas": fixed}
            yield (spec["minReplicas"], spec["maxReplicas"]), _requests(deployment)


def _requests(deployment: Document) -> dict[str, Decimal]:
    pod = deployment["spec"]["template"]["spec"]
    containers = [*pod["containers"], *pod.get("initContainers", [])]
    asked = [one["resources"].get("limits", {}) | one["resources"].get("requests", {}) for one in containers]
    return {what: Decimal(sum(quantity(one.get(what, 0)) for one in asked)) for what in ("cpu", "memory")}


def test_what_the_list_does_not_ask_for_is_the_charts() -> None:
    plan = compile_text(hosts("- {host: a.example, replicas: 3, resources: {limits: {memory: 1Gi}}}")).plan
    assert plan
    costs = cost(plan)
    assert (costs.pods, costs.cpu, costs.memory) == (Amount(3, 3), Amount(0.15, 0.15), Amount(3 * 2**27, 3 * 2**27))


@pytest.mark.parametrize(
    ("entry", "checks"),
    [
        ("host: a.example", Amount(12, 30)),
        ("host: a.example, ports: [{port: 80}, {port: 81}]", Amount(24, 60)),
        ("host: a.example, endpoints: [192.0.2.1, 192.0.2.2], replicas: 1", Amount(12, 12)),
        ("host: a.example, readiness: {mode: gateway}", Amount(0, 0)),
        ("host: a.example, at: sidecar", Amount(0, 0)),
    ],
)
def test_counts_the_checks_of_all_ports_and_addresses(entry: str, checks: Amount) -> None:
    plan = compile_text(hosts(f"- {{{entry}}}")).plan
    assert plan
    assert cost(plan).checks_per_minute == checks


@pytest.mark.parametrize("name", SAMPLES)
def test_a_release_is_about_as_large_as_helm_makes_it(name: str, helm4: Helm) -> None:
    plan, values = planned(SAMPLES[name])
    assert release_bytes(plan, values) == pytest.approx(stored(helm4, values), rel=NEAR)


@pytest.mark.parametrize("entries", [1200, 2000])
def test_what_cannot_be_stored_is_an_error_except_without_a_release(
    entries: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    list_, values = tmp_path / "hosts.yaml", tmp_path / "values.yaml"
    list_.write_text(hosts("\n".join(f"- api-{number}.{number * 7919}.example.com" for number in range(entries))))
    assert main(["compile", str(list_), "-o", str(values)]) == (1 if entries == 2000 else 0)
    errors = capfd.readouterr().err
    assert ("error EG341" in errors, values.exists()) == (entries == 2000, entries < 2000)
    assert LINE.search(errors) is None or entries < 2000
    assert main(["compile", str(list_), "-o", str(values), "--no-release"]) == 0
    errors = capfd.readouterr().err
    assert "EG341" not in errors
    assert "Helm" not in errors
    compiled = compile_text(list_.read_text()).plan
    assert compiled
    assert (release_bytes(compiled, values.read_text()) > LIMIT) == (entries == 2000)


def test_compile_ends_with_the_cost(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "hosts.yaml"
    file.write_text(hosts("- a.example\n- {host: b.example, at: sidecar}"))
    assert main(["compile", str(file)]) == 0
    assert capfd.readouterr().err == (
        "2 hosts in 1 gateway: 2-5 pods that request 0.1-0.25 CPU and 0.25-0.625 GiB, 12-30 checks a minute, by the "
        "chart's defaults; a release of about 13% of what Helm can store\n"
    )
    for quiet in (["--findings=json"], ["--check", str(file)]):
        main(["compile", str(file), *quiet])
        assert LINE.search(capfd.readouterr().err) is None


def test_the_fix_for_many_gateways_is_one_gateway() -> None:
    names = "\n".join(f"- api-{number}.example.com" for number in range(50))
    (finding,) = compile_text(hosts(names)).findings
    assert (finding.code, finding.level, finding.span.line) == ("EG340", "warning", 4)
    assert "`gateways: [{name: shared}]`" in finding.fix
    assert "`gateway: shared`" in finding.fix
    mended = hosts(names).replace("{clients: [shop]}", "{clients: [shop], gateway: shared}")
    shared = compile_text(f"{mended}gateways: [{{name: shared}}]\n")
    assert (shared.findings, shared.plan and cost(shared.plan).gateways) == ((), 1)
    assert not compile_text(hosts(names.partition("\n")[2])).findings
