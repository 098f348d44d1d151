"""HAR files (HTTP Archive 1.2): the calls of runs that a browser, a proxy or a test tool recorded.

Calls of anything else are passed over. The routes of both dialects are known, and those that an FC
has in their place, behind any prefix.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Final
from urllib.parse import parse_qs, urlsplit

from attrs import field, frozen

from pt004_model.judge.memory import JsonObject
from pt004_model.model.replies import Reply
from pt004_model.model.values import Body, Json
from pt004_model.vocabulary import ROUTES, Routes
from pt004_model.wire.codec import Answer, Codec
from pt004_model.wire.spelling import Spelling

_LOST: Final = frozenset({0, 429, 502, 503, 504})
"""Codes of what is no answer of an FC (section 1), or a call that was aborted."""


@frozen
class Call:
    """One recorded call. ``run_id`` is empty in a create; ``reply`` has its interval."""

    place: str
    method: str
    run_id: str
    query: frozenset[str]
    headers: dict[str, str] = field(repr=False)
    text: str = field(repr=False)
    reply: Reply = field(repr=False)
    host: str = ""
    spelling: Spelling = field(factory=Spelling, repr=False)

    @property
    def shown(self) -> JsonObject | None:
        """The run that an accepted call shows."""
        return self.reply.run if 200 <= self.reply.code < 300 else None

    def header(self, name: str) -> str:
        """Return a header of the request; one that is empty counts as missing (section 1)."""
        return self.headers.get(self.spelling.header(name).lower(), "")


class BadHar(Exception):  # noqa: N818 - said of a file, in a sentence for people
    """An entry, or all of them, that says nothing; the message is a sentence for people."""


def har_entries(value: JsonObject) -> list[Json] | None:
    """Return the entries of a HAR file, ``None`` for anything else."""
    log = value.get("log")
    entries = log.get("entries") if isinstance(log, dict) else None
    return entries if isinstance(entries, list) else None


@lru_cache
def _patterns(own: Routes) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (method, re.compile(re.escape(route).replace(r"\{run_id\}", "([^/]+)") + "$"))
        for each in (own, *ROUTES.values())
        for method, route in (("POST", each.create), ("PATCH", each.change), ("GET", each.read))
    )


def read_call(place: str, entry: Json, wire: Codec) -> Call | None:
    """Return the call that an entry holds, ``None`` if it is none of a run or has no answer.

    It was made by the routes and names of ``wire``. Raises :class:`BadHar`.
    """
    if not isinstance(entry, dict):
        raise BadHar(f"{place}: no object")
    request, response = entry.get("request"), entry.get("response")
    if not isinstance(request, dict) or not isinstance(response, dict):
        raise BadHar(f"{place}: without a request and a response")
    url = urlsplit(str(request.get("url")))
    method = str(request.get("method")).upper()
    patterns = _patterns(wire.routes)
    matches = (route.search(url.path) for known, route in patterns if known == method)
    match = next(filter(None, matches), None)
    code = response.get("status")
    if match is None or not isinstance(code, int) or code in _LOST:
        return None
    sent, seconds = _sent(place, entry), entry.get("time")
    if not isinstance(seconds, int | float) or seconds < 0:
        raise BadHar(f"{place}: without the time that it took")
    headers = dict(_headers(response))
    answer = Answer(code, headers, _content(place, response), sent, sent + seconds / 1000)
    posted = request.get("postData")
    text = posted.get("text") if isinstance(posted, dict) else None
    wanted = parse_qs(url.query)
    return Call(
        place,
        method,
        match[1] if match.groups() else "",
        frozenset(each for each in ("logs", "gates") if wanted.get(f"include_{each}") == ["true"]),
        dict(_headers(request)),
        wire.spelling.asked(Body(text)).text if isinstance(text, str) else "",
        wire.read(answer),
        url.netloc,
        wire.spelling,
    )


def _sent(place: str, entry: JsonObject) -> float:
    try:
        moment = datetime.fromisoformat(str(entry.get("startedDateTime")))
    except ValueError:
        raise BadHar(f"{place}: without the time at which it was sent") from None
    return moment.timestamp()


def _headers(message: JsonObject) -> Iterator[tuple[str, str]]:
    headers = message.get("headers")
    for each in headers if isinstance(headers, list) else []:
        name, value = (each.get("name"), each.get("value")) if isinstance(each, dict) else ("", "")
        if isinstance(name, str) and isinstance(value, str):
            yield name.lower(), value


def _content(place: str, response: JsonObject) -> bytes:
    content = response.get("content")
    text = content.get("text") if isinstance(content, dict) else None
    if not isinstance(content, dict) or not isinstance(text, str):
        raise BadHar(f"{place}: its answer was kept without the body")
    if content.get("encoding") != "base64":
        return text.encode("utf-8", "replace")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise BadHar(f"{place}: the body of its answer is no base64") from None
