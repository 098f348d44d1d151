"""A finding shown in a way that needs nothing of ours: as a story, a script, a test, a diagram."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pt004_model.evidence.document import Trace
from pt004_model.evidence.reproduction.diagrams import as_mermaid, as_text
from pt004_model.evidence.reproduction.scripts import as_curl, as_httpx, as_pytest

__all__ = ["FORMS", "as_curl", "as_httpx", "as_mermaid", "as_pytest", "as_text", "render"]

FORMS: Final[dict[str, Callable[[Trace], str]]] = {
    "text": as_text,
    "curl": as_curl,
    "httpx": as_httpx,
    "pytest": as_pytest,
    "mermaid": as_mermaid,
}
"""Each form by its name; its function makes of a trace a text that ends with a line end."""


def render(trace: Trace, form: str) -> str:
    """The trace in a form of :data:`FORMS`. Raises ``KeyError`` for any other."""
    return FORMS[form](trace)
