"""A client of one FC: commands in, replies out."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from pt004_model.model.commands import Command, RunRef
from pt004_model.model.replies import NoAnswer
from pt004_model.wire.codec import Codec, Exchange
from pt004_model.wire.sending import Transport
from pt004_model.wire.token_source import NoToken


@frozen
class Client:
    """Encodes, sends, decodes."""

    codec: Codec
    transport: Transport

    def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Exchange:
        """Send ``command`` and read the answer. Never raises."""
        try:
            request = self.codec.encode(command, run_id, nonce)
        except NoToken as error:
            return Exchange(NoAnswer(str(error), applied=False))
        return self.codec.exchange(request, self.transport.send(request))
