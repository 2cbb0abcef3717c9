import pytest

from tests.lists import codes

TEXT = """
    version: 1
    defaults:
      clients: [shop]
      expose:
        secret: own
        gateway: {{namespace: istio-ingress, selector: {{istio: gateway}}, serviceAccount: gateway}}
    hosts:
    - {{host: api.example.com, expose: {{host: own.example.net}}}}
    - {{host: maps.example.com, {}}}
"""


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("name: own-example-net", []),
        ("name: own-example-net-exposure", []),
        ("name: own-example-net, namespace: istio-ingress", []),
        ("name: own-example-net-exposure, namespace: istio-ingress", ["EG401"]),
        ("expose: {host: own.example.net}", ["EG311"]),
        ("expose: {host: own.example.net, path: /maps}", []),
        ("expose: {host: own.example.net, path: /maps, secret: other}", ["EG312"]),
        ("expose: {host: maps.example.net}", ["EG317"]),
        ("expose: {host: maps.example.net, secret: maps}", []),
        ("expose: {host: api.example.com, secret: maps}", ["EG310"]),
        ("expose: {host: maps.example.com, secret: maps}", ["EG263"]),
        ("expose: {host: maps.example.net, secret: maps, path: /a/../b}", ["EG223"]),
        (
            "expose: {host: maps.example.net, secret: maps}, "
            "ports: [{port: 9000, protocol: TCP}], addresses: [240.0.0.1]",
            ["EG260"],
        ),
    ],
)
def test_names_of_ones_own(entry: str, expected: list[str]) -> None:
    assert codes(TEXT.format(entry)) == expected
