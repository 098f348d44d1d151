"""The command lines that people are given to run: which FC it was, and how it was asked.

They are built here and nowhere else, so that none of them forgets an option, names the port of an
embedded FC that is gone, or shows the value of a header: that is a variable of whoever runs it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from pt004_model.report.text import variable
from pt004_model.vocabulary import HEADER

_HEADER: Final = re.compile(rf"({HEADER.pattern})=\$([A-Z_][A-Z0-9_]*)", re.ASCII)
_SIZES: Final = frozenset({"--max-examples", "--max-commands", "--max-time"})


def header(name: str) -> str:
    """Return the value of ``--header`` for a header whose content must not be told."""
    return f"{name}=${variable(name)}"


def replay(path: str, target: Sequence[str] | None, base_url: str | None = None, *more: str) -> str:
    """Return the command that replays a trace on the FC that it was found on."""
    return _line("replay", path, *_of(target, base_url), *more)


def check(
    profile: str, dialect: str, target: Sequence[str] | None, *options: str,
    base_url: str | None = None, seed: int | None = None, name: str = "check",
) -> str:  # fmt: skip
    """Return the command that runs a campaign again, or with another profile."""
    words = [name, *(["--profile", profile] if profile else [])]
    words += ["--dialect", dialect] if dialect not in {"", "seed"} else []
    words += [*_of(target, base_url), *options]
    return _line(*words, *([] if seed is None else ["--seed", str(seed)]))


def known(options: Sequence[str]) -> str:
    """Return the command that shows the list of known findings which a campaign went by."""
    chosen = (pair for pair in pairwise(options) if pair[0] == "--known")
    return _line("baseline", "list", *next(chosen, ()))


def unsized(options: Sequence[str]) -> tuple[str, ...]:
    """Return the options of a campaign without those that bound it more than its profile."""
    pairs = zip(("", *options), options, strict=False)
    return tuple(word for before, word in pairs if not {before, word} & _SIZES)


def _of(target: Sequence[str] | None, base_url: str | None) -> list[str]:
    """Return ``target``; where nobody said it the address is all that is known."""
    if target is None:
        return ["--base-url", base_url] if base_url else []
    return list(target)


def _line(*words: str) -> str:
    return " ".join(["pt004", *map(_quoted, ("", *words), words)])


def _quoted(before: str, word: str) -> str:
    """Quote a word for a shell, and let it fill in the variable of a header."""
    found = _HEADER.fullmatch(word) if before == "--header" else None
    if found is None:
        return shlex.quote(word)
    name, variable = found.groups()
    plain = shlex.quote(name) == name
    return f'"{name}=${variable}"' if plain else f'{shlex.quote(name)}="${variable}"'
