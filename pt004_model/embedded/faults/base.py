"""What a seeded fault is."""

from __future__ import annotations

from typing import ClassVar


class Fault:
    """A marker next to the part that a fault is a subclass of.

    A fault overrides one small method of one part. The part knows nothing of it: the fault's class
    takes the part's place when a server is built. Its docstring says what a user would suffer, and
    what it does depends on the history of calls alone.
    """

    name: ClassVar[str]
    area: ClassVar[str]
