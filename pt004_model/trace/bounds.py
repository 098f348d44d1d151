"""Keep of a reply what people can look at: an FC may answer with megabytes, and does so each time.

Long lists, texts and objects are cut, with the number of what was left out in the place of it. The
part that a finding is about is kept wherever it stands.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

MOST: Final = 64 * 1024
"""Characters of JSON that are kept of one reply."""
_LIMITS: Final = ((200, 4000, 100), (60, 1000, 12), (25, 200, 6), (5, 60, 4))
"""Members of a list or an object, characters of a text, and depth: each tried until it fits."""
_PATH: Final = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


def bounded(value: Any, where: str = "") -> Any:
    """Return ``value``, cut if it is large, with what stands at the place ``where`` still in it."""
    path = [int(index) if index else name for index, name in _PATH.findall(where)]
    kept = value
    for limits in ((), *_LIMITS):
        kept = _Cut(*limits).of(value, path) if limits else value
        if len(json.dumps(kept)) <= MOST:
            break
    return kept


class _Cut:
    """The limits to which values are cut: members, characters, depth."""

    def __init__(self, members: int, characters: int, depth: int) -> None:
        self.members = members
        self.characters = characters
        self.depth = depth

    def of(self, value: Any, path: list[int | str], depth: int = 0) -> Any:
        """Return ``value`` cut, save for what ``path`` leads to."""
        if isinstance(value, str):
            return self._text(value)
        if not isinstance(value, dict | list):
            return value
        if depth >= self.depth and not path:
            return f"[{len(value):,} left out]"
        if isinstance(value, dict):
            return self._object(value, path, depth)
        return self._list(value, path, depth)

    def _text(self, text: str) -> str:
        more = len(text) - self.characters
        return text if more <= 0 else f"{text[: self.characters]}… ({more:,} left out)"

    def _object(self, value: dict[str, Any], path: list[int | str], depth: int) -> dict[str, Any]:
        kept = [name for n, name in enumerate(value) if n < self.members or name in path[:1]]
        cut = {
            self._text(name): self.of(value[name], path[1:] if name in path[:1] else [], depth + 1)
            for name in kept
        }
        if len(kept) < len(value):
            cut["…"] = f"[{len(value) - len(kept):,} left out]"
        return cut

    def _list(self, value: list[Any], path: list[int | str], depth: int) -> list[Any]:
        at = path[0] if path and isinstance(path[0], int) and path[0] < len(value) else -1
        kept = sorted({*range(min(self.members, len(value))), *([at] if at >= 0 else [])})
        cut: list[Any] = []
        before = -1
        for n in (*kept, len(value)):
            if n > before + 1:
                cut.append(f"[{n - before - 1:,} left out]")
            if n < len(value):
                cut.append(self.of(value[n], path[1:] if n == at else [], depth + 1))
            before = n
        return cut
