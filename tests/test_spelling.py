"""Methods and paths in all their spellings, as Envoy's rules match them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egressc.emit import spelling
from tests.lists import gateway

#: Letters of paths, after Envoy has resolved dot segments: a path of dots alone never comes.
LETTERS = st.sampled_from("aZ09-._~@:;,=+$!&'()*|\"<>^`ü漢 ?#%")
SEGMENTS = st.text(LETTERS, min_size=1, max_size=8).filter(lambda text: text.strip(".;") != "")
PATHS = st.lists(SEGMENTS, min_size=1, max_size=3).map(lambda segments: "/" + "/".join(segments))


def listed(path: str) -> str:
    """A path as a list says it: what a path cannot have unescaped is escaped."""
    return "".join(f"%{ord(letter):02X}" if letter in " ?#%*{}" else letter for letter in path)


@st.composite
def spelled(draw: st.DrawFn, path: str, often: bool = False) -> str:
    """`path` as clients may write it and Envoy leaves it; `often`: escaped again and again, too."""

    def letter(one: str) -> str:
        plain = one in spelling.UNRESERVED or one == "/"
        times = draw(st.integers(0, 3)) if often else draw(st.integers(0, 0 if plain else 1))
        if plain and times == 1:
            times = 2  # Envoy decodes it
        if one in " ?#%" or one == "/":
            times = 0 if one == "/" else max(times, 1)
        if times == 0:
            return one
        digits = (f"{byte:02x}" for byte in one.encode())
        return "".join("%" + "25" * (times - 1) + draw(st.sampled_from([pair, pair.upper()])) for pair in digits)

    return "".join(map(letter, path))


@given(st.data())
def test_what_is_denied_is_denied_in_every_spelling(data: st.DataObject) -> None:
    path = data.draw(PATHS)
    pattern = re.compile(spelling.denied_paths([listed(path)]))
    assert pattern.fullmatch(data.draw(spelled(path, often=True)))
    assert pattern.fullmatch(
        path.replace("/", "//").replace("%", "%25").replace("?", "%3f").replace("#", "%23").replace(" ", "%20")
    )
    for end in (";v=1", "/", ";v=1/", "/;v=1"):
        assert pattern.fullmatch(data.draw(spelled(path)) + end)


@given(st.data())
def test_what_is_allowed_is_allowed_in_each_spelling_that_means_the_same(data: st.DataObject) -> None:
    path = data.draw(PATHS)
    pattern = re.compile(spelling.allowed_paths([listed(path)]))
    assert pattern.fullmatch(data.draw(spelled(path)))
    assert not pattern.fullmatch(data.draw(spelled(path)) + "/x")
    assert not pattern.fullmatch(data.draw(spelled(path)) + ";x")


@pytest.mark.parametrize("path", ["/a.json", "/a/b%20c.json", "/ü.json", "/%C3%BC/a.json", "/a@b.json"])
def test_an_allowed_suffix_is_of_a_whole_path(path: str) -> None:
    assert re.fullmatch(spelling.allowed_paths(["*.json"]), path)


@pytest.mark.parametrize(
    "path", ["/admin;.json", "/admin%3B.json", "/admin%3f.json", "/admin%23.json", "/admin%00.json"]
)
def test_what_may_end_a_path_is_no_part_before_an_allowed_suffix(path: str) -> None:
    assert not re.fullmatch(spelling.allowed_paths(["*.json"]), path)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/v1/..;/admin",
            "/v1/.;/x",
            "/v1/%252e%252e/admin",
            "/v1/%2e%2e;x/admin",
            "/v1/..%3b/admin",
            "/v1/..%253Bx/admin",
        ),
        *(
            "/a%00",
            "/a%0a",
            "/a%2500",
            "/a%7F",
            "/a%5cb",
            "/a%252fb",
            "/a%253fb",
            "/a%2523",
            "/a%c0%ae",
            "/a%u002e",
            "/a%",
            "/a%2",
            "/%zz",
        ),
    ],
)
def test_a_path_with_two_readings(path: str) -> None:
    assert re.fullmatch(spelling.AMBIGUOUS, path)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/a/b",
        "/a;v=1",
        "/a%20b",
        "/a%25b",
        "/a%2541",
        "/...;x",
        "/a..;/b",
        "/%E6%BC%A2",
        "/a@b:c,d=e+f$g!h",
        "/.well-known/x",
        "/%40",
    ],
)
def test_a_path_with_one_reading(path: str) -> None:
    assert not re.fullmatch(spelling.AMBIGUOUS, path)


@pytest.mark.parametrize(
    ("method", "denied"), [("GET", True), ("get", True), ("Get", True), ("HEAD", True), ("POST", False)]
)
def test_a_denied_method_is_denied_in_any_case(method: str, denied: bool) -> None:
    assert bool(re.fullmatch(spelling.denied_methods(["GET"]), method)) is denied


@pytest.mark.parametrize(("method", "allowed"), [("GET", True), ("get", False), ("HEAD", False), ("GETX", False)])
def test_an_allowed_method_is_that_one(method: str, allowed: bool) -> None:
    assert bool(re.fullmatch(spelling.allowed_methods(["GET", "POST"]), method)) is allowed


@pytest.mark.parametrize(
    "name", ["gold.example", "GOLD.example", "gold.example:80", "gold.example.", "a.b.inner.example:443"]
)
def test_a_host_in_every_spelling(name: str) -> None:
    assert re.fullmatch(spelling.hosts(["gold.example", "*.inner.example"]), name)


@pytest.mark.parametrize(
    "name", ["user@gold.example", "go%6cd.example", "gold .example", "a/gold.example", "göld.example"]
)
def test_a_host_that_is_no_name(name: str) -> None:
    assert re.fullmatch(spelling.NO_NAME, name)


@pytest.mark.parametrize("name", ["a.example", "A-1.b_c.example:8080"])
def test_a_host_that_is_a_name(name: str) -> None:
    assert not re.fullmatch(spelling.NO_NAME, name)


@pytest.mark.parametrize("name", ["old.example", "xgold.example", "goldxexample", "gold.example.org", "inner.example"])
def test_another_host(name: str) -> None:
    assert not re.fullmatch(spelling.hosts(["gold.example", "*.inner.example"]), name)


@pytest.mark.parametrize(
    ("entry", "strict"),
    [
        ("clients: [{namespace: a, paths: [/a]}]", True),
        ("clients: [a], deny: [{paths: [/a]}]", True),
        ("clients: [a], externalAuthorization: {provider: opa}", True),
        ("clients: [a], externalAuthorization: {opa: {image: opa, policy: rules}}", True),
        ("clients: [{namespace: a, methods: [GET]}]", False),
    ],
)
def test_paths_have_one_reading_wherever_somebody_decides_by_them(entry: str, strict: bool) -> None:
    values = gateway(f"- {{host: api.example.com, {entry}}}")
    assert values.get("strictPaths", False) is strict
    refused = [rule["id"] for rule in values["ports"][0]["rules"].get("deny", ())]
    assert ("a path with two readings" in refused) is strict
    assert ("a path in a header" in refused) is strict
