"""The page in a real browser: search, order, picture, keyboard, screen readers, light and dark, 5 and 500 hosts."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from egressc.compile import compile_sources
from egressc.explain import page
from tests.bench.fleet import host_list
from tests.test_page import ATTACKS, LIST, TODAY
from tests.tools import ToolError, chromium

FIVE = """
version: 1
defaults: {owner: team-platform, reviewBy: 2027-06-30, clients: [shop]}
gateways: [{name: kafka, namespace: egress}]
hosts:
- {host: api.stripe.com, description: Card payments., owner: team-payments, reviewBy: 2026-01-31}
- {host: b.kafka.example, gateway: kafka, ports: [{port: 9093, protocol: TLS}], tls: {mode: passthrough}}
- {host: a.kafka.example, gateway: kafka, ports: [{port: 9093, protocol: TLS}], tls: {mode: passthrough}}
- {host: old.example, clients: [{namespace: reports, serviceAccount: audit}], tls: {unverified: RISK-7 has it.}}
- {host: maps.example, at: sidecar, clients: [web]}
"""
Scheme = Literal["light", "dark"]
Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    try:
        executable = chromium()
    except ToolError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable)
        yield started
        started.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a page of five hosts, of one of these, of five hundred, and of a list that attacks its reader."""
    folder = tmp_path_factory.mktemp("pages")
    attack = "".join(ATTACKS[:2])
    lists = {"five": FIVE, "fivehundred": host_list(500), "attacked": LIST.format(text=json.dumps(attack), path="/")}
    for name, text in lists.items():
        compilation = compile_sources([("hosts.yaml", text.encode())])
        assert compilation.plan, compilation.findings
        (folder / f"{name}.html").write_text(page.fleet(compilation.plan, TODAY), encoding="utf-8")
        if name == "five":
            only = next(one for one in compilation.plan.carriers if one.host.host == "api.stripe.com")
            (folder / "one.html").write_text(page.host(only, TODAY), encoding="utf-8")
    return folder


@pytest.fixture
def opened(browser: Browser, pages: Path) -> Iterator[Open]:
    """Opens a page by its name; it must not complain, and must ask for nothing but itself."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []
    asked: set[str] = set()

    def open_page(name: str, **options: Any) -> Page:
        contexts.append(browser.new_context(**options))
        new = contexts[-1].new_page()
        new.set_default_timeout(10_000)
        new.on("pageerror", lambda error: complaints.append(str(error)))
        new.on("console", lambda message: complaints.append(message.text))
        new.on("request", lambda request: asked.add(request.url.partition("#")[0]))
        new.goto((pages / f"{name}.html").as_uri())
        return new

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
    assert asked <= {path.as_uri() for path in pages.iterdir()}


def rows(shown: Page) -> list[str]:
    """The hosts of the table that are to be seen, in their order."""
    return shown.locator("#hosts tbody tr:not([hidden]) th a").all_inner_texts()


def boxes(shown: Page) -> list[str]:
    """The upstreams in the picture."""
    return shown.locator("#canvas rect.upstream + text").all_text_contents()


def test_search_leaves_the_hosts_that_have_all_words(opened: Open) -> None:
    shown = opened("five")
    assert rows(shown) == ["a.kafka.example", "api.stripe.com", "b.kafka.example", "maps.example", "old.example"]
    expect(shown.get_by_role("status")).to_have_text("All 5 hosts.")
    search = shown.get_by_label("Search")
    for words, found in (
        ("KAFKA example", ["a.kafka.example", "b.kafka.example"]),
        ("reports/audit", ["old.example"]),
        ("payments", ["api.stripe.com"]),
        ("kafka stripe", []),
    ):
        search.fill(words)
        expect(shown.get_by_role("status")).to_have_text(f"{len(found)} of 5 hosts.")
        assert rows(shown) == found
        assert sorted(boxes(shown)) == found
    shown.get_by_role("button", name="Clear").click()
    expect(shown.get_by_role("status")).to_have_text("All 5 hosts.")
    expect(search).to_be_focused()


@pytest.mark.parametrize(
    ("label", "choice", "found"),
    [
        ("Client", "reports/audit", ["old.example"]),
        ("Owner", "team-payments", ["api.stripe.com"]),
        ("Show", "only where nobody verifies the upstream", ["old.example"]),
        ("Show", "only reviews that are overdue", ["api.stripe.com"]),
        ("Show", "only where the rules refuse nobody yet", []),
    ],
)
def test_choices_leave_what_they_name(opened: Open, label: str, choice: str, found: list[str]) -> None:
    shown = opened("five")
    shown.get_by_label(label, exact=True).select_option(label=choice)
    expect(shown.get_by_role("status")).to_have_text(f"{len(found)} of 5 hosts.")
    assert rows(shown) == found


def test_heads_sort_the_table_by_mouse_and_keyboard(opened: Open) -> None:
    shown = opened("five")
    heads = shown.locator("#hosts").get_by_role("columnheader")
    head, other = heads.filter(has_text="Review by"), heads.filter(has_text="Host")
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert rows(shown)[0] == "api.stripe.com"
    head.get_by_role("button").press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert rows(shown)[-1] == "api.stripe.com"
    other.get_by_role("button").press("Space")
    assert (head.get_attribute("aria-sort"), other.get_attribute("aria-sort")) == (None, "ascending")
    assert rows(shown) == sorted(rows(shown))


def test_the_picture_shows_who_calls_what_through_which_gateway(opened: Open) -> None:
    shown = opened("five")
    titles = {
        kind: shown.locator(f"#canvas g:has(rect.{kind}) > title").all_text_contents()
        for kind in ("client", "gateway", "upstream")
    }
    assert sorted(titles["client"]) == [
        "reports/audit: client of 1 host",
        "shop: client of 3 hosts",
        "web: client of 1 host",
    ]
    assert sorted(titles["gateway"]) == [
        "api-stripe-com: in egress",
        "kafka: in egress",
        "no gateway: the clients' own sidecars",
        "old-example: in egress",
    ]
    assert "old.example: not verified; HTTP, 80 → 443" in titles["upstream"]
    # four gateways' clients, and five upstreams; the one that nobody verifies has a line of its own kind
    assert shown.locator("#canvas path").count() == 4 + 5
    assert shown.locator("#canvas path.unverified").count() == 1
    picture = shown.get_by_role("img", name="Clients, gateways and upstreams")
    expect(picture).to_have_accessible_description(
        "3 clients, 4 gateways or groups of them, and 5 hosts. The table below says the same in words."
    )


def test_a_host_is_a_page_of_its_own_for_the_keyboard(opened: Open) -> None:
    shown = opened("five")
    shown.keyboard.press("Tab")
    expect(shown.get_by_role("link", name="Skip to the content")).to_be_focused()
    expect(shown.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    shown.keyboard.press("Enter")
    expect(shown.get_by_role("main")).to_be_focused()
    link = shown.get_by_role("row", name="old.example").get_by_role("link")
    link.focus()
    assert shown.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    shown.keyboard.press("Enter")
    about = shown.get_by_role("article", name="old.example")
    expect(about).to_be_visible()
    expect(about).to_be_focused()
    expect(shown.locator("#hosts")).to_be_hidden()
    expect(about.get_by_role("heading", name="gateway → upstream")).to_be_visible()
    expect(about).to_contain_text("verifies nothing: RISK-7 has it. hosts.yaml:9")
    shown.keyboard.press("Tab")
    expect(shown.get_by_role("link", name="All hosts")).to_be_focused()
    shown.keyboard.press("Enter")
    expect(shown.locator("#hosts")).to_be_visible()
    expect(about).to_be_hidden()
    shown.go_back()
    expect(about).to_be_visible()


def test_a_page_of_one_host_shows_it_at_once(opened: Open) -> None:
    shown = opened("one")
    expect(shown.get_by_role("article", name="api.stripe.com")).to_be_visible()
    expect(shown.locator("#hosts")).to_be_hidden()
    expect(shown.get_by_role("link", name="All hosts")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("part", ["", "#host-old.example"])
def test_nobody_is_kept_out(opened: Open, scheme: Scheme, part: str) -> None:
    # axe-core comes from outside of the page, which its policy forbids
    shown = opened("five", color_scheme=scheme, bypass_csp=True)
    if part:
        shown.locator(f"#hosts a[href='{part}']").click()
    else:
        shown.locator("#hosts thead button").first.click()
    found = Axe().run(shown, options={"resultTypes": ["violations", "incomplete"]}).response
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
    assert [one["id"] for one in found["incomplete"] if one["id"] != "color-contrast"] == []


def test_dark_is_dark(opened: Open) -> None:
    colours = [
        opened("five", color_scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    ]
    assert colours == ["rgb(246, 247, 249)", "rgb(18, 22, 29)"]


def test_five_hundred_hosts_can_be_read(opened: Open) -> None:
    shown = opened("fivehundred")
    said, search = shown.locator("#shown"), shown.locator("#search")  # by role takes long among so many elements
    expect(said).to_have_text("All 500 hosts.")
    assert len(rows(shown)) == 500
    assert 0 < shown.locator("#canvas g").count() <= 3 * 40
    expect(shown.locator("#grouped")).to_contain_text("one box")
    search.fill("bank")
    expect(said).not_to_have_text("All 500 hosts.")
    found = rows(shown)
    assert found
    assert all("bank" in name for name in found)
    search.fill(found[0])
    expect(said).to_have_text("1 of 500 hosts.")
    expect(shown.locator("#grouped")).to_have_text("")
    assert boxes(shown) == [found[0]]
    # a list of a phone's width goes on to the side within its own frame
    shown.set_viewport_size({"width": 390, "height": 800})
    assert shown.evaluate("document.documentElement.scrollWidth") <= 390


def test_it_reads_without_javascript(opened: Open) -> None:
    shown = opened("five", java_script_enabled=False)
    expect(shown.get_by_label("Search")).to_be_hidden()
    expect(shown.get_by_text("need JavaScript")).to_be_visible()
    expect(shown.locator("#hosts").get_by_role("columnheader", name="Owner")).to_be_visible()
    shown.get_by_role("row", name="old.example").get_by_role("link").click()
    expect(shown.get_by_role("article", name="old.example")).to_be_visible()


def test_paper_gets_the_table_and_no_controls(opened: Open) -> None:
    shown = opened("five")
    shown.emulate_media(media="print", color_scheme="dark")
    expect(shown.get_by_label("Search")).to_be_hidden()
    expect(shown.get_by_role("navigation")).to_be_hidden()
    expect(shown.locator("#hosts")).to_be_visible()
    assert shown.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert shown.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"


def test_nothing_of_a_list_runs(opened: Open) -> None:
    shown = opened("attacked")
    shown.locator("#hosts tbody a").click()
    expect(shown.get_by_role("article")).to_contain_text(ATTACKS[0])
    assert shown.locator("script").count() == 2
    assert shown.locator("img, table table").count() == 0


def test_the_policy_lets_nothing_else_run(browser: Browser, pages: Path) -> None:
    shown = browser.new_page()
    refused: list[str] = []
    shown.on("console", lambda message: refused.append(message.text))
    shown.goto((pages / "five.html").as_uri())
    script = """() => {
        const added = document.createElement("script");
        added.textContent = "window.owned = true";
        document.body.append(added);
        return window.owned === true;
    }"""
    assert shown.evaluate(script) is False
    assert any("Content Security Policy" in text for text in refused)
    shown.close()
