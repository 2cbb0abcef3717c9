"""What must hold between the printed objects of every fleet: one module a concern, each with a `check`."""

from collections.abc import Callable

from tests.contract import (
    access,
    companions,
    exposures,
    hops,
    order,
    owners,
    pods,
    readiness,
    requests,
    sidecars,
    sockets,
    upstream,
    visibility,
    wildcards,
)
from tests.contract.fleet import Fleet

CONCERNS: dict[str, Callable[[Fleet], None]] = {
    module.__name__.rpartition(".")[2]: module.check
    for module in (
        access,
        companions,
        exposures,
        hops,
        order,
        owners,
        pods,
        readiness,
        requests,
        sidecars,
        sockets,
        upstream,
        visibility,
        wildcards,
    )
}
