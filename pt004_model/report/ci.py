"""The files for a CI beside ``summary.json``: ``junit.xml`` and ``summary.md``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from pt004_model.report.digest import Links, digest
from pt004_model.report.junit import junit
from pt004_model.trace.files import write_text

_WRONG: Final = (
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    ArithmeticError,
    RecursionError,
)
"""Raised by what renders a document that is not what it should be."""
_SHOWN: Final = 200  # characters of an error that are repeated


class Unreadable(Exception):  # noqa: N818 - said of a file, in a sentence for people
    """The evidence of a campaign cannot be used; the message is a sentence for people."""


def keep_for_ci(folder: Path, summary: Mapping[str, Any]) -> None:
    """Write ``junit.xml`` and ``summary.md`` of a summary. Raises ``Unwritable``."""
    write_text(folder / "junit.xml", junit(summary))
    write_text(folder / "summary.md", digest(summary, _replays(folder, summary)))


def page(folder: Path, links: Links) -> str:
    """Return the digest of the campaign in ``folder``. Raises :class:`Unreadable`."""
    path = folder / "summary.json"
    summary = _read(path)
    if summary is None:
        raise Unreadable(f"there is no {path}: no campaign left its summary there")
    try:
        return digest(summary, _replays(folder, summary), links)
    except _WRONG as error:
        why = repr(error)[:_SHOWN]
        raise Unreadable(f"{path} is no summary of a campaign ({why})") from None


def _replays(folder: Path, summary: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the fates of the traces of earlier campaigns, where they were replayed.

    A campaign that asked nothing replayed nothing either: what lies there is an earlier one's.
    """
    if not summary["requests"]:
        return ()
    document = _read(folder / "replays.json")
    replays: list[dict[str, Any]] = [] if document is None else document.get("replays", [])
    return replays


def _read(path: Path) -> dict[str, Any] | None:
    """Return the JSON object in a file, ``None`` without one. Raises :class:`Unreadable`."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unreadable(f"cannot read {path}: {error.strerror or error}") from None
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{path} is no JSON: {str(error)[:_SHOWN]}") from None
    if not isinstance(document, dict):
        raise Unreadable(f"{path} is no JSON object")
    return document
