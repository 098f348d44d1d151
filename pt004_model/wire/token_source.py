"""Tokens that somebody else makes and that do not live long: read from a file, or a command's word.

A token is fetched when it is first needed, again some time before it expires, and again when an FC
answers 401 to it. Nothing that a command says is ever shown: any of it may be the token.
"""

from __future__ import annotations

import math
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Final

from attrs import define, field

VISIBLE: Final = re.compile(r"[\x21-\x7e]+", re.ASCII)
LONGEST: Final = 30.0
"""Seconds that a command may take."""
_OF_ITS_LIFE: Final = 0.8
"""The share of its life after which a token is fetched again."""
_NEW: Final = 1.0
"""Seconds between two times that a token is fetched again because of a 401."""


class NoToken(Exception):  # noqa: N818 - said of a setting, in a sentence for people
    """No token can be fetched; the message is a sentence for people."""


@define(eq=False)
class TokenSource:
    """Where tokens come from: the words of a ``command``, or else a ``file``.

    ``lifetime`` is the seconds that a token is good for, where that is known. ``fetched`` holds
    every token there was, in order: what is shown is searched for all of them.
    """

    command: tuple[str, ...] = field(default=(), repr=False)
    file: Path | None = None
    lifetime: float | None = None
    longest: float = LONGEST
    fetched: list[str] = field(factory=list, repr=False)
    _at: float = field(default=0.0, init=False)
    _renewed: float = field(default=-math.inf, init=False)

    def __reduce__(self) -> tuple[object, ...]:
        """Take along what was given and fetched, and no time of a clock that is this machine's."""
        given = (self.command, self.file, self.lifetime, self.longest, self.fetched)
        return TokenSource, given

    def token(self) -> str:
        """Return a token that has not expired. Raises :class:`NoToken`."""
        life = None if self.lifetime is None else self.lifetime * _OF_ITS_LIFE
        if not self.fetched or (life is not None and time.monotonic() - self._at >= life):
            self._fetch()
        return self.fetched[-1]

    def renew(self) -> bool:
        """Fetch it again, if that was not done just now; the answer is whether it is another one.

        Raises :class:`NoToken`.
        """
        if time.monotonic() - self._renewed < _NEW:
            return False
        self._renewed = time.monotonic()
        return self._fetch()

    def _fetch(self) -> bool:
        before = self.fetched[-1:]
        said = self._said() if self.command else self._read()
        words = said.split()
        wrong = "nothing" if not words else "more than a token in visible ASCII"
        if len(words) != 1 or not VISIBLE.fullmatch(words[0]):
            raise NoToken(f"{self._name} {self._gives} {wrong}; {_WANTED}")
        self._at = time.monotonic()
        if words != before:
            self.fetched.append(words[0])
        return words != before

    @property
    def _name(self) -> str:
        return "the token command" if self.command else f"the token file {self.file}"

    @property
    def _gives(self) -> str:
        return "prints" if self.command else "holds"

    def _read(self) -> str:
        assert self.file is not None  # noqa: S101 - there is a command or a file
        try:
            return self.file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is no text"
            raise NoToken(f"cannot read the token file {self.file}: {why}; {_WANTED}") from None

    def _said(self) -> str:
        """Return what the command prints. It has a group of its own, to be ended as a whole."""
        try:
            process = subprocess.Popen(  # noqa: S603 - whoever runs us has said so
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "its words cannot be used"
            raise NoToken(f"the token command cannot be started: {why}; {_WANTED}") from None
        try:
            out, _ = process.communicate(timeout=self.longest)
        except subprocess.TimeoutExpired:
            raise NoToken(
                f"the token command has not ended after {self.longest:g} s; {_WANTED}"
            ) from None
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
        if process.returncode:
            raise NoToken(f"the token command ends with status {process.returncode}; {_WANTED}")
        return out.decode("utf-8", "replace")


_WANTED: Final = "it has to give one token and nothing else, which you can see by hand"
