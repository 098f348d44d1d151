"""Where a Federation Core is and as whom it is asked: what every conversation with one starts from.

It is reached at an address, or through a client of one's own: then an application is tested in the
process of its tests, without a port.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Final

from attrs import Factory, define, evolve, field, fields

from pt004_model.drive.lockstep import Fc, Tally
from pt004_model.drive.preflight import no_longer, preflight
from pt004_model.drive.replay import Replay, replay_trace
from pt004_model.drive.session import Session
from pt004_model.judge.checks import AREAS
from pt004_model.judge.deviation import Deviation
from pt004_model.judge.memory import Ledger
from pt004_model.judge.oracle import Oracle
from pt004_model.judge.own_checks import own_checks, unloaded
from pt004_model.model import dictionary
from pt004_model.model.commands import Names, Token
from pt004_model.model.required import NOTHING, Required
from pt004_model.trace.document import Trace, load_trace
from pt004_model.trace.redact import Redactor
from pt004_model.vocabulary import AUTHORIZATION_HEADER, ROUTES, Dialect, Routes
from pt004_model.wire.client import Client
from pt004_model.wire.client_transport import ClientTransport, HttpClient
from pt004_model.wire.codec import Codec, Request, bearer, traceparent
from pt004_model.wire.meeting import RaceBy
from pt004_model.wire.patience import PATIENCE
from pt004_model.wire.racing import Racers
from pt004_model.wire.restarting import Restarter
from pt004_model.wire.sending import MAX_REPLY, Sender
from pt004_model.wire.service import READY_WITHIN, Service
from pt004_model.wire.spelling import Spelling
from pt004_model.wire.token import Credentials, make
from pt004_model.wire.token_source import VISIBLE, NoToken
from pt004_model.wire.transport import (
    BadTarget,
    Endpoint,
    HttpTransport,
    check_header,
    proxy_password,
)

TENANT: Final = "tenant_omega"
ACTOR: Final = "pt004_test_harness"
TIMEOUT: Final = 10.0


def name_callers(tenant: str, stranger: str | None, actor: str) -> Names:
    """Return the names of those who call. Raises :class:`BadTarget`.

    Where the stranger has a name the FC may know its tenants, and no more are made up.
    """
    other = stranger or f"{tenant}_stranger"
    for name, value in (("TENANT_ID", tenant), ("STRANGER_TENANT_ID", other), ("ACTOR_ID", actor)):
        if not VISIBLE.fullmatch(value):
            raise BadTarget(f"{name} must be visible ASCII without spaces, not {value!r}")
    if tenant == other:
        raise BadTarget(
            f"STRANGER_TENANT_ID and TENANT_ID are both {tenant!r}; a stranger is another tenant"
        )
    odd = (name for name in dictionary.ACTORS if name != actor)
    actors = (actor, f"{actor}_2", f"{actor}_3", *odd)
    return Names.of(tenant, other, actors, making_up=stranger is None)


def _dialect(value: Dialect | str) -> Dialect:
    if value not in set(Dialect):
        raise BadTarget(f"unknown dialect {value!r}; choose from {', '.join(Dialect)}")
    return Dialect(value)


def _headers(
    given: Mapping[str, str] | Iterable[tuple[str, str]],
) -> tuple[tuple[str, str], ...]:
    pairs = tuple(given.items() if isinstance(given, Mapping) else given)
    for name, value in pairs:
        check_header(name, value)
    return pairs


@define(kw_only=True, eq=False)
class Target:
    """A Federation Core to be tested: give ``base_url``, or ``client``. Raises ``BadTarget``.

    ``client`` is anything that behaves like an ``httpx.Client``. ``tenant`` owns the runs,
    ``stranger`` is another tenant, ``actor`` makes the calls. With ``token``, a bearer token, or
    ``secret``, by which tokens are made, the FC is expected to demand one. ``headers`` go with
    every request. ``timeout`` is for one exchange, ``patience`` the time without any answer after
    which the FC counts as gone, both in seconds; ``rate`` is the most requests a second.
    ``ungoverned`` is for an FC that knows no steps. Nothing secret is ever shown.
    """

    base_url: str | None = field(default=None, kw_only=False)
    client: HttpClient | None = field(default=None, repr=False)
    dialect: Dialect = field(default=Dialect.SEED, converter=_dialect)
    tenant: str = TENANT
    stranger: str | None = None
    actor: str = ACTOR
    token: str | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), converter=_headers, repr=False)
    timeout: float = TIMEOUT
    patience: float = PATIENCE
    rate: float | None = None
    ca_bundle: Path | None = None
    client_cert: Path | None = None
    client_key: Path | None = None
    proxy: str | None = field(default=None, repr=False)
    max_reply: int = MAX_REPLY
    routes: Routes | None = None
    """Its routes, where they are those of no dialect."""
    spelling: Spelling = field(factory=Spelling)
    required: Required = NOTHING
    """What every create must carry."""
    agreed: tuple[Deviation, ...] = ()
    """Differences from the contract that are not judged."""
    ungoverned: bool = False
    read_only: bool = False
    """One to which nothing but GET is sent."""
    own: bool = False
    """An FC that we started: reached directly, never through a proxy."""
    flags: tuple[str, ...] | None = field(default=None, repr=False)
    """The options by which `pt004` asks the same FC, where there are such."""
    names: Names = field(
        default=Factory(lambda self: name_callers(self.tenant, self.stranger, self.actor), True)
    )
    credentials: Credentials = field(
        default=Factory(lambda self: Credentials(self.token, self.secret), True), repr=False
    )
    fresh: Callable[[Codec], AbstractContextManager[Fc]] | None = field(default=None, repr=False)
    """Starts another FC like this one, for as long as it is used, where one can be started."""
    race_by: tuple[RaceBy, ...] = tuple(RaceBy)
    """The ways to have calls of several clients meet, in turn; none for no races."""
    service: Service | None = field(default=None, init=False, repr=False)
    """What is killed and started again, where that is wanted; it stays in this process."""
    ready_within: float = field(default=READY_WITHIN, init=False)
    transport: Sender = field(init=False, repr=False)
    racers: Racers | None = field(init=False, default=None, repr=False)
    redact: Redactor = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        if (self.base_url is None) == (self.client is None):
            raise BadTarget("give a Target a base_url or a client, one of the two")
        if self.credentials.token and not VISIBLE.fullmatch(self.credentials.token):
            raise BadTarget("a token must be visible ASCII without spaces or line ends")
        try:
            make(self.credentials, Token.GOOD)
        except NoToken as error:
            raise BadTarget(str(error)) from None
        headers = (*self.headers, ("proxy", proxy_password(self.proxy)))
        self.redact = Redactor.of(self.credentials, headers, self.names)
        if self.client is not None:
            self.transport = ClientTransport(
                self.client, self.timeout, self.headers,
                max_reply=self.max_reply, rate=self.rate, patience=self.patience,
                read_only=self.read_only,
            )  # fmt: skip
        else:
            self.transport = HttpTransport(
                Endpoint(
                    str(self.base_url), self.timeout, self.rate, self.headers, self.ca_bundle,
                    self.max_reply, self.own, self.patience,
                    self.client_cert, self.client_key, self.proxy, self.read_only,
                )
            )  # fmt: skip
            if self.race_by:
                self.racers = Racers(self.transport, self.race_by)
        self.transport.renewed = self._renewed

    def __reduce__(self) -> tuple[object, ...]:
        """Take along how it is reached, and no connection: whoever gets it makes one."""
        given = {each.name: getattr(self, each.name) for each in fields(Target) if each.init}
        return partial(Target, **given), ()

    def learn(self, tokens: Iterable[str]) -> None:
        """Have tokens that were made elsewhere for this FC taken out of what is shown."""
        made = self.credentials.made
        made.update({(None, -len(made) - n): token for n, token in enumerate(tokens, 1)})

    def _renewed(self, request: Request) -> Request | None:
        """Return a request whose token was not taken with a new one. Raises ``NoToken``."""
        source = self.credentials.source
        header = self.spelling.header(AUTHORIZATION_HEADER)
        sent = request.headers.get(header)
        if source is None or sent != bearer(source.fetched[-1]) or not source.renew():
            return None
        token = bearer(make(self.credentials, Token.GOOD) or "")
        return evolve(request, headers={**request.headers, header: token})

    @property
    def where(self) -> str:
        """The address, for people; that of the client where there is no other."""
        return self.base_url or str(getattr(self.client, "base_url", "")).rstrip("/")

    def codec(self, oracle: Oracle | None = None) -> Codec:
        """Return what makes requests; just expired tokens are so by the clock that is known."""

        def token(kind: Token) -> str | None:
            ahead = math.inf if oracle is None else oracle.ledger.clock.low
            return make(self.credentials, kind, ahead if math.isfinite(ahead) else None)

        routes = self.routes or ROUTES[self.dialect]
        return Codec(
            self.names, self.dialect, token, routes, self.spelling, traceparent, self.required
        )

    def session(self, areas: frozenset[str] | None = None) -> Session:
        """Return a session with the FC that judges ``areas``, or all; nothing is sent yet.

        Own checks are asked as well, where their area is among these.
        """
        own = tuple(each for each in own_checks() if areas is None or each.check.area in areas)
        judged = areas if areas is not None else frozenset((*AREAS, *(e.check.area for e in own)))
        ledger = Ledger(served=self.spelling.entry)
        oracle = Oracle(self.names, ledger, judged, own, self.agreed)
        codec = self.codec(oracle)
        broken = {why: why for why in unloaded()} if areas is None or areas > set(AREAS) else {}
        keyed = "idempotency" in judged and not any(e.of("idempotency") for e in self.agreed)
        session = Session(
            self.asking(codec),
            oracle,
            Tally(unsure=broken),
            authenticates=self.credentials.present,
            bad_tokens=self.credentials.kinds,
            ungoverned=self.ungoverned,
            fresh=None if self.fresh is None else partial(self.fresh, codec),
            patience=self.patience,
            required=self.required,
            races=self.racers is not None and "concurrency" in judged,
            keyed=keyed,
            crashes=self.restarter(codec) is not None and "durability" in judged,
        )
        session.no_longer = lambda: no_longer(
            codec,
            self.transport,
            governed=not self.ungoverned,
            on_run=session.tally.on_run,
        )
        return session

    def asking(self, codec: Codec) -> Client:
        """Return what asks it by ``codec``, and can kill it where that is wanted."""
        return Client(codec, self.transport, self.racers, self.restarter(codec))

    def restarter(self, codec: Codec) -> Restarter | None:
        """Return what kills it and starts it again, where that is wanted."""
        if self.service is None or self.racers is None:
            return None
        return Restarter(self.service, self.racers, codec.health, self.ready_within)

    def preflight(
        self,
        on_run: Callable[[str], None] = lambda _: None,
        on_wait: Callable[[], None] = lambda: None,
        on_hint: Callable[[str], None] = lambda _: None,
        *,
        governed: bool | None = None,
    ) -> str | None:
        """Return why nothing can be said of what answers, or ``None`` where it is an FC.

        ``on_run`` is told the id of the run that this makes, ``on_wait`` that there is no answer
        yet, ``on_hint`` what an FC that refuses any create may want. ``governed`` says if that run
        has steps, by default unless the FC knows none.
        """
        self.transport.on_wait = on_wait
        try:
            why = preflight(
                self.codec(),
                self.transport,
                governed=not self.ungoverned if governed is None else governed,
                on_run=on_run,
                on_hint=lambda hint: on_hint(self.redact(hint)),
            )
        finally:
            self.transport.on_wait = lambda: None
        return None if why is None else self.redact(why)

    def close(self) -> None:
        """Close our connections; a client that was given stays open."""
        if self.racers is not None:
            self.racers.close()
        self.transport.close()


def replay(target: Target, trace: Trace | Path | str, runs: int = 1) -> Replay:
    """Send a saved trace again, ``runs`` times over: is its finding still there, or fixed?

    Raises ``Unusable`` for a file that is none.
    """
    read = trace if isinstance(trace, Trace) else load_trace(Path(trace))
    return replay_trace(target.session(), read, runs)
