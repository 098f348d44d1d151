"""Requests over the network; with ``network`` the only module that names an HTTP library.

Every way in which they can fail is mapped once to a sentence, and says whether the request may have
been applied.
"""

from __future__ import annotations

import re
import ssl
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx
from attrs import define, evolve, field, frozen

from pt004_model.model.commands import Loss
from pt004_model.model.replies import NoAnswer
from pt004_model.vocabulary import HEADER
from pt004_model.wire.codec import Answer, Request
from pt004_model.wire.meeting import Abandoned, Closed, Held
from pt004_model.wire.network import Exchange, Network, NotReached, plain
from pt004_model.wire.patience import PATIENCE, AnswerTime
from pt004_model.wire.sending import ALWAYS, LOST, MAX_REPLY, Failure, Sender, too_long, unusable

KEEP_ALIVE: Final = 2.0
"""Seconds that an idle connection is kept; servers close theirs after five."""
_WITH_LENGTH: Final = frozenset({"POST", "PUT", "PATCH"})
"""Methods that have a Content-Length without a body, too."""
_PORTS: Final = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_FRAMING: Final = 8
"""Bytes on the wire for one byte of a body: a chunk of one byte takes six."""


class BadTarget(ValueError):  # noqa: N818 - said of a setting, in a sentence for people
    """The FC's address or the way to it is unusable; the message is a sentence for people."""


@frozen
class Endpoint:
    """Where an FC is and how to reach it. ``timeout`` and ``rate`` are seconds and requests/s.

    ``timeout`` is for a whole exchange, from connecting to the last byte of the answer; where
    answers are lost they are waited for less. A request that has not arrived is sent again for
    ``patience`` seconds.
    ``headers`` are sent with every request; they may hold secrets and are never shown.
    """

    base_url: str
    timeout: float = 10.0
    rate: float | None = None
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    ca_bundle: Path | None = None
    max_reply: int = MAX_REPLY
    own: bool = False
    """An FC that we started: reached directly, never through a proxy."""
    patience: float = PATIENCE
    client_cert: Path | None = None
    client_key: Path | None = None
    """Its key, where that is not in the same file."""
    proxy: str | None = field(default=None, repr=False)
    """A proxy in the place of that which the environment names."""
    read_only: bool = False


_HOST: Final = re.compile(r"[A-Za-z0-9.-]+")


def check_url(text: str) -> str:
    """Return an address without a slash at its end. Raises :class:`BadTarget` otherwise."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    usable = parts.scheme in {"http", "https"} and parts.hostname and port != 0
    if not usable or set(text) & set("?#@ "):
        raise _no_address(text)
    return text.rstrip("/")


def _no_address(text: str) -> BadTarget:
    """Return the error for an address, any part of which may be a secret but scheme and host.

    Where those are is only certain when nothing in it can be the end of a password.
    """
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    certain = parts.scheme in {"http", "https"} and _HOST.fullmatch(host) and "@" not in text
    start = f"{parts.scheme}://{host}"
    rest = " and what follows it" if text != start else ""
    shown = f"{start!r}{rest}" if certain else "what was given"
    login = ", and a login by --header NAME=VALUE" if "@" in text else ""
    return BadTarget(
        f"{shown} is no address of a Federation Core; give one like http://127.0.0.1:9405{login}"
    )


_VALUE: Final = re.compile(r"([\x21-\x7e]+( +[\x21-\x7e]+)*)?")
_OURS: Final = frozenset(
    {"x-tenant-id", "x-actor-id", "x-idempotency-key", "content-length", "transfer-encoding"}
)  # headers that are present or absent on purpose; a second hand in them makes false findings


def check_header(name: str, value: str) -> None:
    """Refuse a header that cannot go with every request. Raises :class:`BadTarget`."""
    if not HEADER.fullmatch(name):
        # any part of it may be a secret: of `Authorization: Basic S=` all but the last sign
        raise BadTarget("what was given is no header; give NAME=VALUE")
    if name.lower() in _OURS:
        raise BadTarget(f"{name} is a header that the tester sets itself")
    if not _VALUE.fullmatch(value):
        raise BadTarget(f"the value of {name} is not visible ASCII, or has spaces around it")


_NOT_REACHED: Final = (
    httpcore.ConnectError,
    httpcore.ConnectTimeout,
    httpcore.PoolTimeout,
    httpcore.ProxyError,
)
_CANNOT_BE_SENT: Final = (httpcore.LocalProtocolError, ValueError, TypeError)
_FAILURES: Final = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
    *_CANNOT_BE_SENT,
)


def _trusted(endpoint: Endpoint, schemes: set[str]) -> ssl.SSLContext:
    if endpoint.ca_bundle is None and "https" not in schemes:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # nobody asks it, and loading CAs takes long
    if endpoint.ca_bundle is None:
        return httpx.create_ssl_context()
    try:
        return ssl.create_default_context(cafile=str(endpoint.ca_bundle))
    except OSError as error:  # ssl.SSLError is one
        raise BadTarget(f"cannot use the CA bundle {endpoint.ca_bundle}: {error}") from None


def _show_ourselves(trusted: ssl.SSLContext, endpoint: Endpoint) -> None:
    """Have our certificate shown to who asks for it. Raises :class:`BadTarget`."""
    if endpoint.client_cert is None:
        if endpoint.client_key is not None:
            raise BadTarget("a client key is of no use by itself; give its certificate as well")
        return
    try:  # an empty password, so that nobody is asked for one
        trusted.load_cert_chain(endpoint.client_cert, endpoint.client_key, password="")
    except OSError as error:  # ssl.SSLError is one
        why = error.strerror or "it is no certificate in PEM with its key"
        raise BadTarget(
            f"cannot use the client certificate {endpoint.client_cert}: {why}; give PEM files, the"
            " key without a password"
        ) from None


def _proxy(url: httpx.URL, given: str | None = None) -> httpx.Proxy | None:
    """Return the proxy for an address: that which is given, or which the environment names."""
    proxies = getproxies()
    named = given or proxies.get(url.scheme) or proxies.get("all")
    if not named or (not given and proxy_bypass(url.netloc.decode("ascii"))):
        return None
    try:
        proxy = httpx.Proxy(named if "://" in named else f"http://{named}")
        usable = proxy.url.host and proxy.url.raw_path == b"/" and not proxy.url.fragment
        usable = usable and (proxy.url.port or 1) in range(1, 2**16)  # httpx takes any number
    except (httpx.InvalidURL, ValueError):
        usable = False
    if not usable:  # nothing of it is repeated: any part of it may be of a password
        origin = f"that the environment or the system names for {url.scheme}"
        raise BadTarget(
            f"the proxy {'that is given' if given else origin} cannot be used;"
            f" give {'one' if given else f'{url.scheme}_proxy a value'} like"
            " http://user:password@host:3128, with every /, #, ? and @ in the password"
            " percent-encoded"
        )
    return proxy


def proxy_password(proxy: str | None) -> str:
    """Return the password in the address of a proxy, if there is one."""
    try:
        return unquote(urlsplit(proxy or "").password or "")
    except ValueError:
        return ""


def _named_proxy(proxy: httpx.Proxy, trusted: ssl.SSLContext) -> httpcore.Proxy:
    """Return the proxy as httpcore takes it. Raises :class:`BadTarget`."""
    url = proxy.url
    if url.scheme.startswith("socks") and find_spec("socksio") is None:
        raise BadTarget(
            "a header or setting cannot be used: the environment names a SOCKS proxy, and the"
            " package 'socksio' is not installed"
        )
    return httpcore.Proxy(
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=b"/"),
        auth=proxy.raw_auth,
        ssl_context=trusted if url.scheme == "https" else None,
    )


@define
class HttpTransport(Sender):
    """Keeps connections to one FC. Raises :class:`BadTarget` when made for an unusable address."""

    endpoint: Endpoint
    _answer_time: AnswerTime = field(factory=AnswerTime, init=False)
    _exchange: Exchange = field(factory=Exchange, init=False)
    _pool: httpcore.ConnectionPool = field(init=False, repr=False)
    _always: dict[str, tuple[bytes, bytes]] = field(init=False, repr=False)
    _prefix: str = field(init=False)
    _origin: httpx.URL = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.rate, self.patience = self.endpoint.rate, self.endpoint.patience
        self.max_reply, self.read_only = self.endpoint.max_reply, self.endpoint.read_only
        base = check_url(self.endpoint.base_url)
        try:
            url = httpx.URL(base)
        except httpx.InvalidURL:
            raise _no_address(base) from None
        self._prefix = url.raw_path.decode("ascii").rstrip("/")
        self._origin = url
        try:
            always = (("Host", url.netloc.decode("ascii")), *ALWAYS, *self.endpoint.headers)
            self._always = dict(_named(name, value) for name, value in always)
            network = Network(self._exchange)
            proxy = None if self.endpoint.own else _proxy(url, self.endpoint.proxy)
            schemes = {url.scheme} | ({proxy.url.scheme} if proxy is not None else set())
            trusted = _trusted(self.endpoint, schemes)
            _show_ourselves(trusted, self.endpoint)
            if proxy is not None:
                port = proxy.url.port or _PORTS[proxy.url.scheme]
                network.peer = f"the proxy {proxy.url.host}:{port}"
            # an httpx.Client would keep cookies and follow redirects
            self._pool = httpcore.ConnectionPool(
                trusted,
                None if proxy is None else _named_proxy(proxy, trusted),
                keepalive_expiry=KEEP_ALIVE,
                network_backend=network,
            )
        except BadTarget:
            raise
        except (ValueError, TypeError, OSError) as error:
            # the environment may name certificates, and name them wrong
            raise BadTarget(f"a header or setting cannot be used: {error}") from None

    def another(self) -> HttpTransport:
        """Return another client of the same FC, by the same clock, that keeps to no rate."""
        other = HttpTransport(evolve(self.endpoint, rate=None))
        other._epoch, other.renewed = self._epoch, self.renewed
        other._answer_time = self._answer_time
        return other

    def hold(self, held: Held | None) -> None:
        """Hold the requests that follow back, until :class:`Held` releases them; or no more."""
        self._exchange.held = held

    def lose(self, request: Request, loss: Loss) -> NoAnswer:
        """Send a request whose answer is lost, by closing the connection where that is wanted."""
        if loss is Loss.ANSWER:
            return super().lose(request, loss)
        self.hold_back()
        self.requests += 1
        sent, why = self.now(), LOST[loss]
        self._exchange.held = Abandoned(whole=loss is Loss.CLOSED)
        try:
            answer = self._once(request, sent)
            if isinstance(answer, Failure):
                return NoAnswer(answer.why, answer.applied, sent)
        except Closed:
            pass
        finally:
            self._exchange.held = None
        return NoAnswer(why, applied=loss is Loss.CLOSED, sent=sent, ours=True)

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()

    def _once(self, request: Request, sent: float) -> Answer | NoAnswer | Failure:
        try:
            return self._exchanged(request, sent)
        except _FAILURES as error:
            if isinstance(error, httpcore.ReadTimeout):
                self._answer_time.did_not_come(self.now() - sent)
            return Failure(*self._explain(error), reached=not isinstance(error, _NOT_REACHED))

    def _exchanged(self, request: Request, sent: float) -> Answer | NoAnswer:
        self._exchange.begin(self._answer_time.within(self.endpoint.timeout))
        response = self._pool.handle_request(self._built(request))
        try:
            if (none := unusable(response.status, sent)) is not None:
                return none
            limit = self.endpoint.max_reply
            self._exchange.room += _FRAMING * limit
            content = bytearray()
            for chunk in response.iter_stream():
                content += chunk
                if len(content) > limit:
                    return too_long(limit, sent)
            headers = httpx.Headers(response.headers).items()
            received = self.now()
            self._answer_time.came(received - sent)
            return Answer(
                response.status,
                {name.lower(): value for name, value in headers},
                bytes(content),
                sent,
                received,
            )
        finally:
            response.close()

    def _built(self, request: Request) -> httpcore.Request:
        """Return the request with what every one has, its target as it stands."""
        headers = {**self._always, **dict(_named(*each) for each in request.headers.items())}
        if request.content is not None or request.method in _WITH_LENGTH:
            length = len(request.content or b"")
            headers["content-length"] = (b"Content-Length", str(length).encode("ascii"))
        url = httpcore.URL(
            scheme=self._origin.raw_scheme,
            host=self._origin.raw_host,
            port=self._origin.port,
            target=f"{self._prefix}{request.target}".encode("ascii"),
        )
        return httpcore.Request(
            request.method, url, headers=list(headers.values()), content=request.content
        )

    def _explain(self, error: Exception) -> tuple[str, bool]:
        """Return why no answer came, and whether the request may have been applied."""
        if isinstance(error, NotReached):
            return str(error), False
        if isinstance(error, httpcore.ConnectTimeout):  # of TLS
            return "connecting to the FC timed out", False
        if isinstance(error, httpcore.ProxyError):
            return f"the proxy does not connect us to the FC ({plain(error)})", False
        if isinstance(error, _NOT_REACHED):
            return f"the FC cannot be reached ({plain(error)})", False
        if isinstance(error, httpcore.TimeoutException):
            begun = "the answer takes too long to arrive"
            return begun if self._exchange.begun else "the FC did not answer in time", True
        if isinstance(error, _CANNOT_BE_SENT):
            return f"the request cannot be sent ({plain(error)})", False
        if isinstance(error, httpcore.RemoteProtocolError):
            return f"what answers speaks no proper HTTP ({plain(error)})", True
        return f"the connection broke ({plain(error) or type(error).__name__})", True


def _named(name: str, value: str) -> tuple[str, tuple[bytes, bytes]]:
    """Return a header under its name in lower case. Raises ``ValueError`` beyond ASCII."""
    return name.lower(), (name.encode("ascii"), value.encode("ascii"))
