"""The marker of a seeded fault."""

from __future__ import annotations

import re
from typing import ClassVar, Final

_WORDS: Final = re.compile(r"\B(?=[A-Z])|(?<=[a-z])(?=[0-9])")


class Fault:
    """A marker next to the part that a fault is a subclass of.

    A fault overrides one small method of one part. The part knows nothing of it: the fault's class
    takes the part's place when a server is built. Its docstring says what a user would suffer, and
    what it does depends on the history of calls alone, and on the time between them.

    A fault is called as its class, in kebab case; its area is the module in which it stands.
    """

    name: ClassVar[str]
    area: ClassVar[str]

    def __init_subclass__(cls) -> None:
        """Name the fault."""
        super().__init_subclass__()
        cls.name = _WORDS.sub("-", cls.__name__).lower()
        cls.area = cls.__module__.rpartition(".")[2]
