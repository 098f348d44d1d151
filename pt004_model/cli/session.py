"""From options to a session: starts the embedded FC where no other is given."""

from __future__ import annotations

import math
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

import click
from attrs import frozen

from pt004_model.cli.options import Setup
from pt004_model.drive.lockstep import TargetLost
from pt004_model.drive.preflight import no_longer, preflight
from pt004_model.drive.session import Session
from pt004_model.judge.checks import AREAS
from pt004_model.judge.oracle import Oracle
from pt004_model.model.commands import Token
from pt004_model.report.record import why_broken
from pt004_model.trace.redact import Redactor
from pt004_model.wire.client import Client
from pt004_model.wire.codec import Codec
from pt004_model.wire.token import make
from pt004_model.wire.transport import BadTarget, HttpTransport

UNSURE: Final = 3
_STARTING: Final = 30.0  # seconds that the embedded FC may take to listen


class Unsure(click.ClickException):
    """Nothing can be said of the FC; the message is a sentence for people."""

    exit_code = UNSURE

    def show(self, file: object = None) -> None:
        """Print the sentence to standard error."""
        del file
        click.echo(f"UNSURE: {self.message}", err=True)


def reason(error: BaseException) -> str:
    """Return why nothing can be said, for a summary."""
    return error.message if isinstance(error, click.ClickException) else why_broken(error)


@frozen
class Connected:
    """A session with an FC, and what it goes over."""

    session: Session
    transport: HttpTransport
    codec: Codec
    base_url: str
    redact: Redactor

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

        self.transport.on_wait = wait
        try:
            why = preflight(
                self.codec,
                self.transport,
                governed=governed,
                on_run=on_run,
                patience=patience,
                on_wait=wait,
            )
        finally:
            self.transport.on_wait = lambda: None
        if why is not None:
            raise Unsure(self.redact(why))


@contextmanager
def connected(
    setup: Setup, *, areas: frozenset[str] = frozenset(AREAS), ungoverned: bool = False
) -> Iterator[Connected]:
    """Connect to the FC that the options name, or start an embedded one meanwhile.

    Raises ``click.UsageError`` for an unusable address, :class:`Unsure` when no FC can be started.
    """
    with _address(setup) as base_url:
        try:
            transport = HttpTransport(setup.target(base_url))
        except BadTarget as error:
            raise click.UsageError(str(error)) from None
        credentials = setup.credentials
        oracle = Oracle(setup.names, areas=areas)
        codec = Codec(setup.names, setup.dialect, _tokens(setup, oracle))
        session = Session(
            Client(codec, transport),
            oracle,
            authenticates=credentials.present,
            bad_tokens=credentials.kinds,
            ungoverned=ungoverned,
            fresh=partial(_fresh, setup, codec) if setup.base_url is None else None,
            patience=setup.patience,
        )
        session.no_longer = lambda: no_longer(
            codec, transport, governed=not ungoverned, on_run=session.tally.on_run
        )
        try:
            yield Connected(session, transport, codec, base_url, setup.redact)
        finally:
            transport.close()


@contextmanager
def _fresh(setup: Setup, codec: Codec) -> Iterator[Client]:
    """Start another embedded FC meanwhile. Raises ``TargetLost`` when none can be started."""
    try:
        with _address(setup) as base_url:
            transport = HttpTransport(setup.target(base_url))
            try:
                yield Client(codec, transport)
            finally:
                transport.close()
    except Unsure as unsure:
        raise TargetLost(unsure.message) from None


def _tokens(setup: Setup, oracle: Oracle) -> Callable[[Token], str | None]:
    """Return a maker of tokens, which expire by the FC's clock once it is known."""

    def token(kind: Token) -> str | None:
        ahead = oracle.ledger.clock.low
        return make(setup.credentials, kind, ahead if math.isfinite(ahead) else None)

    return token


@contextmanager
def _address(setup: Setup) -> Iterator[str]:
    if setup.base_url is not None:
        yield setup.base_url
        return
    command = [sys.executable, "-m", "pt004_model.embedded.server", "--port", "0"]
    command.append("--stop-on-stdin-eof")  # so that it ends with us, however we end
    command += ["--auth"] if setup.auth else []
    command += ["--automatic"] if setup.automatic else []
    command += ["--fault", setup.fault] if setup.fault else []
    environment = dict(os.environ)
    if setup.auth:
        environment["SECRET_KEY"] = setup.credentials.secret or ""
    with tempfile.TemporaryFile("w+") as complaints:
        process = subprocess.Popen(  # noqa: S603 - our own module, with options we have checked
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=environment,
            text=True,
        )
        try:
            line = _first_line(process)
            if not line.startswith("listening on "):
                complaints.seek(0)
                said = complaints.read().strip().splitlines()
                why = f": {said[-1]}" if said else ""
                raise Unsure(f"the embedded Federation Core does not start{why}")
            yield line.removeprefix("listening on ").strip()
        finally:
            _stop(process)


def _first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    deadline = time.monotonic() + _STARTING
    while time.monotonic() < deadline:
        ready, _, _ = select.select([process.stdout], [], [], 0.1)
        if ready:
            return process.stdout.readline()
    return ""


def _stop(process: subprocess.Popen[str]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
