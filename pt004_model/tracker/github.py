"""The tracker that is the issues of a repository on GitHub.

A client library would bring requests and pages, which httpx has, and retries, which cannot be left
to it: a create whose answer was lost must not be sent again before somebody has looked. So only
reads are repeated, and changes that say what is to be in the end. A limit is waited for as long as
GitHub asks; a request that hit a limit was not carried out, so any may be repeated then. All waits
together are within ``patience`` seconds.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx
from attrs import define, field

from pt004_model.trace.document import moment
from pt004_model.tracker.issues import (
    FLAKY,
    IGNORE,
    LABEL,
    NOT_PLANNED,
    REGRESSION,
    Comment,
    Draft,
    Issue,
    Lost,
    Refused,
    Trouble,
    Unreachable,
)

DEFAULT_URL: Final = "https://api.github.com"
_HEADERS: Final = {
    "Accept": "application/vnd.github+json",
    "User-Agent": "pt004_model",
    "X-GitHub-Api-Version": "2022-11-28",
}
_PAGE: Final = 100
_RETRIES: Final = 3
_MINUTE: Final = 60.0
_TIMEOUT: Final = 30.0
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")
_OURS: Final = {
    LABEL: ("5319e7", "Filed by pt004"),
    FLAKY: ("fbca04", "Does not show in every replay"),
    REGRESSION: ("b60205", "Seen again after it was fixed"),
    IGNORE: ("cfd3d7", "pt004 leaves this alone"),
}
_AREA: Final = ("c5def5", "An area of the contract")


@define
class GitHubTracker:
    """The issues of ``repository``, which is ``OWNER/NAME``.

    ``patience`` is how many seconds may be spent on waiting, ``pause`` the first of the waits that
    double from try to try.
    """

    repository: str
    token: str = field(repr=False)
    api_url: str = DEFAULT_URL
    patience: float = 300.0
    pause: float = 1.0
    made_labels: list[str] = field(factory=list)
    _client: httpx.Client = field(init=False, repr=False)
    _base: str = ""
    _there: set[str] | None = None
    _waited: float = 0.0

    def __attrs_post_init__(self) -> None:
        headers = {**_HEADERS, "Authorization": f"Bearer {self.token}"}
        # redirects are not followed: a POST that is redirected becomes a GET
        self._client = httpx.Client(base_url=self.api_url, headers=headers, timeout=_TIMEOUT)

    def __enter__(self) -> GitHubTracker:
        """Keep the connection between requests."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self._client.close()

    def issues(self) -> list[Issue]:
        """Return all issues with our label; pull requests are listed among them and left out."""
        params = {"state": "all", "labels": LABEL, "sort": "created", "direction": "asc"}
        rows = self._pages(f"{self._root()}/issues", params)
        return [self._issue(row, Refused) for row in rows if "pull_request" not in row]

    def create(self, draft: Draft) -> Issue:
        """Make an issue, and before it the labels that the repository does not have."""
        self._have(draft.labels)
        given = {"title": draft.title, "body": draft.body, "labels": list(draft.labels)}
        return self._issue(self._make(f"{self._root()}/issues", given), Lost)

    def comments(self, issue: Issue) -> list[Comment]:
        """Return all comments on an issue."""
        rows = self._pages(f"{self._root()}/issues/{issue.number}/comments", {})
        return [Comment(row["id"], row.get("body") or "") for row in rows]

    def comment(self, issue: Issue, text: str) -> None:
        """Add a comment."""
        self._make(f"{self._root()}/issues/{issue.number}/comments", {"body": text})

    def edit(self, issue: Issue, comment: Comment, text: str) -> None:
        """Replace a comment."""
        del issue  # comments are numbered through the repository
        self._call("PATCH", f"{self._root()}/issues/comments/{comment.id}", {"body": text})

    def label(self, issue: Issue, labels: frozenset[str]) -> None:
        """Add labels; adding one twice is adding it once."""
        self._have(labels)
        path = f"{self._root()}/issues/{issue.number}/labels"
        self._call("POST", path, {"labels": sorted(labels)})

    def close(self, issue: Issue, reason: str) -> None:
        """Close an issue for a reason."""
        self._set(issue, state="closed", state_reason=reason)

    def reopen(self, issue: Issue) -> None:
        """Open an issue again."""
        self._set(issue, state="open", state_reason="reopened")

    def withdraw(self, issue: Issue) -> str:
        """Close an issue as not planned, take its labels off, and delete those that were made."""
        self._set(issue, state="closed", state_reason=NOT_PLANNED, labels=[])
        for name in self.made_labels:
            self._call("DELETE", f"{self._root()}/labels/{quote(name, safe='')}")
        made = ", ".join(self.made_labels)
        self.made_labels.clear()
        self._there = None
        more = f"; the labels made for it were deleted: {made}" if made else ""
        return (
            f"issues cannot be deleted by GitHub's REST API, so {issue.place} stays, closed as not"
            f" planned and without labels{more}"
        )

    def wait(self, attempt: int) -> None:
        """Sleep, longer each time: GitHub's lists may lag behind."""
        time.sleep(self.pause * 2 ** (attempt - 1))

    def _set(self, issue: Issue, **changes: Any) -> None:
        self._call("PATCH", f"{self._root()}/issues/{issue.number}", changes)

    def _root(self) -> str:
        """Return the path of the repository by its present name. Raises as any request does."""
        if not self._base:
            if not _REPOSITORY.fullmatch(self.repository):
                raise Refused(f"{self.repository!r} is no repository; give OWNER/NAME")
            answer = self._call("GET", f"/repos/{self.repository}")
            if answer.is_redirect:
                answer = self._call("GET", self._own(answer.headers.get("location", "")))
            found = self._json(answer)
            if not isinstance(found, dict) or "full_name" not in found:
                raise Refused(f"{self.api_url} is no API of GitHub; see to --api-url")
            if found.get("archived") or found.get("has_issues") is False:
                why = "is archived" if found.get("archived") else "has its issues switched off"
                raise Refused(f"{self.repository} {why}; give a repository that takes issues")
            self._base = f"/repos/{found['full_name']}"
        return self._base

    def _have(self, labels: frozenset[str] | tuple[str, ...]) -> None:
        """Make the labels that are missing, with a colour and a description."""
        if self._there is None:
            self._there = {row["name"] for row in self._pages(f"{self._root()}/labels", {})}
        for name in sorted(set(labels) - self._there):
            colour, description = _OURS.get(name, _AREA)
            given = {"name": name, "color": colour, "description": description}
            try:
                self._call("POST", f"{self._root()}/labels", given)
                self.made_labels.append(name)
            except _Invalid:
                pass  # somebody else made it, or we did and the answer was lost
            self._there.add(name)

    def _pages(self, path: str, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
        answer = self._call("GET", path, params={**params, "per_page": _PAGE})
        while True:
            rows = self._json(answer)
            if not isinstance(rows, list) or not all(
                isinstance(each, dict) and "id" in each for each in rows
            ):
                raise Refused(f"{self.api_url} answers {path} without a list; see to --api-url")
            yield from rows
            following = answer.links.get("next", {}).get("url")
            if following is None:
                return
            answer = self._call("GET", self._own(following))

    def _own(self, url: str) -> str:
        """Return ``url`` if it leads to where we are; the token is not carried elsewhere."""
        here, there = urlsplit(self.api_url), urlsplit(url)
        if (here.scheme, here.netloc) != (there.scheme, there.netloc):
            raise Refused(f"{self.api_url} sends us on to {there.netloc!r}; see to --api-url")
        return url

    def _make(self, path: str, given: dict[str, Any]) -> Any:
        return self._json(self._call("POST", path, given, repeatable=False), Lost)

    def _json(self, answer: httpx.Response, error: type[Trouble] = Unreachable) -> Any:
        try:
            return answer.json()
        except ValueError:
            raise error(f"{self.api_url} answers with what is no JSON") from None

    def _issue(self, row: Any, error: type[Trouble]) -> Issue:
        try:
            closed_at = row.get("closed_at")
            labels = (each["name"] if isinstance(each, dict) else each for each in row["labels"])
            return Issue(
                row["number"],
                row["html_url"],
                row["title"],
                row.get("body") or "",
                row["state"] == "open",
                row.get("state_reason"),
                None if closed_at is None else moment(closed_at),
                frozenset(labels),
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            raise error(f"{self.api_url} answers with what is no issue") from None

    def _call(
        self,
        method: str,
        path: str,
        given: Any = None,
        *,
        params: dict[str, Any] | None = None,
        repeatable: bool = True,
    ) -> httpx.Response:
        """Send a request, again where that is safe; one that is not repeatable may be lost."""
        tries = 0
        while True:
            try:
                answer = self._client.request(method, path, json=given, params=params)
            except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
                told = self._hide(str(error)) or type(error).__name__
                why = f"{self.api_url} does not answer: {told}"
            else:
                if answer.is_success or (answer.is_redirect and method == "GET"):
                    return answer
                message = self._message(answer)
                seconds = _limited(answer, message)
                if seconds is not None:
                    self._wait_for_limit(seconds)
                    continue
                what = f"{self.api_url} answers {method} {answer.request.url.path}"
                if answer.status_code < 500:
                    raise self._refusal(answer.status_code, what, message)
                why = f"{what} with {answer.status_code}: {message}"
            if not repeatable:
                raise Lost(why)
            if tries >= _RETRIES or not self._waits(self.pause * 2**tries):
                raise Unreachable(why)
            tries += 1

    def _refusal(self, status: int, what: str, message: str) -> Refused:
        if status == 422:
            return _Invalid(f"{what} with 422: {message}")
        advice = {
            401: "the token is not accepted; see to GITHUB_TOKEN",
            403: "the token does not allow it; it needs the right to write issues",
            404: f"there is no {self.repository}, or the token does not allow to see it",
            410: "it is gone, or the issues of the repository are switched off",
        }.get(status, "see to --api-url and --repo")
        return Refused(f"{what} with {status} ({message}): {advice}")

    def _message(self, answer: httpx.Response) -> str:
        try:
            said = answer.json()
            text = f"{said['message']} {said.get('errors') or ''}".strip()
        except (ValueError, TypeError, KeyError, AttributeError):
            text = "no message"
        return self._hide(text)[:300]

    def _hide(self, text: str) -> str:
        return text.replace(self.token, "[secret]") if self.token else text

    def _wait_for_limit(self, seconds: float) -> None:
        apart = random.random() * self.pause  # noqa: S311 - of those who hit it together
        if not self._waits(max(seconds, self.pause) + apart):
            raise Unreachable(
                f"{self.api_url} limits how much is asked of it: the next request may be sent in"
                f" {seconds:.0f} s, and of --patience {self.patience:.0f} s {self._waited:.0f} are"
                " spent; come back later"
            )

    def _waits(self, seconds: float) -> bool:
        """Sleep, unless that takes more than is left of the patience."""
        if self._waited + seconds > self.patience:
            return False
        self._waited += seconds
        time.sleep(seconds)
        return True


class _Invalid(Refused):
    """The request was not valid, or asked for what is there already."""


def _limited(answer: httpx.Response, message: str) -> float | None:
    """Return how many seconds are to be waited if the request hit a limit.

    GitHub limits with 403 or 429. It says when to come back, or else asks for a minute.
    """
    if answer.status_code not in {403, 429}:
        return None
    after, reset = (answer.headers.get(name) for name in ("retry-after", "x-ratelimit-reset"))
    if after is not None:
        return max(0.0, float(after)) if re.fullmatch(r"\d{1,9}", after) else _MINUTE
    if answer.headers.get("x-ratelimit-remaining") == "0":
        known = re.fullmatch(r"\d{1,12}", reset or "")
        return max(0.0, float(known[0]) - time.time()) if known else _MINUTE
    limited = answer.status_code == 429 or "rate limit" in message.lower()
    return _MINUTE if limited else None
