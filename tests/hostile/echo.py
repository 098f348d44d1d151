"""An FC that repeats what it was sent in secret, and a search for what got out of it.

The search knows nothing of the redactor: it decodes whatever is there in every way it can think of,
again and again, and looks for twelve characters in a row of anything that was secret.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import quote, unquote

from attrs import define, evolve, field

from tests.cli.servers import ACCEPTED, Said, Seen

PIECE: Final = 12
Spell: TypeAlias = Callable[[str], str]
Place: TypeAlias = Callable[[Said, str], Said]

SPELLINGS: Final[dict[str, Spell]] = {
    "as it stands": str,
    "upper case": str.upper,
    "lower case": str.lower,
    "percent": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "percent twice": lambda text: quote(quote(text, safe=""), safe=""),
    "escapes": lambda text: "".join(f"\\u{ord(each):04x}" for each in text),
    "JSON in JSON": lambda text: json.dumps({"a": json.dumps({"b": text})}),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 in base64's second place": lambda text: base64.b64encode(f"x{text}".encode()).decode(),
    "base64 in base64's third place": lambda text: base64.b64encode(f"xy{text}".encode()).decode(),
    "base64 for addresses": lambda text: (
        base64.urlsafe_b64encode(f"?{text}".encode()).decode().rstrip("=")
    ),
    "in lines": lambda text: "\n".join(text[at : at + 7] for at in range(0, len(text), 7)),
    "spaced": " ".join,
    "its second half": lambda text: text[len(text) // 2 :],
    "without its ends": lambda text: text[3:-3],
}


def in_run(**fields: Callable[[str], Any]) -> Place:
    """Repeat it in fields of the run."""

    def place(said: Said, text: str) -> Said:
        if said.status not in ACCEPTED:
            return said
        named = {name: make(text) for name, make in fields.items()}
        return said.with_json({**said.json, "run": {**said.json["run"], **named}})

    return place


def in_rows(section: str, name: str) -> Place:
    """Repeat it in a field of every entry of the log, or of every gate."""

    def place(said: Said, text: str) -> Said:
        if said.status not in ACCEPTED or not said.json.get(section):
            return said
        rows = [{**row, name: text} for row in said.json[section]]
        return said.with_json({**said.json, section: rows})

    return place


def _as_name(said: Said, text: str) -> Said:
    return in_run(**{text: lambda _: 1}, steps=lambda _: {text: text})(said, text)


def _visible(text: str) -> str:
    """A text on one line, as a header has to be."""
    return re.sub(r"\s+", " ", text)


def _header(said: Said, text: str) -> Said:
    visible = _visible(text)
    return evolve(said, headers=(("x-debug", visible), ("retry-after", visible)))


PLACES: Final[dict[str, Place]] = {
    "detail": lambda said, text: evolve(said, status=500).with_json({"detail": f"got {text}"}),
    "detail of a refusal": lambda said, text: (
        said if said.status in ACCEPTED else said.with_json({"detail": text})
    ),
    "field": in_run(workflow_version=str),
    "status": in_run(status=str),
    "field of any type": in_run(metadata=lambda text: {"a": [text]}, tags=lambda text: [text]),
    "name of a member": _as_name,
    "JSON in a field": in_run(correlation_id=lambda text: json.dumps({"got": [text]})),
    "run id": in_run(run_id=str),
    "receipt": in_run(receipt_chain=lambda text: [text], workflow_receipt_hash=str),
    "error details": in_run(error_details=lambda text: {"why": text}, output_payload=str),
    "log message": in_rows("logs", "message"),
    "log entry": in_rows("logs", "receipt_hash"),
    "kind of entry": in_rows("logs", "event_type"),
    "gate name": in_rows("gates", "gate_name"),
    "time": in_run(updated_at=str),
    "no JSON": lambda said, text: evolve(said, body=f"{text} is wrong".encode()),
    "content type": lambda said, text: evolve(said, content_type=f"text/{_visible(text)}"),
    "header": _header,
}


@define
class Echo:
    """Repeats what came in secret: call by call in the next of ``places``, spelled the next way.

    ``heard`` is all that came in secret, ``told`` counts what was repeated.
    """

    places: tuple[Place, ...] = tuple(PLACES.values())
    spellings: tuple[Spell, ...] = tuple(SPELLINGS.values())
    heard: set[str] = field(factory=set)
    told: int = 0

    def after(self, seen: Seen, said: Said) -> Said:
        """Alter the answer to a call on runs."""
        came = [seen.headers[name] for name in ("authorization", "cookie") if name in seen.headers]
        self.heard.update(came)
        # creates mostly work, or nothing else would be asked
        if not came or not seen.is_run_call or (seen.method == "POST" and seen.number % 3):
            return said
        self.told += 1
        parts = [part for each in came for part in (each, *each.split(" "), *each.split("."))]
        text = parts[self.told % len(parts)]
        spelled = self.spellings[self.told % len(self.spellings)](text)
        return self.places[self.told % len(self.places)](said, spelled)


def secrets_in(header: str) -> Iterator[str]:
    """All of a header that is secret by itself, as far as twelve characters tell."""
    _, _, rest = header.partition(" ")
    yield rest or header
    if header.startswith("Basic "):
        yield base64.b64decode(rest).decode()


def leaks(artifacts: Iterable[str], secrets: Iterable[str], public: Iterable[str]) -> list[str]:
    """Every piece of a secret that stands in an artifact, decoded in all ways."""
    openly = "\n".join(public).lower()
    pieces: set[str] = set()
    for secret in secrets:
        low = secret.lower()
        pieces |= {low[at : at + PIECE] for at in range(len(low) - PIECE + 1)}
        if len(low) < PIECE:
            raise ValueError("a secret of these tests is long enough to be searched for")
    pieces = {piece for piece in pieces if piece not in openly}
    found: list[str] = []
    for artifact in artifacts:
        for text in _readings(artifact):
            low = text.lower()
            found += {low[at : at + PIECE] for at in range(len(low) - PIECE + 1)} & pieces
    return sorted(set(found))


def _readings(artifact: str) -> Iterator[str]:
    """A text in all the ways that it can be read."""
    texts = {artifact}
    for _ in range(5):  # escapes within escapes
        more = {way(text) for text in texts for way in _WAYS} - texts
        if not more:
            break
        texts |= set(sorted(more, key=len)[:6])
    texts |= {re.sub(r"\s+", "", text) for text in texts}
    yield from texts
    runs = (re.findall(r"[A-Za-z0-9+/_-]{12,}", text) for text in texts)
    for run in {run for each in runs for run in each}:  # each is in many readings
        yield from _decoded(run)


def _decoded(run: str) -> Iterator[str]:
    usual = run.replace("-", "+").replace("_", "/")
    for start in range(4):
        whole = usual[start : start + (len(usual) - start) // 4 * 4]
        yield base64.b64decode(whole).decode("latin-1")


def _unescaped(text: str) -> str:
    """A text without one layer of the escapes of JSON."""

    def plain(match: re.Match[str]) -> str:
        if match[1]:
            return chr(int(match[1], 16))
        return {"n": "\n", "r": "\r", "t": "\t"}.get(match[2], match[2])

    return re.sub(r"\\(?:u([0-9a-fA-F]{4})|(.))", plain, text)


_WAYS: Final[tuple[Callable[[str], str], ...]] = (_unescaped, unquote, html.unescape)


def files_in(folder: Path) -> list[str]:
    """What is in every file of a folder, and the names of all."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return [*map(str, paths), *(path.read_text("utf-8", "replace") for path in paths)]
