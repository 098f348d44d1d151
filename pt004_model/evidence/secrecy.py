"""Secrets are blotted out of whatever is written down or shown."""

from __future__ import annotations

import json
import re
from itertools import takewhile
from typing import Any, Final

from pt004_model.vocabulary import TOKEN_PREFIX

BLOT: Final = "[secret]"
_TOKEN: Final = re.compile(rf"{TOKEN_PREFIX}[\w-]{{16,}}(\.[\w-]*)?")  # as made from a secret
_ENOUGH: Final = 8  # characters by which a secret that was cut off is known


def blot(value: Any, secrets: tuple[str, ...]) -> Any:
    """``value`` with every secret in every text blotted out, names of members included.

    What we send holds no secret and is left alone: a short one would spoil it.
    """
    if not secrets:
        return value
    if isinstance(value, str):
        spellings = {*secrets, *(json.dumps(secret)[1:-1] for secret in secrets)}
        for secret in sorted(spellings, key=len, reverse=True):
            value = _without(value, secret)
        return _TOKEN.sub(BLOT, value)
    if isinstance(value, dict):
        return {blot(name, secrets): blot(each, secrets) for name, each in value.items()}
    return [blot(each, secrets) for each in value] if isinstance(value, list) else value


def _without(text: str, secret: str) -> str:
    """``text`` without the secret, and without its beginning: what an FC says is quoted in part."""
    beginning = secret[:_ENOUGH]
    at = text.find(beginning)
    while at >= 0:
        pairs = zip(text[at:], secret, strict=False)
        length = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        text = text[:at] + BLOT + text[at + length :]
        at = text.find(beginning, at + len(BLOT))
    return text
