"""A host in the files of several teams is one host, and no team lets itself in."""

from typing import Any

import pytest

from tests.lists import codes, gateways

OWNED = "version: 1\ndefaults: {owner: payments, clients: [till]}\nhosts:\n"
GUEST = "version: 1\ndefaults: {owner: reports, clients: [batch], drain: 90s}\nhosts:\n- api.example.com\n"


def callers(entry: dict[str, Any]) -> list[str]:
    return [client["principal"].split("/")[2] for client in entry["clients"]]


def test_files_of_one_owner_have_one_host_with_the_clients_of_all() -> None:
    one = OWNED + "- {host: api.example.com, timeouts: {request: 5s}}\n"
    two = "version: 1\ndefaults: {owner: payments, clients: [batch]}\nhosts:\n- {host: api.example.com, drain: 60s}\n"
    entry = gateways(one, two)["api.example.com"]
    assert entry == gateways(two, one)["api.example.com"]
    assert callers(entry) == ["batch", "till"]
    assert (entry["requestTimeout"], entry["drainSeconds"]) == ("5s", 60)


def test_a_guest_whom_the_owner_names_adds_clients_and_nothing_of_its_defaults() -> None:
    owned = OWNED + "- {host: api.example.com, clientsFrom: [reports]}\n"
    entry = gateways(owned, GUEST)["api.example.com"]
    assert entry == gateways(GUEST, owned)["api.example.com"]
    assert callers(entry) == ["batch", "till"]
    assert entry["annotations"] == {"egressc.io/owner": "payments"}
    assert "drainSeconds" not in entry


@pytest.mark.parametrize(
    ("owned", "guest"),
    [
        ("- api.example.com\n", GUEST),
        ("- {host: api.example.com, clientsFrom: [others]}\n", GUEST),
        (
            "- api.example.com\n",
            GUEST.replace("- api.example.com", "- {host: api.example.com, clientsFrom: [payments]}").replace(
                "owner: reports, ", ""
            ),
        ),
        ("- {host: api.example.com, clientsFrom: [reports]}\n", GUEST.replace("owner: reports, ", "")),
        (
            "- {host: api.example.com, clientsFrom: [reports]}\n",
            GUEST.replace("- api.example.com", "- {host: api.example.com, clientsFrom: [payments]}"),
        ),
    ],
)
def test_no_team_lets_itself_in(owned: str, guest: str) -> None:
    assert codes(OWNED + owned, guest) == ["EG320"]
    assert codes(guest, OWNED + owned) == ["EG320"]


@pytest.mark.parametrize(
    "said", ["tls: {mode: none, unverified: it is a leased line}", "expose: {host: a.example.net}", "drain: 5s"]
)
def test_a_guest_says_nothing_but_its_clients(said: str) -> None:
    owned = OWNED + "- {host: api.example.com, clientsFrom: [reports]}\n"
    guest = GUEST.replace("- api.example.com", f"- {{host: api.example.com, {said}}}")
    assert codes(owned, guest) == ["EG319"]


def test_denials_of_all_files_hold() -> None:
    owned = OWNED + "- {host: api.example.com, clientsFrom: [reports]}\n"
    guest = GUEST.replace(
        "- api.example.com", "- {host: api.example.com, deny: [{namespace: batch, methods: [DELETE]}]}"
    )
    rules = gateways(owned, guest)["api.example.com"]["ports"][0]["rules"]
    assert [rule["id"] for rule in rules["deny"]] == ["not batch"]


def test_an_overlay_adds_clients_where_it_says_so() -> None:
    base = OWNED + "- {host: api.example.com, clients: [till]}\n"
    added = "version: 1\nhosts:\n- {host: api.example.com, addClients: [preview]}\n"
    entry = gateways(base, overlays=[added])["api.example.com"]
    assert callers(entry) == ["till", "preview"]
    assert codes(base, overlays=[added.replace("addClients", "clients")]) == ["EG309"]
    assert codes(added) == ["EG201", "EG307"]


def test_clients_of_the_defaults_stay_where_an_overlay_adds() -> None:
    base = OWNED + "- api.example.com\n"
    added = "version: 1\nhosts:\n- {host: api.example.com, addClients: [preview]}\n"
    assert callers(gateways(base, overlays=[added])["api.example.com"]) == ["till", "preview"]


def test_an_entry_for_several_hosts_is_one_for_each() -> None:
    several = gateways(OWNED + "- {hosts: [a.example.com, b.example.com], drain: 5s}\n")
    single = gateways(OWNED + "- {host: a.example.com, drain: 5s}\n- {host: b.example.com, drain: 5s}\n")
    assert several == single


def test_a_group_is_each_of_its_members() -> None:
    groups = "version: 1\ngroups: {tills: [shop, {namespace: kiosk, serviceAccount: till}]}\nhosts:\n"
    rule, refused = "methods: [GET], ports: [80]", "methods: [PUT]"
    shop, kiosk = "namespace: shop", "namespace: kiosk, serviceAccount: till"

    def entry(clients: str, deny: str) -> dict[str, Any]:
        return gateways(groups + f"- {{host: a.example.com, clients: [{clients}], deny: [{deny}]}}\n")

    assert entry(f"{{group: tills, {rule}}}", f"{{group: tills, {refused}}}") == entry(
        f"{{{shop}, {rule}}}, {{{kiosk}, {rule}}}", f"{{{shop}, {refused}}}, {{{kiosk}, {refused}}}"
    )


def test_groups_of_one_file_are_known_in_all() -> None:
    groups = "version: 1\ngroups: {tills: [shop]}\nhosts: []\n"
    other = "version: 1\ndefaults: {clients: [{group: tills}]}\nhosts: [a.example.com]\n"
    assert callers(gateways(groups, other)["a.example.com"]) == ["shop"]
    overlay = "version: 1\ngroups: {tills: [kiosk]}\nhosts: []\n"
    assert callers(gateways(groups, other, overlays=[overlay])["a.example.com"]) == ["kiosk"]
