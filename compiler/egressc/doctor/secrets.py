"""Whether the Secrets and ConfigMaps that gateways read are there, hold what they must, and for how long."""

import binascii
from collections.abc import Iterator
from datetime import datetime, timedelta

from egressc.counted import times
from egressc.doctor import certificates
from egressc.doctor.certificates import CertificateError
from egressc.doctor.cluster import Object
from egressc.doctor.examination import Examination, place
from egressc.doctor.problem import Outcome, Place, Problem, run
from egressc.findings import Code
from egressc.plan.needs import Need

ABSENT = Code(
    "EG449",
    "a Secret or ConfigMap is missing, or a key of it",
    "A gateway whose Secret is missing stays NotReady until the Secret is there. It needs no restart then.",
)
UNREADABLE = Code(
    "EG450",
    "a certificate or its key cannot be used",
    "Either istiod or Envoy refuses it. The gateway keeps what it had before, and a new pod does not become Ready.",
)
EXPIRED = Code(
    "EG451",
    "a certificate has expired, or expires soon",
    "An upstream refuses an expired client certificate. With an expired CA a gateway refuses its upstream.",
)
#: Keys that Istio reads as certificates, whatever they hold.
CERTIFICATES = ("tls.crt", "ca.crt")
SOON = timedelta(days=21)
DIFFERENT_CA = "-cacert"  # what Istio appends to a Secret's name, where the CA has one of its own


def look(examination: Examination, need: Need) -> Iterator[Outcome]:
    """What is wrong with an object that the list names; nothing of its content is ever said."""
    here = place(one for one in examination.plan.carriers if one.host.host in need.hosts)
    about = f"{need.kind} {need.namespace}/{need.name}"
    found = examination.cluster.one(need.kind, need.namespace, need.name)
    if found is None:
        yield here.has(ABSENT, about, f"is missing; {_readers(need)} cannot work without it", run(*_creation(need)))
        return
    data = _data(found)
    beside = _beside(examination, need) if set(need.keys) - data.keys() else {}
    missing = sorted(set(need.keys) - data.keys() - beside.keys())
    if missing:
        has = f"has no {' and no '.join(missing)}" + (f", only {', '.join(sorted(data))}" if data else " and is empty")
        yield here.has(ABSENT, about, has, _replacement(need))
    known = beside | data
    for key in need.keys:
        if key in known:
            yield from _judged(here, examination.now, f"{key} of {about}", key, known)


def _judged(here: Place, now: datetime, about: str, key: str, data: dict[str, bytes]) -> Iterator[Problem]:
    content = data[key]
    replacing = "put a good one into it: gateways take it without a restart"
    if not content.strip():
        yield here.has(UNREADABLE, about, "is empty", replacing)
        return
    if key not in CERTIFICATES and not content.lstrip().startswith(b"-----BEGIN CERTIFICATE"):
        return  # a key, a list of revoked certificates, a credential, a policy
    try:
        dates = certificates.ends(content)
        private = data.get(key.removesuffix("crt") + "key") if key.endswith("crt") and key != "ca.crt" else None
        if private and certificates.belongs(private, content) is False:
            yield here.has(
                UNREADABLE,
                about,
                "and tls.key do not fit, or the key cannot be read",
                replacing,
            )
    except CertificateError as error:
        yield here.has(UNREADABLE, about, str(error), replacing)
        return
    # of a chain all must hold; of several CAs one is enough, and a renewed one stands beside the old
    end = max(dates) if key == "ca.crt" else min(dates)
    if end <= now:
        since = end.strftime("%Y-%m-%dT%H:%M:%SZ")
        yield here.has(EXPIRED, about, "has expired", f"renew it, and {replacing}", since=since)
    elif end <= now + SOON:
        message = f"expires in {times((end - now).days, 'day')}, on {end:%Y-%m-%d}"
        yield here.has(EXPIRED, about, message, f"renew it, and {replacing}", level="warning")


def _readers(need: Need) -> str:
    return need.hosts[0] if len(need.hosts) == 1 else f"{len(need.hosts)} hosts"


def _data(found: Object) -> dict[str, bytes]:
    if found["kind"] == "ConfigMap":
        return {key: value.encode() for key, value in (found.get("data") or {}).items()}
    return {key: binascii.a2b_base64(value) for key, value in (found.get("data") or {}).items()}


def _beside(examination: Examination, need: Need) -> dict[str, bytes]:
    """The CA of a Secret that has one of its own."""
    if need.kind != "Secret" or "ca.crt" not in need.keys:
        return {}
    found = examination.cluster.one("Secret", need.namespace, need.name + DIFFERENT_CA)
    return _data(found) if found else {}


def _creation(need: Need) -> tuple[str, ...]:
    kind = ("secret", "generic") if need.kind == "Secret" else ("configmap",)
    files = [f"--from-file={key}" for key in need.keys] or ["--from-file=<file>"]
    return ("kubectl", "create", *kind, need.name, "--namespace", need.namespace, *files)


def _replacement(need: Need) -> str:
    made = run(*_creation(need), "--dry-run=client", "--output=yaml").removesuffix("`")
    return f"{made} | kubectl apply --filename=-`"
