"""The user's own kubectl: its kubeconfig, its context and its login, and nothing that writes."""

import re
import subprocess
from collections.abc import Callable, Sequence

from egressc import hidden

#: Runs kubectl with arguments and returns what it prints. Raises the errors below.
Ask = Callable[[Sequence[str]], str]

#: Seconds for one question: also an exec into a pod whose node is gone ends.
PATIENCE = 60
FORBIDDEN = re.compile(
    r'cannot (?P<verb>\w+) resource "(?P<resource>[^"]+)" in API group "(?P<group>[^"]*)"'
    r'(?: in the namespace "(?P<namespace>[^"]+)")?'
)
#: What kubectl says of an object, or of a kind, that does not exist.
ABSENT = ("(NotFound)", "the server doesn't have a resource type", "could not find the requested resource")


class UnreachableError(Exception):
    """No cluster answers; the text is for people."""


class UnansweredError(Exception):
    """The cluster did not answer this question; the text is for people."""


class ForbiddenError(UnansweredError):
    """A right is missing: the text names it."""


class AbsentError(UnansweredError):
    """There is no such object, or no such kind."""


def kubectl(program: str, options: Sequence[str]) -> Ask:
    """What asks by `program`, with `options` such as `--context=production`."""

    def ask(arguments: Sequence[str]) -> str:
        try:
            ended = subprocess.run(
                [program, *options, *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise UnansweredError(f"no answer within {PATIENCE} s") from None
        except OSError as error:
            raise UnreachableError(f"{program} cannot be run: {(error.strerror or str(error)).lower()}") from error
        if ended.returncode:
            raise _error(ended.stderr)
        return ended.stdout

    return ask


def reach(ask: Ask) -> None:
    """Raises UnreachableError unless a cluster answers."""
    try:
        ask(("get", "--raw=/version"))
    except UnansweredError as error:
        raise UnreachableError(f"the cluster does not answer: {error}") from error


def _error(said: str) -> UnansweredError:
    if found := FORBIDDEN.search(said):
        resource = ".".join(filter(None, (found["resource"], found["group"])))
        where = f"in the namespace {found['namespace']}" if found["namespace"] else "in the whole cluster"
        return ForbiddenError(f"the right to {found['verb']} {resource} {where} is missing")
    lines = hidden.sentence(said).strip().splitlines() or ["kubectl failed without a word"]
    if any(words in said for words in ABSENT):
        return AbsentError(lines[-1])
    return UnansweredError(lines[-1])
