"""What a host's entry says of its requests: headers, limits, and who else decides."""

from typing import Any

from egressc.model import Credential, Duration, ExternalAuthorization, HeaderChanges, Headers, Limit, Opa, RateLimit
from egressc.positions import Mapping, plain
from egressc.settle.reading import Reading

#: Requests of each client in this time: at this rate none fills the chart's `dnsCache` by itself.
NAMES = (1000, "1s")


def headers(host: Mapping) -> Headers | None:
    """The entry's `headers`, None where it has none."""
    data = host.get("headers")
    if not isinstance(data, Mapping):
        return None
    said = Reading(data, "headers", data)
    return Headers(
        source=data,
        host=said.get("host"),
        preserve_case=said.get("preserveCase"),
        request=_changes(data, "request"),
        response=_changes(data, "response"),
        credential=_credential(data["credential"]) if "credential" in data else None,
    )


def rate_limit(host: Mapping, *, per_name: bool) -> RateLimit | None:
    """The entry's `rateLimit`; where it has none, NAMES if each name is an upstream of its own, and else None."""
    data = host.get("rateLimit")
    if not isinstance(data, Mapping):
        nobody = Mapping(host.span)
        each = Limit(source=nobody, requests=NAMES[0], per=Duration.of(NAMES[1]))
        return RateLimit(source=nobody, all_clients=None, per_client=each) if per_name else None
    return RateLimit(source=data, all_clients=_limit(data), per_client=_limit(data.get("perClient")))


def external_authorization(host: Mapping) -> ExternalAuthorization | None:
    """The entry's `externalAuthorization`, None where it has none."""
    data = host.get("externalAuthorization")
    if not isinstance(data, Mapping):
        return None
    return ExternalAuthorization(
        source=data,
        opa=_opa(data["opa"]) if "opa" in data else None,
        provider=data.get("provider"),
        fail_open=Reading(data, "externalAuthorization", data).get("failOpen"),
    )


def _changes(data: Mapping, side: str) -> HeaderChanges:
    given = data.get(side)
    changes = given if isinstance(given, Mapping) else Mapping(data.span)
    return HeaderChanges(
        source=changes,
        set=dict(changes.get("set") or {}),
        remove=tuple(changes.get("remove") or ()),
        keep=tuple(changes.get("keep") or ()),
        not_secret=tuple(changes.get("notSecret") or ()),
    )


def _credential(data: Mapping) -> Credential:
    said = Reading(data, "credential", data)
    return Credential(
        source=data,
        name=said.get("name"),
        prefix=said.get("prefix"),
        secret=said.get("secret"),
        key=said.get("key"),
    )


def _limit(data: Any) -> Limit | None:
    if not (isinstance(data, Mapping) and "requests" in data and "per" in data):
        return None
    return Limit(source=data, requests=data["requests"], per=Duration.of(data["per"]))


def _opa(data: Mapping) -> Opa:
    said = Reading(data, "opa", data)
    return Opa(
        source=data,
        image=said.get("image"),
        policy=said.get("policy"),
        decision=said.get("decision"),
        timeout=said.duration("timeout"),
        resources=plain(said.get("resources")),
    )
