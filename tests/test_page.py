"""`egressc explain --format html`: one file, well formed, whole, and nothing of a list runs in it."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from typing_extensions import override

from egressc import __version__
from egressc.compile import compile_files, compile_sources
from egressc.explain import as_json, page
from egressc.explain.view import View
from egressc.plan import Plan
from tests.cases import CASES, VALID, Case
from tests.conftest import Golden
from tests.harmless import harmless
from tests.lists import compile_text, hosts

EXPLAINED = Case(CASES / "explain")
TODAY = View(today="2026-11-27")
VOID = {"meta", "input"}
SOURCES = Path(page.__file__).parent
ATTACKS = (
    "</script><script type=text/javascript>owned()</script>",
    "<img src=/x onerror=owned()>",
    "' onload='owned()' x=\" onload=owned() \"",
    "<!-- a comment",
    "]]>&lt;script&gt;",
    "</table></article></main>",
    "https:evil.example/",
    "javascript:owned()",
)


class Outline(HTMLParser):
    """The elements of a page in their order, each with its attributes, and its text by element."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.content: dict[str, str] = {}
        self.feed(source)
        self.close()
        assert not self.open

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), "no attribute stands twice"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    @override
    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    @override
    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("script", "style"):
            kind = self.elements[-1][1].get("type") or self.open[-1]
            self.content[kind] = self.content.get(kind, "") + data
        elif data.strip():
            self.texts.append(" ".join(data.split()))

    @override
    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def values(self, *names: str) -> list[str]:
        """What these attributes say, wherever they stand."""
        return [value or "" for _, attributes in self.elements for name, value in attributes.items() if name in names]


def planned(case: Case) -> Plan:
    plan = case.compile().plan
    assert plan
    return plan


def shown(text: str) -> str:
    plan = compile_text(text).plan
    assert plan
    return page.fleet(plan, TODAY)


@pytest.fixture(params=[*VALID, EXPLAINED], ids=lambda case: case.name)
def fleet(request: pytest.FixtureRequest) -> Plan:
    return planned(request.param)


def test_the_page_is_whole(fleet: Plan) -> None:
    outline = Outline(page.fleet(fleet, TODAY))
    names = outline.values("id")
    assert len(names) == len(set(names))
    for target in outline.values("href"):
        assert target.startswith("#")
        assert unquote(target[1:]) in names
    rows = outline.values("data-host")
    assert rows == sorted(carrier.host.host for carrier in fleet.carriers)
    assert [name for name in names if name.startswith("host-") and not name.endswith("-title")] == [
        f"host-{host}" for host in rows
    ]
    assert [row["host"] for row in json.loads(outline.content["application/json"])] == rows


def test_it_says_all_that_the_json_says(fleet: Plan) -> None:
    for carrier in fleet.carriers:
        text = " ".join(Outline(page.host(carrier, TODAY)).texts)
        for sentence in _sentences(json.loads(as_json.host(carrier))):
            assert " ".join(sentence.split()) in text


def _sentences(about: Any) -> list[str]:
    """What decisions, hops, notes and remarks say, and where."""
    if isinstance(about, list):
        return [sentence for one in about for sentence in _sentences(one)]
    if not isinstance(about, dict):
        return []
    own = [about[key] for key in ("says", "spoken") if key in about]
    own += [f"{about['file']}:{about['line']}"] if "file" in about and "says" not in about else []
    # whether a proxy verifies, and who is refused by whom, has lines that stand with the decisions only
    below = [part for key, part in about.items() if key not in ("verified", "pods")]
    return own + [sentence for part in below for sentence in _sentences(part)]


def test_nothing_is_loaded_from_elsewhere(fleet: Plan) -> None:
    outline = Outline(page.fleet(fleet, TODAY))
    assert not {tag for tag, _ in outline.elements} & {
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "base",
        "form",
        "audio",
    }
    assert not outline.values("src", "srcset", "action", "style", "background", "data", "poster")
    assert not [name for _, attributes in outline.elements for name in attributes if name.startswith("on")]


def test_what_the_page_is_made_of_names_no_address() -> None:
    sources = "".join(
        path.read_text(encoding="utf-8") for path in SOURCES.iterdir() if path.suffix in (".css", ".html", ".js")
    )
    assert set(re.findall(r"\w+://[^\s\"']+", sources)) == {"http://www.w3.org/2000/svg"}  # a name of XML
    assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest|innerHTML|outerHTML|insertAdjacent|eval\(", sources)


def test_only_its_own_script_and_style_may_run() -> None:
    outline = Outline(page.fleet(planned(EXPLAINED), TODAY))
    (policy,) = (attributes["content"] or "" for _, attributes in outline.elements if "http-equiv" in attributes)
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules == {
        "default-src": "'none'",
        "style-src": _digest(outline.content["style"]),
        "script-src": _digest(outline.content["script"]),
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def _digest(source: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"


LIST = """
version: 1
hosts:
- host: a.example.com
  description: {text}
  owner: {text}
  clients: [{{namespace: shop, methods: [GET], paths: [{path}]}}]
  headers: {{request: {{set: {{x-note: {text}}}}}}}
  tls: {{unverified: {text}}}
"""


def attacked(text: str) -> Outline:
    """The page of a list that has `text` wherever it may, and as the name of its file."""
    path = f"/{re.sub(r'[^!-~]|[?#*{}]', '', text)}"
    content = LIST.format(text=json.dumps(text), path=json.dumps(path))
    plan = compile_sources([(text, content.encode())]).plan
    assert plan
    return Outline(page.fleet(plan, TODAY))


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_of_a_list_is_markup(attack: str) -> None:
    harm, none = attacked(attack), attacked("without harm")
    assert [(tag, sorted(attributes)) for tag, attributes in harm.elements] == [
        (tag, sorted(attributes)) for tag, attributes in none.elements
    ]
    assert harm.content["script"] == none.content["script"]
    assert json.loads(harm.content["application/json"])[0]["owner"] == attack
    for text in (attack, f"{attack}:4", f"verifies nothing: {attack}"):
        assert text in harm.texts


@pytest.mark.parametrize(
    ("review", "overdue"), [("2026-11-26", True), ("2026-11-27", False), ("2026-11-28", False), (None, False)]
)
def test_a_review_is_overdue_from_the_day_after(review: str | None, overdue: bool) -> None:
    text = shown(hosts(f"- {{host: a.example.com{f', reviewBy: {review}' if review else ''}}}"))
    outline = Outline(text)
    assert json.loads(outline.content["application/json"])[0]["overdue"] is overdue
    assert outline.texts.count("overdue") == 3 * overdue  # in the table, among the reviews, and with the host


def test_reviews_of_the_next_90_days_are_due() -> None:
    texts = Outline(
        shown(hosts("- {host: a.example.com, reviewBy: 2027-02-25}\n- {host: b.example.com, reviewBy: 2027-02-26}"))
    ).texts
    due = texts[
        texts.index("Overdue, or due until 2027-02-25") : texts.index(
            "1 host later than 2027-02-25, 0 hosts without a date."
        )
    ]
    assert "a.example.com" in due
    assert "b.example.com" not in due


def test_it_counts_pods_once_for_each_gateway() -> None:
    outline = Outline(
        shown("""
        version: 1
        defaults: {clients: [shop]}
        gateways: [{name: both, namespace: egress, replicas: 3}]
        hosts:
        - {host: a.example.com, gateway: both}
        - {host: b.example.com, gateway: both}
        - {host: c.example.com, replicas: 2}
        - {host: d.example.com, at: sidecar}
        """)
    )
    costs = outline.texts[outline.texts.index("Of these for one host only") - 2 :][:14]
    assert dict(zip(costs[::2], costs[1::2], strict=True)) == {
        "Gateways": "2",
        "Of these for one host only": "1",
        "Gateways that run already": "0",
        "Hosts without a gateway": "1",
        "Pods": "5",
        "Requested CPU and memory": "0.25 CPU and 0.625 GiB, by the chart's defaults",
        "Checks of upstreams a minute": "48",
    }


def test_it_says_whether_the_list_closes_other_ways() -> None:
    closed = """
    version: 1
    defaults: {clients: [shop]}
    companions: {sidecars: {}, peerAuthentication: STRICT, admission: {}}
    hosts: [a.example.com]
    """
    texts = Outline(shown(closed)).texts
    rows = texts[texts.index("Namespaces") + 1 :]
    assert dict(zip(rows[:12:3], rows[2:12:3], strict=True)) == {
        "PeerAuthentication": "egress",
        "Sidecar": "shop",
        "ValidatingAdmissionPolicy": "the whole cluster",
        "ValidatingAdmissionPolicyBinding": "the whole cluster",
    }
    none = "The list makes no such objects: the mesh and the cluster must close other ways out."
    assert none not in texts
    assert none in Outline(shown(hosts("- a.example.com"))).texts


def test_it_marks_what_an_auditor_asks_for() -> None:
    entry = """
    - host: a.example.com
      clients: [{wholeMesh: true}]
      deny: [evil]
      enforcement: report
      tls: {unverified: Its certificate is old.}
    """
    texts = Outline(shown(hosts(entry))).texts
    row = texts[texts.index("Review by") : texts.index("Reviews due", texts.index("Review by"))]
    for mark in ("refuses nobody yet", "refused: evil", "verified by nobody", "the whole mesh"):
        assert mark in row


def test_reads_well(golden: Golden, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(EXPLAINED.folder)
    plan = compile_files(["hosts.yaml"]).plan
    assert plan
    source = page.fleet(plan, TODAY)
    assert harmless(source)
    texts = Outline(source.replace(__version__, "…")).texts
    overview = texts[: texts.index("← All hosts")]
    golden(EXPLAINED.folder / "fleet.html.txt", "".join(f"{text}\n" for text in overview))
