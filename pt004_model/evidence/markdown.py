"""Text of others in the cells of a table of Markdown: shown as it came, never read as Markdown.

A bar ends a cell within backticks too, so a span of code is made with HTML here. What could mean
something is a character reference: those mean themselves alone. Nobody is mentioned and nothing is
linked within ``code``.
"""

from __future__ import annotations

import re
from typing import Final

_PLAIN: Final = re.compile(r"[A-Za-z0-9 ,;/()='\"%+?{}.-]")
_CUT: Final = " ..."


def reference(text: str) -> str:
    """``text`` on one line; what Markdown, HTML or GitHub could read something into is referred to.

    What cannot be seen is shown by its escape: control characters, and what turns the direction of
    text or joins it.
    """
    shown: list[str] = []
    for before, character in zip(f" {text}", text, strict=False):
        if _PLAIN.fullmatch(character) and not (character == "." and before in "wW"):  # www.
            shown.append(character)
        elif character.isprintable():
            shown.append(f"&#{ord(character)};")
        else:
            escaped = character.encode("unicode_escape", "surrogatepass").decode()
            shown.append(escaped.replace("\\", "&#92;"))
    return "".join(shown)


def code(text: str, most: int = 300) -> str:
    """``text`` as a span of code, cut after ``most`` characters; nothing when it is empty."""
    cut = text if len(text) <= most else text[: most - len(_CUT)] + _CUT
    return f"<code>{reference(cut)}</code>" if cut else ""
