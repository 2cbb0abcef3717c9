import re

import pytest
import yaml

from tests.lists import codes, compile_text, hosts

PRIVATE = [
    *("privatelink.snowflakecomputing.com", "privatelink.database.windows.net", "privatelink.westeurope.azmk8s.io"),
    *("corp.internal", "eu-west-1.compute.internal", "printers.local", "dc.corp", "box.lan", "x.home.arpa", "a.consul"),
    *("vpce.example.com", "vpce-svc-1.eu-west-1.vpce.amazonaws.com"),
]


@pytest.mark.parametrize("domain", [*PRIVATE, "internal.example.com", "vpcex.example.com", "privatelinks.example.com"])
def test_a_wildcard_whose_names_the_denied_ranges_close(domain: str) -> None:
    private = domain in PRIVATE
    found = [one for one in compile_text(hosts(f"- '*.{domain}'")).findings if one.code == "EG267"]
    assert len(found) == private
    for more in ("deniedRanges: [10.0.0.0/8]", "proxy: {host: p.example.net, port: 1}", "endpoints: [10.0.0.1]"):
        assert "EG267" not in codes(hosts(f"- {{host: '*.{domain}', {more}}}"))
    for finding in found:
        assert finding.level == "warning"
        (ranges,) = re.findall(r"`(deniedRanges: \[.*\])`", finding.fix)
        assert {"EG267", "EG269", "EG235"}.isdisjoint(codes(hosts(f"- {{host: '*.{domain}', {ranges}}}")))


def test_the_defaults_may_say_the_ranges() -> None:
    text = "version: 1\ndefaults: {clients: [shop], deniedRanges: [0.0.0.0/0, '::/0']}\nhosts:\n- '*.corp.internal'\n"
    assert not codes(text)


@pytest.mark.parametrize(
    ("ranges", "left_out"),
    [
        ("10.0.0.0/8", "169.254.0.0/16 168.63.129.16/32 100.100.100.200/32 192.0.0.192/32"),
        ("0.0.0.0/0", "fd00:ec2::/112 fd20:ce::254/128"),
        ("'::/0'", "169.254.0.0/16 168.63.129.16/32 100.100.100.200/32 192.0.0.192/32"),
        ("169.254.169.254/32", "169.254.0.0/16"),
        ("0.0.0.0/0, '::/0'", ""),
    ],
)
def test_ranges_that_leave_out_a_metadata_service(ranges: str, left_out: str) -> None:
    text = hosts(f"- {{host: '*.example.com', deniedRanges: [{ranges}]}}")
    findings = compile_text(text).findings
    assert [one.code for one in findings] == ["EG269"] * bool(left_out)
    for finding in findings:
        offered = finding.fix.removeprefix("add ")
        assert set(left_out.split()) <= set(yaml.safe_load(f"[{offered}]"))
        assert not codes(text.replace(ranges, f"{ranges}, {offered}"))
