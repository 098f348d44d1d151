"""The browser that the page is tested in: installed where it can be, and asked for where not."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""What keeps a browser from anything but the file that it is to show."""


class NoBrowser(Exception):  # noqa: N818 - said to people, in a sentence
    """There is no Chromium, and none can be installed."""


def chromium() -> str:
    """The path of Chromium, which root gets from ``apt-get`` if it is not there.

    Raises :class:`NoBrowser`: a machine without a browser has not passed these tests.
    """
    with (Path(tempfile.gettempdir()) / "pt004-chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run side by side, apt-get does not
        found = _there()
        if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
            _install()
            found = _there()
    if found is None:
        raise NoBrowser(
            "the page is tested in Chromium, and it is not installed;"
            " `apt-get install chromium` as root does that"
        )
    return found


def _there() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def _install() -> None:
    quiet = {"env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, "capture_output": True}
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
        done = subprocess.run(["apt-get", *arguments], text=True, check=False, **quiet)  # type: ignore[call-overload]  # noqa: S603, S607 - of our choosing
        if done.returncode:
            raise NoBrowser(f"apt-get {arguments[0]} failed: {done.stderr.strip()[-300:]}")
