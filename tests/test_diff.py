"""What a change of a list means: nothing is said of equal lists, and no grant goes unsaid."""

import json
import random
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from egressc import diff, emit
from egressc.cli import main
from egressc.compile import compile_sources
from egressc.diff import pods
from egressc.diff.change import EFFECTS
from egressc.diff.listeners import unordered
from egressc.model import Host, stands_for
from tests.cases import CASES
from tests.chart import Helm
from tests.conftest import Golden
from tests.harmless import harmless
from tests.lists import compile_text, hosts
from tests.strategies import GATEWAYS, fleets
from tests.strategies.words import NAMESPACES, PREFIXES, Draw

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]  # to find the smallest of two fleets takes minutes
SOME = settings(max_examples=100, phases=PHASES, suppress_health_check=SLOW)
DIFF_CASES = sorted((CASES / "diff").iterdir())


def version(text: str | bytes) -> diff.Version:
    compilation = compile_text(text)
    assert not [finding for finding in compilation.findings if finding.level == "error"], compilation.findings
    assert compilation.plan
    assert compilation.inventory
    return compilation.inventory, compilation.plan


def source(entries: Iterable[Any], **more: Any) -> bytes:
    return emit.dump({"version": 1, "gateways": list(GATEWAYS), **more, "hosts": list(entries)}).encode()


def maybe(entries: Iterable[Any], **more: Any) -> diff.Version | None:
    """The version of a list, None where the list has errors."""
    compilation = compile_sources([("hosts.yaml", source(entries, **more))])
    if compilation.plan is None or compilation.inventory is None:
        return None
    return compilation.inventory, compilation.plan


def said(old: str, new: str) -> list[str]:
    """The changes from one list to another, as `effect setting: sentence`."""
    found = diff.changes(version(hosts(old)), version(hosts(new)))
    return [f"{one.effect} {one.setting}: {one.text}" for one in found]


@given(fleets(), st.randoms(use_true_random=False))
@SOME
def test_equal_lists_say_nothing(fleet: list[Any], chance: random.Random) -> None:
    first = maybe(fleet)
    assert first
    assert diff.changes(first, first) == ()
    mixed = chance.sample(fleet, len(fleet))
    then = maybe([shuffled(entry, chance) for entry in mixed])
    assert then
    assert diff.changes(first, then) == ()


def shuffled(data: Any, chance: random.Random) -> Any:
    """The same, its keys and its rules in another order."""
    if not isinstance(data, dict):
        return data
    keys = chance.sample(list(data), len(data))
    rules = {key: chance.sample(data[key], len(data[key])) for key in ("clients", "deny") if key in data}
    return {key: rules.get(key, shuffled(data[key], chance)) for key in keys}


def test_what_moves_between_defaults_and_hosts_says_nothing() -> None:
    entry = "clients: [shop], owner: a, timeouts: {connect: 3s}, drain: 2m, tls: {mode: simple, secret: x}"
    split = f"version: 1\ndefaults: {{{entry}}}\nhosts: [a.example.com, b.example.com]\n"
    whole = f"version: 1\nhosts:\n- {{host: a.example.com, {entry}}}\n- {{host: b.example.com, {entry}}}\n"
    assert diff.changes(version(split), version(whole)) == ()
    assert diff.changes(version(whole), version(split)) == ()


@given(fleets(most=3), fleets(most=3), st.data())
@SOME
def test_whatever_changes_the_values_is_said(fleet: list[Any], other: list[Any], data: st.DataObject) -> None:
    first, then = maybe(fleet), maybe(mutated(fleet, other, data.draw))
    assume(first and then)
    assert first
    assert then
    differ = unordered(emit.values(first[1])) != unordered(emit.values(then[1]))
    assert differ == bool(diff.changes(first, then))


def mutated(fleet: list[Any], other: list[Any], draw: Draw) -> list[Any]:
    """A fleet in which one setting of one host is another's, or gone, or a whole host is."""
    entries = [entry if isinstance(entry, dict) else {"host": entry} for entry in fleet]
    index = draw(st.integers(0, len(entries) - 1))
    theirs = draw(st.sampled_from([entry if isinstance(entry, dict) else {"host": entry} for entry in other]))
    match draw(st.sampled_from(["take", "take", "take", "leave", "gone", "new"])):
        case "gone":
            return entries[:index] + entries[index + 1 :]
        case "new":
            return [*entries, theirs]
        case "leave":
            key = draw(st.sampled_from([*entries[index]]))
            kept = {name: value for name, value in entries[index].items() if name != key or key == "host"}
            return [*entries[:index], kept, *entries[index + 1 :]]
        case _:
            key = draw(st.sampled_from([*theirs]))
            own = entries[index] if key != "host" else {}
            return [*entries[:index], {**entries[index], key: merged(own.get(key), theirs[key])}, *entries[index + 1 :]]


def merged(own: Any, theirs: Any) -> Any:
    return {**own, **theirs} if isinstance(own, dict) and isinstance(theirs, dict) else theirs


@given(fleets(most=1), fleets(most=1), st.data())
@settings(SOME, max_examples=400)
def test_no_grant_goes_unsaid(fleet: list[Any], other: list[Any], data: st.DataObject) -> None:
    old, theirs = (some[0] if isinstance(some[0], dict) else {"host": some[0]} for some in (fleet, other))
    if data.draw(st.booleans()):
        old = {**old, "deny": [{"namespace": data.draw(st.sampled_from(NAMESPACES))}]}
    versions = maybe([old]), maybe([with_other_rules(old, theirs, data.draw)])
    if not all(versions):
        return
    first, then = (one for one in versions if one)
    opened = [one.text for one in diff.changes(first, then) if one.effect == "opens" and one.setting in WHO]
    before, now = (
        [gateway for gateway in emit.values(one[1])["gateways"].values() if "host" in gateway] for one in (first, then)
    )
    for gateway in now:
        for call in asked(gateway, *before, named=[*first[0].hosts, *then[0].hosts]):
            if lets_in(gateway, call) and not any(lets_in(one, call) for one in before):
                assert any(tells_of(call.namespace, text) for text in opened), (call, opened)


def tells_of(namespace: str, text: str) -> bool:
    prefixes = {prefix for prefix in PREFIXES if prefix in text}
    return namespace in text or "whole mesh" in text or any(stands_for(prefix, namespace) for prefix in prefixes)


WHO = ("clients", "deny", "enforcement", "expose")


class Asked(NamedTuple):
    """A call of a pod: who it is, and what it asks for."""

    namespace: str
    account: str
    labels: tuple[tuple[str, str], ...]
    port: int
    method: str
    path: str


def with_other_rules(entry: dict[str, Any], theirs: dict[str, Any], draw: Draw) -> dict[str, Any]:
    """The entry with a rule more or less, or with a rule that says a key less."""
    clients = [one if isinstance(one, dict) else {"namespace": one} for one in entry.get("clients", ["shop"])]
    index = draw(st.integers(0, len(clients) - 1))
    one = clients[index]
    match draw(st.sampled_from(["key", "key", "fewer", "more", "deny", "allow", "allow", "report"])):
        case "key":
            key = draw(st.sampled_from(sorted({*one} - {"namespace", "wholeMesh"}) or [""]))
            clients[index] = {name: value for name, value in one.items() if name != key}
        case "fewer" if len(clients) > 1:
            del clients[index]
        case "more":
            clients += [{"namespace": "guests"}, *theirs.get("clients", [])]
        case "deny":
            return {**entry, "deny": theirs.get("deny", [{"namespace": one.get("namespace", "shop")}])}
        case "allow":
            return {key: value for key, value in entry.items() if key != "deny"}
        case "report":
            return {**entry, "enforcement": "report"}
    return {**entry, "clients": clients}


def asked(*gateways: Mapping[str, Any], named: Iterable[Host]) -> Iterator[Asked]:
    """Calls, also of what the clients of the hosts name."""
    sources = [source for gateway in gateways for port in gateway["ports"] for source in port.get("sources", ())]
    labels = {(), *(tuple(source.get("podLabels", {}).items()) for source in sources)}
    known = {path.replace("*", "x") for host in named for client in host.clients for path in client.paths}
    paths = known | {"/", "/v1/x", "/other"}
    for port in gateways[0]["ports"]:
        raw = port["protocol"] in ("TLS", "TCP")
        requests = [("", "")] if raw else [*product(("GET", "POST", "DELETE", "PATCH"), sorted(paths))]
        for namespace, account, some in product((*NAMESPACES, "guests", "preview-1"), ACCOUNTS, sorted(labels)):
            yield from (Asked(namespace, account, some, port["port"], *request) for request in requests)


ACCOUNTS = ("checkout", "a.b", "1e3", "nobody")


def lets_in(gateway: Mapping[str, Any], call: Asked) -> bool:
    """Whether the rules that the chart gets let a call in, and the client's sidecar as well."""
    ports = [port for port in gateway.get("ports", ()) if port["port"] == call.port]
    if not ports:
        return False
    sources, rules = ports[0].get("sources", ()), ports[0]["rules"]
    known = not sources or any(
        source.get("namespace") in (None, call.namespace) and source.get("podLabels", {}).items() <= {*call.labels}
        for source in sources
    )
    refused = any(matches(rule, gateway, call) for rule in rules.get("deny", ()))
    return known and not refused and any(matches(rule, gateway, call) for rule in rules.get("allow", ()))


def matches(rule: Mapping[str, Any], gateway: Mapping[str, Any], call: Asked) -> bool:
    if "headers" in rule:  # no call has one of these
        return False
    caller = f"spiffe://cluster.local/ns/{call.namespace}/sa/{call.account}"
    ((how, text),) = rule.get("caller", {"prefix": "spiffe://"}).items()
    if how == "safe_regex":
        how, text = "exact", caller if re.fullmatch(text["regex"], caller) else ""
    is_meant = {"exact": caller == text, "prefix": caller.startswith(text), "suffix": caller.endswith(text)}
    texts = (("paths", call.path), ("hosts", gateway["host"]))
    asks = all(any(re.fullmatch(one, value) for one in rule[key]) for key, value in texts if key in rule)
    asks = asks and bool(re.fullmatch(rule.get("methods", ".*"), call.method))
    return asks and is_meant.get(how, text in caller)


POD_CHANGES = {
    "drain": ("", "drain: 2m"),
    "resources": ("", "resources: {requests: {cpu: 200m}}"),
    "mode": ("", "readiness: {mode: gateway}"),
    "probe": (
        "readiness: {mode: probe, probe: {httpGet: {path: /a, port: 15021}}}",
        "readiness: {mode: probe, probe: {httpGet: {path: /b, port: 15021}}}",
    ),
    "volume": (
        "tls: {files: {ca: /a/b, volumes: [{secret: one, mountPath: /a}]}}",
        "tls: {files: {ca: /a/b, volumes: [{secret: two, mountPath: /a}]}}",
    ),
    "credential": ("headers: {credential: {secret: a}}", "headers: {credential: {secret: b}}"),
    "image": (
        "externalAuthorization: {opa: {image: a, policy: p}}",
        "externalAuthorization: {opa: {image: b, policy: p}}",
    ),
    "open": (
        "externalAuthorization: {opa: {image: a, policy: p}}",
        "externalAuthorization: {opa: {image: a, policy: p}, failOpen: true}",
    ),
    "same": ("", "readiness: {path: /health, interval: 5s}"),
    "prefix": ("headers: {credential: {secret: a}}", "headers: {credential: {secret: a, prefix: b}}"),
    "timeout": (
        "externalAuthorization: {opa: {image: a, policy: p}}",
        "externalAuthorization: {opa: {image: a, policy: p, timeout: 1s}}",
    ),
    "provider": ("", "externalAuthorization: {provider: x}"),
    "replicas": ("", "replicas: 3"),
    "secret": ("", "tls: {mode: mutual, secret: x}"),
    "clients": ("", "clients: [web]"),
    "port": ("", "ports: [{port: 80}, {port: 9000, protocol: TCP}]"),
}


def test_pods_restart_when_their_template_differs(helm4: Helm) -> None:
    lists = [
        hosts(
            "\n".join(
                f"- {{host: {name}.example.com, name: {name}, {pair[side]}}}" for name, pair in POD_CHANGES.items()
            )
        )
        for side in (0, 1)
    ]
    values = [emit.values(version(text)[1]) for text in lists]
    old, new = (
        {key[2]: document["spec"]["template"] for key, document in helm4.render(one).items() if key[0] == "Deployment"}
        for one in values
    )
    assert {name for name, _ in pods.restarts(*values)} == {name for name in old if old[name] != new[name]}
    assert {name for name in old if old[name] != new[name]} == {*list(POD_CHANGES)[:8]}


# ---- single changes


HOST = "- {{host: a.example.com, clients: [{}]}}"
DENIED = "- {{host: a.example.com, clients: [shop], deny: [{}]}}"


@pytest.mark.parametrize(
    ("old", "new", "effects"),
    [
        (HOST.format("shop"), HOST.format("shop, web"), {"opens"}),
        (HOST.format("shop, web"), HOST.format("shop"), {"cuts"}),
        (HOST.format("{namespace: shop, serviceAccount: a}"), HOST.format("shop"), {"opens"}),
        (HOST.format("shop"), HOST.format("{wholeMesh: true}"), {"opens"}),
        (HOST.format("{namespace: shop, paths: [/a]}"), HOST.format("{namespace: shop, paths: [/a*]}"), {"opens"}),
        (HOST.format("{namespace: shop, paths: [/a*]}"), HOST.format("{namespace: shop, paths: [/a, /ab]}"), {"cuts"}),
        (
            HOST.format("{namespace: shop, paths: [/a/*, '*.js']}"),
            HOST.format("{namespace: shop, paths: [/a/*]}"),
            {"cuts"},
        ),
        # in other words the same
        (HOST.format("shop"), HOST.format("shop, {namespace: shop, serviceAccount: a}"), {"changes"}),
        (
            HOST.format("{namespace: shop, paths: [/a*]}"),
            HOST.format("{namespace: shop, paths: [/a*, /ab]}"),
            {"changes"},
        ),
        (HOST.format("{namespace: shop, podLabels: {a: b}}"), HOST.format("shop"), {"opens"}),
        (DENIED.format("{paths: [/a]}"), HOST.format("shop"), {"opens"}),
        (DENIED.format("{methods: [GET]}"), DENIED.format("{methods: [HEAD]}"), {"opens"}),
        (
            DENIED.format("{namespace: web, methods: [GET]}"),
            DENIED.format("{namespace: blog, methods: [GET]}"),
            {"changes"},
        ),
        (HOST.format("shop"), HOST.format("shop").replace("}", ", drain: 2m}"), {"changes", "restarts"}),
        (HOST.format("shop"), HOST.format("shop").replace("}", ", replicas: 9}"), {"changes", "costs"}),
        (HOST.format("shop"), HOST.format("shop").replace("}", ", owner: a}"), {"notes"}),
        (HOST.format("shop"), HOST.format("shop").replace("}", ", timeouts: {connect: 10s}}"), {"changes"}),
        (HOST.format("shop"), HOST.format("shop").replace("}", ", endpoints: [192.0.2.1]}"), {"changes"}),
        (HOST.format("shop"), HOST.format("shop").replace("}", ", enforcement: report}"), {"opens"}),
    ],
)
def test_what_one_change_does(old: str, new: str, effects: set[str]) -> None:
    changes = diff.changes(version(hosts(old)), version(hosts(new)))
    strict = {"from now on the gateway lets through", "from now on the gateway refuses"}
    told = [one for one in changes if not any(one.text.startswith(words) for words in strict)]
    assert {one.effect for one in told} == effects, [one.text for one in changes]
    assert diff.changes(version(hosts(new)), version(hosts(old)))


def test_a_denial_in_another_spelling() -> None:
    old = "- {host: a.example.com, clients: [{namespace: shop, paths: [/a/]}], deny: [{paths: [/a]}]}"
    new = "- {host: a.example.com, clients: [{namespace: shop, paths: [/a/]}]}"
    assert "opens deny: shop may do what was denied to everybody: any method, /a, port 80" in said(old, new)


def test_rules_that_only_report_open_and_cut_nothing() -> None:
    old, new = (HOST.format(name).replace("}", ", enforcement: report}") for name in ("shop", "web"))
    assert {one.partition(" ")[0] for one in said(old, new)} == {"changes"}


def test_a_name_that_a_wildcard_takes_over() -> None:
    wildcard = "- {host: '*.example.com', clients: [shop, web]}\n"
    one = "- {host: a.example.com, clients: [{namespace: shop, methods: [GET]}]}"
    texts = said(wildcard + one, wildcard)
    assert [text for text in texts if text.startswith("opens clients: web may call")]
    assert [text for text in texts if text.startswith("opens clients: shop may do more")]
    assert [text for text in said(wildcard, wildcard + one) if text.startswith("cuts clients: web may no longer call")]


def test_no_text_of_a_list_is_markdown() -> None:
    old = hosts("- {host: a.example.com, owner: x}")
    for text in (
        "**bold**",
        "@team",
        "`tick`",
        "</details>",
        "[a](http://b)",
        "::error::x",
        "##[error]",
        "a\nb",
        "`` ` ``",
    ):
        new = hosts(f"- {{host: a.example.com, owner: {json.dumps(text)}}}")
        shown = diff.FORMATS["markdown"](diff.changes(version(old), version(new)))
        (line,) = (line for line in shown.splitlines() if line.startswith("- "))
        assert harmless(shown)
        spans = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", line)
        assert spans == "- : : , before  ()"


def test_a_list_with_errors_gives_findings_and_nothing_else(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    good, bad, worse = (tmp_path / name for name in ("good.yaml", "bad.yaml", "worse.yaml"))
    good.write_text(hosts("- a.example.com"))
    bad.write_text(hosts("- {host: a.example.com, ownr: x}"))
    worse.write_text(hosts("- a"))
    for pair in ((good, bad), (bad, good), (bad, worse)):
        result = tmp_path / "diff.txt"
        assert main(["diff", *map(str, pair), "-o", str(result), "--exit-code"]) == 1
        out, errors = capfd.readouterr()
        assert out == ""
        assert not result.exists()
        assert ("EG101" in errors, "EG105" in errors) == (bad in pair, worse in pair)
        assert errors.endswith(f"{len({*pair} - {good})} error{'s' * (good not in pair)}: nothing is written\n")


def test_several_files_and_overlays(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    one, two, overlay = (tmp_path / name for name in ("one.yaml", "two.yaml", "overlay.yaml"))
    one.write_text(hosts("- a.example.com"))
    two.write_text(hosts("- b.example.com"))
    overlay.write_text("version: 1\nhosts: [{host: a.example.com, owner: x}]\n")
    assert main(["diff", str(one), str(one), "--new", str(two), "--new-overlay", str(overlay)]) == 0
    out = capfd.readouterr().out
    assert "shop may call this new host" in out
    assert "owner: x, before none" in out
    same = ["--old", str(two), "--old-overlay", str(overlay), "--new", str(two), "--new-overlay", str(overlay)]
    assert main(["diff", str(one), str(one), "--exit-code", *same]) == 0
    assert capfd.readouterr().out == ""
    assert main(["diff", str(two), str(one), "--exit-code", "--format", "json"]) == 3
    assert json.loads(capfd.readouterr().out)["version"] == 1


# ---- cases that a person reads


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
@pytest.mark.parametrize("case", DIFF_CASES, ids=lambda case: str(case.name))
def test_cases(
    case: Path, form: str, golden: Golden, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(case)
    assert main(["diff", "old.yaml", "new.yaml", "--format", form, "--exit-code"]) == 3 * (case.name != "nothing")
    shown = capfd.readouterr().out
    assert harmless(shown)
    golden(case / {"text": "diff.txt", "markdown": "diff.md", "json": "diff.json"}[form], shown)


def test_all_effects_have_a_case() -> None:
    shown = [json.loads((case / "diff.json").read_text(encoding="utf-8")) for case in DIFF_CASES]
    assert {change["effect"] for one in shown for change in one["changes"]} == set(EFFECTS)


def test_the_page_for_reviewers_has_every_effect() -> None:
    page = (CASES.parents[1] / "docs" / "review.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\w*) *\|", page, re.MULTILINE)
    assert rows == [(effect, "yes" * (effect in diff.RISKY)) for effect in EFFECTS]


def test_every_change_of_a_host_has_its_lines() -> None:
    for case in DIFF_CASES:
        for change in json.loads((case / "diff.json").read_text(encoding="utf-8"))["changes"]:
            if change["subject"] in ("companions", "mesh", "fleet"):
                continue
            assert change["old"] or change["new"], change
            for side in ("old", "new"):
                lines = (case / f"{side}.yaml").read_text(encoding="utf-8").splitlines()
                for place in change[side]:
                    assert lines[place["line"] - 1][place["column"] - 1 :].lstrip("\"'").startswith(place["key"])
