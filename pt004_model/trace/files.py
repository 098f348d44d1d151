"""Files that are whole or not there: written beside their place, then moved into it; and read."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from pt004_model.interrupts import Interruption

_LEVELS: Final = 3
"""Levels of a document that have a line for each part: of a trace its steps and their parts."""


class Unwritable(Interruption):
    """A file cannot be written; the message is a sentence for people."""


class Unusable(Exception):  # noqa: N818 - said of what was named, in a sentence for people
    """A file or folder cannot be used, or is not there; the message is a sentence for people."""


def read_bytes(path: Path) -> bytes:
    """Return the content of a file. Raises :class:`Unusable`."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Unusable(f"cannot read {path}: {error.strerror}") from None


def document_of(raw: object, what: str, form: str, version: int) -> dict[str, Any]:
    """Return JSON that says itself that it is of this format and version.

    Raises :class:`Unusable` for all else, with a sentence on what it is no instance of.
    """
    if not isinstance(raw, dict) or raw.get("format") != form:
        raise Unusable(f"it is no {what} of pt004: its format is not {form}")
    if raw.get("version") != version:
        raise Unusable(
            f"it is a {what} of version {raw.get('version')!r:.20}, and this pt004 reads version"
            f" {version}; install the pt004_model that wrote it"
        )
    return raw


@contextmanager
def read_from(path: Path) -> Iterator[None]:
    """Have :class:`Unusable` say of which file it is."""
    try:
        yield
    except Unusable as bad:
        raise Unusable(f"{path} cannot be used: {bad}") from None


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
    write_text(path, _laid_out(value, _LEVELS) + "\n")


def _laid_out(value: object, levels: int) -> str:
    """Return JSON with a line for each part of the uppermost ``levels``.

    All that a part holds stands on its line: ``json`` lays out a whole text many times slower than
    it writes a line, and a finding is written while an FC waits to be asked on.
    """
    if not value or levels == 0 or not isinstance(value, dict | list | tuple):
        return json.dumps(value)
    if isinstance(value, dict):
        opened, closed = "{}"
        named = ((n if isinstance(n, str) else json.dumps(n), v) for n, v in value.items())
        parts = [f"{json.dumps(n)}: {_laid_out(v, levels - 1)}" for n, v in named]
    else:
        opened, closed = "[]"
        parts = [_laid_out(each, levels - 1) for each in value]
    indent = "\n" + " " * (_LEVELS - levels)
    return f"{opened}{indent} " + f",{indent} ".join(parts) + f"{indent}{closed}"
