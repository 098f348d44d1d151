"""One table of probes: calls that must be refused, or must change nothing, where a run is.

A probe is made of where the run is and of a legal call that could be made there, so that an FC
which does not look takes it. Its class says what is tried; its keys say under which headings it
counts as tried, so that the least tried ones can be sent first. A row that does not fit where the
run is makes no command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final, TypeAlias

from attrs import evolve, frozen

from pt004_model.model.commands import (
    JOINED,
    KIN,
    NO_ACTOR,
    Caller,
    ChangeRun,
    Command,
    CreateRun,
    OddPath,
    ReadRun,
    Route,
    Tenant,
    Token,
    Unknown,
    WrongMethod,
)
from pt004_model.model.coverage import decision_word, position_word
from pt004_model.model.keys import Used
from pt004_model.model.moves import MOVES, Move, body, is_forbidden
from pt004_model.model.run import Ask, Run
from pt004_model.model.values import Body, Json
from pt004_model.search import mutations, payloads
from pt004_model.search.mutations import Mutation
from pt004_model.search.scheduler import Keys
from pt004_model.vocabulary import Event

Commands: TypeAlias = tuple[Command, ...]
_Call: TypeAlias = CreateRun | ChangeRun | ReadRun
_OnRun: TypeAlias = ChangeRun | ReadRun | WrongMethod


@frozen
class Scene:
    """Where a run is, and what a probe can be made of.

    ``call`` is a legal change of the run, if it has one; ``create`` makes another run. ``tenants``
    is the number of those that have names. ``used`` is a key that the run was created or changed
    under, ``other`` another run of its tenant.
    """

    run: Run
    call: ChangeRun | None
    create: CreateRun
    bad_tokens: tuple[Token, ...] = ()
    tenants: int = 0
    used: tuple[str, Used] | None = None
    other: int | None = None

    @property
    def owner(self) -> Caller:
        """Who may act on the run: whoever makes the legal call, or its creator."""
        if self.call is not None:
            return self.call.caller
        return Caller(Tenant(self.run.tenant), self.run.actor)

    @property
    def change(self) -> ChangeRun:
        """The legal call, or where there is none the one that ends a run."""
        end = ChangeRun(self.run.number, Body.of({"status": "failed"}), self.owner)
        return self.call or end


@frozen
class Probe:
    """A row: the class and name of a probe, and what makes its commands."""

    kind: str
    name: str
    make: Callable[[Scene], Commands]
    handicap: float = 0.0


def place(run: Run) -> tuple[str, str, str, int, int]:
    """Return where a run is: coverage's words, and the steps behind and ahead of it."""
    done = run.state.here + 1
    words = (str(run.state.status), decision_word(run), position_word(run))
    return (*words, min(done, 3), min(run.length - done, 3))


def past(run: Run) -> tuple[int, str]:
    """Return what lies behind a run, coarsely: its pauses, and the decision before this one."""
    told = [str(e.details["decision"]) for e in run.log if e.event is Event.POLICY_DECIDED]
    return (min(run.pauses, 3), told[-2] if len(told) > 1 else "-")


def near_the_end(run: Run) -> bool:
    """Return if one step is left: where it counts from one and where from nought is seen here."""
    return run.governed and run.state.step is not None and run.state.step + 2 == run.length


def move_keys(kind: str, run: Run, word: str) -> Keys:
    """Return the headings of a move: where the run is, how far on, and what lies behind it."""
    status, decision, *position = place(run)
    here = (kind, run.governed, status, decision, word)
    return (here, (*here, *position), (*here, *past(run)))


def keys(scene: Scene, probe: Probe) -> Keys:
    """Return the headings under which a probe counts as tried."""
    run, here = scene.run, (probe.kind, probe.name)
    if probe.kind == "forbidden":
        return move_keys(probe.kind, run, probe.name)
    if probe.kind == "naming":
        starts = scene.call is not None and "step_index" in scene.call.body.fields
        return ((*here, starts), (*here, starts, *place(run)[3:]))
    if probe.kind == "repeat" and scene.used is not None:
        used = scene.used[1]
        moved = used.run.version < run.version
        return (here, (*here, used.request[0], moved, run.state.status))
    return (here, (*here, run.state.status))


_REFUSED: Final[dict[str, Json]] = {
    "reason": "refused",
    "current_step": "refused",
    "step_index": 7,
    "output_payload": {"refused": True},
    "error_details": {"refused": True},
}
"""Fields that a forbidden change carries every other time: nothing of them may be kept."""


def _forbidden(move: Move) -> Probe:
    def make(scene: Scene) -> Commands:
        text = body(scene.run, move)
        if text is None or not is_forbidden(scene.run, move):
            return ()
        if scene.create.run % 2:  # it is as forbidden with it
            text = payloads.carrying(scene.run, text, _REFUSED)
        return (ChangeRun(scene.run.number, text, scene.owner),)

    # to end a run that something holds, or to stop it, is the worst that can be taken
    return Probe("forbidden", move.word, make, -0.5 * (move.ask in {Ask.COMPLETE, Ask.PAUSE}))


def _mutated(kind: str, mutation: Mutation) -> Probe:
    def make(scene: Scene) -> Commands:
        text = None if scene.call is None else mutation.of(scene.call.body, scene.run)
        return () if text is None else (ChangeRun(scene.run.number, text, scene.owner),)

    return Probe(kind, mutation.name, make, mutation.handicap)


_ON_RUN: Final[dict[str, Callable[[Scene], ChangeRun | ReadRun]]] = {
    "read": lambda scene: ReadRun(scene.run.number, caller=scene.owner),
    "change": lambda scene: scene.change,
}
_CALLS: Final[dict[str, Callable[[Scene], _Call]]] = {
    **_ON_RUN,
    "create": lambda scene: scene.create,
}


def _by(kind: str, name: str, caller: Callable[[Scene, Caller], Caller | None]) -> Iterator[Probe]:
    """Yield a read, a change and a create by somebody who may not make them."""
    for route, call in _CALLS.items():

        def make(scene: Scene, call: Callable[[Scene], _Call] = call) -> Commands:
            right = call(scene)
            wrong = caller(scene, right.caller)
            return () if wrong is None else (evolve(right, caller=wrong),)

        of_create = "create " if route == "create" else ""
        yield Probe(f"{of_create}{kind}", f"{name} {route}", make)


def _bad_tokens() -> Iterator[Probe]:
    for token in Token:
        if token is not Token.GOOD:
            yield from _with(token)


def _with(token: Token) -> Iterator[Probe]:
    return _by(
        "token",
        str(token),
        lambda scene, right: evolve(right, token=token) if token in scene.bad_tokens else None,
    )


_FOREIGN: Final[dict[str, Callable[[Scene], _OnRun]]] = {
    **_ON_RUN,
    "change under a key": lambda scene: evolve(scene.change, key="unused"),
    "deletion": lambda scene: WrongMethod("DELETE", Route.READ, scene.run.number, scene.owner),
}


def _stranger(tenant: Tenant, route: str, text: str | None = None, kind: str = "caller") -> Probe:
    """Another tenant's call, and the same on a run that does not exist: the codes must agree."""

    def make(scene: Scene) -> Commands:
        owner = Tenant(scene.run.tenant)
        if tenant in KIN and owner is not Tenant.OURS:
            return ()
        foreign = _FOREIGN[route](scene)
        who = Caller(Tenant.OURS if owner is tenant else tenant, foreign.caller.actor)
        foreign = evolve(foreign, caller=who)
        if isinstance(foreign, ChangeRun) and text is not None:
            foreign = evolve(foreign, body=Body(text))
        return (foreign, evolve(foreign, run=Unknown()))

    return Probe(kind, f"{tenant.name.lower()} {route} {text or ''}".rstrip(), make)


def _joined(tenant: Tenant, end: str) -> Probe:
    """Two creates of two tenants; where a name is joined to a key both have the same one."""

    def make(scene: Scene) -> Commands:
        if tenant >= scene.tenants:
            return ()
        first, key = scene.create, f"j{scene.create.run}"
        second = evolve(first, run=first.run + 1, caller=Caller(tenant), key=key)
        return (evolve(first, key=f"{end[1:]}{end[:1]}{key}"), second)

    return Probe("kin", f"joined {tenant.name.lower()}", make)


def _long(scene: Scene) -> Commands:
    """A run of a tenant with a long name, asked for by one whose name ends in another way."""
    if scene.tenants <= Tenant.OTHER_LONG:
        return ()
    made = evolve(scene.create, caller=Caller(Tenant.LONG))
    read = ReadRun(made.run, caller=Caller(Tenant.OTHER_LONG))
    return (made, read, evolve(read, run=Unknown()))


_METHODS: Final = {
    Route.CREATE: ("PUT", "PATCH", "DELETE"),
    Route.CHANGE: ("PUT", "POST", "DELETE"),
    Route.READ: ("PUT", "POST", "DELETE"),
}


def _method(route: Route, method: str) -> Probe:
    kind = "create caller" if route is Route.CREATE else "caller"
    return Probe(kind, f"{method} {route}", lambda scene: (
        WrongMethod(method, route, scene.run.number, scene.owner),), 0.3)  # fmt: skip


@frozen
class _Used:
    """A call that was accepted under a key, made again, and what else there is to send."""

    scene: Scene
    call: CreateRun | ChangeRun
    key: str

    @property
    def create(self) -> CreateRun:
        """A create of another run by the same caller."""
        return evolve(self.scene.create, caller=self.call.caller)


def _used(scene: Scene) -> _Used | None:
    if scene.used is None:
        return None
    key, used = scene.used
    caller = Caller(Tenant(scene.run.tenant), scene.owner.actor)
    if used.request[0] == "POST":
        return _Used(scene, CreateRun(scene.run.number, used.body, caller, key), key)
    return _Used(scene, ChangeRun(scene.run.number, used.body, caller, key), key)


def _repeat(name: str, alter: Callable[[_Used], Command | None]) -> Probe:
    def make(scene: Scene) -> Commands:
        used = _used(scene)
        command = None if used is None else alter(used)
        return () if command is None else (command,)

    return Probe("repeat", name, make)


def _other_run(used: _Used) -> Command | None:
    """The same change of another run."""
    if isinstance(used.call, CreateRun) or used.scene.other is None:
        return None
    return evolve(used.call, run=used.scene.other)


def _other_call(used: _Used) -> Command:
    """The key of a change with a create, or the key of a create with a change."""
    if isinstance(used.call, ChangeRun):
        return evolve(used.create, key=used.key)
    failing = Body.of({"status": "failed"})
    return ChangeRun(used.scene.run.number, failing, used.call.caller, used.key)


def _other_tenant(used: _Used) -> Command:
    """The key of another tenant: it is as good as new."""
    ours = used.call.caller.tenant is Tenant.OURS
    caller = Caller(Tenant.STRANGER if ours else Tenant.OURS)
    return evolve(used.create, key=used.key, caller=caller)


def _by_caller(used: _Used, **caller: Any) -> Command:
    return evolve(used.call, caller=evolve(used.call.caller, **caller))


def _bad_token(used: _Used) -> Command | None:
    tokens = used.scene.bad_tokens
    return _by_caller(used, token=tokens[0]) if tokens else None


_REPEATS: Final[dict[str, Callable[[_Used], Command | None]]] = {
    "again": lambda used: used.call,
    "by another": lambda used: _by_caller(used, actor=2),
    "other body": lambda used: evolve(used.call, body=used.call.body.replace(note=1)),
    "other change": lambda used: evolve(
        used.call, body=used.call.body.replace(status="failed", workflow_id="other")
    ),
    "same length": lambda used: evolve(used.call, body=Body(used.call.body.text.swapcase())),
    "other spelling": lambda used: evolve(used.call, body=Body(f" {used.call.body.text}")),
    "other run": _other_run,
    "other call": _other_call,
    # of another tenant, in another case, or longer, a key is another key
    "other tenant": _other_tenant,
    "other case": lambda used: evolve(used.create, key=used.key.swapcase()),
    "longer": lambda used: evolve(used.create, key=f"{used.key}{'0' * 200}"),
    "without actor": lambda used: _by_caller(used, actor=NO_ACTOR),
    "without tenant": lambda used: _by_caller(used, tenant=Tenant.NOBODY),
    "with a bad token": _bad_token,
    "with a read": lambda used: ReadRun(
        used.scene.run.number, caller=used.call.caller, key=used.key
    ),
}
"""Calls under a key that was used before (section 10)."""


def _read(name: str, *, logs: bool, gates: bool, key: str | None = None) -> Probe:
    return Probe("read", name, lambda scene: (
        ReadRun(scene.run.number, logs, gates, scene.owner, key),))  # fmt: skip


def _elsewhere() -> Iterator[Probe]:
    """Yield calls on a run that does not exist, and on paths that name none."""

    def probe(name: str, command: Callable[[Scene], Command]) -> Probe:
        return Probe("elsewhere", name, lambda scene: (command(scene),))

    for part in payloads.ODD_PARTS:
        yield probe(f"path {part}", partial(_to_path, part))
    for spelling in payloads.SPELLINGS:
        for route in ("read", "change"):
            yield probe(f"{route} {spelling}", partial(_to_unknown, spelling, route))


def _to_path(part: str, _: Scene) -> Command:
    return OddPath(part)


def _to_unknown(spelling: str, route: str, scene: Scene) -> Command:
    call = _CALLS[route](scene)
    return evolve(call, run=Unknown(spelling))  # type: ignore[arg-type]  # no create


def _creating(kind: str, name: str, text: str) -> Probe:
    return Probe(kind, name, lambda scene: (CreateRun(scene.create.run, Body(text)),))


def _miscreated(mutation: Mutation) -> Probe:
    def make(scene: Scene) -> Commands:
        text = mutation.of(scene.create.body)
        return () if text is None else (evolve(scene.create, body=text, key=None),)

    return Probe("create", mutation.name, make, mutation.handicap)


def _creates() -> Iterator[Probe]:
    for mutation in mutations.CREATES:
        yield _miscreated(mutation)
    for number, text in enumerate(payloads.BEYOND):
        yield _creating("beyond", str(number), text)
    for name, fields in payloads.EXTREMES.items():
        yield _creating("edge", name, Body.of({"workflow_id": "w", **fields}).text)


def _table() -> Iterator[Probe]:
    for move in MOVES:
        yield _forbidden(move)
    for mutation in mutations.CHANGES:
        yield _mutated("mutation", mutation)
    for mutation in mutations.NAMINGS:
        yield _mutated("naming", mutation)
    for tenant in (Tenant.STRANGER, Tenant.NEAR):
        for route in _FOREIGN:
            yield _stranger(tenant, route)
    for tenant in KIN:
        yield _stranger(tenant, "read", kind="kin")
        yield _stranger(tenant, "change", kind="kin")
    for tenant, end in JOINED.items():
        yield _joined(tenant, end)
    yield Probe("kin", "long", _long)
    for text in ("{", '{"status":"archived"}', "{}"):
        yield _stranger(Tenant.STRANGER, "change", text)
    yield from _by("caller", "no tenant", lambda _, right: Caller(Tenant.NOBODY, right.actor))
    yield from _by("caller", "no actor", lambda _, right: Caller(right.tenant, NO_ACTOR))
    yield from _by("caller", "neither", lambda _, _right: Caller(Tenant.NOBODY, NO_ACTOR))
    yield from _bad_tokens()
    for route, methods in _METHODS.items():
        for method in methods:
            yield _method(route, method)
    for name, alter in _REPEATS.items():
        yield _repeat(name, alter)
    yield _read("all", logs=True, gates=True)
    yield _read("logs", logs=True, gates=False)
    yield _read("gates", logs=False, gates=True)
    yield _read("neither", logs=False, gates=False)
    yield _read("under a key", logs=True, gates=True, key="r")
    yield from _elsewhere()
    yield from _creates()


def _by_kind() -> dict[str, dict[str, Probe]]:
    table: dict[str, dict[str, Probe]] = {}
    for probe in _table():
        table.setdefault(probe.kind, {})[probe.name] = probe
    return table


PROBES: Final = _by_kind()
"""Every probe, by its class and its name."""
