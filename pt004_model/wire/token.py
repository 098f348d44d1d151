"""Bearer tokens: good ones, and each way to spoil one (section 12).

An FC may repeat what it is sent, so no bad token is made of the good one: from most of them it
could be told. They are made of another that is good for some minutes, or, where the secret is not
known, of one that is good nowhere. Of the good one only the payload is used again, with a signature
that has nothing to do with its own.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Final

from attrs import field, frozen

from pt004_model.model.commands import Token
from pt004_model.vocabulary import TOKEN_PREFIX
from pt004_model.wire.token_source import TokenSource

LIFETIME: Final = 24 * 3600
RECENTLY: Final = 300
"""Seconds for which an expired token has been so: more than clocks are apart, less than an hour."""
JUST_NOW: Final = 2
"""The same where it is known how far the clocks are apart."""
_BRIEFLY: Final = 60  # seconds for which a token is used that is made to be spoiled
_MARGIN: Final = 120  # seconds for which it is good even then, as clocks are known in part
_OFTEN: Final = 5  # seconds for which a token is used that has expired just now
_ISSUED_BEFORE: Final = 60  # an FC whose clock is behind must not take a token for one of tomorrow


@frozen
class Credentials:
    """The proof of who calls: a token that was given or is fetched, or the secret to make some.

    Nothing of it is ever shown: it is left out of the representation, and so are the tokens that
    were ``made``, by kind and time. All of them are kept, for the redactor to know.
    """

    token: str | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)
    source: TokenSource | None = field(default=None, repr=False)
    made: dict[tuple[Token | None, int], str] = field(
        factory=dict, init=False, eq=False, repr=False
    )

    @property
    def present(self) -> bool:
        """Return whether calls carry a token at all."""
        return not (self.token is None and self.secret is None and self.source is None)

    @property
    def kinds(self) -> tuple[Token, ...]:
        """The kinds of bad token that can be made: some need the secret."""
        if not self.present:
            return ()
        return tuple(kind for kind in _BAD if self.secret is not None or kind not in SIGNED)


_BAD: Final = (
    Token.MISSING,
    Token.FORGED,
    Token.TAMPERED,
    Token.RECASED,
    Token.UNSIGNED,
    Token.NO_PREFIX,
    Token.TRUNCATED,
    Token.WRONG_SECRET,
    Token.ONE_PART,
    Token.EXPIRED,
    Token.LONG_EXPIRED,
    Token.NO_EXPIRY,
    Token.TEXT_EXPIRY,
    Token.TRUE_EXPIRY,
    Token.OTHER_ALGORITHM,
    Token.NO_JSON,
)
SIGNED: Final = frozenset(
    {
        # each shows something only of a token that is good but for that one thing
        *(Token.RECASED, Token.NO_PREFIX, Token.TRUNCATED),
        *(Token.EXPIRED, Token.LONG_EXPIRED, Token.NO_EXPIRY, Token.TEXT_EXPIRY),
        Token.TRUE_EXPIRY,
        *(Token.OTHER_ALGORITHM, Token.NO_JSON),
    }
)
"""The kinds that take the secret."""


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def sign(secret: str, claims: dict[str, object], algorithm: str = "sha256") -> str:
    """Return a token over ``claims``, signed as section 12 says (or with another hash)."""
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


def make(credentials: Credentials, kind: Token, ahead: float | None = None) -> str | None:
    """Return a token of the kind, or ``None`` when the call goes without one.

    ``ahead`` is how many seconds the FC's clock is ahead of ours at least, if that is known. A kind
    that needs the secret falls back to a forged token when only a token was given. Raises
    ``NoToken`` where a good one has to be fetched and cannot.
    """
    if kind is Token.MISSING or not credentials.present:
        return None
    if kind is Token.GOOD and credentials.source is not None:
        fetched = credentials.source.token()
        return credentials.made.setdefault((kind, len(credentials.source.fetched)), fetched)
    if kind is Token.GOOD and credentials.token is not None:
        return credentials.token
    if credentials.secret is None and kind in SIGNED:
        kind = Token.FORGED
    now = int(time.time() + (ahead or 0.0))  # as the FC has it
    if kind is Token.EXPIRED:
        just_now = (now - JUST_NOW) // _OFTEN * _OFTEN
        at = (now - RECENTLY) // _BRIEFLY * _BRIEFLY if ahead is None else just_now
    elif kind in _SPOILED and credentials.secret is not None:
        at = now // _BRIEFLY * _BRIEFLY
    else:
        at = 0  # one for as long as the process runs: services remember what they accepted
    token = credentials.made.get((kind, at))
    if token is None:
        token = _made(credentials, kind, at)
        credentials.made[kind, at] = token
    return token


_SPOILED: Final = frozenset(
    {
        *(Token.TAMPERED, Token.RECASED, Token.UNSIGNED, Token.NO_PREFIX, Token.TRUNCATED),
        Token.ONE_PART,
    }
)
"""The kinds that are made of a token that is good but for that."""


def _made(credentials: Credentials, kind: Token, at: int) -> str:
    """Return a token of the kind; ``at`` is when it expired, or from when on it is used."""
    if kind in _SPOILED:
        return _spoiled(_spare(credentials, at), kind)
    foreign = sign(secrets.token_hex(16), _claims(time.time()))
    if kind is Token.FORGED:
        payload = _payload(make(credentials, Token.GOOD) or "")
        own = foreign.removeprefix(TOKEN_PREFIX).partition(".")
        return f"{TOKEN_PREFIX}{payload or own[0]}.{own[2]}"
    if kind is Token.WRONG_SECRET:
        return foreign
    return _signed(credentials.secret or "", kind, at)


def _spare(credentials: Credentials, at: int) -> str:
    """Return a token to spoil; where the secret is known it is good for a while from ``at``."""
    if (None, at) not in credentials.made:
        claims = _claims(time.time())
        if credentials.secret is not None:
            claims["exp"] = at + _BRIEFLY + _MARGIN
        key = credentials.secret or secrets.token_hex(16)
        credentials.made[None, at] = sign(key, claims)
    return credentials.made[None, at]


def _spoiled(token: str, kind: Token) -> str:
    head, _, signature = token.rpartition(".")
    if kind is Token.TAMPERED:  # one claim changed, under a signature that was made without it
        payload = head.removeprefix(TOKEN_PREFIX)
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        changed = json.dumps({**claims, "scopes": ["admin"]}, separators=(",", ":"))
        return f"{TOKEN_PREFIX}{_base64(changed.encode())}.{signature}"
    return {
        Token.NO_PREFIX: token.removeprefix(TOKEN_PREFIX),
        Token.TRUNCATED: token[:-4],
        Token.RECASED: f"{head}.{signature.swapcase()}",
        Token.UNSIGNED: f"{head}.",
        Token.ONE_PART: head,
    }[kind]


def _payload(token: str) -> str | None:
    """Return the payload of a token as section 12 has it; no part of any other may be used."""
    payload, dot, _ = token.removeprefix(TOKEN_PREFIX).partition(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except ValueError:
        return None
    known = token.startswith(TOKEN_PREFIX) and dot and isinstance(claims, dict)
    return payload if known else None


def _signed(secret: str, kind: Token, at: int) -> str:
    """Return a token signed with the secret; all but the good kind are bad in another way."""
    now = int(time.time())
    claims = _claims(now)
    if kind is Token.GOOD:
        return sign(secret, claims)
    if kind is Token.OTHER_ALGORITHM:
        return sign(secret, claims, "sha512")
    if kind is Token.NO_JSON:
        return _signed_text(secret, "{exp:1")
    if kind is Token.NO_EXPIRY:
        return sign(secret, {name: value for name, value in claims.items() if name != "exp"})
    expiry: dict[Token, object] = {
        Token.EXPIRED: at,
        Token.LONG_EXPIRED: now - 10 * LIFETIME,
        Token.TEXT_EXPIRY: str(now + LIFETIME),
        Token.TRUE_EXPIRY: True,
    }
    return sign(secret, {**claims, "iat": now - 20 * LIFETIME, "exp": expiry[kind]})
