"""Principals and namespaces of a rule → clients."""

import re
from typing import Any

from egressc.importing.part import Part

PRINCIPAL = re.compile(r"(?P<domain>[^/]+)/ns/(?P<namespace>[^/]+)/sa/(?P<account>[^/]+)")
OF_NAMESPACE = re.compile(r"(?P<domain>[^/]+)/ns/(?P<namespace>[^/*]+\*?)(/\*|/sa/\*)?")
Client = dict[str, Any]


class UnsayableError(Exception):
    """A rule has what a list cannot say; the text names it."""

    def __init__(self, what: str, part: Part) -> None:
        super().__init__(what)
        self.what, self.part = what, part


def everybody_but(sources: list[Part], domains: set[str]) -> list[Client]:
    """The clients of a rule that denies all but these."""
    clients: list[Client] = []
    for one in sources:
        source = one.part("source")
        if len(sources) > 1 or not {*source.data} <= {"notPrincipals", "notNamespaces"} or len(source.data) != 1:
            return []
        clients += [_principal(name, source, domains) for name in source.texts("notPrincipals")]
        clients += [{"namespace": name} for name in source.texts("notNamespaces")]
    return clients


def clients_of(part: Part, domains: set[str]) -> list[Client]:
    """The clients of a `source`, and the trust domains that it names."""
    for key in part.data:
        if key not in ("principals", "namespaces", "serviceAccounts"):
            raise UnsayableError(f"`{key}`", part)
    accounts = [_principal(name, part, domains) for name in part.texts("principals")]
    for name in part.texts("serviceAccounts"):
        namespace, slash, account = name.partition("/")
        if not slash:
            raise UnsayableError("`serviceAccounts` without a namespace", part)
        accounts.append({"namespace": namespace, "serviceAccount": account})
    namespaces = part.texts("namespaces")
    if any("*" in name[:-1] for name in namespaces):
        raise UnsayableError(f"`namespaces: {namespaces}`", part)
    if accounts and namespaces:
        return [one for one in accounts if one.get("namespace") in namespaces]
    return accounts or [{"wholeMesh": True} if name == "*" else {"namespace": name} for name in namespaces]


def _principal(name: str, part: Part, domains: set[str]) -> Client:
    if name == "*":
        return {"wholeMesh": True}
    found = PRINCIPAL.fullmatch(name) or OF_NAMESPACE.fullmatch(name)
    if not found or "*" in found["namespace"][:-1]:
        raise UnsayableError(f"the principal `{name}`", part)
    if found["domain"] != "*":
        domains.add(found["domain"])
    account = found.groupdict().get("account")
    if account and account != "*":
        if "*" in account:
            raise UnsayableError(f"the principal `{name}`", part)
        return {"namespace": found["namespace"], "serviceAccount": account}
    return {"namespace": found["namespace"]}


def tidy(clients: list[Client], *, in_order: bool = False) -> list[Any]:
    """Clients as a person writes them: each once, sorted unless they are `in_order`, a namespace by its name."""
    plain: list[Any] = []
    for one in clients:
        bare: Any = one["namespace"] if {*one} == {"namespace"} else one
        if bare not in plain:
            plain.append(bare)
    if {"wholeMesh": True} in plain and not in_order:
        return [{"wholeMesh": True}]
    return (
        plain
        if in_order
        else sorted(plain, key=lambda one: (one, "") if isinstance(one, str) else (one.get("namespace", ""), str(one)))
    )
