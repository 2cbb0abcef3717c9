"""`ct install` of the chart with its ci/*-values.yaml, and `helm test`, which fails when an upstream does."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml

from tests import chart
from tests.chart import CI_VALUES, FEW_CI_VALUES
from tests.mesh import settings
from tests.mesh.certificates import Authority
from tests.mesh.commands import ask, run
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import CLIENT, capture, config_map, key_pair, secret
from tests.mesh.kubectl import apply, environment
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import CHART, Proof
from tests.mesh.upstream import Face, start_upstreams
from tests.tools import search_path

REPOSITORY = Path(__file__).parents[2]
#: The namespaces that the values name: the gateways' and the clients'.
GATEWAYS, CLIENTS = "egress", ("shop", "payments", "orders", "reports")
#: An endpoint that the values name by its address.
ENDPOINT = "192.0.2.10"


#: What each Helm installs, and what the claim says of it.
INSTALLED = {
    "helm3": (FEW_CI_VALUES, "a few `ci/*-values.yaml` that together print every template"),
    "helm4": (tuple(CI_VALUES.iterdir()), "every `ci/*-values.yaml`"),
}


def face(port: dict[str, Any]) -> Face:
    """What answers behind a port of the values."""
    tls: Literal["", "simple"] = "simple" if "tls" in port or port["protocol"] == "TLS" else ""
    return Face(port["upstreamPort"], "tcp" if port["protocol"] == "TCP" else "http", tls=tls)


@pytest.fixture(scope="module")
def prepared(namespace: MakeNamespace, public_authority: Authority) -> Iterator[None]:
    """What the values expect: namespaces, accounts, Secrets, and an upstream behind every host."""
    namespace(GATEWAYS, "plain", RESTRICTED)
    for name in CLIENTS:
        namespace(name, "injected")
    ca = {"ca.crt": public_authority.certificate}
    pair = key_pair(public_authority.issue("egress.example.com", subject=CLIENT))
    apply(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "checkout", "namespace": "payments"}},
        secret(GATEWAYS, "partner-client", pair | ca),
        secret(GATEWAYS, "bank-client", pair),
        config_map(GATEWAYS, "bank-ca", ca),
        secret(GATEWAYS, "login", ca),
    )
    gateways = [
        gateway for file in CI_VALUES.iterdir() for gateway in yaml.safe_load(file.read_text())["gateways"].values()
    ]
    hosts = {gateway["host"] for gateway in gateways}
    mutual = {gateway["host"] for gateway in gateways if "MUTUAL" in str(gateway)}
    upstream, strict = start_upstreams(namespace("e2e-upstreams", "outside"), ["upstream", "strict"])
    for each in (upstream, strict):
        each.certify({name: public_authority.issue(name) for name in {*hosts, "front.example.net"}})
    upstream.serve(*{port["upstreamPort"]: face(port) for gateway in gateways for port in gateway["ports"]}.values())
    strict.serve(Face(443, tls="mutual", client_ca=public_authority.certificate))
    # TCP hosts have addresses, which the sidecars of clients answer with
    apply({**capture("shop"), "spec": {"environmentVariables": {"ISTIO_META_DNS_CAPTURE": "true"}}})
    upstream.be_known_as(*(hosts - mutual), "origin.example.net")
    strict.be_known_as(*mutual)
    address = ("PREROUTING", "-i", settings.BRIDGE, "-d", ENDPOINT, "-j", "DNAT", "--to-destination", upstream.address)
    run("iptables", "-w", "-t", "nat", "-I", *address)
    yield
    run("iptables", "-w", "-t", "nat", "-D", *address)
    for each in (upstream, strict):
        each.be_unknown()


@pytest.mark.usefixtures("prepared")
@pytest.mark.parametrize("helm", INSTALLED)
def test_ct_install(helm: str, tmp_path: Path, proof: Proof) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), search_path("ct", "kubectl", helm)])
    values = {"test.image": settings.image("peer"), "test.namespace": "shop", "autoscaling.minReplicas": "1"}
    options = " ".join(f"--set={name}={value}" for name, value in values.items())
    files, which = INSTALLED[helm]
    installed = shutil.copytree(chart.CHART, tmp_path / chart.CHART.name)
    for other in {file.name for file in CI_VALUES.iterdir()} - {file.name for file in files}:
        (installed / "ci" / other).unlink()
    command = ["ct", "install", "--config", "tests/ct/ct.yaml", "--charts", str(installed), "--namespace", GATEWAYS]
    done = ask(
        [*command, "--helm-extra-set-args", options],
        environment={**environment(), "PATH": path, "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for file in files:
        assert f"ci/{file.name}" in done.stdout, "ct passes over a file that its pattern does not match"
    claim = f"{helm}: `ct install` of {which}, into a namespace that enforces restricted, and `helm test`"
    proof.row(CHART, claim, f"{len(files)} releases, one after the other", "each host's request", "installed, tested")
