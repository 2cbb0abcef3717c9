"""Label selectors, as Kubernetes reads them."""

from collections.abc import Mapping
from typing import Any


def fits(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Whether a selector of matchLabels and matchExpressions finds something with `labels`; an empty one finds all."""
    wanted = selector or {}
    return has(wanted.get("matchLabels"), labels) and all(
        _expressed(one, labels) for one in wanted.get("matchExpressions") or []
    )


def has(wanted: Mapping[str, str] | None, labels: Mapping[str, str]) -> bool:
    """Whether all of the labels `wanted` are among `labels`."""
    return (wanted or {}).items() <= labels.items()


def _expressed(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = expression["key"], expression.get("values") or []
    answers = {
        "In": key in labels and labels[key] in values,
        "NotIn": key not in labels or labels[key] not in values,
        "Exists": key in labels,
        "DoesNotExist": key not in labels,
    }
    return answers.get(expression["operator"], False)
