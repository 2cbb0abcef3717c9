"""Writes the version of the source wherever else it stands: `python -m docs.version`. A test keeps the places current.

The one place is compiler/egressc/__init__.py. Helm reads a chart's version from its own file, and people copy the rest.
"""

import re
from pathlib import Path

from egressc import __version__

ROOT = Path(__file__).parents[1]
#: What stands before the version, by file.
PLACES = {
    "charts/egress-gateways/Chart.yaml": ("\nversion: ", '\nappVersion: "'),
    "examples/umbrella/Chart.yaml": ("  version: ",),
    "examples/argocd/registry.yaml": ("targetRevision: ",),
    "examples/argocd/application-set.yaml": ("targetRevision: ",),
    "examples/argocd/plugin/Dockerfile": ("egressc==",),
    "examples/argocd/plugin/repo-server.yaml": ("egressc-plugin:",),
    "examples/ci/github.yaml": ("egressc==",),
    "examples/ci/gitlab.yaml": ("egressc==",),
    "examples/ci/pre-commit.yaml": ("rev: v",),
    "examples/flux/release.yaml": ("    tag: ",),
    "docs/migrate.md": ("egress-gateways --version ",),
    "README.md": ("egress-gateways --version ",),
    "charts/egress-gateways/README.md": ("egress-gateways --version ",),
}


def current(name: str) -> str:
    """The file's text with the version of the source."""
    text = (ROOT / name).read_text(encoding="utf-8")
    for before in PLACES[name]:
        text, count = re.subn(rf"({re.escape(before)})[\d.]*\d", rf"\g<1>{__version__}", text)
        if not count:
            raise LookupError(f"{name} has no version after {before!r}")
    return text


def main() -> None:
    """Writes all places."""
    for name in PLACES:
        (ROOT / name).write_text(current(name), encoding="utf-8")


if __name__ == "__main__":
    main()
