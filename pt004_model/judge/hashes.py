"""Say of a wrong hash what was hashed in its stead, where that can be told.

Two hashes side by side tell nobody anything. An FC nearly always errs in the text that it hashes: a
field that it leaves out, names in another order, blanks. The few such texts are tried.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from itertools import product
from typing import Final

from pt004_model.judge.canonical import canonical_form
from pt004_model.judge.finding import Saying, quote
from pt004_model.model.commands import short
from pt004_model.model.values import Json

_SHOWN: Final = 1000
"""Characters of what was hashed that are shown."""
_LARGE: Final = 64 * 1024
"""Bytes from which on no other texts are tried."""
_OTHER_HASHES: Final = ("sha1", "md5", "sha512", "sha3_256", "blake2s")
_NOT_ASCII: Final = re.compile(r"[^\x20-\x7e]")


def right_hash(content: Json, actual: str) -> Saying:
    """Return the hash that was expected, and the canonical text that it is of."""
    text = (canonical_form(content) or b"").decode("utf-8", "replace")
    ascii_text = _NOT_ASCII.sub(lambda match: json.dumps(match[0])[1:-1], text)
    return Saying(f"{quote(actual)}, the SHA-256 of {short(ascii_text, _SHOWN)}")


def wrong_hash(content: Json, actual: str, claimed: object) -> Saying:
    """Return the hash that was claimed, and what it is the hash of where that can be told."""
    origin = _origin(content, actual, claimed) if isinstance(claimed, str) else None
    return Saying(quote(claimed) if origin is None else f"{quote(claimed)}, which is {origin}")


def _origin(content: Json, actual: str, claimed: str) -> str | None:
    if claimed.lower() == actual:
        return "the same in upper case"
    canonical = canonical_form(content)
    if canonical is None or len(canonical) > _LARGE:
        return None
    if claimed == base64.b64encode(bytes.fromhex(actual)).decode():
        return "the same in base64"
    for name in _OTHER_HASHES:
        if claimed.lower() == hashlib.new(name, canonical, usedforsecurity=False).hexdigest():
            return f"its {name} hash"
    for told, text in _texts(content):
        if hashlib.sha256(text).hexdigest() == claimed.lower():
            return f"that of {told}"
    return None


def _texts(content: Json) -> Iterator[tuple[str, bytes]]:
    """Texts that may have been hashed in place of the canonical one, each in words."""
    for told, value in _values(content):
        yield told, canonical_form(value) or b""  # a part of what has such a form has one as well
        for served, spaced, escaped in product((False, True), repeat=3):
            separators = (", ", ": ") if spaced else (",", ":")
            text = json.dumps(
                value, sort_keys=not served, separators=separators, ensure_ascii=escaped
            )
            ways = ("its names in the order served",) * served
            ways += ("blanks after commas and colons",) * spaced
            ways += ("escapes for what is not ASCII",) * escaped
            ways = ways or ("names or numbers as the JSON of Python has them",)
            yield " with ".join((told, " and ".join(ways))), text.encode("utf-8", "replace")
    if isinstance(content, list) and all(isinstance(each, str) for each in content):
        yield "its hashes one after the other", "".join(map(str, content)).encode()


def _values(content: Json) -> Iterator[tuple[str, Json]]:
    if isinstance(content, dict):
        yield "the entry", content
        for value in (None, ""):
            yield f"the entry with receipt_hash {quote(value)}", {**content, "receipt_hash": value}
        for name in content:
            left = {each: value for each, value in content.items() if each != name}
            yield f"the entry with {quote(name)[1:-1]} left out", left
    elif isinstance(content, list):
        yield "the chain", content
        yield "the chain without its last hash", content[:-1]
        yield "the chain without its first hash", content[1:]
        yield "the chain turned round", content[::-1]
        yield "the chain as a member of an object", {"receipt_chain": content}
        if content:
            yield "the last hash alone", content[-1]
