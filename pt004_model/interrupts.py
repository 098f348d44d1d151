"""The ways in which work is ended from within or outside: interruptions of ours, and signals.

SIGTERM, which a CI sends, ends a command like Ctrl-C.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

INTERRUPTED: Final = 130
TERMINATED: Final = 143
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Interruption(BaseException):
    """Ends a search from within.

    Like a keyboard interrupt it is no ``Exception``: Hypothesis would collect, replay and shrink
    one.
    """


class Terminated(KeyboardInterrupt):
    """SIGTERM came. Whatever heeds Ctrl-C heeds this."""


def exit_code(interrupt: KeyboardInterrupt) -> int:
    """Return the exit code of a command that an interrupt ended."""
    return TERMINATED if isinstance(interrupt, Terminated) else INTERRUPTED


def terminate(_signal: int, _frame: FrameType | None) -> None:
    """Raise :class:`Terminated`: the handler of SIGTERM."""
    raise Terminated


@contextmanager
def heeding_sigterm() -> Iterator[None]:
    """Raise :class:`Terminated` on SIGTERM within; elsewhere it goes on to end the process."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Put off signals that come within, as a CI that waits sends one after another."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {each: signal.signal(each, lambda n, _: came.append(n)) for each in _SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        if came:
            signal.raise_signal(came[-1])
