"""A Federation Core made of a recording, so that a recorded history is judged like a live one.

Judging again goes through the same lockstep and the same judge; nothing but the network is
replaced. A recording that was tampered with is found out by the check that finds it live.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from attrs import define, field

from pt004_model.model.commands import Command, RunRef
from pt004_model.model.replies import NoAnswer
from pt004_model.wire.codec import Answer, Codec, Exchange, Request

Exchanged: TypeAlias = tuple[Request, Answer | NoAnswer]
"""A request as it was sent, and what came back."""


@define
class Playback:
    """An FC that answers each command as it was answered then.

    A command whose request is not the one recorded at its place gets no answer, nor does any after
    it: from there on the recording is that of another conversation.
    """

    codec: Codec
    recorded: Sequence[Exchanged]
    _rest: Iterator[Exchanged] = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._rest = iter(self.recorded)

    def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Exchange:
        """Return the recorded exchange of ``command``. Never raises."""
        request = self.codec.encode(command, run_id, nonce)
        then, answer = next(self._rest, (None, None))
        if then is None or answer is None or _wire(then) != _wire(request):
            self._rest = iter(())
            asked = f"{request.method} {request.target}"
            answer = NoAnswer(f"the recording holds no answer to {asked}", applied=False)
        return self.codec.exchange(request, answer)


def _wire(request: Request) -> tuple[str, str, bytes | None]:
    """Return what tells requests apart in a recording, which leaves headers out."""
    return request.method, request.target, request.content
