"""What the pages in docs/howto give to Helm beside the list lands where they say."""

import re
from pathlib import Path
from typing import Any

import yaml

from egressc import emit
from tests.chart import Documents, Helm
from tests.lists import compile_text

HOWTO = Path(__file__).parents[1] / "docs" / "howto"


def shown(page: str) -> list[dict[str, Any]]:
    """The blocks of YAML on a page, in their order."""
    text = (HOWTO / page).read_text(encoding="utf-8")
    return [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)]


def rendered(helm: Helm, hosts: dict[str, Any], *more: dict[str, Any]) -> Documents:
    plan = compile_text(yaml.safe_dump(hosts)).plan
    assert plan
    return helm.render(emit.values(plan), *more)


def test_a_gateway_runs_where_its_source_address_is(helm4: Helm) -> None:
    hosts, by_node, egress_ip, by_annotation = shown("source-address.md")
    documents = rendered(helm4, hosts, by_node, by_annotation)
    name, namespace = "partner-bank-example", egress_ip["spec"]["namespaceSelector"]["matchLabels"]
    template = documents["Deployment", namespace["kubernetes.io/metadata.name"], name]["spec"]["template"]
    (values,) = by_node["gateways"].values()
    assert template["spec"]["nodeSelector"] == values["nodeSelector"]
    assert template["spec"]["tolerations"] == values["tolerations"]
    assert egress_ip["spec"]["podSelector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    (annotated,) = by_annotation["gateways"].values()
    assert annotated["podAnnotations"].items() <= template["metadata"]["annotations"].items()


def test_a_move_changes_only_where_clients_are_led(helm4: Helm) -> None:
    before, after = (rendered(helm4, hosts) for hosts in shown("move.md"))
    changed = [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]
    assert changed == [("VirtualService", "egress", "api-example-com")]


def test_sidecars_read_the_zone_at_the_service(helm4: Helm) -> None:
    hosts, zones = shown("zone.md")
    documents = rendered(helm4, hosts, zones)
    service = documents["Service", "egress", "api-stripe-com"]
    assert zones["annotations"].items() <= service["metadata"]["annotations"].items()
    affinity = documents["Deployment", "egress", "api-stripe-com"]["spec"]["template"]["spec"]["affinity"]
    apart = affinity["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    assert [one["podAffinityTerm"]["topologyKey"] for one in apart] == ["topology.kubernetes.io/zone"]
