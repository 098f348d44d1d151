"""Settings: options that commands share, which the environment and a file may say as well.

One table has them all. An option wins over the environment, that over the file of the FC (see
``pt004_model.config``), and that over the default; click looks in this order and says where a value
was found. The plugin of pytest asks by way of the same table, so whatever can be said to ``check``
can be said to a night.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from attrs import evolve, field, frozen
from click.core import ParameterSource

from pt004_model import config as file
from pt004_model.baseline import DEFAULT as KNOWN
from pt004_model.config import BadConfig, Config
from pt004_model.drive.target import ACTOR, TENANT, TIMEOUT, Target, name_callers
from pt004_model.embedded import FAULTS
from pt004_model.judge.checks import AREAS, areas
from pt004_model.judge.own import own_checks
from pt004_model.model.commands import Names
from pt004_model.report.command import header
from pt004_model.search.campaign import PROFILES, Profile
from pt004_model.trace.files import Unwritable
from pt004_model.trace.redact import Redactor
from pt004_model.vocabulary import ROUTES, Dialect
from pt004_model.wire.patience import PATIENCE
from pt004_model.wire.sending import MAX_REPLY
from pt004_model.wire.token import Credentials
from pt004_model.wire.token_source import VISIBLE, TokenSource
from pt004_model.wire.transport import BadTarget, check_header, check_url, proxy_password

REDACT: Final = "pt004.redact"
OUT: Final = "pt004.out"
"""Where a command leaves, in the context of click, what must not be shown, and its folder."""
DEFAULT_OUT: Final = Path(".pt004")
_F = TypeVar("_F", bound=Callable[..., Any])


class Setting(click.Option):
    """An option that the file says as well, by its name in ``table``; a ``secret`` is not shown."""

    def __init__(
        self, *arguments: Any, table: str = "target", secret: bool = False, **more: Any
    ) -> None:
        super().__init__(*arguments, **{"show_envvar": True, **more})
        self.table, self.secret = table, secret

    @property
    def key(self) -> str:
        """The name in the file."""
        return str(self.name)

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        """Return the value; one that is wrong is told with where it stands."""
        try:
            return super().process_value(ctx, value)
        except click.BadParameter as bad:
            source = ctx.get_parameter_source(self.key)
            if source is ParameterSource.DEFAULT_MAP:
                raise _wrong(
                    ctx.params["config"].wrong(bad.message, self.table, self.key)
                ) from None
            if source is ParameterSource.ENVIRONMENT:
                raise click.UsageError(f"{self.envvar}: {bad.message}") from None
            raise


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

    def within(self, seconds: float | None) -> Setup:
        """Return this setup, in which an FC is not waited for longer than a campaign takes."""
        if seconds is None:
            return self
        patience = min(self.asked["patience"], seconds)
        return evolve(self, asked={**self.asked, "patience": patience})

    def target(self, base_url: str, *, ungoverned: bool = False) -> Target:
        """Return the FC at ``base_url`` as it is to be asked. Raises ``BadTarget``."""
        return Target(
            base_url,
            **self.asked,
            routes=ROUTES[self.dialect]._replace(**self.config.routes),
            spelling=self.config.spelling,
            required=self.config.required,
            ungoverned=ungoverned,
            own=self.base_url is None,
            flags=self.flags,
            names=self.names,
            credentials=self.credentials,
        )

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags that ask the same FC in the same way, but for what may be secret."""
        names, asked = self.names, self.asked
        told: dict[str, object] = {
            "--config": self.config.given,
            "--base-url": self.base_url,
            "--tenant": _unless(names.tenants[0], TENANT),
            "--stranger": _unless(names.tenants[1], f"{names.tenants[0]}_stranger"),
            "--actor": _unless(names.actors[0], ACTOR),
            "--timeout": _unless(asked["timeout"], TIMEOUT),
            "--ca-bundle": asked["ca_bundle"],
            "--client-cert": asked["client_cert"],
            "--client-key": asked["client_key"],
            "--proxy": None if "@" in (asked["proxy"] or "") else asked["proxy"],
            "--token-file": self.credentials.source and self.credentials.source.file,
            "--patience": _unless(asked["patience"], PATIENCE),
            "--max-reply": _unless(asked["max_reply"], MAX_REPLY),
            "--rate": asked["rate"],
            "--fault": self.fault,
        }
        there = {flag: word(value) for flag, value in told.items() if value is not None}
        words = [each for pair in there.items() for each in pair]
        words += [each for name, _ in asked["headers"] for each in ("--header", header(name))]
        words += ["--auth"] if self.auth else []
        return (*words, *(["--automatic"] if self.automatic else []))


def _unless(value: object, default: object) -> object:
    return None if value == default else value


def word(value: object) -> str:
    """Return the value of an option as it is typed: a whole number of seconds without a point."""
    return str(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _wrong(error: Exception) -> click.UsageError:
    return click.UsageError(str(error))


def _configured(ctx: click.Context, _: click.Parameter, value: Path | None) -> Config:
    """Read the file of the FC, and have the options that follow look into it."""
    if ctx.resilient_parsing:  # a shell that completes a word
        return Config()
    try:
        tables = {each: [s.key for s in SETTINGS if s.table == each] for each in file.SETTINGS}
        config = file.load(value, tables)
        paths = {each.key for each in SETTINGS if isinstance(each.type, click.Path)}
        ctx.default_map = {
            name: _typed(config, table, name, each, is_path=name in paths)
            for table, there in config.settings.items()
            for name, each in there.items()
        }
    except BadConfig as error:
        raise _wrong(error) from None
    return config


def _typed(config: Config, table: str, name: str, value: Any, *, is_path: bool) -> Any:
    """Return a value of the file as it would be typed: a list with commas, a table by lines."""
    if name == "token_command" and isinstance(value, list):
        return shlex.join(map(str, value))
    if name == "headers" and isinstance(value, dict):
        return [f"{each}={content}" for each, content in value.items()]
    if name == "areas" and isinstance(value, list):
        return ",".join(map(str, value))
    if name == "headers" or isinstance(value, list | dict):
        raise config.wrong(f"{name} cannot be {_KINDS.get(type(value), 'that')}", table, name)
    if is_path and config.document is not None:
        return config.document.path.parent / str(value)
    return value


_KINDS: Final[dict[type, str]] = {list: "a list", dict: "a table", str: "a text"}


def _address(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if not value:
        return None
    try:
        return check_url(value)
    except BadTarget as error:
        raise click.BadParameter(str(error)) from None


class _Line(click.types.StringParamType):
    """A text; a variable of the environment holds one a line."""

    name = "text"
    envvar_list_splitter = "\n"


def _headers(
    _: click.Context, __: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    pairs = []
    for value in filter(None, values):
        name, equals, content = value.partition("=")
        try:
            check_header(name if equals else "", content)
        except BadTarget as error:
            raise click.BadParameter(str(error)) from None
        pairs.append((name, content))
    return tuple(pairs)


def _fault(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and value not in FAULTS:
        raise click.BadParameter(f"{value!r} is no fault; choose from {', '.join(FAULTS)}")
    return value


def _words(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(value or ""))
    except ValueError as error:
        raise click.BadParameter(f"the command cannot be read: {error}") from None


def _token(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value and not VISIBLE.fullmatch(value):
        raise click.BadParameter("a token must be visible ASCII without spaces or line ends")
    return value or None


def every_area() -> tuple[str, ...]:
    """Return all areas, those of the checks of installed packages too."""
    own_checks()
    return areas()


def _areas(_: click.Context, __: click.Parameter, value: str | None) -> frozenset[str]:
    if value is None:
        return frozenset(every_area())
    chosen = frozenset(part.strip() for part in value.split(",") if part.strip())
    every = every_area()
    for area in sorted(chosen - set(every)):
        raise click.BadParameter(f"{area!r} is no area; choose from {', '.join(every)}")
    if not chosen:
        raise click.BadParameter(f"no area is named; choose from {', '.join(every)}")
    return chosen


def _profile_name(_: click.Context, __: click.Parameter, value: str) -> str:
    if value not in PROFILES:
        raise click.BadParameter(f"{value!r} is no profile; choose from {', '.join(PROFILES)}")
    return value


_setting: Final = partial(click.option, cls=Setting)
_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_NUMBER: Final = click.IntRange(min=1)
_SECONDS: Final = click.FloatRange(min=0, min_open=True)
_TARGET: Final = (
    _setting(
        "--base-url",
        metavar="URL",
        envvar="FC_BASE_URL",
        callback=_address,
        help="Federation Core to test; without it an embedded one is started.",
    ),
    _setting(
        "--dialect",
        type=click.Choice([str(each) for each in Dialect]),
        default=str(Dialect.SEED),
        envvar="FC_DIALECT",
        show_default=True,
        help="Its routes: /workflows/runs or /api/fc/runs.",
    ),
    _setting(
        "--timeout",
        type=_SECONDS,
        default=TIMEOUT,
        metavar="S",
        envvar="PT004_TIMEOUT",
        show_default=True,
        help="Seconds that a call may take, from connecting to the last byte of its answer.",
    ),
    _setting(
        "--patience",
        type=click.FloatRange(min=0),
        default=PATIENCE,
        metavar="S",
        envvar="PT004_PATIENCE",
        show_default=True,
        help="Seconds without any answer after which the FC counts as gone.",
    ),
    _setting(
        "--header",
        "headers",
        multiple=True,
        type=_Line(),
        metavar="NAME=VALUE",
        envvar="PT004_HEADERS",
        callback=_headers,
        secret=True,
        help="A header to send with every request; may be repeated.",
    ),
    _setting(
        "--ca-bundle",
        type=_FILE,
        metavar="FILE",
        envvar="PT004_CA_BUNDLE",
        help="Certificates to trust instead of the usual ones.",
    ),
    _setting(
        "--client-cert",
        type=_FILE,
        metavar="FILE",
        envvar="PT004_CLIENT_CERT",
        help="Certificate to show of ourselves, in PEM.",
    ),
    _setting(
        "--client-key",
        type=_FILE,
        metavar="FILE",
        envvar="PT004_CLIENT_KEY",
        help="Its key, where that is in another file.",
    ),
    _setting(
        "--proxy",
        metavar="URL",
        envvar="PT004_PROXY",
        secret=True,
        help="Proxy to use in the place of that of the environment.",
    ),
    _setting(
        "--max-reply",
        type=click.IntRange(min=1024),
        default=MAX_REPLY,
        metavar="BYTES",
        envvar="PT004_MAX_REPLY",
        show_default=True,
        help="How much of an answer is read.",
    ),
    _setting(
        "--rate",
        type=_SECONDS,
        metavar="R",
        envvar="PT004_RATE",
        help="Send at most R requests a second.",
    ),
    _setting(
        "--token-file",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        envvar="FC_TOKEN_FILE",
        help="File that holds the bearer token; read again after a 401.",
    ),
    _setting(
        "--token-command",
        metavar="COMMAND",
        envvar="FC_TOKEN_COMMAND",
        callback=_words,
        secret=True,
        help="Command that prints the bearer token; run again after a 401.",
    ),
    _setting(
        "--token-lifetime",
        type=_SECONDS,
        metavar="S",
        envvar="FC_TOKEN_LIFETIME",
        help="Seconds that such a token lives; it is fetched again before.",
    ),
    _setting("--tenant", envvar="TENANT_ID", default=TENANT, hidden=True),
    _setting("--stranger", envvar="STRANGER_TENANT_ID", hidden=True),
    _setting("--actor", envvar="ACTOR_ID", default=ACTOR, hidden=True),
    _setting("--token", envvar="FC_TOKEN", hidden=True, secret=True, callback=_token),
    _setting("--secret-key", envvar="SECRET_KEY", hidden=True, secret=True),
)
known_setting: Final = _setting(
    "--known",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    envvar="PT004_KNOWN",
    table="campaign",
    help=f"Known findings; without it {KNOWN}, if that is there.",
)
"""Which file of known findings is meant."""
_CAMPAIGN: Final = (
    _setting(
        "--profile", default="dev", show_default=True, envvar="PT004_PROFILE", table="campaign",
        metavar=f"[{'|'.join(PROFILES)}]", callback=_profile_name, help="How much to do.",
    ),
    _setting(
        "--max-examples", type=_NUMBER, metavar="N", envvar="PT004_MAX_EXAMPLES",
        table="campaign", help="Examples of the campaign.",
    ),
    _setting(
        "--max-commands", type=_NUMBER, metavar="N", envvar="PT004_MAX_COMMANDS",
        table="campaign", help="Acts of one example.",
    ),
    _setting(
        "--max-time", type=_SECONDS, metavar="S", envvar="PT004_MAX_TIME", table="campaign",
        help="End after S seconds, and at most a few more.",
    ),
    _setting(
        "--require-coverage", is_flag=True, envvar="PT004_REQUIRE_COVERAGE", table="campaign",
        help="Hold to the profile's coverage though --max-examples is given.",
    ),
    _setting(
        "--areas", metavar="A,B", envvar="PT004_AREAS", table="campaign", callback=_areas,
        help=f"Judge these areas alone: {', '.join(AREAS)}.",
    ),
    _setting(
        "--ungoverned", is_flag=True, envvar="PT004_UNGOVERNED", table="campaign",
        help="Make runs without steps alone.",
    ),
    _setting(
        "--out", type=click.Path(file_okay=False, path_type=Path), default=DEFAULT_OUT,
        metavar="DIR", envvar="PT004_OUT", show_default=True, table="campaign",
        help="Where summary and traces go.",
    ),
    _setting(
        "--page", is_flag=True, envvar="PT004_PAGE", table="campaign",
        help="Make DIR/page.html as well, to be read in a browser.",
    ),
    _setting(
        "--confirm", type=click.IntRange(min=0), metavar="K", envvar="PT004_CONFIRM",
        table="campaign",
        help="Replay each new finding K times, to see how surely it shows (5).",
    ),
    _setting(
        "--no-replay", is_flag=True, envvar="PT004_NO_REPLAY", table="campaign",
        help="Do not replay first what earlier campaigns left in DIR.",
    ),
    known_setting,
)  # fmt: skip
_CONFIG: Final = click.option(
    "--config", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    envvar="PT004_CONFIG", is_eager=True, callback=_configured,
    help=f"What describes the FC; without it {file.FILE}, or [tool.pt004] of {file.PROJECT}.",
)  # fmt: skip
_SHAPES: Final = (
    click.option("--auth", is_flag=True, help="The embedded FC demands tokens (SECRET_KEY)."),
    click.option("--automatic", is_flag=True, help="The embedded FC acts on decisions at once."),
    click.option(
        "--fault", metavar="NAME", callback=_fault,
        help="Seed a fault into the embedded FC; `pt004 faults` lists them.",
    ),
)  # fmt: skip
VARIABLES: Final = """\b
Environment (flags win over it, and it over pt004.toml: `pt004 docs configuration`):
  FC_TOKEN            the bearer token to send
  SECRET_KEY          the shared secret, to have tokens made, bad ones too
  TENANT_ID           who the runs are made for
  ACTOR_ID            who they are made by
  STRANGER_TENANT_ID  a second tenant, which must see nothing of the first
"""
_ASKED: Final = (
    "dialect", "timeout", "patience", "rate", "headers", "ca_bundle", "client_cert", "client_key",
    "proxy", "max_reply",
)  # fmt: skip
"""The settings that a :class:`Target` takes as they are."""


def target_options(function: _F) -> _F:
    """Add the options that say which FC is asked, how and as whom."""
    for option in reversed((_CONFIG, *_TARGET, *_SHAPES)):
        function = option(function)
    return function


def campaign_options(function: _F) -> _F:
    """Add the options that say what a campaign does."""
    for option in reversed(_CAMPAIGN):
        function = option(function)
    return function


def setup(**given: Any) -> Setup:
    """Return the setup that the options say. Raises ``click.UsageError`` if they contradict."""
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
    try:
        names = name_callers(given["tenant"], given["stranger"], given["actor"])
    except BadTarget as error:
        raise _wrong(error) from None
    asked = {name: given[name] for name in _ASKED}
    shape = (given["auth"], given["automatic"], given["fault"])
    chosen = Setup(base_url, names, credentials, asked, *shape, given["config"])
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
    names = {
        "max_examples": "examples",
        "max_commands": "commands",
        "max_time": "seconds",
        "confirm": "confirm",
    }
    changes = {name: given[flag] for flag, name in names.items() if given[flag] is not None}
    if "examples" in changes:
        changes.setdefault("seconds", None)
        if not given["require_coverage"]:
            changes["floor"] = 0.0  # who says how much to do, is only told what is missing
    return evolve(profile, **changes)


def campaign_flags(given: dict[str, Any]) -> tuple[str, ...]:
    """Return the flags besides profile and seed that say what a campaign does."""
    every = every_area()
    chosen = [area for area in every if area in given["areas"]]
    words = ["--ungoverned"] if given["ungoverned"] else []
    words += ["--areas", ",".join(chosen)] if len(chosen) < len(every) else []
    for name in ("max_examples", "max_commands", "max_time", "confirm", "known"):
        if given[name] is not None:
            words += [f"--{name.replace('_', '-')}", word(given[name])]
    for name in ("require_coverage", "no_replay"):
        words += [f"--{name.replace('_', '-')}"] if given[name] else []
    return tuple(words)


@click.command()
@target_options
@campaign_options
def _read(**given: Any) -> dict[str, Any]:
    return given


SETTINGS: Final = tuple(each for each in _read.params if isinstance(each, Setting))
"""All settings, in the order in which people are told of them."""


def read_settings(arguments: Sequence[str] = ()) -> dict[str, Any]:
    """Return all settings as some options, the environment and the file say.

    Raises ``click.UsageError``.
    """
    given: dict[str, Any] = _read.main([*arguments], prog_name="pt004", standalone_mode=False)
    return given


def embedded(fault: str | None, *, secret: str | None = None, automatic: bool = False) -> Setup:
    """Return the default setup of an embedded FC; with a secret it authenticates."""
    given: dict[str, Any] = dict.fromkeys(each.key for each in SETTINGS)
    given |= {"dialect": "seed", "timeout": TIMEOUT, "patience": PATIENCE, "max_reply": MAX_REPLY}
    given |= {"headers": (), "tenant": TENANT, "actor": ACTOR, "secret_key": secret}
    given |= {"auth": secret is not None, "automatic": automatic, "fault": fault}
    return setup(**given, config=Config())
