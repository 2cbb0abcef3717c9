"""What commands have in common that ask a cluster: how to reach it, and what the chart prints for the list."""

import argparse
from collections.abc import Iterable
from datetime import UTC, datetime

import yaml

from egressc import emit
from egressc.commands.arguments import Parser
from egressc.doctor.caller import Caller
from egressc.doctor.cluster import Cluster
from egressc.doctor.examination import Documents, Examination
from egressc.doctor.kubectl import kubectl, reach
from egressc.helm import HelmError, template
from egressc.plan import Plan

UNKNOWN, UNREACHABLE = 3, 4
CODES = "exit codes: 0 nothing is wrong, also with warnings; 1 something is, or the list has errors; 2 misuse"
#: Seconds in which a gateway checks its upstream, by the chart's default interval, and a little more.
WAIT = 11.0


def arguments(formats: Iterable[str]) -> argparse.ArgumentParser:
    """How to reach the cluster, and which release is there."""
    parser = Parser(add_help=False)
    parser.add_argument("--kubectl", default="kubectl", metavar="PROGRAM", help="the kubectl to ask by")
    for name, what in (("context", "context"), ("kubeconfig", "kubeconfig")):
        parser.add_argument(f"--{name}", metavar=name.upper(), help=f"the {what} that kubectl is to use")
    parser.add_argument("--format", choices=sorted(formats), default="text", help="default: text")
    parser.add_argument("--json", action="store_const", const="json", dest="format", help="the same as --format json")
    parser.add_argument("--release", default="egress", help="the release's name (default: egress)")
    parser.add_argument(
        "--wait",
        type=_seconds,
        default=WAIT,
        metavar="SECONDS",
        help=f"how long to watch the checks of a gateway that is not Ready (default: {WAIT:g})",
    )
    return parser


def examination(given: argparse.Namespace, plan: Plan, caller: Caller | None = None) -> Examination:
    """The list beside the cluster. Raises UnreachableError."""
    options = [f"--{name}={value}" for name in ("context", "kubeconfig") if (value := getattr(given, name))]
    ask = kubectl(given.kubectl, options)
    reach(ask)
    return Examination(plan, Cluster(ask), _printed(given, plan), datetime.now(UTC), given.wait, caller)


def _printed(given: argparse.Namespace, plan: Plan) -> Documents | str:
    try:
        text = template(emit.values(plan), given.values, given.namespace, given.release)
    except HelmError as error:
        return str(error)
    documents = [one for one in yaml.load_all(text, yaml.CSafeLoader) if one]
    return {(one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]): one for one in documents}


def _seconds(text: str) -> float:
    """A time in seconds."""
    if not text.replace(".", "", 1).isdecimal() or not 0 <= float(text) <= 600:
        raise argparse.ArgumentTypeError("a time is 0 to 600 seconds")
    return float(text)
