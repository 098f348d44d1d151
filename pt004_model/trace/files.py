"""Files that are whole or not there: written beside their place, then moved into it."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from pt004_model.interrupts import Interruption


class Unwritable(Interruption):
    """A file cannot be written; the message is a sentence for people."""


class Unusable(Exception):  # noqa: N818 - said of what was named, in a sentence for people
    """A file or folder cannot be used, or is not there; the message is a sentence for people."""


def write_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` in one step. Raises :class:`Unwritable`."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` in one step. Raises :class:`Unwritable`."""
    handle = -1
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException as error:
        if temporary:
            with suppress(OSError):
                Path(temporary).unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        raise Unwritable(f"cannot write {path}: {error.strerror or error}") from None


def write_json(path: Path, value: object) -> None:
    """Write ``value`` as JSON in ASCII, so that nothing in it needs escaping by whoever reads it.

    Raises :class:`Unwritable`.
    """
    write_text(path, json.dumps(value, indent=1, ensure_ascii=True) + "\n")
