"""What acme wants of its Federation Core beyond the contract."""

from __future__ import annotations

import pt004_model


@pt004_model.check("acme.owner", clause="ACME-7", severity="critical")
def every_run_names_an_owner(
    known: pt004_model.Modelled, reply: pt004_model.Reply
) -> pt004_model.Mismatch | None:
    """Every run names an owner."""
    if known.run is None or not known.accepted or not isinstance(reply.body, dict):
        return None
    run = reply.body["run"]
    owner = run.get("owner") if isinstance(run, dict) else None
    return None if owner else pt004_model.Mismatch("run.owner", "the name of a team", owner)
