"""`egressc render`: lists in, manifests out."""

import argparse
from typing import Any

from egressc import emit
from egressc.commands import lists, shards
from egressc.helm import template


def add(commands: Any) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "render",
        parents=[lists.arguments(), lists.results(), lists.installation(), shards.arguments()],
        help="compile, and print the manifests by `helm template`",
        epilog=lists.CODES,
    )
    parser.set_defaults(run=run, parser=parser)


def run(given: argparse.Namespace) -> int:
    """Writes the manifests."""
    plan = lists.plan_of(given)
    if plan is None:
        return lists.ERRORS
    parts = shards.of(given, plan, given.output)
    names = [f"egress-{number}" for number in range(1, len(parts) + 1)] if given.shards else ["egress"]
    rendered = [
        template(emit.values(part), given.values, given.namespace, name)
        for part, name in zip(parts, names, strict=True)
    ]
    shards.write(given, rendered)
    return lists.OK
