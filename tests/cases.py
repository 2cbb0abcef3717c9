"""The example lists in tests/cases, which are documentation as well."""

import contextlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from egressc import emit
from egressc.compile import Compilation, compile_files, compile_sources, storable
from egressc.cost import release_bytes
from egressc.doctor.caller import Caller
from egressc.findings import Finding
from egressc.importing import import_sources
from egressc.learning import learn
from tests.cluster import changes_of, examine

CASES = Path(__file__).parent / "cases"
OTHERS = ("values.yaml", "manifests.yaml", "cluster.yaml")


@dataclass(frozen=True, slots=True)
class Case:
    """A folder with lists, perhaps overlays (overlay*.yaml), and what they become; or with files to import or logs.

    Where it has a `cluster.yaml`, the list is fine, and what is found is wrong with this cluster.
    """

    folder: Path

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def overlays(self) -> list[Path]:
        """The overlays, in the order of their names."""
        return sorted(self.folder.glob("overlay*.yaml"))

    @property
    def lists(self) -> list[Path]:
        """The lists: hosts.yaml and others beside it."""
        return sorted(
            path for path in self.folder.glob("*.yaml") if path.name not in OTHERS and path not in self.overlays
        )

    @property
    def imports(self) -> list[Path]:
        """What `egressc import` reads; of most cases nothing."""
        return sorted(self.folder.glob("import/*"))

    @property
    def logs(self) -> list[Path]:
        """What `egressc learn` reads, beside the lists; of most cases nothing."""
        return sorted(self.folder.glob("learn/*"))

    @property
    def cluster(self) -> Path | None:
        """What is changed in a cluster where the list's fleet works; of most cases nothing."""
        path = self.folder / "cluster.yaml"
        return path if path.exists() else None

    @property
    def command(self) -> str:
        """What is done with the files."""
        return "learn" if self.logs else "import" if self.imports else "compile"

    @property
    def arguments(self) -> list[str]:
        """What names the files to egressc, in the case's own folder."""
        if self.imports:
            return [f"import/{path.name}" for path in self.imports]
        if self.logs:
            return [f"learn/{path.name}" for path in self.logs] + [f"--beside={path.name}" for path in self.lists]
        return [path.name for path in self.lists] + [f"--overlay={path.name}" for path in self.overlays]

    def compile(self) -> Compilation:
        """What the compiler makes of it."""
        return compile_files([str(path) for path in self.lists], [str(path) for path in self.overlays])

    def findings(self) -> tuple[Finding, ...]:
        """What the compiler finds, with the files known only by their names."""
        if self.imports:
            return import_sources([(f"import/{path.name}", path.read_bytes()) for path in self.imports]).findings
        if self.logs:
            with contextlib.chdir(self.folder):
                beside = [path.name for path in self.lists]
                return learn([f"learn/{path.name}" for path in self.logs], beside=beside).findings
        if self.cluster:
            return _examined(self.lists[0], self.cluster)
        lists, overlays = ([(path.name, path.read_bytes()) for path in paths] for paths in (self.lists, self.overlays))
        compilation = compile_sources(lists, overlays)
        if compilation.plan is None:
            return compilation.findings
        values = emit.dump(emit.values(compilation.plan))
        return storable(compilation, [release_bytes(compilation.plan, values)], sharded=False).findings


@cache
def _examined(hosts: Path, cluster: Path) -> tuple[Finding, ...]:
    changes = changes_of(cluster.read_text(encoding="utf-8"))
    caller = Caller(*changes["from"].split("/")) if "from" in changes else None
    found = examine(hosts.read_text(encoding="utf-8"), changes, caller)
    assert not found.unknown
    return tuple(problem.finding for problem in found.problems)


VALID, INVALID = ([Case(path) for path in sorted((CASES / kind).iterdir())] for kind in ("valid", "invalid"))
