"""The mesh's Istio: what it does not have yet, and what it has not mended."""

from collections.abc import Iterator

from egressc.findings import Code, Finding
from egressc.model import Host, Inventory
from egressc.since import ADVISORIES, FILES_READ_AGAIN, FIXED, TABLE, spelled

TOO_OLD = Code(
    "EG350",
    "what the mesh's Istio does not have",
    "An older Istio drops a field that it does not know without a word. A denied address would be connected to, or a "
    "credential would go out without its prefix. So a list cannot say what the oldest of its meshes does not have. "
    "docs/hosts.md has the first version of each setting.",
)
UNMENDED = Code(
    "EG351",
    "an Istio with known holes",
    "This patch level lets methods in another letter case and paths with dot segments past policies. A later one has "
    "the fixes.",
    "warning",
)
READ_TWICE = Code(
    "EG353",
    "certificate files that are not read again",
    "Before Istio 1.30.3 a proxy reads certificate files once more when they change, and not after that. The old "
    "certificate ends some day. A Secret that is fetched by name has no such end.",
    "warning",
)


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """What the host says and its mesh does not have."""
    mesh = host.mesh
    for row in TABLE:
        place = row.place(host) if mesh.istio < row.istio else None
        if place:
            message = (
                f"{host.host}: {row.setting} needs Istio {spelled(row.istio)}, and the mesh has {spelled(mesh.istio)}: "
                f"{row.before}"
            )
            update = f'update the mesh and write `istio: "{spelled(row.istio)}"` in `mesh`'
            yield TOO_OLD(place, message, f"{row.otherwise}; or {update}")
    if (mesh.istio, FILES_READ_AGAIN[1] if mesh.patch is None else mesh.patch) < FILES_READ_AGAIN:
        for port in host.ports:
            if port.tls.files:
                least = f"{spelled(FILES_READ_AGAIN[0])}.{FILES_READ_AGAIN[1]}"
                message = f"{host.host}: Istio {spelled(mesh.istio)} reads changed certificate files only once"
                fix = (
                    f"write `secret` instead of `files`, update the mesh to {least}, or restart the pods after a change"
                )
                yield READ_TWICE(port.tls.at("files"), message, fix)
                return


def check_patch(inventory: Inventory) -> Iterator[Finding]:
    """A patch level that lacks fixes."""
    mesh = inventory.mesh
    fixed = FIXED.get(mesh.istio)
    if fixed and mesh.patch is not None and mesh.patch < fixed:
        said, least = (f"{spelled(mesh.istio)}.{patch}" for patch in (mesh.patch, fixed))
        message = f"Istio {said} has the holes of {ADVISORIES}"
        yield UNMENDED(mesh.at("istio"), message, f'update the mesh, and write `"{least}"`')
