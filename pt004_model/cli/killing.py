"""From options to an FC that can be killed: one that we start, or one behind commands.

Whatever is run is said before. When we end, however that is, nothing of ours is left, and what was
there runs again.
"""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from attrs import define

from pt004_model.cli.options import Setup
from pt004_model.drive.target import Target
from pt004_model.wire.restarting import NotKilled
from pt004_model.wire.service import Commanded, NotDone, Service, Started, shown


@define
class Embedded(Started):
    """The embedded FC, with its database in a file."""

    database: Path = Path()

    def anew(self) -> bool:
        """Remove the database."""
        for each in self.database.parent.glob(f"{self.database.name}*"):
            each.unlink()
        return True


def free_address() -> str:
    """Return an address that nobody serves."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return f"http://127.0.0.1:{port}"


def embedded_command(setup: Setup, *options: str) -> tuple[Sequence[str], dict[str, str]]:
    """Return the command that starts an embedded FC, and its environment."""
    command = [sys.executable, "-m", "pt004_model.embedded.server", *options]
    command.append("--stop-on-stdin-eof")  # so that it ends with us, however we end
    command += ["--auth"] if setup.auth else []
    command += ["--automatic"] if setup.automatic else []
    command += ["--fault", setup.fault] if setup.fault else []
    environment = dict(os.environ)
    if setup.auth:
        environment["SECRET_KEY"] = setup.credentials.secret or ""
    return command, environment


@contextmanager
def service_of(setup: Setup, base_url: str) -> Iterator[Service | None]:
    """Yield what is killed and started again at an address, ``None`` where nothing is."""
    killing = setup.killing
    with tempfile.TemporaryDirectory(prefix="pt004-") as folder:
        service: Service | None = None
        if killing.own:
            database, port = Path(folder) / "runs.sqlite", base_url.rpartition(":")[2]
            command = embedded_command(setup, "--port", port, "--db", str(database))
            service = Embedded(*command, database=database)
        elif killing.start:
            service = Started(killing.start)
        elif killing.kill:
            service = Commanded(killing.kill, killing.restart)
        try:
            yield service
        finally:
            if service is not None:
                _end(setup, service)


def _end(setup: Setup, service: Service) -> None:
    try:
        service.end()
    except NotDone as error:
        click.echo(setup.redact(f"the FC was killed and is not started again: {error}"), err=True)


def start(setup: Setup, target: Target) -> None:
    """Start the FC where that is ours to do, once it was said what will be run.

    Raises ``click.UsageError`` when it cannot be started.
    """
    killing, restarter = setup.killing, target.restarter(target.codec())
    for what, command in (
        ("started, killed and started again", killing.start),
        ("killed", killing.kill),
        ("started again", killing.restart),
    ):
        if command:
            click.echo(setup.redact(f"the FC is to be {what} by: {shown(command)}"), err=True)
    if restarter is None or not (killing.start or killing.own):
        return
    if restarter.answers():
        raise click.UsageError(
            f"something answers at {target.where} before the FC was started; end it, or leave out"
            " --start-command"
        )
    try:
        why = restarter.start()
    except NotKilled as error:
        raise click.UsageError(setup.redact(str(error))) from None
    if why:
        raise click.UsageError(setup.redact(f"the FC does not start: {why}"))
