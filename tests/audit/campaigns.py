"""The export of a campaign against the embedded FC: all that it has written."""

from __future__ import annotations

import json
import warnings
from typing import Any, Final

from attrs import evolve

from pt004_model.drive.target import Target
from pt004_model.embedded.app import build_app
from pt004_model.embedded.core import Core
from pt004_model.embedded.faults import parts_with
from pt004_model.embedded.parts import CONFORMING
from pt004_model.search.campaign import Campaign, Profile

with warnings.catch_warnings():  # it says that it will want another library one day
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

_SMALL: Final = Profile(
    "small", 40, 8, shrink=(0, 0.0), settle=(0, 0.0, 0.0), confirm=0, replays=(0, 0.0)
)


def campaign(fault: str | None, seed: int, examples: int = 40) -> list[dict[str, Any]]:
    """The envelopes of all runs that a small campaign made."""
    parts = CONFORMING if fault is None else parts_with(fault)
    cores: list[Core] = []

    class Kept(parts.core):  # type: ignore[name-defined, misc]  # whichever it is
        def __init__(self, *arguments: Any, **more: Any) -> None:
            super().__init__(*arguments, **more)
            cores.append(self)

    app = build_app(evolve(parts, core=Kept))
    Campaign(Target(client=TestClient(app)), evolve(_SMALL, examples=examples), seed=seed).run()
    rows = cores[0].store.db.execute("SELECT tenant_id, run_id FROM runs ORDER BY rowid").fetchall()
    return [json.loads(cores[0].read(*row, logs=True, gates=True).text) for row in rows]
