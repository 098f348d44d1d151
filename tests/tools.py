"""The programs besides Python that tests run: installed where that can be done, or asked for.

``python -m tests.tools`` is what tox runs before the tests.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import Final

SCRIPTS: Final = ("curl", "jq")
"""What the shell scripts that ``pt004 show --as curl`` prints are run with."""
NEEDED: Final = (*SCRIPTS, "npm")
"""These, and what GitHub's description of its API is fetched with; without that its tests fail."""


def missing(names: tuple[str, ...] = NEEDED) -> list[str]:
    """The programs that are not there."""
    return [name for name in names if shutil.which(name) is None]


def advice() -> str:
    """What to do about what scripts need and is missing, in a sentence; empty when all is there."""
    gone = " and ".join(missing(SCRIPTS))
    return f"install {gone}: the scripts of traces are run with it" if gone else ""


def install() -> None:
    """Install what is missing by apt-get, where there is one and we may."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "-y", "--no-install-recommends", *missing()]):
        subprocess.run(  # noqa: S603 - fixed words, and names of ours
            ["apt-get", "-qq", *words],  # noqa: S607 - wherever it is
            env=environment, check=False, stdout=subprocess.DEVNULL,
        )  # fmt: skip


def main() -> str | None:
    """Install what is missing; a sentence where that did not help."""
    if missing():
        install()
    return advice() or None


if __name__ == "__main__":
    sys.exit(main())
