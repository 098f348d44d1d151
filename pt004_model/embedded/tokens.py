"""Verifying bearer tokens (section 12)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
import time

from pt004_model.embedded.refusals import unauthorized
from pt004_model.vocabulary import TOKEN_PREFIX

_SCHEME = "bearer "


class Tokens:
    """Accepts tokens that were signed with the shared secret and have not expired (section 12)."""

    def __init__(self, secret: str | None) -> None:
        self._secret = None if secret is None else secret.encode("utf-8")

    def check(self, authorization: str | None) -> None:
        """Refuse a call without a good token, if the FC enforces authentication at all."""
        if self._secret is None:
            return
        token = self.token_in(authorization)
        payload, _, signature = token.partition(".")
        if not self.signed(payload, signature):
            raise unauthorized("the token is forged")
        if not self.fresh(self.claims(payload)):
            raise unauthorized("the token has expired, or does not say when it expires")

    def token_in(self, authorization: str | None) -> str:
        """Take the token without its prefix out of the header."""
        if not authorization:
            raise unauthorized("the header Authorization is missing")
        if authorization[: len(_SCHEME)].lower() != _SCHEME:
            raise unauthorized("Authorization must be a Bearer token")
        token = authorization[len(_SCHEME) :].strip()
        if not token.startswith(TOKEN_PREFIX):
            raise unauthorized("this is not a token of a Federation Core")
        return token[len(TOKEN_PREFIX) :]

    def signature_of(self, payload: str) -> str:
        """Sign a payload text: unpadded base64url of its HMAC-SHA256."""
        digest = hmac.new(self._secret or b"", payload.encode("utf-8"), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")

    def signed(self, payload: str, signature: str) -> bool:
        """Compare signatures in constant time, so that timing tells a forger nothing."""
        expected = self.signature_of(payload)
        return hmac.compare_digest(expected.encode("ascii"), signature.encode("utf-8"))

    def claims(self, payload: str) -> dict[str, object]:
        """Decode the payload, which was signed and so is ours."""
        try:
            padded = payload + "=" * (-len(payload) % 4)
            claims = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
        except (ValueError, RecursionError):
            raise unauthorized("the token's payload cannot be read") from None
        if not isinstance(claims, dict):
            raise unauthorized("the token's payload is no object")
        return claims

    def fresh(self, claims: dict[str, object]) -> bool:
        """Tell whether the token says when it expires, and that is still to come."""
        expires = claims.get("exp")
        if isinstance(expires, bool) or not isinstance(expires, int | float):
            return False
        return math.isfinite(expires) and self.seconds_now() < expires

    def seconds_now(self) -> float:
        """Return the time in the unit of ``exp``."""
        return time.time()
