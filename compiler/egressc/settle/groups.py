"""Groups of clients: one rule for a group is a rule for each of its members."""

from collections.abc import Iterator

from egressc.findings import Code, Finding, Span
from egressc.positions import Mapping, Sequence
from egressc.slips import nearest

NO_SUCH_GROUP = Code(
    "EG321",
    "a group that the list does not have",
    "`groups` of one of the files names who belongs to a group. A rule for a group that nobody has named would be a "
    "rule for nobody.",
)
GROUP_AND_MORE = Code(
    "EG224",
    "a group, and who is meant beside it",
    "A group says who is meant. What else a rule says, ports, methods and paths, holds for each of its members.",
)
ALSO_A_GROUP = Code(
    "EG294",
    "a namespace that has a group's name",
    "A bare name among the clients is a namespace, also where a group has the same name. Whoever meant the group would "
    "let in one namespace that may not even be there. A mapping says which of the two is meant.",
    "warning",
)
#: What says who is meant.
WHO = ("namespace", "wholeMesh", "serviceAccount", "podLabels")


class Groups:
    """The groups of the list; what is wrong with rules for them is added to `findings`."""

    def __init__(self, known: Mapping, findings: list[Finding]) -> None:
        self._known = known
        self._findings = findings

    def rules(self, rules: object) -> Iterator[Mapping]:
        """The items of `rules`, a list of clients or denials: each a Mapping, of a group one for each member."""
        if not isinstance(rules, Sequence):
            return
        for rule, place in rules.placed:
            if isinstance(rule, str):
                bare = Mapping(place)
                bare["namespace"] = rule
                if rule in self._known:
                    self._ambiguous(rule, place)
                yield bare
            else:
                yield from self.rule(rule)

    def rule(self, rule: Mapping) -> Iterator[Mapping]:
        """`rule`, or what it is for each member of its group."""
        if "group" in rule:
            yield from self._members(rule)
        else:
            yield rule

    def _ambiguous(self, name: str, place: Span) -> None:
        group = self._known.keys_at[name]
        message = f"`{name}` is the namespace of this name, and not the group at {group.file}:{group.line}"
        fix = f"write `{{group: {name}}}` for the group, or `{{namespace: {name}}}` for the namespace"
        self._findings.append(ALSO_A_GROUP(place, message, fix))

    def _members(self, rule: Mapping) -> Iterator[Mapping]:
        name, where = rule["group"], rule.keys_at["group"]
        for key in WHO:
            if key in rule:
                fix = f"keep `group`, or write the client without it; a member of {name} can have a service account"
                message = f"`{key}` beside the group {name}, which says who is meant"
                self._findings.append(GROUP_AND_MORE(rule.keys_at[key], message, fix))
                return
        if name not in self._known:
            close = nearest(name, self._known)
            fix = f"did you mean {close}?" if close else f"add `groups: {{{name}: [<namespace>]}}` to one of the files"
            self._findings.append(NO_SUCH_GROUP(where, f"no list has the group {name}", fix))
            return
        for member in self._known[name]:
            meant = rule.without(("group",))
            meant.take("group", rule)
            meant |= {"namespace": member} if isinstance(member, str) else member
            yield meant
