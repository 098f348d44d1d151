"""A plugin of pytest that gives the stateful suite profiles of a few seconds."""

from __future__ import annotations

from attrs import evolve

from pt004_model.search.campaign import PROFILES

SMALL = evolve(PROFILES["dev"].sized(6), name="small")
PROFILES.update(
    small=SMALL,
    demanding=evolve(SMALL, name="demanding", floor=1.0),
    idle=evolve(SMALL, name="idle", examples=0),
    night=evolve(PROFILES["nightly"].sized(6), name="night", commands=8, floor=0.0),
)
