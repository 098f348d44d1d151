"""The bad tokens of a trace, for scripts: the source of :func:`spoiled` is copied into them."""

from __future__ import annotations

import base64
import hmac
import json
import time
from typing import Any


def base64url(data: bytes) -> str:
    """Unpadded base64url."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(secret: str, claims: dict[str, Any] | str, algorithm: str = "sha256") -> str:
    """A token over the claims, or over a text that is no JSON."""
    text = claims if isinstance(claims, str) else json.dumps(claims)
    payload = base64url(text.encode())
    digest = hmac.new(secret.encode(), payload.encode(), algorithm).digest()
    return f"omega_{payload}.{base64url(digest)}"


def spoiled(good: str, kind: str, secret: str) -> str:
    """A token that must be refused: one that is signed and bad, or another than the good spoiled.

    Of the good one the payload alone is used, as whoever is called may repeat what it gets.
    """
    now, day = int(time.time()), 24 * 3600
    claims: dict[str, Any] = {"server_id": "pt004", "scopes": [], "iat": now - 60, "jti": "pt004"}
    if kind == "wrong-secret":
        return signed("another secret", {**claims, "exp": now + day})
    expiries = {"expired": now - 300, "long-expired": now - 10 * day, "text-expiry": str(now + day)}
    if kind in expiries:
        return signed(secret, {**claims, "iat": now - 20 * day, "exp": expiries[kind]})
    if kind == "no-expiry":
        return signed(secret, claims)
    if kind == "no-json":
        return signed(secret, "{exp:1")
    if kind == "other-algorithm":
        return signed(secret, {**claims, "exp": now + day}, "sha512")
    claims["exp"] = now + 120
    head, _, signature = signed(secret or "another secret", claims).rpartition(".")
    changed = base64url(json.dumps({**claims, "scopes": ["admin"]}).encode())
    return {
        "forged": f"{good.rpartition('.')[0]}.{'A' * len(signature)}",
        "tampered": f"omega_{changed}.{signature}",
        "recased": f"{head}.{signature.swapcase()}",
        "unsigned": f"{head}.",
        "one-part": head,
        "no-prefix": f"{head}.{signature}".removeprefix("omega_"),
        "truncated": f"{head}.{signature[:-4]}",
    }[kind]
