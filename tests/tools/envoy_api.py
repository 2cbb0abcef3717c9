"""What a version of Envoy does not know of a configuration, by its own API with unknown fields refused."""

import json
import re
import subprocess
from collections.abc import Sequence
from typing import Any

from tests.tools.errors import ToolError
from tests.tools.programs import tool

HTTP_MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3"
#: The message that a patch of an EnvoyFilter is.
MESSAGES = {
    "CLUSTER": "envoy.config.cluster.v3.Cluster",
    "LISTENER": "envoy.config.listener.v3.Listener",
    "NETWORK_FILTER": "envoy.config.listener.v3.Filter",
    "HTTP_FILTER": f"{HTTP_MANAGER}.HttpFilter",
    "VIRTUAL_HOST": "envoy.config.route.v3.VirtualHost",
}
UNKNOWN = re.compile(r"unknown field \"(\w+)\"")


def lost(release: str, patches: Sequence[dict[str, Any]]) -> list[set[str]]:
    """The fields that an istiod with Envoy `release`'s API would drop from each of these configPatches.

    A ToolError where that API refuses one for anything else, such as a type that it does not have.
    """
    values = [patch["patch"].get("value", {}) for patch in patches]
    fields: list[set[str]] = [set() for _ in patches]
    waiting = list(range(len(patches)))
    while waiting:
        lines = [json.dumps({"type": MESSAGES[patches[at]["applyTo"]], "value": values[at]}) for at in waiting]
        said = _read(release, lines)
        refused = [(at, one) for at, one in zip(waiting, said, strict=True) if one]
        for at, one in refused:
            field = UNKNOWN.search(one)
            if not field:
                raise ToolError(f"Envoy {release}: {one}: {json.dumps(patches[at])}")
            fields[at].add(field[1])
            values[at] = without(values[at], field[1])
        waiting = [at for at, _ in refused]  # one message names one field
    return fields


def without(data: Any, field: str) -> Any:
    """A copy of `data` that has no `field` anywhere."""
    if isinstance(data, dict):
        return {key: without(value, field) for key, value in data.items() if key != field}
    return [without(item, field) for item in data] if isinstance(data, list) else data


def _read(release: str, lines: Sequence[str]) -> list[str]:
    text = "".join(f"{line}\n" for line in lines)
    ended = subprocess.run([tool(f"envoy-api-{release}")], input=text, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise ToolError(f"envoy-api-{release} failed: {ended.stderr.strip()}")
    return ended.stdout.split("\n")[:-1]
