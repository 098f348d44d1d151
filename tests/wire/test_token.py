"""Bearer tokens, held against a verifier written here from section 12 alone."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time

import pytest

from pt004_model.model.commands import Token
from pt004_model.wire.token import Credentials, make, sign

SECRET = "s3cret-\u00e9"
GIVEN = "omega_x.abc"
BAD = [kind for kind in Token if kind is not Token.GOOD]


def _unpadded(text: str) -> bytes:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", text):
        raise ValueError("spelling")
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def claims(token: str | None, secret: str = SECRET) -> dict[str, object]:
    """What a token says when all of section 12 holds of it, else ``ValueError`` with the reason."""
    if token is None or not token.startswith("omega_"):
        raise ValueError("prefix")
    payload, dot, signature = token.removeprefix("omega_").partition(".")
    mac = hmac.new(secret.encode("utf-8"), payload.encode("ascii"), hashlib.sha256).digest()
    if not dot or _unpadded(signature) != mac:
        raise ValueError("signature")
    said: dict[str, object] = json.loads(_unpadded(payload))
    expiry = said.get("exp")
    if not isinstance(expiry, int) or expiry <= time.time():
        raise ValueError("expiry")
    return said


def test_a_good_token_verifies() -> None:
    """A token made with the secret carries the five claims, signed, and expires in a day (12)."""
    now = time.time()
    said = claims(make(Credentials(secret=SECRET), Token.GOOD))
    assert {"server_id", "scopes", "iat", "exp", "jti"} == set(said)
    assert isinstance(said["iat"], int)
    assert isinstance(said["exp"], int)
    assert said["iat"] < now < said["exp"] <= now + 24 * 3600 + 5
    assert said["scopes"] == ["workflow:read", "workflow:write"]
    assert isinstance(said["jti"], str)
    assert said["jti"] != claims(make(Credentials(None, "other"), Token.GOOD), "other")["jti"]


@pytest.mark.parametrize("ahead", [-3600.5, -1.0, 0.0, 3600.5])
def test_a_token_may_have_expired_just_now_by_the_clock_of_the_fc(ahead: float) -> None:
    """Where the FC's clock is known, a token has expired by it two or three seconds ago."""
    token = make(Credentials(secret=SECRET), Token.EXPIRED, ahead)
    assert token is not None
    said = json.loads(_unpadded(token.removeprefix("omega_").partition(".")[0]))
    assert 1.0 <= time.time() + ahead - said["exp"] <= 20.0


def test_the_form_of_a_token() -> None:
    """A token is the prefix, the payload, a dot and the signature, each as section 12 spells it."""
    expected = (
        "omega_eyJleHAiOjF9."  # {"exp":1}
        + base64.urlsafe_b64encode(hmac.digest(b"k", b"eyJleHAiOjF9", "sha256")).decode()[:-1]
    )
    assert expected == sign("k", {"exp": 1})


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Token.MISSING, "prefix"),
        (Token.EXPIRED, "expiry"),
        (Token.LONG_EXPIRED, "expiry"),
        (Token.TEXT_EXPIRY, "expiry"),
        (Token.FORGED, "signature"),
        (Token.TAMPERED, "signature"),
        (Token.RECASED, "signature"),
        (Token.UNSIGNED, "spelling"),
        (Token.NO_PREFIX, "prefix"),
        (Token.WRONG_SECRET, "signature"),
        (Token.TRUNCATED, "signature"),
        (Token.NO_EXPIRY, "expiry"),
        (Token.OTHER_ALGORITHM, "signature"),
        (Token.ONE_PART, "spelling|signature"),
        (Token.NO_JSON, "property name"),
    ],
)
def test_every_bad_token_is_bad_in_its_own_way(kind: Token, reason: str) -> None:
    """Each bad kind fails the verifier for the very reason that it is named after (12)."""
    with pytest.raises(ValueError, match=reason):
        claims(make(Credentials(secret=SECRET), kind))


def test_every_kind_is_tried() -> None:
    """With the secret every bad kind can be made; with a token those that need none."""
    assert set(BAD) == set(Credentials(secret=SECRET).kinds)
    signed = {
        *(Token.EXPIRED, Token.LONG_EXPIRED, Token.NO_EXPIRY, Token.TEXT_EXPIRY),
        *(Token.OTHER_ALGORITHM, Token.NO_JSON),
    }
    assert set(BAD) - signed == set(Credentials(GIVEN).kinds)
    assert Credentials().kinds == ()


def _parts(kind: Token) -> tuple[dict[str, object], bool]:
    """What a token says, verified or not, and whether its signature is right."""
    token = make(Credentials(secret=SECRET), kind)
    assert token is not None
    payload, _, signature = token.removeprefix("omega_").partition(".")
    right = hmac.digest(SECRET.encode(), payload.encode(), "sha256")
    return json.loads(_unpadded(payload)), right == _unpadded(signature)


@pytest.mark.parametrize(
    "kind", [Token.EXPIRED, Token.LONG_EXPIRED, Token.NO_EXPIRY, Token.TEXT_EXPIRY]
)
def test_a_token_that_is_wrong_by_its_expiry_is_signed_right(kind: Token) -> None:
    """What is expired or has no expiry is signed right, or no FC would look at the expiry."""
    said, signed = _parts(kind)
    assert signed
    assert (kind is Token.NO_EXPIRY) is ("exp" not in said)
    if kind is Token.TEXT_EXPIRY:
        assert isinstance(said["exp"], str)
        assert int(said["exp"]) > time.time()
    elif kind is not Token.NO_EXPIRY:
        assert isinstance(said["exp"], int)
        assert said["exp"] < time.time() - 60  # more than clocks are apart


@pytest.mark.parametrize(
    "kind", [Token.FORGED, Token.TAMPERED, Token.RECASED, Token.OTHER_ALGORITHM]
)
def test_a_token_that_is_wrong_by_its_signature_is_in_time(kind: Token) -> None:
    """What is signed wrong has not expired, or it might be refused for that alone."""
    said, signed = _parts(kind)
    assert not signed
    assert isinstance(said["exp"], int)
    assert said["exp"] > time.time() + 3600


def test_a_token_that_was_given_is_sent_as_it_is() -> None:
    """A given token is the good one, even beside a secret, and bad ones are made from it."""
    given = make(Credentials(secret=SECRET), Token.GOOD)
    assert given is not None
    only = Credentials(token=given)
    assert given == make(only, Token.GOOD) == make(Credentials(given, SECRET), Token.GOOD)
    assert make(only, Token.MISSING) is None
    for kind in BAD:
        bad = make(only, kind)
        assert given != bad
        with pytest.raises(ValueError, match=r"prefix|signature|spelling"):
            claims(bad)
    assert claims(given) != {}
    with pytest.raises(ValueError, match="expiry"):
        claims(make(Credentials(given, SECRET), Token.EXPIRED))


SPOILED: list[tuple[str, Token, str]] = [
    ("omega_x.abc", Token.FORGED, "omega_x.Abc"),
    ("omega_x.Abc", Token.FORGED, "omega_x.Bbc"),
    ("opaque", Token.FORGED, "Apaque"),
    ("omega_x.aBcdef", Token.TRUNCATED, "omega_x.aB"),
    ("omega_x.aBc1", Token.RECASED, "omega_x.AbC1"),
    ("omega_x.123", Token.RECASED, "omega_x.A23"),  # it has no case: forged
    ("omega_x.abc", Token.UNSIGNED, "omega_x."),
    ("omega_x.abc", Token.ONE_PART, "omega_x"),
    ("opaque", Token.ONE_PART, "opaqu"),
    ("omega_x.abc", Token.NO_PREFIX, "x.abc"),
    ("opaque", Token.NO_PREFIX, "Apaque"),  # it has no prefix: forged
    ("omega_eyJleHAiOjF9.abc", Token.TAMPERED, "omega_eyJleHAiOjEsInNjb3BlcyI6WyJhZG1pbiJdfQ.abc"),
    ("omega_W10.abc", Token.TAMPERED, "omega_eyJleHAiOjEwOTk1MTE2Mjc3NzZ9.abc"),
    ("omega_x.abc", Token.TAMPERED, "omega_eyJleHAiOjEwOTk1MTE2Mjc3NzZ9.abc"),
    ("omega_x.abc", Token.EXPIRED, "omega_x.Abc"),  # it cannot be made: forged
]


@pytest.mark.parametrize(("given", "kind", "expected"), SPOILED)
def test_how_a_given_token_is_spoiled(given: str, kind: Token, expected: str) -> None:
    """A given token is spoiled in one place, and never left as it is."""
    assert expected == make(Credentials(token=given), kind)


def test_without_credentials_there_is_no_token() -> None:
    """An FC without authentication is sent no token of any kind."""
    assert not Credentials().present
    assert [None] * len(Token) == [make(Credentials(), kind) for kind in Token]


def test_credentials_are_never_shown() -> None:
    """Neither the token nor the secret is in the representation."""
    shown = f"{Credentials('tok-en', 'se-cret')!r} {Credentials('tok-en', 'se-cret')}"
    assert "tok-en" not in shown
    assert "se-cret" not in shown


def test_the_verifier_takes_no_spoiled_token() -> None:
    """The verifier of this file itself refuses a changed payload, padding and a wrong prefix."""
    token = make(Credentials(secret=SECRET), Token.GOOD)
    assert token is not None
    payload, _, signature = token.removeprefix("omega_").partition(".")
    for spoiled, reason in (
        (f"omega_{payload[:-2]}AA.{signature}", "signature"),
        (f"omega_{payload}", "signature"),
        (f"Omega_{payload}.{signature}", "prefix"),
        (f"omega_{payload}.{signature}=", "spelling"),
    ):
        with pytest.raises(ValueError, match=reason):
            claims(spoiled)
