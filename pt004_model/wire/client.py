"""A client of one FC: commands in, replies out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import frozen

from pt004_model.model.commands import Command, RunRef
from pt004_model.model.replies import NoAnswer
from pt004_model.wire.codec import Answer, Codec, Exchange, Request
from pt004_model.wire.racing import Racers
from pt004_model.wire.restarting import NotKilled, Restarter
from pt004_model.wire.sending import Sender, Transport
from pt004_model.wire.token_source import NoToken


@frozen
class Client:
    """Encodes, sends, decodes. With ``racers`` it calls as several clients at once, too.

    With a ``restarter`` the FC can be killed and started again.
    """

    codec: Codec
    transport: Transport
    racers: Racers | None = None
    restarter: Restarter | None = None

    def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Exchange:
        """Send ``command`` and read the answer. Never raises."""
        try:
            request = self.codec.encode(command, run_id, nonce)
        except NoToken as error:
            return Exchange(NoAnswer(str(error), applied=False))
        loss = command.caller.loss
        if loss is not None and isinstance(self.transport, Sender):
            return Exchange(self.transport.lose(request, loss), request)
        return self.codec.exchange(request, self.transport.send(request))

    def ask_together(
        self, clients: Sequence[Sequence[Command]], run_id: Callable[[RunRef], str], nonce: str
    ) -> list[list[Exchange]]:
        """Send the commands of several clients, at once where that can be. Never raises."""
        if self.racers is None:
            return [[self.ask(c, run_id, nonce) for c in each] for each in clients]
        try:
            requests = [[self.codec.encode(c, run_id, nonce) for c in each] for each in clients]
        except NoToken as error:
            none = Exchange(NoAnswer(str(error), applied=False))
            return [[none for _ in each] for each in clients]
        return self._exchanges(requests, self.racers.send(requests))

    def crash(
        self,
        clients: Sequence[Sequence[Command]],
        run_id: Callable[[RunRef], str],
        nonce: str,
        after: float,
    ) -> tuple[list[list[Exchange]], str]:
        """Send the commands of clients at once, kill the FC meanwhile, and start it again.

        Return what was answered, and why it does not come back, or nothing where it does. Raises
        ``NotKilled``.
        """
        if self.restarter is None:
            raise NotKilled("there is no way to kill this FC; say one, as with --start-command")
        try:
            requests = [[self.codec.encode(c, run_id, nonce) for c in each] for each in clients]
        except NoToken as error:
            raise NotKilled(str(error)) from None
        answers, why = self.restarter.crash(requests, after)
        return self._exchanges(requests, answers), why

    def anew(self) -> bool:
        """Start the FC with nothing in it; return whether that can be done."""
        return self.restarter is not None and self.restarter.anew()

    def _exchanges(
        self, requests: list[list[Request]], answers: list[list[Answer | NoAnswer]]
    ) -> list[list[Exchange]]:
        return [
            [self.codec.exchange(*each) for each in zip(asked, theirs, strict=True)]
            for asked, theirs in zip(requests, answers, strict=True)
        ]
