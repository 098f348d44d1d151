"""A stand-in for GitHub's REST API: its issues, comments and labels, over HTTP, with a memory.

Every request and every answer is held against GitHub's own description; what is not as described is
kept in ``violations``, which a test's fixture demands to be empty. Mishaps are put in by hand.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from attrs import define, field, frozen

from tests.tracker.description import Description
from tests.tracker.nights import FIRST_NIGHT

TOKEN: Final = "ghp_token_of_the_tests"
REPOSITORY: Final = "octocat/Hello-World"
_MOST: Final = 65_536


@frozen
class Mishap:
    """What goes wrong with the next request that it fits.

    ``status`` answers instead of acting; 0 cuts the connection. With ``acts`` the request is
    carried out before that.
    """

    method: str
    path: str
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    message: str = "Something went wrong"
    acts: bool = False
    body: bytes | None = None

    def fits(self, method: str, path: str) -> bool:
        """Whether a request is the one."""
        return method == self.method and re.search(self.path, path) is not None


@frozen
class Said:
    """An answer."""

    status: int
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()


@define
class FakeGitHub:
    """The state of one repository. A new issue is not yet shown in the next ``lag`` lists."""

    description: Description
    url: str = ""
    now: datetime = FIRST_NIGHT
    token: str = TOKEN
    name: str = REPOSITORY
    labels_stick: bool = True
    writable: bool = True
    lag: int = 0
    facts: dict[str, Any] = field(factory=dict)
    issues: dict[int, dict[str, Any]] = field(factory=dict)
    comments: dict[int, dict[str, Any]] = field(factory=dict)
    labels: dict[str, dict[str, Any]] = field(factory=dict)
    mishaps: list[Mishap] = field(factory=list)
    requests: list[str] = field(factory=list)
    violations: list[str] = field(factory=list)
    lock: threading.Lock = field(factory=threading.Lock)

    def comments_of(self, number: int) -> list[dict[str, Any]]:
        """The comments on an issue."""
        return [each for each in self.comments.values() if each["_of"] == number]

    def close(self, number: int, reason: str) -> None:
        """Close an issue as a person does."""
        self.issues[number] |= {
            "state": "closed",
            "state_reason": reason,
            "closed_at": _time(self.now),
        }

    def stick(self, number: int, label: str) -> None:
        """Add a label as a person does."""
        self.issues[number]["labels"].append(self._label(label))

    # What follows is what GitHub does

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Said:
        """Carry out a request."""
        own = f"/repos/{self.name}"
        if path == own:
            return Said(200, self._repository())
        if path != own and not path.startswith(f"{own}/"):
            return _error(404, "Not Found")
        for verb, pattern, act in self._routes():
            match = re.fullmatch(own + pattern, path)
            if match is not None and verb == method:
                if verb != "GET" and not self.writable:
                    return _error(403, "Resource not accessible by integration")
                return act(*match.groups(), query, body)
        return _error(404, "Not Found")

    def _routes(self) -> tuple[tuple[str, str, Callable[..., Said]], ...]:
        return (
            ("GET", "/issues", self._list),
            ("POST", "/issues", self._create),
            ("PATCH", r"/issues/(\d+)", self._change),
            ("GET", r"/issues/(\d+)/comments", self._list_comments),
            ("POST", r"/issues/(\d+)/comments", self._comment),
            ("POST", r"/issues/(\d+)/labels", self._stick),
            ("PATCH", r"/issues/comments/(\d+)", self._edit),
            ("GET", "/labels", self._list_labels),
            ("POST", "/labels", self._make_label),
            ("DELETE", "/labels/(.+)", self._drop_label),
        )

    def _repository(self) -> dict[str, Any]:
        found: dict[str, Any] = self.description.example("full-repository-default-response")
        for each in (found, found["source"], found["parent"]):
            each.setdefault("language", None)  # GitHub's own example is older than its description
        return found | {"full_name": self.name, "name": self.name.split("/")[1]} | self.facts

    def _list(self, query: dict[str, str], _: Any) -> Said:
        rows = [each for each in self.issues.values() if not each["_lag"]]
        for each in self.issues.values():
            each["_lag"] = max(0, each["_lag"] - 1)
        if query.get("state", "open") != "all":
            rows = [each for each in rows if each["state"] == query.get("state", "open")]
        for wanted in filter(None, query.get("labels", "").split(",")):
            rows = [each for each in rows if wanted in _names(each)]
        rows.sort(key=lambda each: int(each["number"]), reverse=query.get("direction") != "asc")
        return self._page("/issues", rows, query)

    def _page(self, path: str, rows: list[dict[str, Any]], query: dict[str, str]) -> Said:
        size, page = int(query.get("per_page", "30")), int(query.get("page", "1"))
        pages = max(1, -(-len(rows) // size))
        links = []
        for name, number in (("next", page + 1), ("last", pages)):
            if page < pages:
                further = "&".join(f"{n}={quote(v)}" for n, v in query.items() if n != "page")
                address = f"{self.url}/repos/{self.name}{path}?{further}&page={number}"
                links.append(f'<{address}>; rel="{name}"')
        headers = (("Link", ", ".join(links)),) if links else ()
        return Said(200, list(map(_public, rows[(page - 1) * size : page * size])), headers)

    def _create(self, _: dict[str, str], body: Any) -> Said:
        if len(body.get("body", "")) > _MOST or len(body["title"]) > 256:
            return _error(422, "Validation Failed: body is too long (maximum is 65536 characters)")
        number = max(self.issues, default=0) + 1
        address = f"{self.url}/repos/{self.name}/issues/{number}"
        issue = self.description.example("issue") | {
            "id": 1000 + number, "number": number, "title": body["title"],
            "body": body.get("body"), "state": "open", "state_reason": None, "closed_at": None,
            "labels": [self._label(each) for each in body.get("labels", []) if self.labels_stick],
            "url": address, "html_url": f"https://github.com/{self.name}/issues/{number}",
            "created_at": _time(self.now), "updated_at": _time(self.now), "comments": 0,
            "_lag": self.lag,
        }  # fmt: skip
        issue.pop("pull_request", None)
        self.issues[number] = issue
        return Said(201, _public(issue), (("Location", address),))

    def _label(self, name: str) -> dict[str, Any]:
        made = self.description.example("label") | {
            "name": name, "color": "ededed", "description": None,
            "url": f"{self.url}/repos/{self.name}/labels/{quote(name, safe='')}", "default": False,
        }  # fmt: skip
        return self.labels.setdefault(name, made)

    def _change(self, number: str, _: dict[str, str], body: Any) -> Said:
        issue = self.issues.get(int(number))
        if issue is None:
            return _error(404, "Not Found")
        if "state" in body and body["state"] != issue["state"]:
            closed = body["state"] == "closed"
            reason = body.get("state_reason") or ("completed" if closed else "reopened")
            closed_at = _time(self.now) if closed else None
            issue |= {"state": body["state"], "state_reason": reason, "closed_at": closed_at}
        if "labels" in body:
            issue["labels"] = [self._label(each) for each in body["labels"]]
        issue |= {name: body[name] for name in ("title", "body") if name in body}
        return Said(200, _public(issue))

    def _list_comments(self, number: str, query: dict[str, str], _: Any) -> Said:
        return self._page(f"/issues/{number}/comments", self.comments_of(int(number)), query)

    def _comment(self, number: str, _: dict[str, str], body: Any) -> Said:
        if int(number) not in self.issues:
            return _error(404, "Not Found")
        if len(body["body"]) > _MOST:
            return _error(422, "Validation Failed: body is too long (maximum is 65536 characters)")
        place = 7000 + len(self.comments)
        address = f"{self.url}/repos/{self.name}/issues/comments/{place}"
        comment = self.description.example("issue-comment") | {
            "id": place, "body": body["body"], "_of": int(number), "url": address,
            "created_at": _time(self.now), "updated_at": _time(self.now),
        }  # fmt: skip
        self.comments[place] = comment
        return Said(201, _public(comment), (("Location", address),))

    def _edit(self, place: str, _: dict[str, str], body: Any) -> Said:
        comment = self.comments.get(int(place))
        if comment is None:
            return _error(404, "Not Found")
        comment |= {"body": body["body"], "updated_at": _time(self.now)}
        return Said(200, _public(comment))

    def _stick(self, number: str, _: dict[str, str], body: Any) -> Said:
        issue = self.issues[int(number)]
        missing = [each for each in body["labels"] if each not in _names(issue)]
        issue["labels"] += [self._label(each) for each in missing]
        return Said(200, issue["labels"])

    def _list_labels(self, query: dict[str, str], _: Any) -> Said:
        return self._page("/labels", list(self.labels.values()), query)

    def _make_label(self, _: dict[str, str], body: Any) -> Said:
        if body["name"] in self.labels:
            return _error(422, "Validation Failed", errors=[{"code": "already_exists"}])
        label = self._label(body["name"])
        label |= {name: body[name] for name in ("color", "description") if name in body}
        return Said(201, label, (("Location", label["url"]),))

    def _drop_label(self, name: str, _: dict[str, str], __: Any) -> Said:
        if self.labels.pop(unquote(name), None) is None:
            return _error(404, "Not Found")
        return Said(204)


def _names(issue: dict[str, Any]) -> list[str]:
    return [each["name"] for each in issue["labels"]]


def _public(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not name.startswith("_")}


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _error(status: int, message: str, **more: Any) -> Said:
    address = "https://docs.github.com/rest"
    return Said(status, {"message": message, "documentation_url": address, **more})


class _Handler(BaseHTTPRequestHandler):
    """One connection; ``fake`` is set on a class of each server's own."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    fake: FakeGitHub

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def serve(self) -> None:
        """Answer a request, one at a time."""
        with self.fake.lock:
            self._one()

    do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = serve  # noqa: N815 - the library's names

    def _one(self) -> None:
        fake = self.fake
        parts = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(raw) if raw else None
        query = dict(parse_qsl(parts.query))
        headers = {name.lower(): value for name, value in self.headers.items()}
        fake.requests.append(f"{self.command} {parts.path}")
        fake.violations += fake.description.request(self.command, parts.path, query, headers, body)
        mishap = next((x for x in fake.mishaps if x.fits(self.command, parts.path)), None)
        if mishap is not None:
            fake.mishaps.remove(mishap)
            if mishap.acts:
                fake.answer(self.command, parts.path, query, body)
            if mishap.status == 0:
                self.close_connection = True
            else:
                said = _error(mishap.status, mishap.message)
                self._send(Said(said.status, said.body, mishap.headers), mishap.body)
        elif headers.get("authorization") not in {f"Bearer {fake.token}", f"token {fake.token}"}:
            self._send(_error(401, "Bad credentials"))
        else:
            self._send(fake.answer(self.command, parts.path, query, body))

    def _send(self, said: Said, instead: bytes | None = None) -> None:
        raw = b"" if said.body is None else json.dumps(said.body).encode()
        if instead is None:
            path = urlsplit(self.path).path
            self.fake.violations += self.fake.description.answer(
                self.command, path, said.status, said.body
            )
        else:
            raw = instead
        self.send_response(said.status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(raw)))
        for name, value in said.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(raw)


@contextmanager
def serving(description: Description) -> Iterator[FakeGitHub]:
    """A stand-in that listens, for as long as it lasts."""
    fake = FakeGitHub(description)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"fake": fake}))
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
