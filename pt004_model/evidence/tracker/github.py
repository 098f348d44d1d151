"""The tracker that is the issues of a repository on GitHub.

It is reached through githubkit, which is typed, is released along with GitHub's own description
of its API, and asks a function of ours before it repeats a request. PyGithub, which more people
use, repeats a POST after a server error by itself, and so files twice when only the answer was
lost; told not to, it waits for no limit on one. github3.py has had no release since 2023. (The
extra ``github`` leaves out one release of the HTTP cache that githubkit brings along and this
module switches off: with that, githubkit 0.16 cannot be imported.) The requests are given by path,
not by githubkit's generated methods, so that no schema has to agree with a GitHub Enterprise Server
that is older.

What may be repeated is: reads, and changes that say what is to be in the end. A limit is waited
for as long as GitHub asks; a request that hit a limit was not carried out, so any may be repeated
then. All waits together are within ``patience`` seconds.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote, urlsplit

from attrs import define, field
from githubkit import GitHub
from githubkit.exception import GitHubException, RateLimitExceeded, RequestFailed
from githubkit.response import Response
from githubkit.typing import RetryOption

from pt004_model.evidence.tracker.interface import (
    FLAKY,
    IGNORE,
    LABEL,
    NOT_PLANNED,
    REGRESSION,
    Comment,
    Draft,
    Issue,
    Limits,
    Lost,
    Refused,
    Unreachable,
)
from pt004_model.evidence.tracker.night import moment

DEFAULT_URL: Final = "https://api.github.com"
_LIMITS: Final = Limits(title=256, text=65_536)
_HEADERS: Final = {"X-GitHub-Api-Version": "2022-11-28", "Accept": "application/vnd.github+json"}
_PAGE: Final = 100
_RETRIES: Final = 3
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
    _github: GitHub[Any] = field(init=False, repr=False)
    _base: str = ""
    _there: set[str] | None = None
    _waited: float = 0.0
    _repeatable: bool = True

    def __attrs_post_init__(self) -> None:
        self._github = GitHub(
            self.token,
            base_url=self.api_url,
            user_agent="pt004_model",
            follow_redirects=False,  # a POST that is redirected becomes a GET
            timeout=_TIMEOUT,
            http_cache=False,
            auto_retry=self._again,
        )

    def __enter__(self) -> GitHubTracker:
        """Keep the connection between requests."""
        self._github.__enter__()  # type: ignore[no-untyped-call]  # githubkit says no types
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self._github.__exit__()

    @property
    def limits(self) -> Limits:
        """GitHub says characters and means bytes in places, so bytes are counted."""
        return _LIMITS

    def issues(self, label: str = LABEL) -> list[Issue]:
        """All issues with the label; pull requests are listed along with them and left out."""
        params = {"state": "all", "labels": label, "sort": "created", "direction": "asc"}
        rows = self._pages(f"{self._root()}/issues", params)
        return [_issue(row) for row in rows if "pull_request" not in row]

    def create(self, draft: Draft) -> Issue:
        """Make an issue, and before it the labels that the repository does not have."""
        self._have(draft.labels)
        given = {"title": draft.title, "body": draft.body, "labels": list(draft.labels)}
        return _issue(self._make(f"{self._root()}/issues", given))

    def comments(self, issue: Issue) -> list[Comment]:
        """All comments on an issue."""
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
        """The path of the repository, by its present name. Raises as any request does."""
        if not self._base:
            if not _REPOSITORY.fullmatch(self.repository):
                raise Refused(f"{self.repository!r} is no repository; give OWNER/NAME")
            answer = self._call("GET", f"/repos/{self.repository}")
            if answer.status_code in {301, 302, 307, 308}:
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
            if not isinstance(rows, list):
                raise Refused(f"{self.api_url} answers {path} without a list; see to --api-url")
            yield from rows
            following = answer.raw_response.links.get("next", {}).get("url")
            if following is None:
                return
            answer = self._call("GET", self._own(following))

    def _own(self, url: str) -> str:
        """``url`` if it leads to where we are; the token is not carried elsewhere."""
        here, there = urlsplit(self.api_url), urlsplit(url)
        if (here.scheme, here.netloc) != (there.scheme, there.netloc):
            raise Refused(f"{self.api_url} sends us on to {there.netloc!r}; see to --api-url")
        return url

    def _make(self, path: str, given: dict[str, Any]) -> Any:
        try:
            return self._json(self._call("POST", path, given, repeatable=False))
        except _Unreadable as error:
            raise Lost(str(error)) from None

    def _json(self, answer: Response[Any]) -> Any:
        try:
            return answer.json()
        except ValueError:
            raise _Unreadable(f"{self.api_url} answers with what is no JSON") from None

    def _call(
        self,
        method: str,
        path: str,
        given: Any = None,
        *,
        params: dict[str, Any] | None = None,
        repeatable: bool = True,
    ) -> Response[Any]:
        self._repeatable = repeatable
        try:
            return self._github.request(method, path, json=given, params=params, headers=_HEADERS)
        except RequestFailed as error:
            raise self._failed(error, repeatable=repeatable) from None
        except (GitHubException, ValueError) as error:
            cause = error.__cause__ or error
            why = (
                f"{self.api_url} does not answer: {self._hide(str(cause)) or type(cause).__name__}"
            )
            raise (Unreachable(why) if repeatable else Lost(why)) from None

    def _failed(self, error: RequestFailed, *, repeatable: bool) -> Exception:
        status = error.response.status_code
        message = self._message(error)
        what = f"{error.request.method} {error.request.url.path}"
        if _limited(error, message) is not None:
            seconds = _limited(error, message)
            return Unreachable(
                f"{self.api_url} limits how much is asked of it: the next request may be sent in"
                f" {seconds:.0f} s, and of --patience {self.patience:.0f} s {self._waited:.0f} are"
                " spent; come back later"
            )
        if status >= 500:
            why = f"{self.api_url} answers {what} with {status}: {message}"
            return Unreachable(why) if repeatable else Lost(why)
        if status == 422:
            return _Invalid(f"{self.api_url} does not take {what}: {message}")
        advice = {
            401: "the token is not accepted; see to GITHUB_TOKEN",
            403: "the token does not allow it; it needs the right to write issues",
            404: f"there is no {self.repository}, or the token does not allow to see it",
            410: "it is gone, or the issues of the repository are switched off",
        }.get(status, "see to --api-url and --repo")
        return Refused(f"{self.api_url} answers {what} with {status} ({message}): {advice}")

    def _message(self, error: RequestFailed) -> str:
        try:
            said = error.response.json()
            text = f"{said['message']} {said.get('errors') or ''}".strip()
        except (ValueError, TypeError, KeyError, AttributeError):
            text = "no message"
        return self._hide(text)[:300]

    def _hide(self, text: str) -> str:
        return text.replace(self.token, "[secret]") if self.token else text

    def _again(self, error: GitHubException, count: int) -> RetryOption:
        """Whether a request is sent again, and after how long; githubkit asks."""
        if isinstance(error, RequestFailed):
            seconds = _limited(error, self._message(error))
            if seconds is not None:
                return self._after_limit(seconds)
            if error.response.status_code < 500:
                return RetryOption(False)
        if not self._repeatable or count >= _RETRIES:
            return RetryOption(False)
        return self._after(self.pause * 2**count)

    def _after_limit(self, seconds: float) -> RetryOption:
        more = random.random() * self.pause  # noqa: S311 - keeps those who hit it together apart
        return self._after(max(seconds, self.pause) + more)

    def _after(self, seconds: float) -> RetryOption:
        if self._waited + seconds > self.patience:
            return RetryOption(False)
        self._waited += seconds
        return RetryOption(True, timedelta(seconds=seconds))


class _Invalid(Refused):
    """What we sent was not valid, or is there already."""


class _Unreadable(Unreachable):
    """An answer came, and cannot be read."""


def _limited(error: RequestFailed, message: str) -> float | None:
    """How many seconds are to be waited if the request hit a limit."""
    if isinstance(error, RateLimitExceeded):
        return error.retry_after.total_seconds()
    if error.response.status_code == 429 or (
        error.response.status_code == 403 and "rate limit" in message.lower()
    ):
        return 60.0  # as GitHub asks of those to whom it says no time
    return None


def _issue(row: dict[str, Any]) -> Issue:
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
