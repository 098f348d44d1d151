"""From settings to the setup of an FC, and to what a campaign does there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import click
from attrs import evolve, field, frozen

from pt004_model.baseline import today
from pt004_model.cli.settings import SETTINGS, every_area, share_of
from pt004_model.config import Config
from pt004_model.drive.target import ACTOR, TENANT, TIMEOUT, Target, name_callers
from pt004_model.model.commands import Names
from pt004_model.model.telling import count
from pt004_model.report.command import header
from pt004_model.search.campaign import PROFILES, Profile
from pt004_model.trace.files import Unwritable
from pt004_model.trace.redact import Redactor
from pt004_model.vocabulary import ROUTES, Dialect
from pt004_model.wire.meeting import RaceBy
from pt004_model.wire.patience import PATIENCE
from pt004_model.wire.sending import MAX_REPLY
from pt004_model.wire.service import READY_WITHIN
from pt004_model.wire.token import Credentials
from pt004_model.wire.token_source import TokenSource
from pt004_model.wire.transport import proxy_password

REDACT: Final = "pt004.redact"
OUT: Final = "pt004.out"
"""Where a command leaves, in the context of click, what must not be shown, and its folder."""


@frozen
class Killing:
    """How the FC is killed and started again: by commands, or as ours where ``own`` is wanted.

    With ``start`` the FC is started by us in any case.
    """

    start: tuple[str, ...] = field(default=(), repr=False)
    kill: tuple[str, ...] = field(default=(), repr=False)
    restart: tuple[str, ...] = field(default=(), repr=False)
    ready_within: float = READY_WITHIN
    own: bool = False

    @classmethod
    def of(cls, given: dict[str, Any]) -> Killing:
        """Return how, as options say."""
        start, kill, restart = (given[f"{n}_command"] or () for n in ("start", "kill", "restart"))
        return cls(start, kill, restart, given["ready_within"] or READY_WITHIN)

    def check(self, base_url: str | None) -> None:
        """See that options agree. Raises ``click.UsageError``."""
        if self.start and (self.kill or self.restart):
            raise click.UsageError(
                "--start-command is for an FC that we start, --kill-command and --restart-command"
                " are for one that runs already; leave out one or the other"
            )
        if bool(self.kill) != bool(self.restart):
            raise click.UsageError(
                "--kill-command and --restart-command go together: what was killed is to be there"
                " again"
            )
        if (self.start or self.kill) and base_url is None:
            raise click.UsageError(
                "say with --base-url where the FC answers that is killed; the embedded one needs no"
                " command"
            )


@frozen
class Setup:
    """Which FC is asked, how and as whom. Secrets are never shown.

    ``base_url`` is ``None`` for an embedded FC, which ``auth``, ``automatic`` and ``fault`` shape.
    ``asked`` is how it is asked: what a :class:`Target` takes by these names.
    """

    base_url: str | None
    names: Names
    credentials: Credentials = field(repr=False)
    asked: dict[str, Any] = field(repr=False)
    auth: bool = False
    automatic: bool = False
    fault: str | None = None
    config: Config = field(factory=Config, repr=False)
    race_by: str | None = None
    killing: Killing = field(factory=Killing)
    most: float | None = None
    """The seconds that a campaign takes: it does not wait longer for an FC, whatever was asked."""
    flags: tuple[str, ...] = field(default=(), repr=False)
    """The flags that ask the same FC in the same way, but for what may be secret."""
    redact: Redactor = field(init=False, eq=False, repr=False)
    """The redactor for all that is written or shown."""

    @redact.default
    def _redact(self) -> Redactor:
        headers = (*self.asked["headers"], ("proxy", proxy_password(self.asked["proxy"])))
        return Redactor.of(self.credentials, headers, self.names)

    @property
    def dialect(self) -> Dialect:
        """The dialect that it is asked in."""
        return Dialect(self.asked["dialect"])

    def killed(self, *, wanted: bool) -> Setup:
        """Return this setup, in which an embedded FC can be killed where that is wanted."""
        return evolve(self, killing=evolve(self.killing, own=wanted and self.base_url is None))

    def within(self, seconds: float | None) -> Setup:
        """Return this setup, in which an FC is not waited for longer than a campaign takes."""
        return evolve(self, most=seconds)

    @property
    def identity(self) -> str:
        """A digest of which FC this is and how it is judged: what is kept of it holds there alone.

        How patiently it is asked is no part of it.
        """
        own = {name: each for name, each in self.config.own.items() if name != "deviation"}
        shape = (self.auth, self.automatic, self.fault)
        said = (self.dialect, self.base_url, self.names, shape, self.config.agreed(today()))
        text = f"{said}{json.dumps(own, sort_keys=True, default=str)}"
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def target(self, base_url: str, *, ungoverned: bool = False) -> Target:
        """Return the FC at ``base_url`` as it is to be asked. Raises ``BadTarget``."""
        patience = self.asked["patience"]
        return Target(
            base_url,
            **{**self.asked, "patience": min(patience, self.most or patience)},
            routes=ROUTES[self.dialect]._replace(**self.config.routes),
            spelling=self.config.spelling,
            required=self.config.required,
            agreed=self.config.agreed(today()),
            ungoverned=ungoverned,
            own=self.base_url is None,
            race_by=tuple(RaceBy) if self.race_by is None else (RaceBy(self.race_by),),
            flags=self.flags,
            names=self.names,
            credentials=self.credentials,
        )


_ASKED: Final = (
    "dialect", "timeout", "patience", "rate", "headers", "ca_bundle", "client_cert", "client_key",
    "proxy", "max_reply",
)  # fmt: skip
"""The settings that a :class:`Target` takes as they are."""


def setup(**given: Any) -> Setup:
    """Return the setup that the options say.

    Raises ``click.UsageError`` if they contradict, and ``BadTarget``.
    """
    base_url: str | None = given["base_url"]
    own = base_url is None
    shaping = [f"--{n}" for n in ("auth", "automatic", "fault") if given[n]]
    if not own and shaping:
        raise click.UsageError(
            f"{' and '.join(shaping)} can shape the embedded FC alone, and an address was given;"
            " leave out one or the other"
        )
    secret = given["secret_key"] or None
    if given["auth"] and not secret:
        raise click.UsageError("--auth needs the shared secret in the environment: SECRET_KEY")
    if own and not given["auth"]:
        credentials = Credentials()  # a SECRET_KEY in the environment is often another program's
    elif own:
        credentials = Credentials(None, secret)
    else:
        credentials = Credentials(given["token"], secret, _source(given))
    names = name_callers(given["tenant"], given["stranger"], given["actor"])
    asked = {name: given[name] for name in _ASKED}
    shape = (given["auth"], given["automatic"], given["fault"])
    rest = (given["config"], given["race_by"], Killing.of(given))
    flags = tuple(_flags(given))
    chosen = Setup(base_url, names, credentials, asked, *shape, *rest, flags=flags)
    context = click.get_current_context(silent=True)
    if context is not None:
        context.meta[REDACT] = chosen.redact
    return chosen


def _source(given: dict[str, Any]) -> TokenSource | None:
    """Return where tokens are fetched, if they are."""
    command, path = given["token_command"], given["token_file"]
    ways = {"token": given["token"], "token_file": path, "token_command": command}
    said = [name for name, value in ways.items() if value]
    if len(said) > 1:
        raise click.UsageError(f"{' and '.join(said)} are given; one of them can say the token")
    if not (command or path):
        return None
    return TokenSource(command, path, given["token_lifetime"])


@contextmanager
def rightly_given() -> Iterator[None]:
    """Take a place that cannot be written for wrong usage: it has just been named."""
    try:
        yield
    except Unwritable as error:
        raise click.UsageError(str(error)) from None


def profile_of(given: dict[str, Any]) -> Profile:
    """Return how much a campaign does, as the options say."""
    profile = PROFILES[given["profile"]]
    names = {"max_commands": "commands", "max_time": "seconds", "confirm": "confirm"}
    names["max_steps"] = "steps"
    changes: dict[str, Any] = {
        name: given[flag] for flag, name in names.items() if given.get(flag) is not None
    }
    changes |= {"rounds": 0} if given["no_races"] else {}
    changes |= {"losses": 0} if given["no_losses"] else {}
    changes |= {"crashes": 0} if given["no_crashes"] else {}
    if given["max_examples"] is not None:
        profile = profile.sized(given["max_examples"])
        changes.setdefault("seconds", None)
        if not given["require_coverage"]:
            changes["floor"] = 0.0  # who says how much to do, is only told what is missing
    profile, share = evolve(profile, **changes), share_of(given.get("shard"))
    if share.of > max(profile.examples, 1):
        raise click.UsageError(
            f"a campaign of {count(profile.examples, 'example')} has no {share.of} shards; give"
            " fewer shards or more examples"
        )
    return profile


def word(value: object) -> str:
    """Return the value of an option as it is typed: a whole number of seconds without a point."""
    return str(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _flags(given: dict[str, Any]) -> Iterator[str]:
    """Yield the flags that ask the same FC in the same way, but for what may be secret."""
    if given["config"].given is not None:
        yield from ("--config", str(given["config"].given))
    for each in SETTINGS:
        if each.table == "target" and each.key not in _UNTOLD:
            value = given[each.key]
            hidden = each.secret and (each.key != "proxy" or "@" in (value or ""))
            if not hidden and value not in (None, each.default):
                yield from (each.opts[0], word(value))
    if given["fault"]:
        yield from ("--fault", given["fault"])
    for name, _ in given["headers"]:
        yield from ("--header", header(name))
    yield from (f"--{name}" for name in ("auth", "automatic") if given[name])


_UNTOLD: Final = frozenset({
    "dialect", "token_lifetime", "start_command", "kill_command", "restart_command", "ready_within",
})  # fmt: skip
"""Settings of the target that are told in another way, may hold a secret, or go with such."""
_NO_PART: Final = frozenset({"profile", "shard", "out", "page", "trace_link"})
"""Settings of a campaign that do not say what it does, or are told in another way."""


def campaign_flags(given: dict[str, Any]) -> tuple[str, ...]:
    """Return the flags besides profile and seed that say what a campaign does."""
    words: list[str] = []
    for each in SETTINGS:
        value: Any = given.get(each.key)
        if each.table != "campaign" or each.key in _NO_PART:
            continue
        if each.key == "areas":
            chosen = [area for area in every_area() if area in value]
            words += ["--areas", ",".join(chosen)] if len(chosen) < len(every_area()) else []
        elif each.is_flag:
            words += [each.opts[0]] if value else []
        elif value is not None:
            words += [each.opts[0], word(value)]
    return tuple(words)


def unasked() -> dict[str, Any]:
    """Return all settings, none of which was said, for commands that do not have them all."""
    nothing: dict[str, Any] = dict.fromkeys(each.key for each in SETTINGS)
    return nothing | {"areas": frozenset(every_area())}


def embedded(fault: str | None, *, secret: str | None = None, automatic: bool = False) -> Setup:
    """Return the default setup of an embedded FC; with a secret it authenticates."""
    given = unasked()
    given |= {"dialect": "seed", "timeout": TIMEOUT, "patience": PATIENCE, "max_reply": MAX_REPLY}
    given |= {"headers": (), "tenant": TENANT, "actor": ACTOR, "secret_key": secret}
    given |= {"auth": secret is not None, "automatic": automatic, "fault": fault}
    return setup(**given, config=Config())
