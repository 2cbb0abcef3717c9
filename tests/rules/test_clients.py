import pytest

from tests.lists import codes, compile_text, hosts


def entry(clients: str, ports: str = "[{port: 80}]") -> str:
    return hosts(f"- {{host: api.example.com, ports: {ports}, clients: {clients}}}")


@pytest.mark.parametrize(
    ("clients", "expected"),
    [
        ("[shop]", []),
        ("[{wholeMesh: true}]", []),
        ("[{wholeMesh: true, podLabels: {app: a}}]", []),
        ("[{namespace: shop, serviceAccount: a, podLabels: {app: a}, methods: [GET], paths: [/v1/*]}]", []),
        ("[{}]", ["EG202"]),
        ("[{podLabels: {app: a}}]", ["EG202"]),
        ("[{wholeMesh: true, namespace: shop}]", ["EG202"]),
        ("[{wholeMesh: true, serviceAccount: a}]", ["EG202"]),
        ("[{namespace: shop, ports: [81]}]", ["EG204"]),
    ],
)
def test_who(clients: str, expected: list[str]) -> None:
    assert codes(entry(clients)) == expected


@pytest.mark.parametrize("protocol", ["HTTP", "HTTP2", "GRPC"])
def test_requests_have_methods_and_paths(protocol: str) -> None:
    assert not codes(
        entry("[{namespace: shop, methods: [POST], paths: [/a]}]", f"[{{port: 80, protocol: {protocol}}}]")
    )


@pytest.mark.parametrize("protocol", ["TLS", "TCP"])
@pytest.mark.parametrize("limit", ["methods: [POST]", "paths: [/a]", "methods: [POST], paths: [/a]"])
def test_bytes_have_none(protocol: str, limit: str) -> None:
    ports = f"[{{port: 80}}, {{port: 9000, protocol: {protocol}}}], addresses: [240.0.0.1]"
    assert codes(entry(f"[{{namespace: shop, {limit}}}]", ports)) == ["EG203"]
    assert codes(entry(f"[{{namespace: shop, {limit}, ports: [80, 9000]}}]", ports)) == ["EG203"]
    assert not codes(entry(f"[{{namespace: shop, {limit}, ports: [80]}}, {{namespace: shop, ports: [9000]}}]", ports))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", []),
        ("/a/.well-known/b..c", []),
        ("/a%20b", []),
        ("'*/b'", []),
        ("/a//b", ["EG223"]),
        ("//", ["EG223"]),
        ("/a/./b", ["EG223"]),
        ("/a/..", ["EG223"]),
        ("/a%2fb", ["EG223"]),
        ("/a%5Cb", ["EG223"]),
        ("'/a\\b'", ["EG223"]),
    ],
)
def test_paths_that_a_request_can_have(path: str, expected: list[str]) -> None:
    assert codes(entry(f"[{{namespace: shop, paths: [{path}]}}]")) == expected


def test_clients_of_the_defaults_are_told_once_where_they_stand() -> None:
    text = "version: 1\ndefaults: {clients: [{}]}\nhosts: [a.example.com, b.example.com]\n"
    assert codes(text) == ["EG202"]


def test_a_bare_name_that_a_group_has_too_may_be_meant_for_the_group() -> None:
    groups = "version: 1\ngroups: {backend: [shop, backend]}\nhosts:\n- {host: a.example.com, clients: [%s]}\n"
    found = [one for one in compile_text(groups % "backend").findings if one.code == "EG294"]
    assert [(one.level, one.span.line) for one in found] == [("warning", 4)]
    for said in ("{group: backend}", "{namespace: backend}", "shop"):
        assert not [one for one in compile_text(groups % said).findings if one.code == "EG294"]
