"""Files that are no host lists at all: said once, instead of a finding for each of their keys."""

from egressc.findings import Code, Finding
from egressc.flow import pairs
from egressc.hostname import normalise, short
from egressc.meant.cilium import names_of
from egressc.positions import Mapping

NO_LIST = Code(
    "EG008",
    "a file that is no host list",
    "The file is of another kind: an object of Kubernetes, the values that egressc compiles, or values of a chart. A "
    "host list begins with `version: 1` and has `hosts`.",
)
#: Keys of the chart's values that no list has; `gateways` there is a mapping.
OF_THE_CHART = frozenset(
    ("valuesVersion", "exposures", "sidecars", "calls", "clusterDomain", "imagePullPolicy", "monitoring")
)


def explain(data: Mapping) -> Finding | None:
    """What `data`, the content of a file, is instead of a list; None where it may be one."""
    at = next(iter(data.keys_at.values()), data.span)
    if "hosts" in data and "version" in data:
        return None
    if "apiVersion" in data and "kind" in data:
        return NO_LIST(
            at, f"the file is an object of Kubernetes, of kind {short(str(data['kind']))}, and no host list", _of(data)
        )
    if OF_THE_CHART & {*data} or isinstance(data.get("gateways"), dict):
        fix = "give egressc the list that they were compiled from; these values are for `helm install --values`"
        return NO_LIST(at, "the file has values of the chart, and is no host list", fix)
    return None


def _of(data: Mapping) -> str:
    """The list that has the same hosts, where the object has some."""
    spec = data.get("spec")
    hosts = spec.get("hosts") if isinstance(spec, dict) else None
    given = hosts if isinstance(hosts, list) else names_of(data)
    names = [*dict.fromkeys(normalise(host) for host in given if isinstance(host, str))]
    if not names:
        return "write a list that begins with `version: 1` and `hosts:`; egressc makes the objects of Kubernetes"
    written = pairs({"version": 1, "defaults": {"clients": ["<namespace>"]}, "hosts": names})
    return f"write a list instead, of which egressc makes such objects: `{{{written}}}`"
