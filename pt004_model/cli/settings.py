"""Settings: options that commands share, which the environment and a file may say as well.

One table has them all. An option wins over the environment, that over the file of the FC (see
``pt004_model.config``), and that over the default; click looks in this order and says where a value
was found. The plugin of pytest asks by way of the same table, so whatever can be said to ``check``
can be said to a night.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from click.core import ParameterSource

from pt004_model import config as file
from pt004_model.baseline import DEFAULT as KNOWN
from pt004_model.config import Config
from pt004_model.drive.target import ACTOR, TENANT, TIMEOUT
from pt004_model.embedded.named import FaultName
from pt004_model.judge.checks import AREAS, areas
from pt004_model.judge.own_checks import own_checks
from pt004_model.search.campaign import PROFILES
from pt004_model.search.scheduler import Share
from pt004_model.trace.writing import TRACE_ID
from pt004_model.vocabulary import Dialect
from pt004_model.wire.meeting import RaceBy
from pt004_model.wire.patience import PATIENCE
from pt004_model.wire.sending import MAX_REPLY
from pt004_model.wire.service import READY_WITHIN
from pt004_model.wire.token_source import VISIBLE
from pt004_model.wire.transport import BadTarget, check_header, check_url

_SHARD: Final = re.compile(r"([0-9]{1,4})/([0-9]{1,4})")
DEFAULT_OUT: Final = Path(".pt004")
_F = TypeVar("_F", bound=Callable[..., Any])


class Setting(click.Option):
    """An option that the file says as well, by its name in ``table``; a ``secret`` is not shown.

    Its variable of the environment is ``PT004_NAME``, where it has no other.
    """

    def __init__(
        self, *arguments: Any, table: str = "target", secret: bool = False, **more: Any
    ) -> None:
        super().__init__(*arguments, **{"show_envvar": True, **more})
        self.table, self.secret = table, secret
        self.envvar = self.envvar or f"PT004_{self.key.upper()}"

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
                raise ctx.params["config"].wrong(bad.message, self.table, self.key) from None
            if source is ParameterSource.ENVIRONMENT:
                raise click.UsageError(f"{self.envvar}: {bad.message}") from None
            raise


def _configured(ctx: click.Context, _: click.Parameter, value: Path | None) -> Config:
    """Read the file of the FC, and have the options that follow look into it."""
    if ctx.resilient_parsing:  # a shell that completes a word
        return Config()
    tables = {each: [s.key for s in SETTINGS if s.table == each] for each in file.SETTINGS}
    config = file.load(value, tables)
    paths = {each.key for each in SETTINGS if isinstance(each.type, click.Path)}
    ctx.default_map = {
        name: _typed(config, table, name, each, is_path=name in paths)
        for table, there in config.settings.items()
        for name, each in there.items()
    }
    return config


def _typed(config: Config, table: str, name: str, value: Any, *, is_path: bool) -> Any:
    """Return a value of the file as it would be typed: a list with commas, a table by lines."""
    if name.endswith("_command") and isinstance(value, list):
        return shlex.join(map(str, value))
    if name == "headers" and isinstance(value, dict):
        return [f"{each}={content}" for each, content in value.items()]
    if name == "areas" and isinstance(value, list):
        return ",".join(map(str, value))
    if name == "headers" or isinstance(value, list | dict):
        raise config.wrong(f"{name} cannot be {_KINDS.get(type(value), 'that')}", table, name)
    if is_path and config.document is not None:
        return config.document.path.parent / str(value)
    return str(value)


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


def like(pattern: str, why: str) -> Callable[..., str | None]:
    """Return a callback that takes a text of this pattern alone; an empty one counts as none."""

    def take(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(pattern, value):
            raise click.BadParameter(f"{value!r} {why}")
        return value or None

    return take


_scheduler: Final = like(
    r"|(tcp|tls)://[^\s/]+:[0-9]{1,5}",
    "is no address of a scheduler; give one like tcp://10.0.0.1:8786",
)
_trace_link: Final = like(rf"(?s).*{re.escape(TRACE_ID)}.*", f"has no {TRACE_ID}")


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


def share_of(shard: str | None) -> Share:
    """Return the part of a campaign that ``I/N`` stands for. Raises ``click.BadParameter``."""
    if not shard:
        return Share()
    said = _SHARD.fullmatch(shard)
    number, of = (int(said[1]), int(said[2])) if said else (0, 0)
    if not 1 <= number <= of:
        raise click.BadParameter(f"{shard!r} is no part of a campaign; give I/N, as 1/4 to 4/4")
    return Share(number - 1, of)


def _shard(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    share_of(value)
    return value


def _profile_name(_: click.Context, __: click.Parameter, value: str) -> str:
    if value not in PROFILES:
        raise click.BadParameter(f"{value!r} is no profile; choose from {', '.join(PROFILES)}")
    return value


class Finite(click.FloatRange):
    """A finite number: click finds NaN in every range."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number. Raises ``click.BadParameter``."""
        number: float = super().convert(value, param, ctx)
        if not isfinite(number):
            self.fail(f"{value!r} is not finite", param, ctx)
        return number


_setting: Final = partial(click.option, cls=Setting)
_campaign: Final = partial(_setting, table="campaign")
_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_NUMBER: Final = click.IntRange(min=1)
_SECONDS: Final = Finite(min=0, min_open=True)
_TARGET: Final = (
    _setting(
        "--base-url", metavar="URL", envvar="FC_BASE_URL", callback=_address,
        help="Federation Core to test; without it an embedded one is started.",
    ),
    _setting(
        "--dialect", type=click.Choice([str(each) for each in Dialect]), default=str(Dialect.SEED),
        envvar="FC_DIALECT", show_default=True, help="Its routes: /workflows/runs or /api/fc/runs.",
    ),
    _setting(
        "--timeout", type=_SECONDS, default=TIMEOUT, metavar="S", show_default=True,
        help="Seconds that a call may take, from connecting to the last byte of its answer.",
    ),
    _setting(
        "--patience", type=Finite(min=0), default=PATIENCE, metavar="S", show_default=True,
        help="Seconds without any answer after which the FC counts as gone.",
    ),
    _setting(
        "--header", "headers", multiple=True, type=_Line(), metavar="NAME=VALUE", callback=_headers,
        secret=True, help="A header to send with every request; may be repeated.",
    ),
    _setting(
        "--ca-bundle", type=_FILE, metavar="FILE",
        help="Certificates to trust instead of the usual ones.",
    ),
    _setting(
        "--client-cert", type=_FILE, metavar="FILE",
        help="Certificate to show of ourselves, in PEM.",
    ),
    _setting(
        "--client-key", type=_FILE, metavar="FILE", help="Its key, where that is in another file.",
    ),
    _setting(
        "--proxy", metavar="URL", secret=True,
        help="Proxy to use in the place of that of the environment.",
    ),
    _setting(
        "--max-reply", type=click.IntRange(min=1024), default=MAX_REPLY, metavar="BYTES",
        show_default=True, help="How much of an answer is read.",
    ),
    _setting("--rate", type=_SECONDS, metavar="R", help="Send at most R requests a second."),
    _setting(
        "--race-by", type=click.Choice([str(each) for each in RaceBy]),
        metavar=f"[{'|'.join(RaceBy)}]",
        help="How calls at once meet: by their last bytes or by threads; both in turn if not told.",
    ),
    _setting(
        "--token-file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
        envvar="FC_TOKEN_FILE", help="File that holds the bearer token; read again after a 401.",
    ),
    _setting(
        "--token-command", metavar="COMMAND", envvar="FC_TOKEN_COMMAND", callback=_words,
        secret=True, help="Command that prints the bearer token; run again after a 401.",
    ),
    _setting(
        "--token-lifetime", type=_SECONDS, metavar="S", envvar="FC_TOKEN_LIFETIME",
        help="Seconds that such a token lives; it is fetched again before.",
    ),
    _setting(
        "--start-command", metavar="COMMAND", envvar="PT004_CRASH_START_COMMAND", callback=_words,
        help="Command that starts the FC of --base-url, for it to be killed and started again.",
    ),
    _setting(
        "--kill-command", metavar="COMMAND", envvar="PT004_CRASH_KILL_COMMAND", callback=_words,
        help="Command that kills the FC at once, where that runs already.",
    ),
    _setting(
        "--restart-command", metavar="COMMAND", envvar="PT004_CRASH_RESTART_COMMAND",
        callback=_words, help="Command that starts it again.",
    ),
    _setting(
        "--ready-within", type=_SECONDS, default=READY_WITHIN, metavar="S",
        envvar="PT004_CRASH_READY_WITHIN", show_default=True,
        help="Seconds within which the FC has to answer once it was started.",
    ),
    _setting("--tenant", envvar="TENANT_ID", default=TENANT, hidden=True),
    _setting("--stranger", envvar="STRANGER_TENANT_ID", hidden=True),
    _setting("--actor", envvar="ACTOR_ID", default=ACTOR, hidden=True),
    _setting("--token", envvar="FC_TOKEN", hidden=True, secret=True, callback=_token),
    _setting("--secret-key", envvar="SECRET_KEY", hidden=True, secret=True),
)  # fmt: skip
known_setting: Final = _campaign(
    "--known", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help=f"Known findings; without it {KNOWN}, if that is there.",
)  # fmt: skip
"""Which file of known findings is meant."""
_CAMPAIGN: Final = (
    _campaign(
        "--profile", default="dev", show_default=True, metavar=f"[{'|'.join(PROFILES)}]",
        callback=_profile_name, help="How much to do.",
    ),
    _campaign("--max-examples", type=_NUMBER, metavar="N", help="Examples of the campaign."),
    _campaign("--max-commands", type=_NUMBER, metavar="N", help="Acts of one example."),
    _campaign(
        "--max-steps", type=click.IntRange(4, 2000), metavar="N",
        help="Steps of the longest runs (30).",
    ),
    _campaign(
        "--max-time", type=_SECONDS, metavar="S",
        help="End after S seconds, and at most a few more.",
    ),
    _campaign(
        "--workers", type=_NUMBER, metavar="N",
        help="Search with N processes at once: 1, or all workers of the scheduler.",
    ),
    _campaign(
        "--scheduler", metavar="TCP://HOST:PORT", callback=_scheduler,
        help="Search with the workers of this Dask scheduler.",
    ),
    _campaign(
        "--shard", metavar="I/N", callback=_shard,
        help="Do part I of N alone; `pt004 merge` makes one campaign of all parts.",
    ),
    _campaign("--no-races", is_flag=True, help="Make no calls of several clients at once."),
    _campaign("--no-losses", is_flag=True, help="Lose no answers on purpose."),
    _campaign("--no-crashes", is_flag=True, help="Kill nothing, though there is a way."),
    _campaign(
        "--require-coverage", is_flag=True,
        help="Hold to the profile's coverage though --max-examples is given.",
    ),
    _campaign(
        "--areas", metavar="A,B", callback=_areas,
        help=f"Judge these areas alone: {', '.join(AREAS)}.",
    ),
    _campaign("--ungoverned", is_flag=True, help="Make runs without steps alone."),
    _campaign(
        "--out", type=click.Path(file_okay=False, path_type=Path), default=DEFAULT_OUT,
        metavar="DIR", show_default=True, help="Where summary and traces go.",
    ),
    _campaign("--page", is_flag=True, help="Make DIR/page.html as well, to be read in a browser."),
    _campaign(
        "--confirm", type=click.IntRange(min=0), metavar="K",
        help="Replay each new finding K times, to see how surely it shows (5).",
    ),
    _campaign(
        "--weights", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
        help="Prefer what production uses, as `pt004 audit --edges FILE` has counted it.",
    ),
    _campaign(
        "--trace-link", metavar="URL", callback=_trace_link,
        help="Where the FC's own tracing shows a call, {trace_id} standing for its trace id.",
    ),
    _campaign(
        "--no-replay", is_flag=True, help="Do not replay first what earlier campaigns left in DIR.",
    ),
    known_setting,
    _campaign(
        "--diff", metavar="URL", callback=_address,
        help="Send the same to the FC there, and tell in what is free it differs.",
    ),
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
        "--fault", metavar="NAME", type=FaultName(),
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


def _options(*options: Callable[[_F], _F]) -> Callable[[_F], _F]:
    """Return what adds options to a command, in this order."""

    def add(function: _F) -> _F:
        for option in reversed(options):
            function = option(function)
        return function

    return add


target_options: Final = _options(_CONFIG, *_TARGET, *_SHAPES)
"""Adds the options that say which FC is asked, how and as whom."""
campaign_options: Final = _options(*_CAMPAIGN)
"""Adds the options that say what a campaign does."""
telling_options: Final = _options(
    click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON, and no more."),
    click.option("--quiet", is_flag=True, help="Tell nothing but the verdict and what to do next."),
)
"""Adds the options that say how a campaign is told."""


@click.command()
@target_options
@campaign_options
def _read(**given: Any) -> dict[str, Any]:
    return given


SETTINGS: Final = tuple(each for each in _read.params if isinstance(each, Setting))
"""All settings, in the order in which people are told of them."""


def read_settings(arguments: Sequence[str] = ()) -> dict[str, Any]:
    """Return all settings as some options, the environment and the file say.

    Raises ``click.UsageError``, and ``Unusable`` for the file.
    """
    given: dict[str, Any] = _read.main([*arguments], prog_name="pt004", standalone_mode=False)
    return given
