"""Options that commands share, and the setup that they and the environment say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from attrs import field, frozen

from pt004_model.drive.target import ACTOR, TENANT, TIMEOUT, VISIBLE, Target, name_callers
from pt004_model.embedded import FAULTS
from pt004_model.model.commands import Names
from pt004_model.report.command import header
from pt004_model.trace.files import Unwritable
from pt004_model.trace.redact import Redactor
from pt004_model.vocabulary import Dialect
from pt004_model.wire.patience import PATIENCE
from pt004_model.wire.sending import MAX_REPLY
from pt004_model.wire.token import Credentials
from pt004_model.wire.transport import BadTarget, check_header, check_url

REDACT: Final = "pt004.redact"
OUT: Final = "pt004.out"
"""Where a command leaves, in the context of click, what must not be shown, and its folder."""
_F = TypeVar("_F", bound=Callable[..., Any])


@frozen
class Setup:
    """Which FC is asked, how and as whom. Secrets are never shown.

    ``base_url`` is ``None`` for an embedded FC, which ``auth``, ``automatic`` and ``fault`` shape.
    """

    base_url: str | None
    dialect: Dialect
    names: Names
    credentials: Credentials = field(repr=False)
    timeout: float
    rate: float | None
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    ca_bundle: Path | None
    max_reply: int
    auth: bool
    automatic: bool
    fault: str | None
    patience: float = PATIENCE
    redact: Redactor = field(init=False, eq=False, repr=False)
    """The redactor for all that is written or shown."""

    @redact.default
    def _redact(self) -> Redactor:
        return Redactor.of(self.credentials, self.headers, self.names)

    def target(self, base_url: str, *, ungoverned: bool = False) -> Target:
        """Return the FC at ``base_url`` as it is to be asked. Raises ``BadTarget``."""
        return Target(
            base_url,
            dialect=self.dialect,
            headers=self.headers,
            timeout=self.timeout,
            patience=self.patience,
            rate=self.rate,
            ca_bundle=self.ca_bundle,
            max_reply=self.max_reply,
            ungoverned=ungoverned,
            own=self.base_url is None,
            flags=self.flags,
            names=self.names,
            credentials=self.credentials,
        )

    @property
    def flags(self) -> tuple[str, ...]:
        """The flags that ask the same FC in the same way, but for what may be secret."""
        names = self.names
        told: dict[str, object] = {
            "--base-url": self.base_url,
            "--tenant": _unless(names.tenants[0], TENANT),
            "--stranger": _unless(names.tenants[1], f"{names.tenants[0]}_stranger"),
            "--actor": _unless(names.actors[0], ACTOR),
            "--timeout": _unless(self.timeout, TIMEOUT),
            "--ca-bundle": self.ca_bundle,
            "--patience": _unless(self.patience, PATIENCE),
            "--max-reply": _unless(self.max_reply, MAX_REPLY),
            "--rate": self.rate,
            "--fault": self.fault,
        }
        there = {flag: word(value) for flag, value in told.items() if value is not None}
        words = [each for pair in there.items() for each in pair]
        words += [each for name, _ in self.headers for each in ("--header", header(name))]
        words += ["--auth"] if self.auth else []
        return (*words, *(["--automatic"] if self.automatic else []))


def _unless(value: object, default: object) -> object:
    return None if value == default else value


def word(value: object) -> str:
    """Return the value of an option as it is typed: a whole number of seconds without a point."""
    return str(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _address(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if not value:
        return None
    try:
        return check_url(value)
    except BadTarget as error:
        raise click.BadParameter(str(error)) from None


def _headers(
    _: click.Context, __: click.Parameter, values: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    pairs = []
    for value in values:
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


_OPTIONS = (
    click.option(
        "--base-url",
        metavar="URL",
        envvar="FC_BASE_URL",
        callback=_address,
        help="Federation Core to test (FC_BASE_URL); without it an embedded one is started.",
    ),
    click.option(
        "--dialect",
        type=click.Choice([str(each) for each in Dialect]),
        default=str(Dialect.SEED),
        envvar="FC_DIALECT",
        show_default=True,
        help="Its routes: /workflows/runs or /api/fc/runs (FC_DIALECT).",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        default=TIMEOUT,
        metavar="S",
        show_default=True,
        help="Seconds that a call may take, from connecting to the last byte of its answer.",
    ),
    click.option(
        "--patience",
        type=click.FloatRange(min=0),
        default=PATIENCE,
        metavar="S",
        envvar="PT004_PATIENCE",
        show_default=True,
        help="Seconds without any answer after which the FC counts as gone (PT004_PATIENCE).",
    ),
    click.option(
        "--header",
        "headers",
        multiple=True,
        metavar="NAME=VALUE",
        callback=_headers,
        help="A header to send with every request; may be repeated.",
    ),
    click.option(
        "--ca-bundle",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Certificates to trust instead of the usual ones.",
    ),
    click.option(
        "--max-reply",
        type=click.IntRange(min=1024),
        default=MAX_REPLY,
        metavar="BYTES",
        show_default=True,
        help="How much of an answer is read.",
    ),
    click.option(
        "--rate",
        type=click.FloatRange(min=0, min_open=True),
        metavar="R",
        help="Send at most R requests a second.",
    ),
    click.option("--auth", is_flag=True, help="The embedded FC demands tokens (SECRET_KEY)."),
    click.option("--automatic", is_flag=True, help="The embedded FC acts on decisions at once."),
    click.option(
        "--fault",
        metavar="NAME",
        callback=_fault,
        help="Seed a fault into the embedded FC; `pt004 faults` lists them.",
    ),
    click.option("--tenant", envvar="TENANT_ID", default=TENANT, hidden=True),
    click.option("--stranger", envvar="STRANGER_TENANT_ID", hidden=True),
    click.option("--actor", envvar="ACTOR_ID", default=ACTOR, hidden=True),
    click.option("--token", envvar="FC_TOKEN", hidden=True),
    click.option("--secret-key", envvar="SECRET_KEY", hidden=True),
)


VARIABLES = """\b
Environment (flags win over it):
  FC_BASE_URL         the Federation Core to test
  FC_DIALECT          its routes: seed or deployed
  FC_TOKEN            the bearer token to send
  SECRET_KEY          the shared secret, to have tokens made, bad ones too
  TENANT_ID           who the runs are made for
  ACTOR_ID            who they are made by
  STRANGER_TENANT_ID  a second tenant, which must see nothing of the first
"""
CAMPAIGN_VARIABLES = f"""{VARIABLES}\
  PT004_PROFILE       how much to do
  PT004_KNOWN         the file of known findings
  PT004_UNGOVERNED    1 makes runs without steps alone
"""


def target_options(function: _F) -> _F:
    """Add the options that say which FC is asked, how and as whom."""
    for option in reversed(_OPTIONS):
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
    if given["token"] and not VISIBLE.fullmatch(given["token"]):
        raise click.UsageError("FC_TOKEN must be visible ASCII without spaces or line ends")
    if given["auth"] and not secret:
        raise click.UsageError("--auth needs the shared secret in the environment: SECRET_KEY")
    if own and not given["auth"]:
        credentials = Credentials()  # a SECRET_KEY in the environment is often another program's
    else:
        credentials = Credentials(None if own else given["token"] or None, secret)
    chosen = Setup(
        base_url,
        Dialect(given["dialect"]),
        _names(given["tenant"], given["stranger"], given["actor"]),
        credentials,
        given["timeout"],
        given["rate"],
        given["headers"],
        given["ca_bundle"],
        given["max_reply"],
        given["auth"],
        given["automatic"],
        given["fault"],
        given["patience"],
    )
    context = click.get_current_context(silent=True)
    if context is not None:
        context.meta[REDACT] = chosen.redact
    return chosen


@contextmanager
def rightly_given() -> Iterator[None]:
    """Take a place that cannot be written for wrong usage: it has just been named."""
    try:
        yield
    except Unwritable as error:
        raise click.UsageError(str(error)) from None


def embedded(fault: str | None, *, secret: str | None = None, automatic: bool = False) -> Setup:
    """Return the default setup of an embedded FC; with a secret it authenticates."""
    auth = secret is not None
    given = {"base_url": None, "dialect": "seed", "timeout": TIMEOUT, "rate": None, "headers": ()}
    given["patience"] = PATIENCE
    more = {"ca_bundle": None, "max_reply": MAX_REPLY, "tenant": TENANT, "stranger": None}
    who = {"actor": ACTOR, "token": None, "secret_key": secret}
    return setup(**given, **more, **who, auth=auth, automatic=automatic, fault=fault)


def from_environment(options: Sequence[str] = ()) -> Setup:
    """Return what the environment amounts to, with some options. Raises ``click.UsageError``."""

    @click.command()
    @target_options
    def read(**given: Any) -> Setup:
        return setup(**given)

    chosen: Setup = read.main(args=[*options], prog_name="pt004", standalone_mode=False)
    return chosen


def _names(tenant: str, stranger: str | None, actor: str) -> Names:
    try:
        return name_callers(tenant, stranger, actor)
    except BadTarget as error:
        raise click.UsageError(str(error)) from None
