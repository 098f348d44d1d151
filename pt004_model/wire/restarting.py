"""A kill in the middle of calls, and the wait until the FC answers again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from attrs import define, evolve, field

from pt004_model.model.replies import NoAnswer
from pt004_model.wire.codec import Answer, Request
from pt004_model.wire.racing import Racers
from pt004_model.wire.service import READY_WITHIN, NotDone, Service

_PAUSE: Final = 0.05
_HEALTHY: Final = 200


class NotKilled(Exception):  # noqa: N818 - said of an FC, in a sentence for people
    """Nothing can be said, since the FC was not killed, or something else started it."""


@define
class Restarter:
    """Kills the ``service`` that answers ``racers``, and starts it again.

    It has to answer ``health`` within ``ready_within`` seconds.
    """

    service: Service
    racers: Racers
    health: Callable[[], Request]
    ready_within: float = READY_WITHIN
    _wrong: str = field(default="", init=False)

    def crash(
        self, clients: Sequence[Sequence[Request]], after: float
    ) -> tuple[list[list[Answer | NoAnswer]], str]:
        """Send the requests of clients at once, and kill the FC ``after`` so many seconds.

        Return what was answered, and why the FC does not come back, or nothing where it does.
        Raises :class:`NotKilled`.
        """
        self._wrong = ""
        killer = threading.Thread(target=self._kill, args=(after,))
        answers: list[list[Answer | NoAnswer]] = []
        try:
            if after < 0:
                killer.start()
                time.sleep(-after)
            met = killer.start if after >= 0 else lambda: None
            if clients:  # an FC that is dead by then is not waited for
                answers = self.racers.send(clients, met, 0.0)
        finally:
            if not killer.ident:  # the calls did not meet
                killer.start()
            killer.join()
        if self._wrong:
            raise NotKilled(self._wrong)
        if self.answers():
            raise NotKilled(
                "the FC answers though it was killed: something else serves its address, or starts"
                " it again by itself"
            )
        return [[_ours(each) for each in theirs] for theirs in answers], self.start()

    def _kill(self, after: float) -> None:
        time.sleep(max(after, 0.0))
        try:
            self.service.kill()
        except NotDone as error:
            self._wrong = str(error)

    def start(self) -> str:
        """Start the FC; return why it does not answer, or nothing. Raises :class:`NotKilled`."""
        began = time.monotonic()
        try:
            self.service.start()
        except NotDone as error:
            raise NotKilled(str(error)) from None
        while not self.answers():
            said = self.service.ended()
            if said.startswith("it ended"):
                return said
            if time.monotonic() - began > self.ready_within:
                return ", ".join(filter(None, (f"no answer in {self.ready_within:g} s", said)))
            time.sleep(_PAUSE)
        return ""

    def anew(self) -> bool:
        """Start it with nothing in it; return whether that can be done and it answers."""
        return self.service.anew() and not self.start()

    def answers(self) -> bool:
        """Return whether something healthy answers."""
        probe = self.racers.transport.another()
        probe.patience = 0.0
        try:
            answer = probe.send(self.health())
        finally:
            probe.close()
        return isinstance(answer, Answer) and answer.code == _HEALTHY


def _ours(answer: Answer | NoAnswer) -> Answer | NoAnswer:
    return evolve(answer, ours=True) if isinstance(answer, NoAnswer) else answer
