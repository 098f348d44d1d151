"""What the hooks for Schemathesis write down of its calls."""

from __future__ import annotations

import base64
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

_PATIENCE = 25
"""Calls that may follow upon an interrupt before there is another."""


class Recording:
    """The calls of one run, and when the first and the last of them ended."""

    def __init__(self, path: Path, budget: int) -> None:
        self.path, self.budget = path, budget
        self.calls: list[dict[str, Any]] = []
        self.late = 0
        self.times: list[tuple[float, float]] = [(time.perf_counter(), time.process_time())]

    def begin(self) -> None:
        """Start the clock when the schema is there."""
        self.times = [(time.perf_counter(), time.process_time())]

    def note(self, case: Any, response: Any) -> None:
        """Remember a call; with the last that is allowed interrupt the run.

        An interrupt can get lost between threads, so it is repeated while more calls come.
        """
        if len(self.calls) >= self.budget:
            self.late += 1
            if self.late % _PATIENCE == 0:
                os.kill(os.getpid(), signal.SIGINT)
            return
        request = response.request
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        self.calls.append(
            {
                "case": case.id,
                "method": request.method,
                "target": request.path_url,
                "headers": {str(name): _text(value) for name, value in request.headers.items()},
                "content": base64.b64encode(body).decode(),
                "code": response.status_code,
                "answer": base64.b64encode(response.content).decode() if _made(response) else "",
            }
        )
        self.times[1:] = [(time.perf_counter(), time.process_time())]
        if len(self.calls) == self.budget:
            os.kill(os.getpid(), signal.SIGINT)

    def write(self) -> None:
        """Write all down."""
        (wall, processor), *_, end = self.times
        lines = [*self.calls, {"wall": end[0] - wall, "processor": end[1] - processor}]
        self.path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def _made(response: Any) -> bool:
    return bool(response.status_code == 201)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
