"""Hooks for Schemathesis: number its calls, remember them, and end the run with the budget.

Schemathesis loads them itself (``SCHEMATHESIS_HOOKS``).
"""

from __future__ import annotations

import atexit
import os
import signal
from pathlib import Path
from typing import Any

import schemathesis

from tests.bench import BUDGET, LOG
from tests.bench.recording import Recording

# a job in the background is started with interrupts ignored, and ours would be lost on it
signal.signal(signal.SIGINT, signal.default_int_handler)
recording = Recording(Path(os.environ[LOG]), int(os.environ[BUDGET]))
atexit.register(recording.write)


def after_load_schema(context: Any, schema: Any) -> None:
    """Start the clock."""
    del context, schema
    recording.begin()


def after_call(context: Any, case: Any, response: Any) -> None:
    """Remember a call."""
    del context
    recording.note(case, response)


for each in (after_load_schema, after_call):
    schemathesis.hook(each)
