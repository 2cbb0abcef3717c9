"""Methods and paths in all their spellings, as Envoy's rules match them."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from egressc.emit import spelling
from egressc.slashes import DOTS_AT_SLASHES
from tests.lists import gateway

#: Letters of paths, after Envoy has resolved dot segments: a path of dots alone never comes.
LETTERS = st.sampled_from("aZ09-._~@:;,=+$!&'()*|\"<>^`ü漢 ?#%")
SEGMENTS = st.text(LETTERS, min_size=1, max_size=8).filter(lambda text: text.strip(".;") != "")
PATHS = st.lists(SEGMENTS, min_size=1, max_size=3).map(lambda segments: "/" + "/".join(segments))


def matches(expressions: list[str], text: str) -> bool:
    """Whether one of the expressions is of the whole text."""
    return any(re.fullmatch(one, text) for one in expressions)


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
    denied = spelling.denied_paths([listed(path)])
    assert matches(denied, data.draw(spelled(path, often=True)))
    assert matches(
        denied, path.replace("/", "//").replace("%", "%25").replace("?", "%3f").replace("#", "%23").replace(" ", "%20")
    )
    for end in (";v=1", "/", ";v=1/", "/;v=1", "%3F", "%3fa/b", "%23x", "%252523", "/%3F", ";v=1%3Fa/b", "/;v=1/%23"):
        assert matches(denied, data.draw(spelled(path)) + end)


@given(st.data())
def test_what_is_allowed_is_allowed_in_each_spelling_that_means_the_same(data: st.DataObject) -> None:
    path = data.draw(PATHS)
    allowed = spelling.allowed_paths([listed(path)])
    assert matches(allowed, data.draw(spelled(path)))
    assert not matches(allowed, data.draw(spelled(path)) + "/x")
    assert not matches(allowed, data.draw(spelled(path)) + ";x")


#: What stands in a path of a host that keeps escaped slashes; Envoy has merged slashes and resolved dots between them.
PIECES = st.sampled_from(["/", "%2F", "%2f", ".", "..", "%2e", "a", "v1", "admin", "group", ";", ";x=1", "%3B", "b.c"])
KEPT = st.lists(PIECES, min_size=1, max_size=9).map(lambda pieces: "/" + "".join(pieces))


def resolved(path: str) -> str:
    """`path` as Envoy hands it to the rules."""
    path = re.sub("%2e", ".", path, flags=re.IGNORECASE)
    return resolved_dots(re.sub("/+", "/", path))


def resolved_dots(path: str) -> str:
    """`path` without its dot segments."""
    segments: list[str] = []
    for segment in path.split("/")[1:]:
        if segment == "..":
            segments = segments[:-1]
        elif segment != ".":
            segments.append(segment)
    return "/" + "/".join(segments)


def read_as_slashes(path: str) -> str:
    """The path to which an upstream goes that reads %2F as a slash, and parameters as nothing."""
    plain = re.sub("(?:;|%3b)[^/]*", "", re.sub("%2f", "/", path, flags=re.IGNORECASE), flags=re.IGNORECASE)
    return resolved_dots(re.sub("/+", "/", plain))


def refused(path: str) -> bool:
    return any(re.fullmatch(pattern, path) for pattern in (spelling.AMBIGUOUS, DOTS_AT_SLASHES))


@given(KEPT)
@example("/v1/..%2fadmin")
@example("/v1/a%2F../..%2Fadmin")
@example("/v1/a%2F..%2F..")
def test_what_is_allowed_is_allowed_however_an_upstream_reads_an_escaped_slash(asked: str) -> None:
    path = resolved(asked)
    if matches(spelling.allowed_paths(["/v1/*"]), path) and not refused(path):
        assert f"{read_as_slashes(path)}/".startswith("/v1/")


@given(KEPT)
@example("/x%2f..%2Fadmin")
@example("/x%2F.%2Fadmin")
@example("/%2Fadmin")
def test_what_is_denied_is_denied_however_an_upstream_reads_an_escaped_slash(asked: str) -> None:
    path = resolved(asked)
    if read_as_slashes(path).startswith("/admin/") or read_as_slashes(path) == "/admin":
        assert refused(path) or matches(spelling.denied_paths(["/admin", "/admin/*"]), path)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/projects/group%2Fproject/a", True),
        ("/projects/group%2fproject/a", True),
        ("/projects/group/project/a", False),
        ("/projects/group%252Fproject/a", False),
        ("/projects/group%2Fother/a", False),
    ],
)
def test_an_allowed_path_with_an_escaped_slash_is_that_one(path: str, allowed: bool) -> None:
    assert matches(spelling.allowed_paths(["/projects/group%2Fproject/*"]), path) is allowed


@pytest.mark.parametrize(
    "path", ["/npm/@scope%2fname", "/a%2Fb%2Fc", "/a%2F..b/c", "/a%2F...", "/a%2F.well-known/x", "/a%2F"]
)
def test_an_escaped_slash_without_dot_segments_has_no_dots(path: str) -> None:
    assert not refused(path)


@pytest.mark.parametrize("path", ["/a.json", "/a/b%20c.json", "/ü.json", "/%C3%BC/a.json", "/a@b.json"])
def test_an_allowed_suffix_is_of_a_whole_path(path: str) -> None:
    assert matches(spelling.allowed_paths(["*.json"]), path)


@pytest.mark.parametrize(
    "path", ["/admin;.json", "/admin%3B.json", "/admin%3f.json", "/admin%23.json", "/admin%00.json"]
)
def test_what_may_end_a_path_is_no_part_before_an_allowed_suffix(path: str) -> None:
    assert not matches(spelling.allowed_paths(["*.json"]), path)


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
    assert matches(spelling.hosts(["gold.example", "*.inner.example"]), name)


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
    assert not matches(spelling.hosts(["gold.example", "*.inner.example"]), name)


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
