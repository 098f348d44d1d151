"""How a call that must be accepted is delivered: once, or under an idempotency key, or twice.

A client that retries and a balancer that doubles requests are ordinary; section 10 makes several
deliveries one call. Every delivery ends with the call made once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias, TypeVar

from attrs import evolve

from pt004_model.model.commands import Caller, ChangeRun, Command, CreateRun, Tenant
from pt004_model.model.run import Run
from pt004_model.model.values import Body, Json

_Call = TypeVar("_Call", CreateRun, ChangeRun)
_Delivery: TypeAlias = "Callable[[ChangeRun, Run, int], tuple[Command, ...]]"


def _keyed(call: _Call, name: str) -> _Call:
    return evolve(call, key=name)


def _by_another(call: _Call) -> _Call:
    return evolve(call, caller=evolve(call.caller, actor=(call.caller.actor + 1) % 3))


def _key(run: Run) -> str:
    return f"k{run.number}-{run.version}"


def _doubled(call: ChangeRun, run: Run, _: int) -> tuple[Command, ...]:
    keyed = _keyed(call, _key(run))
    return (keyed, _by_another(keyed))


def _refused_first(call: ChangeRun, run: Run, _: int) -> tuple[Command, ...]:
    """A refused call leaves its key unused."""
    keyed = _keyed(call, _key(run))
    return (evolve(keyed, body=Body.of({"status": "pending"})), keyed, _by_another(keyed))


def _create_refused_first(call: CreateRun) -> tuple[Command, ...]:
    """A refused create leaves its key unused too."""
    keyed = _keyed(call, f"c{call.run}")
    return (evolve(keyed, body=call.body.replace(workflow_id=7)), keyed, _by_another(keyed))


def _another_value(call: ChangeRun, run: Run, _: int) -> tuple[Command, ...]:
    """One and true are not the same value, so the second call is not the first again."""
    keyed = _keyed(call, _key(run))
    one, true = (evolve(keyed, body=call.body.replace(note=value)) for value in (1, True))
    return (one, true)


def _of_two_runs(call: ChangeRun, run: Run, fresh: int) -> tuple[Command, ...]:
    """The same call on a run that is like this one, under the same key."""
    steps: Json = [*run.asked.steps] if run.asked.steps else None
    like = Body.of({"workflow_id": run.asked.workflow_id, "steps": steps})
    keyed = _keyed(call, _key(run))
    twin = CreateRun(fresh, like, Caller(Tenant(run.tenant)))
    return (keyed, twin, evolve(keyed, run=fresh))


CHANGES: Final[dict[str, _Delivery]] = {
    "once": lambda call, _run, _fresh: (call,),
    "keyed": lambda call, run, _: (_keyed(call, _key(run)),),
    "under an empty key": lambda call, _run, _fresh: (_keyed(call, ""),),
    "twice": _doubled,
    "refused first": _refused_first,
    "with another value": _another_value,
    "of two runs": _of_two_runs,
}
"""How a change may be delivered: of a run as it is, and with a number for another run."""
CREATES: Final[dict[str, Callable[[CreateRun], tuple[Command, ...]]]] = {
    "once": lambda call: (call,),
    "keyed": lambda call: (_keyed(call, f"c{call.run}"),),
    "under an empty key": lambda call: (_keyed(call, ""),),
    "twice": lambda call: (_keyed(call, f"c{call.run}"), _by_another(_keyed(call, f"c{call.run}"))),
    "refused first": _create_refused_first,
}
"""How a create may be delivered."""
