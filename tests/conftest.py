"""What all tests rest on."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Have interrupts heard: what a shell starts in the background ignores them.

    So would every process that a test starts and interrupts.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
