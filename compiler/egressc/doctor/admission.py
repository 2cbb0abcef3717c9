"""Whether the cluster takes the admission policies that a list wants."""

import re
from collections.abc import Iterator

from egressc.doctor.cluster import CHART
from egressc.doctor.examination import Examination
from egressc.doctor.problem import Outcome, Unknown, command
from egressc.findings import Code
from egressc.plan.admission import Admission
from egressc.plan.needs import ADMISSION, ADMISSION_KUBERNETES
from egressc.since import spelled

TOO_OLD = Code(
    "EG490",
    "a Kubernetes without what the admission policies need",
    f"The policies of `companions.admission` are for Kubernetes {spelled(ADMISSION_KUBERNETES)} and later. Upgrade the "
    'cluster, or leave it out of the list. README says under "What the mesh must do" what to do instead.',
)
VERSION = re.compile(r"v?(\d+)\.(\d+)")
KIND = "ValidatingAdmissionPolicy"


def wanted(examination: Examination) -> list[Admission]:
    """What the list says of it, if anything."""
    said = examination.plan.companions.admission
    return [said] if said else []


def look(examination: Examination, _: Admission) -> Iterator[Outcome]:
    """Whether Kubernetes has what `companions.admission` needs, and who installs may install it."""
    said = examination.cluster.version()
    found = VERSION.match(said)
    if not found:
        yield Unknown("admission", "Kubernetes takes the admission policies", "the API server does not say its version")
    elif (int(found[1]), int(found[2])) < ADMISSION_KUBERNETES:
        message = f"is {said}, and `companions.admission` needs {spelled(ADMISSION_KUBERNETES)}"
        yield examination.everywhere.has(
            TOO_OLD, "Kubernetes", message, "remove `admission` from `companions` in the list, or upgrade the cluster"
        )
    if not examination.cluster.all(KIND, CHART):  # they show that somebody had the right
        asked = command(
            "kubectl", "auth", "can-i", "create", "validatingadmissionpolicies.admissionregistration.k8s.io"
        )
        why = f"no policy is there yet, and nobody sees here who installs; {asked} says it to that account"
        yield Unknown("admission", f"who installs has {ADMISSION.what}", why)
