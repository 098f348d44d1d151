"""From options to a session: starts the embedded FC where no other is given."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any, Final

import click
from attrs import evolve, frozen

from pt004_model.cli.killing import embedded_command, free_address, service_of, start
from pt004_model.cli.options import Setup
from pt004_model.drive.comparing import Comparison
from pt004_model.drive.lockstep import TargetLost
from pt004_model.drive.session import Session
from pt004_model.drive.target import Target
from pt004_model.judge.checks import AREAS
from pt004_model.judge.oracle import Verdict
from pt004_model.report.record import why_broken
from pt004_model.wire.client import Client
from pt004_model.wire.codec import Codec
from pt004_model.wire.sending import Transport
from pt004_model.wire.service import READY_WITHIN, Started

UNSURE: Final = 3
EXIT_CODES: Final = {Verdict.CONFORMS: 0, Verdict.DIVERGES: 1, Verdict.UNSURE: UNSURE}
_PAUSE: Final = 0.02


class Unsure(click.ClickException):
    """Nothing can be said of the FC; the message is a sentence for people."""

    exit_code = UNSURE
    word = "UNSURE"

    def show(self, file: object = None) -> None:
        """Print the sentence to standard error."""
        del file
        click.echo(f"{self.word}: {self.message}", err=True)


def reason(error: BaseException) -> str:
    """Return why nothing can be said, for a summary."""
    return error.message if isinstance(error, click.ClickException) else why_broken(error)


@frozen
class Connected:
    """A session with an FC, and what it goes over."""

    session: Session
    target: Target
    transport: Transport

    def require(self, *, governed: bool, on_run: Callable[[str], None]) -> None:
        """Make sure that there is an FC, and say so while it is waited for.

        Raises :class:`Unsure`.
        """
        patience = self.session.patience
        waiting = f"no answer yet; asking again for up to {patience:g} s (--patience)"
        said: list[str] = []

        def wait() -> None:
            if not said:  # once is enough
                said.append(waiting)
                click.echo(waiting, err=True)

        def hint(said: str) -> None:
            click.echo(said, err=True)

        why = self.target.preflight(on_run, wait, hint, governed=governed)
        if why is not None:
            raise Unsure(why)


@contextmanager
def connected(
    setup: Setup, *, areas: frozenset[str] | None = frozenset(AREAS), ungoverned: bool = False
) -> Iterator[Connected]:
    """Connect to the FC that the options name, or start an embedded one meanwhile.

    Raises ``BadTarget`` for an unusable address, :class:`Unsure` when no FC can be started.
    """
    with targeted(setup, ungoverned=ungoverned) as target:
        yield Connected(target.session(areas), target, target.transport)


@contextmanager
def targeted(setup: Setup, *, ungoverned: bool = False) -> Iterator[Target]:
    """Yield the FC that the options name, or an embedded one; see :func:`connected`."""
    setup.killing.check(setup.base_url)
    address = free_address() if setup.killing.own else setup.base_url
    there = nullcontext(address) if address is not None else embedded_process(setup)
    with there as base_url, service_of(setup, base_url) as service:
        target = setup.target(base_url, ungoverned=ungoverned)
        target.service, target.ready_within = service, setup.killing.ready_within
        if setup.base_url is None:
            target.fresh = partial(_fresh, setup)
        try:
            start(setup, target)
            yield target
        finally:
            target.close()


@contextmanager
def compared(
    given: dict[str, Any], target: Target, session: Session, on_run: Callable[[str], None]
) -> Iterator[None]:
    """Have a session's commands sent to the FC of ``--diff`` as well, where one is given.

    Raises ``click.UsageError`` where that cannot be, :class:`Unsure` when no FC answers there.
    """
    url = given["diff"]
    if url is None:
        yield
        return
    if (given["workers"] or 1) > 1 or given["scheduler"]:
        raise click.UsageError(
            "--diff is for a campaign by one process; leave out --workers and --scheduler"
        )
    other = evolve(target, base_url=url, client=None, own=False, race_by=())
    try:
        why = other.preflight(on_run)
        if why is not None:
            raise Unsure(f"the FC of --diff: {why}")
        there = other.session(given["areas"])
        there.tally.on_run = on_run
        session.comparison = Comparison(there.lockstep)
        yield
    finally:
        other.close()


@contextmanager
def _fresh(setup: Setup, codec: Codec) -> Iterator[Client]:
    """Start another embedded FC meanwhile. Raises ``TargetLost`` when none can be started."""
    try:
        with targeted(setup) as target:
            yield target.asking(codec)
    except Unsure as unsure:
        raise TargetLost(unsure.message) from None


@contextmanager
def embedded_process(setup: Setup) -> Iterator[str]:
    """Start the embedded FC of these options as a process, and yield its base URL.

    Raises :class:`Unsure` when it does not start.
    """
    service = Started(*embedded_command(setup, "--port", "0"))
    try:
        service.start()
        yield _address(service)
    finally:
        service.end()


def _address(service: Started) -> str:
    began = time.monotonic()
    while service.running and time.monotonic() - began < READY_WITHIN:
        _, listens, address = service.said().partition("listening on ")
        if listens:
            return address.split()[0]  # more may have been said behind it
        time.sleep(_PAUSE)
    why = service.ended() or f"it said nothing in {READY_WITHIN:g} s"
    raise Unsure(f"the embedded Federation Core does not start: {why}")
