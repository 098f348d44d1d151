"""The redactor: no secret stays in any spelling, and what is no secret stays as it is."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote, quote_plus

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from pt004_model.model.commands import Names, Token
from pt004_model.trace.redact import Redactor
from pt004_model.wire.token import Credentials, make

NAMES: Final = Names.of("tenant_omega", "tenant_omega_stranger", ("pt004_test_harness", "a", "b"))
LONG: Final = "t0p-Secret+and/long"


def escaped(text: str) -> str:
    """Spell every character as an escape of JSON."""
    units = text.encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


SPELLINGS: Final[dict[str, Callable[[str], str]]] = {
    "as it stands": str,
    "upper case": str.upper,
    "lower case": str.lower,
    "percent-encoded": lambda text: quote(text, safe=""),
    "percent-encoded, every character": lambda text: "".join(f"%{c:02x}" for c in text.encode()),
    "percent-encoded twice": lambda text: quote(quote(text, safe=""), safe=""),
    "as a form": quote_plus,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON, every character": escaped,
    "JSON in JSON": lambda text: json.dumps(json.dumps(json.dumps(text))),
    "quoted by Python": repr,
    "in lines of five": lambda text: "\n".join(text[at : at + 5] for at in range(0, len(text), 5)),
    "in lines, in JSON": lambda text: json.dumps("\r\n  ".join((text[:5], text[5:]))),
    "spaced": " ".join,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64, second of three": lambda text: base64.b64encode(f"x{text}y".encode()).decode(),
    "base64, third of three": lambda text: base64.b64encode(f"xx{text}".encode()).decode(),
    "base64 for addresses": lambda text: base64.urlsafe_b64encode(f"?{text}".encode()).decode(),
    "base64, unpadded": lambda text: base64.b64encode(text.encode()).decode().rstrip("="),
    "base64, in lines": lambda text: base64.encodebytes(text.encode() * 5).decode(),
}


@pytest.mark.parametrize("spelled", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize(
    "secret", [LONG, 'he"ader\\value of some length', "wörter-und-mehr-😀-davon"]
)
def test_every_spelling_is_known(secret: str, spelled: Callable[[str], str]) -> None:
    """Of no spelling more is left than its ends: what a base64 shares with its neighbours."""
    left = Redactor((secret,))(f"<{spelled(secret)}>")
    assert "[secret]" in left
    assert sum(map(str.isalnum, left.replace("[secret]", ""))) <= 8, left


@given(st.data())
def test_every_piece_of_twelve_is_known(data: st.DataObject) -> None:
    """A secret that is cut at both ends goes as long as twelve characters of it are there."""
    secret = data.draw(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=12))
    start = data.draw(st.integers(0, len(secret) - 12))
    end = data.draw(st.integers(start + 12, len(secret)))
    spelled = data.draw(st.sampled_from([*list(SPELLINGS.values())[:3], " ".join, escaped]))
    before, after = data.draw(st.sampled_from([("", ""), ("é: ", "…"), ('{"a\\n": "', '"}')]))
    redact = Redactor((secret,))
    assert redact(f"{before}{spelled(secret[start:end])}{after}") == f"{before}[secret]{after}"


@given(st.text("abcd \\n%2", max_size=60), st.lists(st.text("abcd", min_size=4, max_size=20)))
def test_nothing_is_left_of_a_secret(text: str, secrets: list[str]) -> None:
    """No secret stands in what is left, however secrets overlap; once more changes nothing."""
    redact = Redactor(tuple(secrets))
    clean = redact(text)
    assert not [each for each in secrets if each in clean.replace("[secret]", "\n")]
    assert clean == redact(clean)


@given(st.text(), st.text(min_size=12, max_size=30))
def test_what_is_no_secret_stays(text: str, secret: str) -> None:
    """A text is either as it was, or says that something was taken out of it."""
    clean = Redactor((secret,))(text)
    assert clean == text or "[secret]" in clean


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(JSON)
def test_without_secrets_it_has_no_effect(value: Any) -> None:
    """Without secrets a value is the very same."""
    assert Redactor()(value) is value
    assert Redactor(("", "abc"))(value) is value


ROWS: list[tuple[Any, tuple[str, ...], Any]] = [
    # value, secrets, what is left
    ("a hush b hush", ("hush",), "a [secret] b [secret]"),
    ({"hush": ["hush", {"x": "HUSH"}]}, ("hush",), {"[secret]": ["[secret]", {"x": "[secret]"}]}),
    ([1, None, True, 2.5], ("1", "true"), [1, None, True, 2.5]),
    # a number is a secret like another
    ([4711471147114711, {"n": 0.12345678}], ("4711471147114711", "0.12345678"),
     ["[secret]", {"n": "[secret]"}]),
    # one secret within another
    ("abcdefghijklm", ("bcde", "abcdefghijklm"), "[secret]"),
    # short ones count as a whole, and are not put together over blanks
    ("hus hu sh", ("hush",), "hus hu sh"),
    # our own word for it stays
    ("a [secret]", ("secret",), "a [secret]"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "secrets", "left"), ROWS)
def test_a_value_without_secrets(value: Any, secrets: tuple[str, ...], left: Any) -> None:
    """Secrets go from every text, from names of members, and from numbers."""
    assert left == Redactor(secrets)(value)


HEADERS: list[tuple[str, str, str]] = [
    # a header, what an FC repeats of it, what is left
    ("Bearer my-own-secret", "Bearer my-own-secret", "[secret]"),
    ("Bearer my-own-secret", "no: my-own-secret", "no: [secret]"),
    ("Bearer s3cret", "s3cret", "[secret]"),
    ("Bearer s3cret", "the bearer of this", "the bearer of this"),
    ("Basic dXNlcjpodW50ZXIy", "dXNlcjpodW50ZXIy", "[secret]"),
    ("Basic dXNlcjpodW50ZXIy", "user:hunter2, hunter2", "[secret], [secret]"),
    ("sid=abcdef; theme=dark", "abcdef", "[secret]"),
    ("sid=abcdef; theme=dark", "sid=1", "sid=1"),
    ('Digest username="ann", response="6629fa"', "6629FA", "[secret]"),
    ("application/json", "application/json", "application/json"),
]  # fmt: skip


@pytest.mark.parametrize(("header", "said", "left"), HEADERS)
def test_a_header_is_known_in_its_parts(header: str, said: str, left: str) -> None:
    """The value of a header is a secret as a whole, and so is each part but its scheme or name."""
    assert left == Redactor.of(Credentials(), [("X", header)], NAMES)(said)


@pytest.mark.parametrize(
    "credentials", [Credentials("omega_eyJhIjoxfQ.abcd"), Credentials(None, "k3y"), Credentials()]
)
def test_every_token_that_was_made_is_known(credentials: Credentials) -> None:
    """Tokens of all kinds, made after the redactor was, and their payloads and signatures."""
    redact = Redactor.of(credentials, (), NAMES)
    for kind in Token:
        for ahead in (None, -3600.0, 3600.0):
            token = make(credentials, kind, ahead)
            if token is not None:
                payload, _, signature = token.removeprefix("omega_").partition(".")
                for piece in (token, payload, signature, signature[-12:], token.swapcase()):
                    said = f"got {piece!r}"
                    assert redact(said) == ("got '[secret]'" if len(piece) > 3 else said)


def test_what_is_sent_openly_stays() -> None:
    """A name of tenant or actor stays where a secret has a piece of it, and goes with the rest."""
    redact = Redactor.of(Credentials(None, "tenant_omega_stranger-s3cret"), (), NAMES)
    said = "tenant_omega, TENANT_OMEGA, tenant_omega_stranger and 'pt004_test_harness'"
    assert said == redact(said)
    assert redact("tenant_omega_stranger-s3cret") == "[secret]"
    assert redact("tenant_omega_stranger-s") == "[secret]"
    plain = evolve(NAMES, actors=("ann", "ben", "eve"))
    assert Redactor.of(Credentials(None, "omega"), (), plain)("tenant_omega, omega") == (
        "tenant_omega, [secret]"
    )


def test_no_secret_is_in_its_representation() -> None:
    """A redactor that is printed shows nothing of what it knows."""
    assert "hush" not in repr(Redactor(("hush-hush-hush",), {"hush": "hush"}))


@pytest.mark.parametrize(
    "value",
    ["x" * 2**20, "lorem ipsum " * 2**16, [{"id": f"abcdef{n}", "n": n} for n in range(25_000)]],
    ids=["one text", "words", "members"],
)
def test_a_large_reply_is_read(value: Any) -> None:
    """One of 1 MB is read to its end, which it was not if that took the square of its length."""
    redact = Redactor.of(Credentials(None, LONG), (), NAMES)
    assert redact(value) is value
