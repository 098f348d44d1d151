"""Both trackers, and time that passes by nights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tracker.description import Description, NoDescription, cached
from tests.tracker.fake_github import FakeGitHub, serving
from tests.tracker.worlds import FolderWorld, GitHubWorld, World


@pytest.fixture(scope="session")
def description(request: pytest.FixtureRequest) -> Description:
    """GitHub's description of its API."""
    assert request.config.cache is not None
    try:
        return Description.of(cached(request.config.cache.mkdir("github-openapi")))
    except NoDescription as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def fake(description: Description, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGitHub]:
    """A stand-in for GitHub; whatever is not as GitHub describes it fails the test."""
    for name in ("GITHUB_REPOSITORY", "GITHUB_TOKEN", "GITHUB_API_URL", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serving(description) as there:
        yield there
        assert not there.violations
        assert not there.mishaps


@pytest.fixture(params=["directory", pytest.param("github", marks=pytest.mark.system)])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    """A tracker of each kind, seen as people see it."""
    if request.param == "directory":
        return FolderWorld(tmp_path / "night", tmp_path / "issues")
    fake: FakeGitHub = request.getfixturevalue("fake")
    return GitHubWorld(tmp_path / "night", fake)
