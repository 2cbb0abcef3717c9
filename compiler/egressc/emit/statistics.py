"""Which statistics of upstreams a gateway's pods keep: each proxy knows the clusters of all hosts.

Envoy reads the names when it starts. So shared pods do not go by their hosts: the clusters of these are counted under
names of their own there, and a host that comes or goes restarts no pod.
"""

import re

from egressc.model import Host

#: What stands behind the port in a cluster's name, for each that the chart marks on shared pods.
MARKED = "carried.+"
#: Where no EnvoyFilter may mark them: whatever the proxy knows.
ALL = ".+"


def counted(host: Host) -> str:
    """A regular expression (RE2) of the whole name of `host`."""
    return re.sub(r"[.*]", r"\\\g<0>", host.host)
