"""A client of one FC: commands in, replies out."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from pt004_model.model.commands import Command, RunRef
from pt004_model.model.replies import NoAnswer, Response
from pt004_model.wire.codec import Codec, decode
from pt004_model.wire.sending import Transport


@frozen
class Client:
    """Encodes, sends, decodes."""

    codec: Codec
    transport: Transport

    def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Response:
        """Send ``command`` and decode what comes back. Never raises."""
        answer = self.transport.send(self.codec.encode(command, run_id, nonce))
        return answer if isinstance(answer, NoAnswer) else decode(answer)
