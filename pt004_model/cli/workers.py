"""From settings to a campaign by as many workers as they say."""

from __future__ import annotations

import pickle
from functools import partial
from importlib.util import find_spec
from typing import Any

import click

from pt004_model.cli.settings import share_of
from pt004_model.drive.session import Session
from pt004_model.drive.target import Target
from pt004_model.report.folder import Folder
from pt004_model.search.campaign import Campaign, Profile
from pt004_model.search.coordinator import Coordinator
from pt004_model.search.results import Reporter
from pt004_model.search.workers import Engine, Processes
from pt004_model.wire.transport import BadTarget


def campaign_of(
    given: dict[str, Any], folder: Folder, target: Target, session: Session, profile: Profile,
    seed: int, reporter: Reporter, **more: Any,
) -> Campaign:  # fmt: skip
    """Return the campaign that the settings say, by one worker or many.

    Raises ``BadTarget`` and ``NoWorkers``.
    """
    share = share_of(given["shard"])
    if target.rate is not None:  # the other parts are asking as well
        target.rate = target.transport.rate = target.rate / share.of
    engine = _engine(given)
    if engine is None:
        return Campaign(session, profile, seed, reporter, share=share, **more)
    try:
        pickle.dumps(target)
    except Exception as error:
        raise BadTarget(
            f"this Target cannot be handed to other processes ({error}): give it a base_url, or"
            " let one worker do it"
        ) from None
    campaign = partial(Coordinator, target=target, engine=engine, beside=folder, share=share)
    return campaign(session, profile, seed, reporter, **more)


def _engine(given: dict[str, Any]) -> Engine | None:
    """Return what has the workers, if there are to be several.

    Raises ``NoWorkers``, and ``click.UsageError`` where an extra is missing.
    """
    workers, address = given["workers"], given["scheduler"]
    if address is None:
        return Processes(workers) if workers and workers > 1 else None
    if find_spec("distributed") is None:
        raise click.UsageError(
            "Dask is not there; install pt004_model with its extra: pip install '.[cluster]'"
        )
    from pt004_model.search.cluster import Cluster  # noqa: PLC0415 - it needs an extra

    return Cluster(workers or 0, address, max(1.0, given["patience"])).counted()
