"""What alerts and dashboard ask for: the selectors of their PromQL, and whether a scrape has such series."""

import json
import re
from typing import NamedTuple

import promql_parser
import yaml

from tests.chart import CHART

RULES, DASHBOARD = CHART / "monitoring" / "rules.yaml", CHART / "monitoring" / "dashboard.json"
#: Labels that the scrape adds: see the PodMonitor.
OF_THE_SCRAPE = {"namespace", "egressc_io_gateway"}
#: What Prometheus has of itself: whether a scrape succeeded, the alerts that fire, and what our rules record.
OF_PROMETHEUS = re.compile(r"up|ALERTS|egressc:.+")
OPERATORS = (
    (promql_parser.MatchOp.Equal, "="),
    (promql_parser.MatchOp.NotEqual, "!="),
    (promql_parser.MatchOp.Re, "=~"),
    (promql_parser.MatchOp.NotRe, "!~"),
)

Series = dict[str, str]  # labels, with the metric's name as __name__


class Selector(NamedTuple):
    """A selector of a PromQL expression, as it is written, and what it asks of each label: name, operator, value."""

    text: str
    matchers: tuple[tuple[str, str, str], ...]

    @property
    def of_gateways(self) -> bool:
        """Whether a scrape of gateways has such series."""
        return not any(label == "__name__" and OF_PROMETHEUS.fullmatch(value) for label, _, value in self.matchers)

    def finds(self, series: Series) -> bool:
        """Whether `series` is one of those that it selects, the labels of the scrape left aside."""
        return all(
            _matches(series.get(label, ""), operator, value)
            for label, operator, value in self.matchers
            if label not in OF_THE_SCRAPE
        )


def alerts() -> dict[str, str]:
    """The expressions of the alerts, by their names."""
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return {rule["alert"]: rule["expr"] for rule in group["rules"] if "alert" in rule}


def panels() -> dict[str, list[str]]:
    """The expressions of the dashboard's panels, by their titles, with Grafana's variables filled in."""
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    return {
        panel["title"]: [re.sub(r"\$\w+", ".+", target["expr"]) for target in panel["targets"]]
        for panel in dashboard["panels"]
    }


def selectors(expression: str) -> list[Selector]:
    """All selectors of an expression; ValueError where it is no PromQL."""
    found: list[Selector] = []

    def visit(node: promql_parser.Expr) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            named = [("__name__", "=", node.name)] if node.name else []
            asked = [(matcher.name, _operator(matcher.op), matcher.value) for matcher in node.matchers.matchers]
            found.append(Selector(node.prettify(), (*named, *asked)))

    promql_parser.walk(promql_parser.parse(expression), visit)
    return found


def scraped(text: str) -> list[Series]:
    """The series of a page in Prometheus' text format."""
    found = re.findall(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$", text, re.MULTILINE)
    return [{"__name__": name} | dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', labels)) for name, labels in found]


def _matches(given: str, operator: str, value: str) -> bool:
    equal = re.fullmatch(value, given) is not None if "~" in operator else given == value
    return equal != operator.startswith("!")


def _operator(given: promql_parser.MatchOp) -> str:
    return next(operator for known, operator in OPERATORS if known == given)
