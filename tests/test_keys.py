"""Keys that people choose are strings to Kubernetes, whatever YAML makes of them bare."""

from typing import Any

import pytest

from tests.chart import CI_VALUES, Helm
from tests.strategies import TRICKY

KEYS = dict.fromkeys((*TRICKY, "yes", "off", "0b1", "2001-01-01"), "1e3")
WORDS = dict.fromkeys(TRICKY, "on")
FLEET = {
    **dict.fromkeys(("labels", "annotations", "podLabels", "podAnnotations"), KEYS),
    "nodeSelector": WORDS,
    "monitoring": {kind: {"enabled": True, "labels": KEYS} for kind in ("podMonitor", "prometheusRule", "dashboard")},
    "networkPolicy": {kind: {"podLabels": WORDS} for kind in ("dns", "controlPlane")},
}


@pytest.mark.parametrize("own", [False, True], ids=["fleet", "gateway"])
@pytest.mark.parametrize("helm", ["helm3", "helm4"])
def test_keys_are_strings(request: pytest.FixtureRequest, helm: str, own: bool) -> None:
    settings: dict[str, Any] = dict(FLEET)
    if own:
        names = ("labels", "annotations", "podLabels", "podAnnotations", "nodeSelector")
        settings["gateways"] = {"api-example-com": {name: settings.pop(name) for name in names}}
    printer: Helm = request.getfixturevalue(helm)
    documents = printer.render(CI_VALUES / "single-host-values.yaml", settings)
    for (kind, _, name), document in documents.items():
        _all_strings(document)
        if not own or not name.startswith("egress-gateways"):
            assert KEYS.items() <= document["metadata"]["labels"].items(), kind
    pod = documents["Deployment", "egress", "api-example-com"]["spec"]["template"]
    assert KEYS.items() <= pod["metadata"]["labels"].items()
    assert KEYS.items() <= pod["metadata"]["annotations"].items()
    assert pod["spec"]["nodeSelector"] == WORDS


def _all_strings(part: Any) -> None:
    for key, value in part.items() if isinstance(part, dict) else ():
        assert isinstance(key, str), key
        _all_strings(value)
    for value in part if isinstance(part, list) else ():
        _all_strings(value)
