"""From settings to a campaign by as many workers as they say."""

from __future__ import annotations

import pickle
from importlib.util import find_spec
from typing import Any

import click

from pt004_model.cli.settings import share_of
from pt004_model.drive.target import Target
from pt004_model.report.folder import Folder
from pt004_model.search.coordinator import Coordinator
from pt004_model.search.workers import ALONE, Engine, Processes
from pt004_model.wire.transport import BadTarget


def campaign_of(
    given: dict[str, Any], folder: Folder, target: Target, *arguments: Any,
    kind: type[Coordinator] = Coordinator, **more: Any,
) -> Coordinator:  # fmt: skip
    """Return the campaign that the settings say, by one worker or many, with these arguments.

    Raises ``BadTarget`` and ``NoWorkers``.
    """
    share = share_of(given["shard"])
    if target.rate is not None:  # the other parts are asking as well
        target.rate = target.transport.rate = target.rate / share.of
    engine = _engine(given)
    if engine is not ALONE:
        _demand_portable(target)
    more |= {"target": target, "engine": engine, "beside": folder, "share": share}
    return kind(*arguments, **more)


def _demand_portable(target: Target) -> None:
    try:
        pickle.dumps(target)
    except Exception as error:
        raise BadTarget(
            f"this Target cannot be handed to other processes ({error}): give it a base_url, or"
            " let one worker do it"
        ) from None


def _engine(given: dict[str, Any]) -> Engine:
    """Return what has the workers.

    Raises ``NoWorkers``, and ``click.UsageError`` where an extra is missing.
    """
    workers, address = given["workers"], given["scheduler"]
    if address is None:
        return Processes(workers) if workers and workers > 1 else ALONE
    if find_spec("distributed") is None:
        raise click.UsageError(
            "Dask is not there; install pt004_model with its extra: pip install '.[cluster]'"
        )
    from pt004_model.search.cluster import Cluster  # noqa: PLC0415 - it needs an extra

    return Cluster(workers or 0, address, max(1.0, given["patience"])).counted()
