"""Texts of anybody's within scripts and diagrams: whatever they hold, they stay texts."""

from __future__ import annotations

import re
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pt004_model.reproduce.escaping import mermaid, plain, printf, shell, visible

NASTY = (
    "'", '"', "\\", "$(touch x)", "`id`", "%s%n", "-n", "!!", "\n", "\r", "\x1b[2J", "\x7f",
    "e\u0301\U0001f600", "\u202e", "\\101", "\\\\", "a'b", "''", "#", "; rm x", "{{ x }}",
)  # fmt: skip
WELL = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
TEXTS = st.lists(st.sampled_from(NASTY) | WELL, max_size=4).map("".join)
ESCAPED = st.lists(st.integers(0, 255), max_size=12).map(bytes)


def said(script: str) -> bytes:
    """What a POSIX shell prints."""
    done = subprocess.run(["sh", "-eu"], input=script.encode(), capture_output=True, check=True)  # noqa: S607 - whichever is there
    return done.stdout


@pytest.mark.system
@settings(deadline=None, max_examples=10)
@given(st.lists(TEXTS, min_size=1, max_size=30))
def test_a_word_of_the_shell(texts: list[str]) -> None:
    """Each word is the text itself; a NUL, which no word can hold, and line ends at its end go."""
    wanted = [text.encode().replace(b"\0", b"").rstrip(b"\n") for text in texts]
    script = "\n".join(f"printf '%s\\0' {shell(text)}" for text in texts)
    assert script.isascii()
    assert wanted == said(script).split(b"\0")[:-1]


@pytest.mark.system
@settings(deadline=None, max_examples=10)
@given(st.lists(ESCAPED | TEXTS.map(str.encode), min_size=1, max_size=30))
def test_bytes_of_the_shell(contents: list[bytes]) -> None:
    """All bytes can be written, NUL and what is not UTF-8 included."""
    script = "\n".join(f"{printf(content)}; printf '|%d|' {len(content)}" for content in contents)
    assert script.isascii()
    assert b"".join(b"%s|%d|" % (each, len(each)) for each in contents) == said(script)


@given(TEXTS)
def test_a_comment_is_one_line(text: str) -> None:
    """What stands in a comment is one line of printable ASCII, whatever it is made of."""
    assert re.fullmatch("[ -~]*", plain(text))
    assert plain("a\nb") == "a\\nb"
    assert plain("x" * 400, 5) == "xxxxx... (395 more)"


@given(TEXTS)
def test_a_terminal_is_not_told_what_to_do(text: str) -> None:
    """On a terminal all is printable, and what is printable is as it was."""
    assert visible(text).isprintable()
    if text.isprintable():
        assert text == visible(text)


@given(TEXTS)
def test_a_line_of_a_diagram(text: str) -> None:
    """Nothing in a line of Mermaid ends it, begins a comment, or is markup."""
    line = mermaid(text)
    assert re.fullmatch(r"([A-Za-z0-9 .,/()?=+*_'\-:\[\]{}\"]|#\d+;)*", line)
    assert mermaid("a; b#c <br> %% \n") == "a#59; b#35;c #60;br#62; #37;#37; #92;n"
