"""Standard output and error that end no command.

A terminal may not know a character, and whoever reads a pipe may go: neither says anything of the
Federation Core, and the verdict is in the exit code and in the files.
"""

from __future__ import annotations

import codecs
import errno
import io
import sys
from typing import Any, Final, TextIO

_PLAIN: Final = {"✓": "+", "✗": "x", "✕": "x", "…": "..."}
_HANDLER: Final = "pt004-plain"


def _plain(error: UnicodeError) -> tuple[str, int]:
    """Spell out what cannot be encoded."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    spelled = (
        _PLAIN.get(each, each.encode("ascii", "backslashreplace").decode())
        for each in error.object[error.start : error.end]
    )
    return "".join(spelled), error.end


codecs.register_error(_HANDLER, _plain)


class _Lasting(io.FileIO):
    """A file that takes everything at once: after a write that failed the rest is dropped."""

    broken: OSError | None = None

    def write(self, content: Any, /) -> int:
        """Write all of it, or drop what can no longer be written."""
        rest = view = memoryview(content)
        while rest and self.broken is None:
            try:
                rest = rest[super().write(rest) or 0 :]
            except OSError as error:
                self.broken = error
        return view.nbytes


class _Steady(io.TextIOWrapper):
    """Text over a lasting file."""

    buffer = None  # type: ignore[assignment]  # click would write UTF-8 there when it sees ASCII


_LASTING: Final[dict[str, _Lasting]] = {}


def steady_streams() -> None:
    """Put streams that never fail in the place of the process' own; those of a test are left."""
    for name in ("stdout", "stderr"):
        stream: TextIO | None = getattr(sys, name)
        if not isinstance(stream, io.TextIOWrapper) or stream is not getattr(sys, f"__{name}__"):
            continue
        file = _LASTING[name] = _Lasting(stream.fileno(), "wb", closefd=False)
        steady = _Steady(
            file,  # as Python has it with -u
            stream.encoding,
            _HANDLER,
            write_through=True,  # a buffer would be lost to whoever moves the file
        )
        setattr(sys, name, steady)


def lost() -> str:
    """Return why standard output was not written; nothing for a reader who had enough."""
    file = _LASTING.get("stdout")
    if file is None:
        return ""
    if file.broken is None or file.broken.errno == errno.EPIPE:
        return ""
    return f"standard output cannot be written: {file.broken.strerror}"
