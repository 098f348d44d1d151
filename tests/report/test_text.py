"""Text of anybody's in each place that it is shown in: whatever it holds, it stays a text."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from pt004_model.report.text import (
    fenced,
    mermaid,
    plain,
    printf,
    prose,
    shell,
    span,
    templates,
    visible,
    xml,
)

NASTY = (
    "'", '"', "\\", "$(touch x)", "`id`", "%s%n", "-n", "!!", "\n", "\r", "\x1b[2J", "\x7f", "|",
    "e\u0301\U0001f600", "\u202e", "\u2028", "\\101", "\\\\", "a'b", "''", "#", "; rm x", "{{ x }}",
    "<script>", "<!-- x -->", "[x](http://evil.test)", "![y](//evil.test/z)", "www.evil.test",
    "a@evil.test", "**b**", "&lt;", "\\|", "```", "~~~", "]]>", "\n# h\n", "\n---\n", "\ud800",
    "\u0000", "$$x$$", ":tada:", "@octocat", "WWW.a.b", "\ue000", "\xa0", "\U000e0041",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(NASTY) | st.text(max_size=5), max_size=5).map("".join)
WELL = TEXTS.map(lambda text: text.encode(errors="ignore").decode())
ESCAPED = st.lists(st.integers(0, 255), max_size=12).map(bytes)


def tokens(markdown: str) -> list[Token]:
    """All tokens of a Markdown text, those within others included."""
    found: list[Token] = []
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown):
        found += [token, *(token.children or ())]
    return found


def said(script: str) -> bytes:
    """What a POSIX shell prints."""
    done = subprocess.run(["sh", "-eu"], input=script.encode(), capture_output=True, check=True)  # noqa: S607 - whichever is there
    return done.stdout


@given(TEXTS)
@example("two\nlines")
@example("na\u00efve \u6f22\u5b57 \U0001f531")
def test_a_terminal_is_not_told_what_to_do(text: str) -> None:
    """On a terminal all is printable, and what is printable in any script is as it was."""
    assert visible(text).isprintable()
    if text.isprintable():
        assert text == visible(text)
    kept = visible(text, lines=True)
    assert all(each.isprintable() or each in "\n\t" for each in kept)


@given(WELL.filter(lambda text: "\\" not in text), st.sampled_from(["", "`|<"]))
def test_what_is_spelled_can_be_told_exactly(text: str, spelled: str) -> None:
    """An escape is that of JSON, and stands for the very character."""
    shown = visible(text, spelled=spelled)
    assert json.loads('"' + shown.replace('"', '\\"') + '"') == text
    assert not set(shown) & set(spelled)


@given(TEXTS, st.integers(40, 200), st.booleans())
def test_a_cut_is_short_enough(text: str, most: int, lines: bool) -> None:
    """A text that fits stays as it is; another is cut and says how long it was."""
    shown, whole = visible(text * 9, most, lines=lines), visible(text * 9, lines=lines)
    assert len(shown.encode()) <= most
    if len(text) * 9 <= most and len(whole.encode()) <= most:
        assert shown == whole
    else:
        assert shown.endswith(f"... ({len(text) * 9} characters)")


@given(TEXTS)
def test_a_comment_is_one_line(text: str) -> None:
    """In the comment of a script there is one line of printable ASCII."""
    assert re.fullmatch("[ -~]*", plain(text))
    assert plain("a\nb") == "a\\nb"


@given(TEXTS)
@example("&amp;&#64;")
@example(" a ")
def test_markdown_reads_a_text(text: str) -> None:
    """In a cell and in a sentence a text stays where it is put, and is read as it was meant."""
    row = f"| a | {span(text, 1000)} | {prose(text, 1000)} | b |"
    found = tokens(f"| 1 | 2 | 3 | 4 |\n| --- | --- | --- | --- |\n{row}\n")
    assert len([each for each in found if each.type == "td_open"]) == 4
    assert {each.type for each in found if each.level and each.nesting == 1} <= {
        "thead_open", "tbody_open", "tr_open", "th_open", "td_open"
    }  # fmt: skip
    codes = [each.content for each in found if each.type == "code_inline"]
    assert [each.strip() for each in codes] == (
        [visible(text, spelled="`|<").strip()] if text.strip() else []
    )
    sentence = tokens(f"x{prose(text, 1000)}x")
    shown = "".join(e.content for e in sentence if e.type in {"text", "text_special"})
    assert shown.replace(" ", "") == f"x{visible(text)}x".replace(" ", "")
    assert not re.search(r"(?i)[@<`]|www\.|://", prose(text))


def test_values_are_told_apart() -> None:
    """Nothing, blanks, numbers and objects each have a look of their own."""
    rows = {None: "-", "": "-", "  ": "(blank)", 0: "`0`", True: "`true`", "a|b": "`a\\u007cb`"}
    assert {value: span(value) for value in rows} == rows
    assert span({"a": ["<"]}) == '`{"a": ["\\u003c"]}`'


@given(TEXTS)
@example("````\n```")
@example("")
def test_a_block_ends_at_our_fence_alone(text: str) -> None:
    """The whole text is in the block, in which no comment begins."""
    block, after, *_ = tokens(f"{fenced(text, 'sh')}\n\nafter\n")
    assert (block.type, block.info, after.type) == ("fence", "sh", "paragraph_open")
    shown = visible(text, lines=True).replace("<!--", "\\u003c!--").strip("\n")
    assert block.content == f"{shown or '(nothing)'}\n"
    assert "<!--" not in block.content


@pytest.mark.system
@settings(deadline=None, max_examples=10)
@given(st.lists(WELL, min_size=1, max_size=30))
def test_a_word_of_the_shell(texts: list[str]) -> None:
    """Each word is the text itself; a NUL, which no word can hold, and line ends at its end go."""
    wanted = [text.encode().replace(b"\0", b"").rstrip(b"\n") for text in texts]
    script = "\n".join(f"printf '%s\\0' {shell(text)}" for text in texts)
    assert script.isascii()
    assert wanted == said(script).split(b"\0")[:-1]


@pytest.mark.system
@settings(deadline=None, max_examples=10)
@given(st.lists(ESCAPED | WELL.map(str.encode), min_size=1, max_size=30))
def test_bytes_of_the_shell(contents: list[bytes]) -> None:
    """All bytes can be written, NUL and what is not UTF-8 included."""
    script = "\n".join(f"{printf(content)}; printf '|%d|' {len(content)}" for content in contents)
    assert script.isascii()
    assert b"".join(b"%s|%d|" % (each, len(each)) for each in contents) == said(script)


@given(TEXTS)
def test_a_line_of_a_diagram(text: str) -> None:
    """Nothing in a line of Mermaid ends it, begins a comment, or is markup."""
    line = mermaid(text)
    assert re.fullmatch(r"([A-Za-z0-9 .,/()?=+*_'\-:\[\]{}\"]|#\d+;)*", line)
    assert mermaid("a; b#c <br> %% \n") == "a#59; b#35;c #60;br#62; #37;#37; #92;n"


@given(TEXTS)
def test_xml_can_hold_any_text(text: str) -> None:
    """What XML cannot hold is spelled, and the rest is as it was."""
    element = ElementTree.Element("a")
    element.text = xml(text)
    again = ElementTree.fromstring(ElementTree.tostring(element))  # noqa: S314 - our own
    assert (again.text or "") == xml(text).replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize("quoter", [span, prose])
def test_a_template_quotes_what_is_not_ours(quoter: Callable[..., str]) -> None:
    """Each expression goes through the quoter, once, and numbers and constants of ours do not."""
    made = templates("pt004_model.report", "", quoter)  # type: ignore[arg-type]  # both are
    made.filters["code"] = span
    shown = made.from_string("# {{ 3 }} {{ text }} {{ text | code }}").render(text="<b>*`")
    assert shown == f"# 3 {quoter('<b>*`')} {span('<b>*`')}"
