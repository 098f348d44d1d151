"""Requests over the network: the only module that names httpx.

Every way in which httpx can fail is mapped once to a :class:`NoAnswer` that says whether the
request may have been applied. 429 is waited for and repeated; 502, 503 and 504 are no answer
(contract, head).
"""

from __future__ import annotations

import re
import ssl
import time
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx
from attrs import define, field, frozen

from pt004_model.model.replies import NoAnswer
from pt004_model.wire.codec import Answer, Request

MAX_REPLY: Final = 16 * 1024 * 1024
KEEP_ALIVE: Final = 2.0
"""Seconds that an idle connection is kept; servers close theirs after five."""
_ALWAYS: Final = (
    ("Accept", "*/*"),
    ("Accept-Encoding", "identity"),
    ("User-Agent", "pt004_model"),
)
_NO_ANSWER_CODES: Final = frozenset({502, 503, 504})
_TOO_MANY: Final = 429
_PATIENCE: Final = 60.0  # seconds that are waited for a 429 to go away, all in all


class BadTarget(ValueError):  # noqa: N818 - said of a setting, in a sentence for people
    """The FC's address or the way to it is unusable; the message is a sentence for people."""


@frozen
class Target:
    """Where an FC is and how to reach it. ``timeout`` and ``rate`` are seconds and requests/s.

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


class Transport(Protocol):
    """Anything that takes a request to an FC."""

    def send(self, request: Request) -> Answer | NoAnswer:
        """The answer, or that there was none. Never raises."""
        ...


_HOST: Final = re.compile(r"[A-Za-z0-9.-]+")


def check_url(text: str) -> str:
    """The address without a slash at its end. Raises :class:`BadTarget` for what is none."""
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
    """The error for an address, any part of which may be a secret but scheme and host.

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
    return BadTarget(
        f"{shown} is no address of a Federation Core; give one like http://127.0.0.1:9405"
    )


def _verify(target: Target) -> ssl.SSLContext | bool:
    if target.ca_bundle is None:
        return True
    try:
        return ssl.create_default_context(cafile=str(target.ca_bundle))
    except OSError as error:  # ssl.SSLError is one
        raise BadTarget(f"cannot use the CA bundle {target.ca_bundle}: {error}") from None


def _proxy(url: httpx.URL) -> httpx.Proxy | None:
    """The proxy that the environment, or the system, names for an address; none for most."""
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(url.netloc.decode("ascii")):
        return None
    address = proxy if "://" in proxy else f"http://{proxy}"
    try:
        parts = urlsplit(address)
        whole = parts.port != 0 and ("@" in parts.netloc or "@" not in address)
        if whole and parts.hostname:
            return httpx.Proxy(address)
    except (ValueError, httpx.InvalidURL):
        pass  # what they say repeats a part of it, and that may be one of the password
    raise BadTarget(
        f"the proxy that the environment or the system names for {url.scheme} cannot be used; give"
        f" {url.scheme}_proxy a value like http://user:password@host:3128, with every /, #, ? and @"
        " in the password percent-encoded"
    )


@define
class HttpTransport:
    """Keeps connections to one FC, counts what was sent, and holds back to the rate asked for.

    Raises :class:`BadTarget` when made for an unusable address.
    """

    target: Target
    requests: int = 0
    _next: float = 0.0
    _epoch: float = field(factory=lambda: time.time() - time.monotonic())
    _http: httpx.HTTPTransport = field(init=False, repr=False)
    _always: httpx.Headers = field(init=False, repr=False)
    _times: dict[str, float | None] = field(init=False, repr=False)
    _prefix: str = field(init=False)
    _origin: httpx.URL = field(init=False)
    _proxied: bool = field(init=False)

    def __attrs_post_init__(self) -> None:
        base = check_url(self.target.base_url)
        try:
            url = httpx.URL(base)
        except httpx.InvalidURL:
            raise _no_address(base) from None
        self._prefix = url.raw_path.decode("ascii").rstrip("/")
        self._origin = url.copy_with(path="/")
        self._times = httpx.Timeout(self.target.timeout).as_dict()
        proxy = None if self.target.own else _proxy(url)
        self._proxied = proxy is not None
        try:
            self._always = httpx.Headers(_ALWAYS)
            self._always.update(list(self.target.headers))
            # a client's cookies and redirects must not be in the way, so its layers are left out
            self._http = httpx.HTTPTransport(
                verify=_verify(self.target),
                trust_env=not self.target.own,
                limits=httpx.Limits(keepalive_expiry=KEEP_ALIVE),
                proxy=proxy,
            )
        except (ValueError, TypeError, OSError, ImportError) as error:
            # the environment may name a proxy or certificates, and name them wrong
            raise BadTarget(f"a header or setting cannot be used: {error}") from None

    def now(self) -> float:
        """Epoch seconds by a clock that is never set back while we run."""
        return self._epoch + time.monotonic()

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def send(self, request: Request) -> Answer | NoAnswer:
        """Send a request, again after each 429 for as long as patience lasts. Never raises."""
        patience = _PATIENCE
        while True:
            self._hold_back()
            answer = self._once(request)
            if isinstance(answer, NoAnswer) or answer.code != _TOO_MANY:
                return answer
            pause = _retry_after(answer.headers.get("retry-after", "1"), self.now())
            if pause > patience:
                why = f"the FC answers 429 and asks to wait {pause:.0f} s"
                return NoAnswer(why, applied=False, sent=answer.sent)
            patience -= max(pause, 0.05)
            time.sleep(max(pause, 0.05))

    def _hold_back(self) -> None:
        if self.target.rate is not None:
            now = time.monotonic()
            if now < self._next:
                time.sleep(self._next - now)
            self._next = max(now, self._next) + 1.0 / self.target.rate

    def _once(self, request: Request) -> Answer | NoAnswer:
        sent = self.now()
        self.requests += 1
        try:
            url, extensions = self._route(request.target)
            headers = self._always.copy()
            headers.update(request.headers)
            built = httpx.Request(
                request.method,
                url,
                headers=headers,
                content=request.content,
                extensions={**extensions, "timeout": self._times},
            )
            return self._receive(self._http.handle_request(built), sent)
        except (httpx.HTTPError, httpx.StreamError, *_CANNOT_BE_SENT) as error:
            why, applied = _explain(error)
            return NoAnswer(why, applied, sent)

    def _route(self, target: str) -> tuple[httpx.URL, dict[str, bytes]]:
        """The URL for httpx, and the target to send as it stands where httpx would tidy it up.

        The URL alone will do for nearly every path, and a proxy must be told all of it.
        """
        raw = f"{self._prefix}{target}".encode("ascii")
        if self._proxied:
            url = self._origin.copy_with(raw_path=raw)
            if url.raw_path == raw:
                return url, {}
        return self._origin, {"target": raw}

    def _receive(self, response: httpx.Response, sent: float) -> Answer | NoAnswer:
        try:
            if response.status_code in _NO_ANSWER_CODES:
                why = f"the FC, or a gateway before it, answers {response.status_code}"
                return NoAnswer(why, applied=True, sent=sent)
            content = bytearray()
            deadline = sent + 2 * self.target.timeout
            for chunk in response.iter_raw():
                content += chunk
                if len(content) > self.target.max_reply:
                    limit = self.target.max_reply
                    return NoAnswer(f"the answer is longer than {limit} bytes", True, sent)
                if self.now() > deadline:
                    return NoAnswer("the answer takes too long to arrive", True, sent)
            return Answer(
                response.status_code,
                {name.lower(): value for name, value in response.headers.items()},
                bytes(content),
                sent,
                self.now(),
            )
        finally:
            response.close()


def _retry_after(text: str, now: float) -> float:
    """Seconds to wait: the header holds seconds or a date; what it may not hold counts as 1."""
    seconds = text.strip()  # of more than float() would strip
    if seconds.isdecimal():
        return float(seconds)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError):
        return 1.0


_CANNOT_BE_SENT: Final = (httpx.LocalProtocolError, httpx.InvalidURL, ValueError, TypeError)
_NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


def _explain(error: Exception) -> tuple[str, bool]:
    """Why no answer came, in a sentence, and whether the request may have been applied."""
    if isinstance(error, httpx.ConnectTimeout):
        return "connecting to the FC timed out", False
    if isinstance(error, _NEVER_SENT):
        return f"the FC cannot be reached ({_plain(error)})", False
    if isinstance(error, httpx.TimeoutException):
        return "the FC did not answer in time", True
    if isinstance(error, _CANNOT_BE_SENT):
        return f"the request cannot be sent ({_plain(error)})", False
    if isinstance(error, httpx.RemoteProtocolError):
        return f"what answers speaks no proper HTTP ({_plain(error)})", True
    return f"the connection broke ({_plain(error) or type(error).__name__})", True


def _plain(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
