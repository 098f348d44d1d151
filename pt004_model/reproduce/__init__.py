"""A finding shown without this program: as a story, curl commands, a test, a diagram."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pt004_model.reproduce.diagrams import as_mermaid, as_text
from pt004_model.reproduce.scripts import as_curl, as_pytest
from pt004_model.trace.document import Trace

__all__ = ["FORMS", "as_curl", "as_mermaid", "as_pytest", "as_text", "render"]

FORMS: Final[dict[str, Callable[[Trace], str]]] = {
    "text": as_text,
    "curl": as_curl,
    "pytest": as_pytest,
    "httpx": as_pytest,
    "mermaid": as_mermaid,
}
"""Each form by its name; its function makes of a trace a text that ends with a line end."""


def render(trace: Trace, form: str) -> str:
    """Return the trace in a form of :data:`FORMS`. Raises ``KeyError`` for any other."""
    return FORMS[form](trace)
