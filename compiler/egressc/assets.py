"""Where the chart and the schema are: inside the installed wheel, or in the repository around this package."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_PACKAGE = Path(__file__).resolve().parent
_DATA = _PACKAGE / "data"
_ROOT = _DATA if _DATA.is_dir() else _PACKAGE.parents[1]


def schema_path() -> Path:
    """The file of the JSON schema of host lists."""
    return _ROOT / "schemas" / "hosts.schema.json"


def chart_path() -> Path:
    """The folder of the chart egress-gateways."""
    return _ROOT / "charts" / "egress-gateways"


@cache
def chart_values() -> dict[str, Any]:
    """The chart's own values: what holds where the list is silent."""
    values: dict[str, Any] = yaml.safe_load((chart_path() / "values.yaml").read_text(encoding="utf-8"))
    return values


def resources(said: Mapping[str, Any] | None, key: str = "resources") -> dict[str, dict[str, Any]]:
    """`requests` and `limits` of a container: each amount that the list does not say is the chart's own at `key`."""
    own = chart_values()[key]
    return {kind: own.get(kind, {}) | ((said or {}).get(kind) or {}) for kind in ("requests", "limits")}
