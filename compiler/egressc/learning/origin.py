"""Whose a log line is: what file names, kubectl, container runtimes and collectors of logs say around it.

What stands outside wins: what is inside may be what an application has printed.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

#: The container whose lines count. Other containers of a pod write what they like.
SIDECAR = "istio-proxy"
NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
ACCOUNT = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
#: /var/log/containers/POD_NAMESPACE_CONTAINER-ID.log and /var/log/pods/NAMESPACE_POD_UID/CONTAINER/0.log.
FILES = (
    re.compile(r"(?:.*/)?[^_/]+_(?P<namespace>[^_/]+)_(?P<container>[^_/]+)-[0-9a-f]{64}\.log(\.gz)?"),
    re.compile(r".*/(?P<namespace>[^_/]+)_[^_/]+_[^_/]+/(?P<container>[^/]+)/[^/]+"),
)
KUBECTL = re.compile(r"\[pod/[^/\]\s]+/(?P<container>[^/\]\s]+)\] ")
RUNTIME = re.compile(r"[0-9T:.+Z-]{19,40} (stdout|stderr) (?P<whole>[FP]) ")
TIME = re.compile(r"[0-9]{4}-[0-9T:.+Z-]{15,36} (?=[\[{])")
#: Where collectors put the line, and what they say of its pod.
LINES = ("log", "message", "msg", "body", "line", "textPayload", "jsonPayload", "log_processed", "event")
PLACES = ("kubernetes", "resource", "resources", "attributes", "labels", "stream")
NAMESPACES = ("namespace_name", "pod_namespace", "namespace", "k8s.namespace.name", "kubernetes.namespace")
CONTAINERS = ("container_name", "container", "k8s.container.name", "kubernetes.container.name")
ACCOUNTS = ("service_account_name", "service_account", "serviceAccountName", "k8s.serviceaccount.name")
DEPTH = 4


class Origin(NamedTuple):
    """Whose a line is; what nobody says is empty."""

    namespace: str = ""
    account: str = ""
    container: str = ""

    def within(self, outer: "Origin") -> "Origin":
        """What it says itself, and for the rest what `outer` says; of another namespace nothing."""
        if self.namespace and outer.namespace not in ("", self.namespace):
            return Origin(self.namespace, self.account, self.container or outer.container)
        return Origin(*(mine or other for mine, other in zip(self, outer, strict=True)))


def of_file(name: str) -> Origin:
    """What the name of a file says."""
    for form in FILES:
        if found := form.fullmatch(name):
            return _checked(found["namespace"], "", found["container"])
    return Origin()


def of_client(text: str) -> Origin:
    """What NAMESPACE or NAMESPACE/SERVICEACCOUNT says. A ValueError where it is neither."""
    namespace, slash, account = text.partition("/")
    if not NAMESPACE.fullmatch(namespace) or (slash and not ACCOUNT.fullmatch(account)):
        raise ValueError(text)
    return Origin(namespace, account)


def unwrapped(text: str, outer: Origin, depth: int = DEPTH) -> tuple[Origin, str | dict[str, Any]]:
    """A line as the sidecar wrote it, text or JSON, and whose it is; empty if it is a part of a line."""
    if depth and (found := KUBECTL.match(text)):
        return unwrapped(text[found.end() :], outer.within(Origin(container=found["container"])), depth - 1)
    if depth and (found := RUNTIME.match(text)):
        return unwrapped(text[found.end() :] if found["whole"] == "F" else "", outer, depth - 1)
    if depth and (found := TIME.match(text)):
        return unwrapped(text[found.end() :], outer, depth - 1)
    if text.startswith("{"):
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            return outer, text
        return _record(data, outer, depth)
    return outer, text


def _record(data: dict[str, Any], outer: Origin, depth: int) -> tuple[Origin, str | dict[str, Any]]:
    origin = outer.within(_said(data))
    if _is_part(data):
        return origin, ""
    inner = [data[key] for key in LINES if isinstance(data.get(key), str | dict)]
    if "upstream_cluster" in data or not inner or not depth:
        return origin, data
    if isinstance(inner[0], dict):
        return _record(inner[0], origin, depth - 1)
    return unwrapped(inner[0].strip(), origin, depth - 1)


def _is_part(data: dict[str, Any]) -> bool:
    """Whether a container runtime has cut a long line, and this is not its end. A caller's path may be the end then."""
    if {*data} - {"attrs"} == {"log", "stream", "time"}:  # Docker's own files
        return isinstance(data["log"], str) and not data["log"].endswith("\n")
    return data.get("logtag") == "P" or data.get("_p") == "P" or data.get("partial_message") in (True, "true")


def _said(data: dict[str, Any]) -> Origin:
    found = Origin()
    for place in _places(data):
        found = found.within(_checked(*(_first(place, keys) for keys in (NAMESPACES, ACCOUNTS, CONTAINERS))))
    return found


def _places(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for key in PLACES:
        place = data.get(key)
        if isinstance(place, dict):
            yield place
            for inner in ("labels", "attributes"):
                if key.startswith("resource") and isinstance(place.get(inner), dict):
                    yield place[inner]
    yield data


def _first(place: dict[str, Any], keys: tuple[str, ...]) -> str:
    for key in keys:
        value = place.get(key)
        if isinstance(value, dict):
            value = value.get("name")
        if isinstance(value, str) and value:
            return value
    return ""


def _checked(namespace: str, account: str, container: str) -> Origin:
    """An origin whose names are names of Kubernetes; others are as good as unsaid."""
    known = NAMESPACE.fullmatch(namespace)
    return Origin(namespace if known else "", account if known and ACCOUNT.fullmatch(account) else "", container[:253])
