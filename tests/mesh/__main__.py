"""python -m tests.mesh up|down|status: the test mesh of this machine."""

import argparse

from tests.mesh import lifecycle
from tests.mesh.errors import MeshError
from tests.mesh.lock import locked
from tests.mesh.progress import say, step
from tests.tools import ToolError


def main() -> int:
    """0 when it was done; 1, after one sentence, when it could not be."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.mesh", description="A real one-node Kubernetes with istiod and Envoy on this machine."
    )
    parser.add_argument("verb", choices=["up", "down", "status"])
    verb = parser.parse_args().verb
    try:
        if verb == "status":
            print(lifecycle.status())
            return 0
        with locked():
            if verb == "up":
                lifecycle.up()
                print(lifecycle.usage())
            else:
                with step("taking the mesh down"):
                    lifecycle.down()
    except (MeshError, ToolError) as error:
        say(f"error: {error}")
        return 1
    except KeyboardInterrupt:
        say("interrupted")
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
