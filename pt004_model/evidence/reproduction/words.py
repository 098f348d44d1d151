"""What a claim is made of: the same expression in Python and in jq.

Both languages have functions of the same names, defined in ``helpers.py`` and ``helpers.jq`` and
copied into a script as far as it needs them. What is read of a reply is a list: empty where the
value is not there, else with the value in it, so that null and absent are told apart.
"""

from __future__ import annotations

import json
from typing import TypeAlias

from attrs import frozen

Part: TypeAlias = str | int


@frozen
class Words:
    """An expression in both languages."""

    python: str
    jq: str


def value(what: object) -> Words:
    """A JSON value that is known beforehand, as it is read of a reply."""
    text = json.dumps(what, ensure_ascii=True)
    return Words(f"[{json.loads(text)!a}]", f"[{text}]")


def actor(number: int) -> Words:
    """The name of an actor."""
    return Words(f"[ACTORS[{number}]]", f"[$actors[{number}]]")


def tenant(number: int) -> Words:
    """The name of a tenant."""
    return Words(f"[TENANTS[{number}]]", f"[$tenants[{number}]]")


def run_id(number: int) -> Words:
    """The id that the create of a run gave it."""
    return Words(f"[runs[{number}]]", f'[$runs["{number}"]]')


def status(step: int) -> Words:
    """The status code of an answer."""
    return Words(f"[replies[{step}].status]", f"[$r[{step}].status]")


def body(step: int, *path: Part) -> Words:
    """What stands at ``path`` in the body of an answer; without a path the whole body."""
    parts = "".join(f", {part!a}" for part in path)
    return Words(f"at(replies[{step}].body{parts})", f"at($r[{step}].body; {_path(path)})")


def entry(step: int, kind: str, count: int, *path: Part) -> Words:
    """The same of a log entry: the ``count``-th of its kind, from 0 on."""
    parts = "".join(f", {part!a}" for part in path)
    return Words(
        f"at(entry(replies[{step}].body, {kind!a}, {count}){parts})",
        f"at(entry($r[{step}].body; {json.dumps(kind)}; {count}); {_path(path)})",
    )


def _path(path: tuple[Part, ...]) -> str:
    return json.dumps(list(path), ensure_ascii=True)


def call(name: str, *arguments: Words | int | str) -> Words:
    """A call of a helper that both languages have."""
    python = ", ".join(a.python if isinstance(a, Words) else ascii(a) for a in arguments)
    jq = "; ".join(a.jq if isinstance(a, Words) else json.dumps(a) for a in arguments)
    return Words(f"{name}({python})", f"{name}({jq})" if arguments else name)


def many(*parts: Words) -> Words:
    """A list of them."""
    return Words(
        f"[{', '.join(part.python for part in parts)}]", f"[{', '.join(part.jq for part in parts)}]"
    )


def answer(step: int) -> Words:
    """A whole answer."""
    return Words(f"replies[{step}]", f"$r[{step}]")


def content(step: int) -> Words:
    """The body of an answer, as it is."""
    return Words(f"replies[{step}].body", f"$r[{step}].body")


def every(*parts: Words) -> Words:
    """All of them hold."""
    if len(parts) == 1:
        return parts[0]
    return Words(
        " and ".join(f"({part.python})" for part in parts),
        " and ".join(f"({part.jq})" for part in parts),
    )


def either(*parts: Words) -> Words:
    """One of them holds."""
    if len(parts) == 1:
        return parts[0]
    return Words(
        " or ".join(f"({part.python})" for part in parts),
        " or ".join(f"({part.jq})" for part in parts),
    )


def no(part: Words) -> Words:
    """It does not hold."""
    return Words(f"not ({part.python})", f"(({part.jq}) | not)")


def same(one: Words, other: Words) -> Words:
    """Both are there, and the same JSON value."""
    return call("same", one, other)


def among(one: Words, values: list[object]) -> Words:
    """It is there, and one of the values."""
    if len(values) == 1:
        return same(one, value(values[0]))
    text = json.dumps(values, ensure_ascii=True)
    return Words(f"among({one.python}, {values!a})", f"among({one.jq}; {text})")
