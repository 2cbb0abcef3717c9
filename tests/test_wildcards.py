"""What a change of a wildcard's settings must change in what is printed."""

import pytest

from egressc import emit
from tests.chart import Helm
from tests.contract.fleet import nested
from tests.lists import compile_text, hosts


@pytest.mark.parametrize("more", ["deniedRanges: [10.0.0.0/8]", "deniedRanges: [10.0.0.0/8, 192.0.2.0/24]"])
def test_other_ranges_are_a_cache_of_another_name(helm4: Helm, more: str) -> None:
    """Envoy keeps a cache by its name, and refuses a listener whose cache of that name has other settings."""
    names = []
    for entry in ('- host: "*.example.com"', f'- host: "*.example.com"\n  {more}'):
        plan = compile_text(hosts(entry)).plan
        assert plan
        documents = helm4.render(emit.values(plan))
        caches = list(nested(documents["EnvoyFilter", "egress", "any---example-com.wildcard"], "dns_cache_config"))
        assert caches[0]["name"] == caches[1]["name"]
        names.append(caches[0]["name"])
    assert len(set(names)) == 2
