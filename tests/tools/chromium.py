"""A Chromium for the tests of pages: the one on PATH, or Debian's package."""

import os
import shutil
from pathlib import Path

from tests.tools.cache import log
from tests.tools.errors import ToolError
from tests.tools.run import run

NAMES = ("chromium", "chromium-browser", "google-chrome")
MISSING = "There is no Chromium on PATH: the tests of pages in a browser need one."


def chromium() -> Path:
    """Its executable. Nothing is installed: ToolError where there is none."""
    for name in NAMES:
        if found := shutil.which(name):
            return Path(found)
    raise ToolError(MISSING)


def installed() -> Path | str:
    """Its executable, installed now if it is missing and this is a Debian machine and its root.

    Elsewhere what is missing, in a sentence; with CI=true ToolError.
    """
    try:
        if not any(map(shutil.which, NAMES)) and shutil.which("apt-get") and os.geteuid() == 0:
            _install()
        return chromium()
    except ToolError as error:
        if os.environ.get("CI") == "true":
            raise
        return f"{error} They are skipped."


def _install() -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    packages = ["install", "--yes", "--no-install-recommends", "chromium", "fonts-dejavu-core"]
    for arguments in (["update"], packages):
        command = ["apt-get", "-o", "DPkg::Lock::Timeout=300", *arguments]
        run(f"apt-get {arguments[0]} for Chromium", command, log("chromium"), Path("/"), environment)
