"""Every text that is not a host of a list is told why, and what to write."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egressc.findings import Span
from egressc.hostname import canonical, is_ip, normalise
from egressc.meant.no_host import finding as explain
from egressc.schema import schema
from tests.strategies import host_names

HERE = Span("hosts.yaml", 1, 1)
PATTERN = re.compile(schema()["$defs"]["hostname"]["pattern"])


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("API.Example.com", "api.example.com"),
        ("api.example.com.", "api.example.com"),
        (" api.example.com\n", "api.example.com"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example.", "xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
    ],
)
def test_one_spelling(text: str, same: str) -> None:
    assert normalise(text) == same


@given(st.text())
def test_the_one_spelling_has_itself_as_its_spelling(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(host_names())
def test_a_host_of_a_list_is_spelled_as_it_is(host: str) -> None:
    assert normalise(host) == host
    assert normalise(host.upper() + ".") == host


@given(
    st.text() | st.text(alphabet="aB1-._:/*[]@ ü\n", max_size=20) | host_names().map(lambda host: f"https://{host}/v1")
)
def test_every_text_has_an_explanation(text: str) -> None:
    finding = explain(text, HERE)
    assert finding.code in {"EG105", "EG106"}
    assert finding.message
    assert finding.fix
    assert len(finding.message) < 300


@given(
    host_names(), st.sampled_from(["{}.", "{}:443", "https://{}", "https://u:p@{}:8443/v1?q#f", "{}/v1", " {}", "{}\n"])
)
def test_what_surrounds_a_host_is_taken_off(host: str, frame: str) -> None:
    assert host in explain(frame.format(host), HERE).fix


@given(st.from_regex(PATTERN, fullmatch=True).filter(lambda host: host.isascii()), st.integers(0, 300))
def test_wildcards_are_found_anywhere(host: str, position: int) -> None:
    assert explain(f"{host[:position]}*{host[position:]}", HERE).code == "EG106"


@pytest.mark.parametrize("text", ["192.0.2.10", "[2001:db8::1]", "2001:DB8::1", "::ffff:192.0.2.1"])
def test_addresses(text: str) -> None:
    assert is_ip(text)
    assert "is an IP address" in explain(text, HERE).message


@pytest.mark.parametrize("text", ["192.0.2.256", "192.0.2.010", "1.2.3", "192.0.2.0/24", "api.example.com", ""])
def test_no_addresses(text: str) -> None:
    assert not is_ip(text)
    assert canonical(text) == text


def test_equal_addresses_are_spelled_alike() -> None:
    assert canonical("2001:DB8:0:0::A") == canonical("2001:db8::a") == "2001:db8::a"
