"""A kill that was none, and an FC that takes its time to come back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from attrs import define

from pt004_model.drive.target import Target
from pt004_model.wire.restarting import NotKilled, Restarter
from pt004_model.wire.service import NotDone
from tests.cli.servers import fronted


@define
class Claimed:
    """A service that does as told: nothing is killed, and nothing is started."""

    kills: str = ""
    starts: str = ""
    said: str = ""

    def start(self) -> None:
        """Fail, if that is wanted."""
        if self.starts:
            raise NotDone(self.starts)

    def kill(self) -> None:
        """Fail, if that is wanted."""
        if self.kills:
            raise NotDone(self.kills)

    def end(self) -> None:
        """Leave it as it is."""

    def anew(self) -> bool:
        """Say that it was emptied."""
        return True

    def ended(self) -> str:
        """Say how it has ended."""
        return self.said


@pytest.fixture
def target() -> Iterator[Target]:
    """An FC that goes on answering, whatever is done."""
    with fronted() as front:
        there = Target(front.url, own=True)
        yield there
        there.close()


def restarter(target: Target, service: Claimed) -> Restarter:
    """What kills and starts it, and waits for a moment."""
    assert target.racers is not None
    return Restarter(service, target.racers, target.codec().health, 0.2)


@pytest.mark.parametrize(
    ("service", "why"),
    [
        (Claimed(), "the FC answers though it was killed: something else serves its address"),
        (Claimed(kills="the kill command ends with status 1"), "the kill command ends with"),
    ],
)
def test_an_fc_that_was_not_killed_says_nothing(target: Target, service: Claimed, why: str) -> None:
    """Something started it again, or the kill command does not work."""
    health = target.codec().health()
    with pytest.raises(NotKilled, match=why):
        restarter(target, service).crash([[health], [health]], 0.0)
    with pytest.raises(NotKilled, match=why):
        restarter(target, service).crash([], 0.0)


def test_an_fc_that_is_not_back_is_told_with_what_it_said() -> None:
    """In time it has to answer; one that has ended is not waited for."""
    nobody = Target("http://127.0.0.1:9", own=True)
    try:
        quiet, loud = Claimed(said="it said last: hm"), Claimed(said="it ended with status 1")
        assert restarter(nobody, quiet).start() == "no answer in 0.2 s, it said last: hm"
        assert restarter(nobody, loud).crash([], 0.0) == ([], "it ended with status 1")
        assert not restarter(nobody, loud).anew()
        with pytest.raises(NotKilled, match="cannot be run"):
            restarter(nobody, Claimed(starts="the restart command cannot be run")).start()
    finally:
        nobody.close()
