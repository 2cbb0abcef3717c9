"""Values as YAML in one line, as a finding says to write them."""

import json
import re
from typing import Any

from egressc import hidden

PLAIN = re.compile(r"[A-Za-z0-9/.][A-Za-z0-9_./@+()*-]*(?: [A-Za-z0-9_./@+()*-]+)*\Z")
# what a reader of YAML takes for something else than text
OTHERS = re.compile(
    r"[-+]?(0[xo])?[0-9_]*\.?[0-9_]*(e[-+]?[0-9]+)?\Z|(true|false|null|yes|no|on|off|y|n)\Z", re.IGNORECASE
)


def flow(value: Any) -> str:
    """`value` as it can be written into a list: `{host: api.example.com, ports: [{port: 443, protocol: TLS}]}`."""
    if isinstance(value, dict):
        return "{" + pairs(value) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, str):
        value = hidden.value(value)
    if isinstance(value, str) and (not PLAIN.match(value) or OTHERS.match(value)):
        return json.dumps(value, ensure_ascii=False)
    return value if isinstance(value, str) else json.dumps(value)


def pairs(mapping: dict[str, Any]) -> str:
    """The keys of `mapping` with their values, as they stand beside others: `port: 443, protocol: TLS`."""
    return ", ".join(f"{flow(key)}: {flow(value)}" for key, value in mapping.items())
