"""A bug of ours: one sentence, an exit code of its own, and the details in a file."""

from __future__ import annotations

import errno
import os
import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from pt004_model.cli.options import OUT, REDACT
from pt004_model.cli.session import Unsure
from pt004_model.report.record import why_broken
from pt004_model.trace.files import Unwritable, write_text
from pt004_model.trace.redact import Redactor

NAME: Final = "traceback.txt"
_VARIABLES: Final = ("FC_TOKEN", "SECRET_KEY", "GITHUB_TOKEN")
_STARVED: Final = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EIO}
)
"""Errors of a machine that is out of room; they are not bugs of ours."""
_CLOSED: Final = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ELOOP}
)
"""Errors of a place that somebody has named, and that cannot even be looked at."""


class Bug(click.ClickException):
    """A fault of our own; the message is a sentence for people."""

    exit_code = 70

    @classmethod
    def of(cls, error: Exception, meta: Mapping[str, Any]) -> click.ClickException:
        """Return what to raise in the place of ``error``, with its traceback kept in a file."""
        if isinstance(error, OSError) and error.errno in _STARVED:
            return Unsure(f"this machine cannot go on: {error.strerror}")
        if isinstance(error, OSError) and error.errno in _CLOSED and error.filename:
            return click.UsageError(f"cannot use {error.filename}: {error.strerror}")
        given = Redactor(tuple(each for name in _VARIABLES if (each := os.environ.get(name))))
        redact = meta.get(REDACT, given)
        where = _kept(given(redact("".join(traceback.format_exception(error)))), meta.get(OUT))
        return cls(f"{given(redact(why_broken(error)))}; details in {where}")

    def show(self, file: object = None) -> None:
        """Print the sentence to standard error."""
        del file
        click.echo(self.message, err=True)


def _kept(details: str, out: Path | None) -> str:
    """Write the details to the folder of the command, or else to that of temporary files."""
    beside = Path(tempfile.gettempdir()) / f"pt004-{os.getpid()}-{NAME}"
    for path in (beside,) if out is None else (out / NAME, beside):
        try:
            write_text(path, details)
        except Unwritable:
            continue
        return str(path)
    return "no file, for none can be written"
