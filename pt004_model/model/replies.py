"""What came back from an FC, decoded as far as it could be."""

from __future__ import annotations

from typing import TypeAlias

from attrs import field, frozen

from pt004_model.model.values import Json


@frozen
class Undecodable:
    """A reply's body that is no JSON text; ``why`` says what is wrong, ``start`` how it begins."""

    why: str
    start: str = ""


@frozen
class Reply:
    """An answer: its status code, its body, and when it was asked for and had (epoch seconds)."""

    code: int
    body: Json | Undecodable = field(repr=False)
    sent: float = 0.0
    received: float = 0.0
    content_type: str = "application/json"
    outside: str = field(default="", repr=False)
    """A word of the FC for what the contract does not have, where the reply holds one."""

    @property
    def run(self) -> dict[str, Json] | None:
        """The run that it shows, if it shows one."""
        run = self.body.get("run") if isinstance(self.body, dict) else None
        return run if isinstance(run, dict) else None

    def rows(self, part: str) -> list[dict[str, Json]]:
        """Return the objects in a part, ``logs`` or ``gates``; none where it is no list."""
        rows = self.body.get(part) if isinstance(self.body, dict) else None
        return [each for each in rows if isinstance(each, dict)] if isinstance(rows, list) else []


@frozen
class NoAnswer:
    """No answer came (section 1).

    ``applied`` says whether the call may have taken effect all the same; ``why`` is a sentence.
    ``ours`` says that we saw to it ourselves, so that it says nothing of the FC.
    """

    why: str
    applied: bool
    sent: float = 0.0
    ours: bool = False


Response: TypeAlias = Reply | NoAnswer
