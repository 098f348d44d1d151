"""Runs of an FC that may only be read: each is asked for by ``GET``, with its log and gates.

That nothing else is sent is not left to this module: the transport of the target refuses it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from attrs import frozen

from pt004_model.audit.judging import Recorded
from pt004_model.audit.sources import STDIN, Sources, opened
from pt004_model.drive.target import Target
from pt004_model.judge.envelope import UNRESERVED
from pt004_model.model.commands import Caller, ReadRun, RunRef, Tenant
from pt004_model.model.replies import NoAnswer, Reply, Response, Undecodable
from pt004_model.model.rules import CODES, Rule
from pt004_model.model.telling import count
from pt004_model.trace.files import Unusable
from pt004_model.wire.client import Client

_READ: Final = 200
_SILENT: Final = 3
"""Calls in a row without an answer after which no further run is asked for."""


@frozen
class Live:
    """The runs of ``target`` whose ids stand in the file ``listed``, one a line."""

    target: Target
    listed: Path

    def read(self, sources: Sources) -> Iterator[Recorded]:
        """Yield each run as it is shown now; what is not shown is told. Raises ``Unusable``."""
        ids = [*dict.fromkeys(self._ids(sources))]
        client, silent = Client(self.target.codec(), self.target.transport), 0
        for number, run_id in enumerate(ids):
            place = f"{self.target.where}, run {run_id}"
            response = _asked(client, run_id)
            silent = silent + 1 if isinstance(response, NoAnswer) else 0
            if isinstance(response, NoAnswer):
                sources.problems.append(f"{place}: {response.why}")
            elif response.code != _READ:
                sources.problems.append(f"{place}: the FC answers {response.code}")
            elif isinstance(response.body, Undecodable):
                sources.problems.append(f"{place}: {response.body.why}")
            else:
                yield from sources.take(place, response.body, run_id)
            if silent == _SILENT and number + 1 < len(ids):
                left = count(len(ids) - number - 1, "more run", ",")
                sources.problems.append(f"{self.target.where}: not asked for {left}")
                return

    def _ids(self, sources: Sources) -> Iterator[str]:
        name = "standard input" if self.listed == STDIN else str(self.listed)
        try:
            with opened(self.listed) as stream:
                lines = stream.read().splitlines()
        except OSError as error:
            raise Unusable(f"cannot read {name}: {error.strerror}") from None
        for number, line in enumerate(lines, 1):
            run_id = line.strip().decode("utf-8", "replace")
            if UNRESERVED.fullmatch(run_id):
                yield run_id
            elif run_id:
                sources.problems.append(f"{name}, line {number}: no id of a run")


def _asked(client: Client, run_id: str) -> Response:
    """Return a run as its tenant sees it: a campaign lists those of the stranger as well."""

    def named(_: RunRef) -> str:
        return run_id

    def seen(tenant: Tenant) -> Response:
        return client.ask(ReadRun(0, caller=Caller(tenant)), named, "").response

    ours = seen(Tenant.OURS)
    if isinstance(ours, NoAnswer) or ours.code not in CODES[Rule.FOREIGN_RUN]:
        return ours
    theirs = seen(Tenant.STRANGER)
    return theirs if isinstance(theirs, Reply) and theirs.code == _READ else ours
