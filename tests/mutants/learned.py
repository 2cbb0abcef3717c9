"""Faults of `egressc learn`: an entry that opens more than was seen, or that a caller has forged."""

from tests.mutants.mutant import Mutant

PLACE = "compiler/egressc/learning"
TESTS = "tests/test_learn.py -k 'not logs_become and not compiles and not again and not any_form and not any_bytes'"

MUTANTS = (
    Mutant(
        f"{PLACE}/calls.py",
        'return None if name.startswith("*") else host_of(name)',
        "return host_of(name)",
        "a caller's Host becomes a wildcard of the list",
        TESTS,
    ),
    Mutant(
        f"{PLACE}/calls.py",
        "    if target and not wildcard and asked and asked != target:",
        "    if False:",
        "a call under another name opens the host of the upstream",
        TESTS,
    ),
    Mutant(
        f"{PLACE}/calls.py",
        "    if wildcard and asked and not asked.endswith(target[1:]):",
        "    if False:",
        "any SNI counts at a ServiceEntry of a wildcard",
        TESTS,
    ),
    Mutant(
        f"{PLACE}/calls.py",
        'kind: Kind = "refused" if refused else "seen" if connected else "unanswered"',
        'kind: Kind = "seen"',
        "a name becomes a host that no upstream has answered",
        TESTS,
    ),
    Mutant(
        f"{PLACE}/access.py",
        """head, _, upstream = head.rpartition('" "')""",
        """head, _, upstream = head.partition('" "')""",
        "a caller's User-Agent is read as what Envoy wrote",
        TESTS,
    ),
    Mutant(
        f"{PLACE}/reading.py",
        'if raw.endswith(b"\\n") or line.startswith("{") or not line else CUT',
        "",
        "what a caller wrote counts where the log was cut",
        "tests/test_learn.py -k was_cut",
    ),
    Mutant(
        f"{PLACE}/tally.py",
        "hidden.value(line[:MAX_READ])[:MAX_SHOWN]",
        "line[:MAX_SHOWN]",
        "a password of an application's log stands in a finding",
        "tests/test_learn.py -k without_passwords",
    ),
    Mutant(
        f"{PLACE}/__init__.py",
        'origin.container not in ("", SIDECAR) or not body',
        "not body",
        "an application's own output counts as its sidecar's log",
        TESTS,
    ),
    Mutant(
        f"{PLACE}/origin.py",
        "    origin = outer.within(_said(data))",
        "    origin = _said(data).within(outer)",
        "an application prints a line that names another pod as its own",
        TESTS,
    ),
    Mutant(
        f"{PLACE}/origin.py",
        "    if _is_part(data):",
        "    if False:",
        "a part of a line that a caller made long counts as a line",
        TESTS,
    ),
    Mutant(
        f"{PLACE}/origin.py",
        "known = NAMESPACE.fullmatch(namespace)",
        "known = bool(namespace)",
        "a namespace of a log can be a pattern that opens many",
        TESTS,
    ),
    Mutant(
        f"{PLACE}/origin.py",
        'if self.namespace and outer.namespace not in ("", self.namespace):',
        "if False:",
        "the account of `--client` is given to callers of another namespace",
        TESTS,
    ),
    Mutant(
        f"{PLACE}/proposal.py",
        "called if called != {*ports} else ()",
        "()",
        "a client gets the ports that others called",
        TESTS,
    ),
    Mutant(
        f"{PLACE}/tally.py",
        "elif len(self.calls) < self.most:",
        "elif True:",
        "names that callers make up fill the memory",
        TESTS,
    ),
    Mutant(
        f"{PLACE}/proposal.py",
        "elif listed.port and not listed.host.wildcard:",
        "elif listed.port:",
        "who called one name below a listed wildcard gets all of them",
        "tests/test_learn.py -k wildcard",
    ),
)
