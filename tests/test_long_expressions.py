"""Envoy refuses a regular expression whose program is too long, and all routes with it: rules have several."""

import re

import pytest

from egressc import emit
from egressc.emit import spelling
from tests import rbac
from tests.chart import Helm
from tests.lists import codes, compile_text

#: How many instructions Istio lets Envoy take in a program of RE2 (`re2.max_program_size.error_level`), and how many
#: RE2 makes of a letter at most. Measured: 5 of a k in any case, 2.1 of allowed paths, 0.5 of denied ones.
PROGRAM, OF_A_LETTER, OF_A_DENIED_LETTER = 32768, 5, 0.5
MANY = [f"{number:04}" for number in range(1100)]
MEMBERS = [f"/api/v1/organizations/members/{one}/settings" for one in MANY[:150]]
LONGEST_PATH = 512

DENIED = f"""
version: 1
hosts:
- host: api.example.com
  clients: [shop]
  deny: [{{paths: [{", ".join(MEMBERS)}]}}]
"""


@pytest.mark.parametrize(
    "expressions",
    [
        spelling.denied_paths(MEMBERS),
        spelling.denied_paths([f"*/{one}.php" for one in MANY]),
        spelling.allowed_paths([f"/da39a3ee5e6b4b0d3255bfef95601890afd8{one}/*" for one in MANY]),
        spelling.hosts([f"d41d8cd98f00b204e9800998ecf8{one}.da39a3ee5e6b4b0d3255.example.com" for one in MANY]),
    ],
    ids=["denied", "denied ends", "allowed", "hosts"],
)
def test_no_expression_is_too_long(expressions: list[str]) -> None:
    assert max(map(len, expressions)) * OF_A_LETTER < PROGRAM


def test_each_of_many_names_is_found() -> None:
    names = [f"{one}.example.com" for one in MANY]
    expressions = spelling.hosts(names)
    assert len(expressions) > 1
    assert all(any(re.fullmatch(one, name) for one in expressions) for name in names)


def test_each_of_many_paths_is_denied(helm4: Helm) -> None:
    plan = compile_text(DENIED).plan
    assert plan
    values = emit.values(plan)
    documents = helm4.render(values)
    ((name, gateway),) = values["gateways"].items()
    (port, *_) = gateway["ports"]
    shop = "spiffe://cluster.local/ns/shop/sa/any"

    def allowed(path: str) -> bool:
        return rbac.decided(documents, gateway["namespace"], name, port, rbac.Call(shop, path=path))

    assert not [path for path in MEMBERS if allowed(path)]
    assert allowed("/api/v1/organizations/members/0150/settings")


@pytest.mark.parametrize("letters", ["a", "a/", "@", "\U0010fffd"])
def test_the_longest_path_is_not_too_long(letters: str) -> None:
    path = ("/" + letters * LONGEST_PATH)[:LONGEST_PATH]
    said = "version: 1\nhosts: [{{host: api.example.com, clients: [shop], deny: [{{paths: ['{}']}}]}}]"
    assert codes(said.format(path)) == []
    assert codes(said.format(f"{path}x")) == ["EG104"]
    (denied,), (allowed,) = spelling.denied_paths([path]), spelling.allowed_paths([path])
    assert len(denied) * OF_A_DENIED_LETTER < PROGRAM
    assert len(allowed) < PROGRAM
