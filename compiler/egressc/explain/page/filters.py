"""What the page's filters and its picture go by."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from egressc.explain.facts import Facts
from egressc.explain.page.markup import Markup, element, join
from egressc.explain.page.words import is_unverified, way
from egressc.explain.summary import is_overdue
from egressc.explain.view import View
from egressc.plan.remarks import Remark


def choices(known: Sequence[Facts]) -> dict[str, Markup]:
    """The options of the filters: clients and owners."""
    clients = sorted({one.who for about in known for one in about.clients})
    owners = sorted({about.owner for about in known if about.owner})
    return {
        name: join(element("option", choice) for choice in among)
        for name, among in (("clients", clients), ("owners", owners))
    }


def data(known: Sequence[Facts], remarks: Sequence[Remark], view: View) -> list[dict[str, Any]]:
    """What the filters and the picture need of each host."""
    looked = {remark.host for remark in remarks}
    users = Counter(about.carrier for about in known)
    return [
        {
            "host": about.host,
            "clients": list(dict.fromkeys(one.who for one in about.clients)),
            "gateway": about.gateway,
            "namespace": about.namespace,
            "shared": about.gateway is not None and users[about.carrier] > 1,
            "owner": about.owner,
            "ways": [way(port) for port in about.ports],
            "unverified": is_unverified(about),
            "report": about.enforcement == "report",
            "overdue": is_overdue(about.review_by, view),
            "look": about.host in looked,
        }
        for about in known
    ]
