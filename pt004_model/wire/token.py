"""Bearer tokens: good ones, and each way to spoil one (section 12)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from functools import lru_cache
from typing import Final

from attrs import field, frozen

from pt004_model.model.commands import Token
from pt004_model.vocabulary import TOKEN_PREFIX

LIFETIME: Final = 24 * 3600
RECENTLY: Final = 300
"""Seconds for which an expired token has been so: more than clocks are apart, less than an hour."""
JUST_NOW: Final = 2
"""The same where it is known how far the clocks are apart."""
_ISSUED_BEFORE: Final = 60  # an FC whose clock is behind must not take a token for one of tomorrow


@frozen
class Credentials:
    """What proves who calls: a token that was given, or the secret to make tokens with.

    Neither is ever shown: both are left out of the representation.
    """

    token: str | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)

    @property
    def present(self) -> bool:
        """Whether calls carry a token at all."""
        return self.token is not None or self.secret is not None

    @property
    def kinds(self) -> tuple[Token, ...]:
        """The kinds of bad token that can be made: some need the secret."""
        if not self.present:
            return ()
        return (*_PLAIN, *_SIGNED) if self.secret is not None else _PLAIN


_PLAIN: Final = (
    Token.MISSING,
    Token.FORGED,
    Token.TAMPERED,
    Token.RECASED,
    Token.UNSIGNED,
    Token.NO_PREFIX,
    Token.TRUNCATED,
    Token.WRONG_SECRET,
    Token.ONE_PART,
)
_SIGNED: Final = (
    Token.EXPIRED,
    Token.LONG_EXPIRED,
    Token.NO_EXPIRY,
    Token.TEXT_EXPIRY,
    Token.OTHER_ALGORITHM,
    Token.NO_JSON,
)


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def sign(secret: str, claims: dict[str, object], algorithm: str = "sha256") -> str:
    """A token over ``claims``, signed as section 12 says (or with another hash)."""
    return _signed_text(secret, json.dumps(claims, separators=(",", ":")), algorithm)


def _signed_text(secret: str, text: str, algorithm: str = "sha256") -> str:
    payload = _base64(text.encode())
    signature = hmac.new(secret.encode(), payload.encode(), getattr(hashlib, algorithm)).digest()
    return f"{TOKEN_PREFIX}{payload}.{_base64(signature)}"


def _claims(now: float) -> dict[str, object]:
    return {
        "server_id": "pt004",
        "scopes": ["workflow:read", "workflow:write"],
        "iat": int(now) - _ISSUED_BEFORE,
        "exp": int(now) + LIFETIME,
        "jti": secrets.token_hex(8),
    }


@lru_cache(maxsize=8)
def _good(credentials: Credentials) -> str:
    """One good token for as long as the process runs: services remember what they accepted."""
    return credentials.token or sign(credentials.secret or "", _claims(time.time()))


def make(credentials: Credentials, kind: Token, ahead: float | None = None) -> str | None:
    """A token of the kind, or ``None`` when the call goes without one.

    ``ahead`` is how many seconds the FC's clock is ahead of ours at least, if that is known. A kind
    that needs the secret falls back to a forged token when only a token was given.
    """
    if kind is Token.MISSING or not credentials.present:
        return None
    good = _good(credentials)
    if kind is Token.GOOD:
        return good
    head, dot, signature = good.rpartition(".")
    spoiled = {
        Token.NO_PREFIX: good.removeprefix(TOKEN_PREFIX),
        Token.TRUNCATED: good[:-4],
        Token.RECASED: f"{head}{dot}{signature.swapcase()}",
        Token.UNSIGNED: f"{head}.",
        Token.ONE_PART: head or good[:-1],
        Token.TAMPERED: f"{_tampered(head)}{dot}{signature}",
    }
    if kind in spoiled and spoiled[kind] != good:
        return spoiled[kind]
    if kind is Token.WRONG_SECRET:
        return sign(secrets.token_hex(16), _claims(time.time()))
    if credentials.secret is not None and kind in _SIGNED:
        return _signed(credentials.secret, kind, ahead)
    # the first character of the signature changed, which changes its bytes
    return f"{head}{dot}{'A' if signature[:1] != 'A' else 'B'}{signature[1:]}"


def _signed(secret: str, kind: Token, ahead: float | None) -> str:
    """A token that is signed with the secret and bad all the same."""
    now = int(time.time())
    claims = _claims(now)
    if kind is Token.OTHER_ALGORITHM:
        return sign(secret, claims, "sha512")
    if kind is Token.NO_JSON:
        return _signed_text(secret, "{exp:1")
    if kind is Token.NO_EXPIRY:
        return sign(secret, {name: value for name, value in claims.items() if name != "exp"})
    expiry: dict[Token, object] = {
        Token.EXPIRED: now - RECENTLY if ahead is None else int(now + ahead) - JUST_NOW,
        Token.LONG_EXPIRED: now - 10 * LIFETIME,
        Token.TEXT_EXPIRY: str(now + LIFETIME),
    }
    return sign(secret, {**claims, "iat": now - 20 * LIFETIME, "exp": expiry[kind]})


def _tampered(head: str) -> str:
    """The payload of a token with one claim more, for a signature that was made without it."""
    payload = head.removeprefix(TOKEN_PREFIX)
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:
        claims = None
    changed = {**claims, "scopes": ["admin"]} if isinstance(claims, dict) else {"exp": 2**40}
    return TOKEN_PREFIX + _base64(json.dumps(changed, separators=(",", ":")).encode())
