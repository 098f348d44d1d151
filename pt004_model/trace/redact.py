"""The one place that takes secrets out of what is kept or shown.

An FC may repeat whatever it was sent, anywhere and spelled in its own way. So a text is searched in
a reading of it: escapes of JSON (however often it was escaped) and of addresses decoded, upper case
made lower, the two alphabets of base64 made one; and searched once more without its blanks, in case
it was broken into lines. Twelve characters in a row of a secret, or of its base64, are enough to be
taken out: a text that is quoted is often cut. A secret shorter than that counts only as a whole.
"""

from __future__ import annotations

import base64
import json
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate, compress, count, islice
from typing import Any, Final, TypeVar

from attrs import define, field

from pt004_model.model.commands import Names
from pt004_model.vocabulary import TOKEN_PREFIX
from pt004_model.wire.token import Credentials

SECRET: Final = "[secret]"
_OPEN: Final = (SECRET, "application/json")  # both may stand openly in a header
_SHORTEST: Final = 4  # a shorter text is found in any other, and cannot be kept secret
_PIECE: Final = 12
_CALLERS: Final = 3
"""Tenants and actors whose names somebody chose; the others have names from the dictionary."""
_BLOCK: Final = _PIECE // 2
"""Every piece has a block of this size within it that begins at a multiple of it."""

_EACH_BLOCK: Final = re.compile(f".{{{_BLOCK}}}", re.DOTALL)
_Span = tuple[int, int]
_T = TypeVar("_T")

_ESCAPE: Final = re.compile(
    r"""\\+(?:u(?P<u>[0-9a-f]{4})|x(?P<x>[0-9a-f]{2})|(?P<blank>[bfnrtv])|(?P<same>["'/]))?"""
    r"|%(?:25)*(?P<percent>[0-9a-f]{2})"
    r"|\s{2,}|[^\S ]",
    re.IGNORECASE,
)
"""Each stands for one character, a blank or a run of blanks for one blank."""


@define(eq=False)
class Redactor:
    """A function that puts ``[secret]`` in the place of each secret; without any it does nothing.

    ``made`` are the tokens that were made so far, and may grow. ``public`` are words that are sent
    openly and stay, also where a secret has a piece of one in it.
    """

    given: tuple[str, ...] = field(default=(), repr=False)
    made: Mapping[Any, str] = field(factory=dict, repr=False)
    public: tuple[str, ...] = ()
    _open: tuple[str, ...] = field(init=False, repr=False)
    _wholes: set[str] = field(factory=set, init=False, repr=False)
    _short: re.Pattern[str] | None = field(default=None, init=False, repr=False)
    _pieces: set[str] = field(factory=set, init=False, repr=False)
    _blocks: set[str] = field(factory=set, init=False, repr=False)
    _learned: int = field(default=0, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Learn the secrets that were given."""
        self._open = tuple(_fold(word) for word in (*_OPEN, *self.public))
        self._learn(self.given)

    @classmethod
    def of(
        cls, credentials: Credentials, headers: Iterable[tuple[str, str]], names: Names
    ) -> Redactor:
        """Return the redactor of all that an FC is sent in secret."""
        given = [each for each in (credentials.token, credentials.secret) if each]
        given += [part for _, value in headers for part in _parts(value)]
        return cls(
            tuple(given),
            credentials.made,
            (*names.tenants[:_CALLERS], *names.actors[:_CALLERS]),
        )

    def __call__(self, value: _T) -> _T:
        """Return ``value`` without secrets in any text, in names of members and numbers too."""
        if self._learned < len(self.made):
            self._learn(islice(self.made.values(), self._learned, None))
            self._learned = len(self.made)
        if not (self._pieces or self._short):
            return value
        # all at once is a fraction of the work, and most of what is kept holds no secret
        together = value if isinstance(value, str) else "\0".join(_texts(value))
        return self._clean(value) if self._spans(_read(together)) else value

    def _clean(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict):
            return {self._text(name): self._clean(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self._clean(each) for each in value]
        if isinstance(value, int | float) and not isinstance(value, bool):
            clean = self._text(repr(value))
            return value if clean == repr(value) else clean
        return value

    def _learn(self, secrets: Iterable[str]) -> None:
        known = len(self._wholes)
        for secret in secrets:
            for form in _forms(secret):
                if _SHORTEST <= len(form) < _PIECE:
                    self._wholes.add(form)
                for start in range(len(form) - _PIECE + 1):
                    piece = form[start : start + _PIECE]
                    self._pieces.add(piece)
                    self._blocks.update(piece[at : at + _BLOCK] for at in range(_BLOCK + 1))
        if len(self._wholes) > known:
            longest_first = sorted(self._wholes, key=len, reverse=True)
            self._short = re.compile(f"(?=({'|'.join(map(re.escape, longest_first))}))")

    def _text(self, text: str) -> str:
        spans = self._spans(_read(text))
        if not spans:
            return text
        origin, parts, at = _origins(text), list[str](), 0
        for start, end in spans:
            begins = origin(start)[0]
            parts += [text[at:begins], SECRET]
            at = origin(end - 1)[1]
        return "".join((*parts, text[at:]))

    def _spans(self, read: str) -> list[_Span]:
        """Return where the secrets of a reading are, those that are broken by blanks too."""
        spans = [*self._wholes_in(read), *self._pieces_in(read)]
        broken = list(self._pieces_in(read.replace(" ", ""))) if " " in read else []
        if broken:
            ends = list(accumulate(map(len, read.split(" "))))
            spans += [
                (start + bisect_right(ends, start), end + bisect_right(ends, end - 1))
                for start, end in broken
            ]
        return _merged(spans)

    def _wholes_in(self, read: str) -> Iterator[_Span]:
        for match in self._short.finditer(read) if self._short is not None else ():
            if not self._is_open(read, match.span(1)):
                yield match.span(1)

    def _pieces_in(self, read: str) -> Iterator[_Span]:
        blocks = map(self._blocks.__contains__, _EACH_BLOCK.findall(read))
        starts = (
            start
            for at in compress(count(0, _BLOCK), blocks)
            for start in range(max(0, at - _BLOCK + 1), at + 1)
            if read[start : start + _PIECE] in self._pieces
        )
        for span in _merged((start, start + _PIECE) for start in starts):
            if not self._is_open(read, span):
                inner = read[slice(*span)]
                yield span[0] + len(inner) - len(inner.lstrip()), span[0] + len(inner.rstrip())

    def _is_open(self, read: str, span: _Span) -> bool:
        """Return whether the place is within a word that is sent openly."""
        start, end = span
        return any(
            read.find(word, max(0, end - len(word)), start + len(word)) >= 0 for word in self._open
        )


def _parts(header: str) -> Iterator[str]:
    """Yield what of the value of a header is a secret by itself: all but its scheme or name."""
    yield header
    _, _, rest = header.partition(" ")
    if rest:
        yield rest
        yield from _login(rest)
    for part in re.split("[;,]", header):
        yield part.partition("=")[2].strip(' "')


def _login(text: str) -> Iterator[str]:
    """Yield user and password, and the password, of what follows ``Basic``."""
    try:
        login = base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode()
    except ValueError:
        return
    _, colon, password = login.partition(":")
    if colon:
        yield from (login, password)


def _forms(secret: str) -> set[str]:
    """Return what a secret may read as, with and without blanks."""
    content = secret.encode("utf-8", "surrogatepass")
    escaped = json.dumps(secret)[1:-1]  # beyond 16 bits: two escapes
    spelled = {secret, secret.replace(" ", "+"), escaped, content.decode("latin-1")}
    if secret.startswith(TOKEN_PREFIX):
        spelled.update(secret.removeprefix(TOKEN_PREFIX).split("."))
    spelled.update(_base64(content, before) for before in range(3))
    # an escape within the secret stands for itself where the whole is spelled in other escapes
    read = {way(each) for each in spelled if len(each) >= _SHORTEST for way in (_read, _fold)}
    return {form for each in read for form in (each, each.replace(" ", "")) if form.strip()}


def _base64(content: bytes, before: int) -> str:
    """Return the characters of a base64 text that ``content`` alone decides.

    In that text ``before`` bytes stand before it, or some threes of bytes more.
    """
    text = base64.b64encode(b"\0" * before + content).decode("ascii")
    return text[-(-8 * before // 6) : 8 * (before + len(content)) // 6]


def _texts(value: Any) -> Iterator[str]:
    """Yield every text within a value of JSON, and every number as it is spelled."""
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            yield from each
            left += each.values()
        elif isinstance(each, list):
            left += each
        else:
            yield each if isinstance(each, str) else repr(each)


def _read(text: str) -> str:
    """Return the reading of a text that is searched."""
    return _fold(_ESCAPE.sub(_decoded, text))


def _fold(text: str) -> str:
    """Return ``text`` in lower case, as long as it was, with one alphabet of base64."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(each.lower() if len(each.lower()) == 1 else each for each in text)
    return lower.replace("+", "-").replace("/", "_")


def _decoded(match: re.Match[str]) -> str:
    code = match["u"] or match["x"] or match["percent"]
    if code:
        each = chr(int(code, 16))
        return " " if each.isspace() else each
    if match["same"]:
        return match["same"]
    return "\\" if match[0][0] == "\\" and not match["blank"] else " "


def _merged(spans: Iterable[_Span]) -> list[_Span]:
    """Return spans that touch or overlap as one, in order."""
    merged: list[_Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _origins(text: str) -> Callable[[int], _Span]:
    """Return what says where a character of the reading of ``text`` is in it."""
    places: list[int] = []
    escapes: list[_Span] = []
    shorter = 0
    for match in _ESCAPE.finditer(text):
        places.append(match.start() - shorter)
        escapes.append(match.span())
        shorter += match.end() - match.start() - 1

    def origin(index: int) -> _Span:
        number = bisect_right(places, index) - 1
        if number >= 0 and places[number] == index:
            return escapes[number]
        start = index if number < 0 else escapes[number][1] + index - places[number] - 1
        return start, start + 1

    return origin
