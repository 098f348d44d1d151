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
SIGNED = {
    *(Token.RECASED, Token.NO_PREFIX, Token.TRUNCATED),
    *(Token.EXPIRED, Token.LONG_EXPIRED, Token.NO_EXPIRY, Token.TEXT_EXPIRY),
    *(Token.OTHER_ALGORITHM, Token.NO_JSON, Token.TRUE_EXPIRY),
}
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


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


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
        (Token.TRUE_EXPIRY, "expiry"),
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
    assert set(BAD) - SIGNED == set(Credentials(GIVEN).kinds)
    assert Credentials().kinds == ()


def _parts(kind: Token) -> tuple[dict[str, object], bool]:
    """What a token says, verified or not, and whether its signature is right."""
    token = make(Credentials(secret=SECRET), kind)
    assert token is not None
    payload, _, signature = token.removeprefix("omega_").partition(".")
    right = hmac.digest(SECRET.encode(), payload.encode(), "sha256")
    return json.loads(_unpadded(payload)), right == _unpadded(signature)


@pytest.mark.parametrize(
    "kind",
    [Token.EXPIRED, Token.LONG_EXPIRED, Token.NO_EXPIRY, Token.TEXT_EXPIRY, Token.TRUE_EXPIRY],
)
def test_a_token_that_is_wrong_by_its_expiry_is_signed_right(kind: Token) -> None:
    """What is expired or has no expiry is signed right, or no FC would look at the expiry."""
    said, signed = _parts(kind)
    assert signed
    assert (kind is Token.NO_EXPIRY) is ("exp" not in said)
    if kind is Token.TEXT_EXPIRY:
        assert isinstance(said["exp"], str)
        assert int(said["exp"]) > time.time()
    elif kind is Token.TRUE_EXPIRY:
        assert said["exp"] is True
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
    assert said["exp"] > time.time() + 60


def test_a_token_that_was_given_is_sent_as_it_is() -> None:
    """A given token is the good one, even beside a secret, and alone enough for bad ones."""
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


GOOD = [
    Credentials(secret=SECRET),
    Credentials(sign(SECRET, {"exp": 2**40})),
    Credentials(sign(SECRET, {"exp": 2**40}), SECRET),
    Credentials("opaque-and-secret"),
    Credentials("a-part.another-part.and-a-third"),
]


@pytest.mark.parametrize("credentials", GOOD)
def test_no_bad_token_gives_the_good_one_away(credentials: Credentials) -> None:
    """None holds a piece of its signature; its payload stands in a forged one alone."""
    good = make(credentials, Token.GOOD)
    assert good is not None
    payload, _, signature = good.removeprefix("omega_").rpartition(".")
    pieces = {signature[at : at + 8].lower() for at in range(len(signature) - 7)}
    for kind in set(BAD) - {Token.MISSING}:
        bad = make(credentials, kind)
        assert bad is not None
        assert not [piece for piece in pieces if piece in bad.lower()], kind
        forged = kind is Token.FORGED or (credentials.secret is None and kind in SIGNED)
        assert not payload or (payload in bad) is (forged and "eyJ" in payload), kind


@pytest.mark.parametrize("ahead", [None, -7200.0, 0.0, 7200.0])
@pytest.mark.parametrize(
    "kind", [Token.NO_PREFIX, Token.TRUNCATED, Token.RECASED, Token.UNSIGNED, Token.ONE_PART]
)
def test_a_spoiled_token_is_good_but_for_that_and_for_minutes(
    kind: Token, ahead: float | None
) -> None:
    """It is made of a token that the FC would take, by its own clock, for two or three minutes."""
    credentials = Credentials(secret=SECRET)
    bad = make(credentials, kind, ahead)
    assert bad is not None
    payload, _, _ = bad.removeprefix("omega_").partition(".")
    said = json.loads(_unpadded(payload))
    assert 115 <= said["exp"] - time.time() - (ahead or 0) <= 185
    right = _base64url(hmac.digest(SECRET.encode(), payload.encode(), "sha256"))
    expected = {
        Token.NO_PREFIX: f"{payload}.{right}",
        Token.TRUNCATED: f"omega_{payload}.{right[:-4]}",
        Token.RECASED: f"omega_{payload}.{right.swapcase()}",
        Token.UNSIGNED: f"omega_{payload}.",
        Token.ONE_PART: f"omega_{payload}",
    }
    assert expected[kind] == bad
    good = make(credentials, Token.GOOD)
    assert said["jti"] != json.loads(_unpadded(str(good)[6:].partition(".")[0]))["jti"]


def test_a_forged_token_has_the_payload_of_one_that_was_accepted() -> None:
    """An FC that remembers payloads that it took is found out by another signature under one."""
    for credentials in GOOD[:3]:
        good, forged = make(credentials, Token.GOOD), make(credentials, Token.FORGED)
        assert str(good).partition(".")[0] == str(forged).partition(".")[0]
        assert len(str(good)) == len(str(forged))


def test_tokens_are_made_seldom_and_all_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """In an hour of calls some thousand tokens are made at most, and each is among those made."""
    credentials = Credentials(secret=SECRET)
    for second in range(0, 3600, 1):
        monkeypatch.setattr(time, "time", lambda at=1e9 + second: at)
        sent = {make(credentials, kind, 0.0) for kind in Token if kind is not Token.MISSING}
        assert sent <= set(credentials.made.values())
    assert len(credentials.made) < 1300


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
