"""One writer at a time in a folder.

The kernel drops the lock of a process however it dies, so none is ever stale. The file that carries
it says who holds it, and goes with its holder.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from pt004_model.interrupts import Interruption
from pt004_model.trace.files import Unwritable

NAME: Final = ".pt004.lock"
_PAUSE: Final = 0.05  # seconds between two looks


class Busy(Interruption):
    """Somebody else writes to a folder; the message is a sentence for people."""


@contextmanager
def locked(folder: Path, patience: float = 0.0) -> Iterator[None]:
    """Hold ``folder``, made for it if need be, for this process alone.

    Raises :class:`Busy` when another holds it for longer than ``patience`` seconds, and
    ``Unwritable``.
    """
    path = folder / NAME
    try:
        made = not folder.exists()
        file = _acquired(path, time.monotonic() + patience)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
    except OSError as error:
        raise Unwritable(f"cannot write to {folder}: {error.strerror or error}") from None
    with file:
        try:
            yield
        finally:
            with suppress(OSError):  # the folder may be gone, or have got something in it
                path.unlink()
                if made:
                    folder.rmdir()


def _acquired(path: Path, deadline: float) -> IO[str]:
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
            file.close()  # its last holder has just taken it away
        except BlockingIOError:
            file.seek(0)
            holder = file.read(20).strip()
            file.close()
            if time.monotonic() >= deadline:
                who = f"another pt004 (pid {holder})" if holder else "another pt004"
                raise Busy(
                    f"{who} is writing to {path.parent}; wait for it, or give another folder"
                ) from None
            time.sleep(_PAUSE)
        except BaseException:
            file.close()
            raise


def sweep(folder: Path, *patterns: str) -> None:
    """Delete what processes that were killed left half written; only for who holds the lock."""
    for pattern in patterns:
        for path in folder.glob(pattern):
            if path.is_file() and not path.is_symlink():
                path.unlink(missing_ok=True)
