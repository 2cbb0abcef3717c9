"""`egressc explain` of a large fleet: the part that is asked for, what is overdue, and what fits on a screen."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from egressc.cli import main
from egressc.explain import FLEET_FORMATS
from egressc.explain.choice import Choice, UnknownError, chosen, host
from egressc.explain.facts import facts
from egressc.explain.layout import fit, table
from egressc.explain.view import FULL, View
from egressc.plan import Plan
from tests.cases import CASES, VALID, Case
from tests.lists import compile_text

LIST = """
    version: 1
    defaults: {clients: [shop], owner: web}
    gateways: [{name: builds, namespace: egress-ci}]
    deny: [{namespace: guests}]
    hosts:
    - a.example.com
    - {host: b.example.com, clients: [shop/cart, ci], owner: ci, gateway: builds, reviewBy: 2026-12-31}
    - {host: c.example.com, clients: [{namespace: shop, serviceAccount: cart, methods: [GET]}, guests]}
    - {host: d.example.com, clients: [{wholeMesh: true}], deny: [{namespace: shop, serviceAccount: cart}]}
    - {host: e.example.com, clients: [pay], enforcement: report, owner: pay, reviewBy: 2027-01-01}
    - {host: f.example.com, clients: [ci], at: sidecar}
    - {host: "*.wild.example.com", tls: {mode: passthrough}, clients: [ci]}
    - {host: "*.eu.wild.example.com", tls: {mode: passthrough}, clients: [ci]}
    - {host: x.eu.wild.example.com, clients: [ci]}
""".replace("shop/cart", "{namespace: shop, serviceAccount: cart}")


@pytest.fixture(scope="module")
def plan() -> Plan:
    compiled = compile_text(LIST).plan
    assert compiled
    return compiled


def hosts(plan: Plan) -> str:
    """The first letters of the hosts, `*` for wildcards."""
    return "".join(sorted(one.host.host[0] for one in plan.carriers))


@pytest.mark.parametrize(
    ("choice", "found"),
    [
        (Choice(), "**abcdefx"),
        (Choice(client="shop"), "abcde"),
        (Choice(client="shop/cart"), "abce"),
        (Choice(client="shop/web"), "ade"),
        (Choice(client="ci"), "**bdefx"),
        (Choice(client="guests"), "e"),
        (Choice(client="pay"), "de"),
        (Choice(owner="ci"), "b"),
        (Choice(gateway="builds"), "b"),
        (Choice(gateway="egress-ci/builds"), "b"),
        (Choice(gateway="a-example-com"), "a"),
        (Choice(namespace="egress-ci"), "b"),
        (Choice(client="ci", namespace="egress"), "**dex"),
        (Choice(client="shop", owner="pay"), "e"),
        (Choice(owner="pay", gateway="builds"), ""),
    ],
)
def test_a_filter_shows_the_hosts_that_it_says(plan: Plan, choice: Choice, found: str) -> None:
    assert hosts(chosen(plan, choice)) == found


@pytest.mark.parametrize("case", [*VALID, Case(CASES / "explain")], ids=lambda case: case.name)
def test_filters_leave_hosts_out_and_hold_together(case: Case) -> None:
    whole = case.compile().plan
    assert whole
    everybody = _hosts(whole)
    choices = list(_choices(whole))
    parts = {choice: _hosts(chosen(whole, choice)) for choice in choices}
    assert all(part <= everybody for part in parts.values())
    for client in (choice for choice in choices if choice.client):
        for other in (choice for choice in choices if choice.owner or choice.namespace):
            both = Choice(client=client.client, owner=other.owner, namespace=other.namespace)
            part = chosen(whole, both)
            assert _hosts(part) == parts[client] & parts[other]
            assert {way.host.host for shared in part.shared for way in shared.carried} <= _hosts(part)


def _hosts(plan: Plan) -> set[str]:
    return {carrier.host.host for carrier in plan.carriers}


def _choices(plan: Plan) -> Iterator[Choice]:
    known = [facts(carrier) for carrier in plan.carriers]
    for client in sorted({one.who for about in known for one in about.clients if one.namespace}):
        yield Choice(client=client)
    for owner in sorted({about.owner for about in known if about.owner}):
        yield Choice(owner=owner)
    for gateway in sorted({about.gateway for about in known if about.gateway}):
        yield Choice(gateway=gateway)
    for namespace in sorted({about.namespace for about in known if about.namespace}):
        yield Choice(namespace=namespace)


@pytest.mark.parametrize(
    ("choice", "says"),
    [
        (Choice(client="shpo"), "the list has no client shpo: did you mean shop?"),
        (Choice(client="shop/crat"), None),
        (Choice(client="zzz"), "the list has no client zzz"),
        (Choice(owner="webb"), "the list has no owner webb: did you mean web?"),
        (Choice(gateway="bulids"), "the list has no gateway bulids: did you mean builds?"),
        (Choice(namespace="egres"), "the list has no namespace egres: did you mean egress?"),
    ],
)
def test_what_nobody_has_is_said_with_what_was_meant(plan: Plan, choice: Choice, says: str | None) -> None:
    if says is None:  # any account of a namespace that may call is a client
        assert hosts(chosen(plan, choice)) == "ade"
        return
    with pytest.raises(UnknownError) as raised:
        chosen(plan, choice)
    assert str(raised.value) == says


@pytest.mark.parametrize(
    ("name", "carried_by"),
    [
        ("a.example.com", "a.example.com"),
        ("A.Example.com.", "a.example.com"),
        ("y.wild.example.com", "*.wild.example.com"),
        ("y.eu.wild.example.com", "*.eu.wild.example.com"),
        ("x.eu.wild.example.com", "x.eu.wild.example.com"),
        ("*.wild.example.com", "*.wild.example.com"),
    ],
)
def test_a_name_is_found_at_what_carries_it(plan: Plan, name: str, carried_by: str) -> None:
    assert host(plan, name).host.host == carried_by


def test_the_page_of_a_name_below_a_wildcard_says_so(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "hosts.yaml"
    file.write_text(LIST)
    assert main(["explain", str(file), "--host=y.wild.example.com"]) == 0
    shown = capfd.readouterr().out.splitlines()
    assert shown[0].startswith("host       *.wild.example.com")
    assert "asked for  y.wild.example.com" in shown
    for missing in (["--host=a.example.com", "--owner=ci"], ["--owner=nobody"]):
        assert main(["explain", str(file), *missing]) == 2
        out, errors = capfd.readouterr()
        assert (out, errors.splitlines()[-1].startswith("egressc: the list has no ")) == ("", True)


@pytest.mark.parametrize(
    ("days", "overdue"),
    [
        (("2027-01-01", None), ["b.example.com"]),
        (("2027-01-02", None), ["b.example.com", "e.example.com"]),
        (("2026-12-31", "1798761600"), []),
        ((None, "1798761600"), ["b.example.com"]),  # 2027-01-01
        ((None, "1798675200"), []),
    ],
)
def test_reviews_before_today_are_overdue(
    days: tuple[str | None, str | None],
    overdue: list[str],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    today, epoch = days
    file = tmp_path / "hosts.yaml"
    file.write_text(LIST)
    if epoch:
        monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    arguments = ["explain", str(file), *([f"--today={today}"] if today else [])]
    assert main([*arguments, "--format=json"]) == 0
    shown = json.loads(capfd.readouterr().out)
    assert [one["host"] for one in shown["summary"]["overdue"]] == overdue
    remarks = [one["host"] for one in shown["remarks"] if one["says"].startswith("review is overdue: since 202")]
    assert sorted(remarks) == overdue
    assert main(arguments) == 0
    text = capfd.readouterr().out
    marked = [line for line in text.splitlines() if line.endswith((", overdue", "  overdue"))]
    assert ("review is overdue" in text, len(marked)) == (bool(overdue), len(overdue))


def test_a_day_that_is_none_is_misuse(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["explain", str(tmp_path / "hosts.yaml"), "--today=tomorrow"])
    assert ended.value.code == 2
    assert "write it as 2027-06-30" in capfd.readouterr().err


def test_a_part_is_told_from_the_whole(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "hosts.yaml"
    file.write_text(LIST)
    arguments = ["explain", str(file), "--client=shop", "--owner=web"]
    assert main(arguments) == 0
    assert capfd.readouterr().out.startswith("hosts         3 of 9, for client shop, owner web\n")
    assert main([*arguments, "--format=json"]) == 0
    shown = json.loads(capfd.readouterr().out)
    assert (shown["summary"]["hosts"], shown["summary"]["of"]) == (3, 9)
    assert [one["host"][0] for one in shown["gateways"]] == ["a", "c", "d"]
    assert main([*arguments, "--format=mermaid"]) == 0
    assert "b.example.com" not in capfd.readouterr().out


def test_lines_fit_the_terminal_and_files_have_the_full_width(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file, shown = Case(CASES / "explain").folder / "hosts.yaml", tmp_path / "shown.txt"
    monkeypatch.delenv("COLUMNS", raising=False)
    assert main(["explain", str(file), "--today=2027-01-01"]) == 0
    full = capfd.readouterr().out
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["explain", str(file), "--today=2027-01-01", "-o", str(shown)]) == 0
    assert shown.read_text() == full
    assert 120 < max(map(len, full.splitlines())) <= FULL
    for page in ([], ["--host=git.example"]):
        assert main(["explain", str(file), *page]) == 0
        assert max(map(len, capfd.readouterr().out.splitlines())) <= 80


def test_500_hosts_are_a_page() -> None:
    names = "\n".join(f"- api-{number}.example.com" for number in range(500))
    whole = compile_text(f"version: 1\ndefaults: {{clients: [{{wholeMesh: true}}]}}\nhosts:\n{names}\n").plan
    assert whole
    text = FLEET_FORMATS["text"](whole, View(today="2027-01-01", release=1))
    assert len(text.splitlines()) < 120
    assert "  the whole mesh may call (500)\n" in text
    assert re.search(r"Worth a look\n.*\n +api-0\.example\.com, .*\n +api-100\.example\.com, and 496 more\n", text)
    assert all(f"api-{number}.example.com" in text for number in range(500))


def test_gateways_of_their_own_are_alike_whatever_they_are_called() -> None:
    named = "version: 1\ndefaults: {clients: [shop]}\nhosts:\n- a.example.com\n- {host: b.example.com, name: bees}\n"
    whole = compile_text(named).plan
    assert whole
    assert "  one each in egress" in FLEET_FORMATS["text"](whole, View(today="2027-01-01", release=1))


@pytest.mark.parametrize("width", [30, 40, 60])
def test_the_widest_columns_give_way(width: int) -> None:
    rows = [("a" * 30, "b" * 20, "", "c" * 4)]
    sizes = fit(rows, (30, 30, 30, 30), width)
    assert sizes[2:] == [0, 4]
    assert max(map(len, table(rows, sizes).splitlines())) <= width
    assert sizes == ([30, 20, 0, 4] if width == 60 else sizes)
