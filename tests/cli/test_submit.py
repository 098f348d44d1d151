"""``pt004 submit`` as people type it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from pt004_model.manual import page
from pt004_model.tracker.directory import DirectoryTracker
from tests.cli.helpers import Ended, invoke
from tests.tracker.nights import DENIED, DENY, LINKED, night, replayed

GITHUB = ("--tracker", "github", "--repo", "octocat/Hello-World")
TOKEN = "ghp_token_of_the_tests"


def submit(*arguments: str | Path, **environment: str) -> Ended:
    """Run the command with nothing of a CI in its environment."""
    bare = dict.fromkeys(("GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_API_URL"), "")
    return invoke("submit", *arguments, **{**bare, **environment})


def transcript() -> list[tuple[list[str], list[str]]]:
    """The manual's transcript: commands, and the lines that each shows."""
    (block,) = re.findall(r"(?ms)^```console\n(.*?)^```$", page("filing"))
    parts = [part.splitlines() for part in re.split(r"(?m)^\$ ", block) if part]
    return [(part[0].split(" && "), part[1:]) for part in parts]


@pytest.mark.system
def test_what_the_manual_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One command finds, a second files, and after three campaigns without the fault it is closed.

    Every line that the page on filing shows is printed, in that order.
    """
    monkeypatch.chdir(tmp_path)
    for commands, shown in transcript():
        printed: list[str] = []
        for command in commands:
            program, *words = shlex.split(command)
            assert program == "pt004"
            ended = invoke(*words)
            assert ended.code == (1 if "--fault" in words else 0), ended.said
            printed += ended.lines
        assert shown == [line for line in printed if line in shown]
    (issue,) = DirectoryTracker(tmp_path / "issues").issues()
    assert (issue.is_open, issue.reason) == (False, "completed")
    assert len(DirectoryTracker(tmp_path / "issues").comments(issue)) == 2


def test_the_curl_chain_is_in_the_issue(tmp_path: Path) -> None:
    """It is the one that ``pt004 show`` prints, which runs as it stands."""
    night(tmp_path / "night", 1, DENIED)
    assert submit(tmp_path / "night", "--to", tmp_path / "issues").code == 0
    (issue,) = DirectoryTracker(tmp_path / "issues").issues()
    shown = invoke("show", tmp_path / "night" / "traces" / f"{DENY}.json", "--as", "curl")
    assert f"With `curl` and `jq` alone:\n\n```sh\n{shown.out}```\n" in issue.body


def test_the_folder_is_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing but the campaign's folder, issues go into a folder beside it."""
    monkeypatch.chdir(tmp_path)
    night(tmp_path / ".pt004", 1, DENIED)
    ended = submit(".pt004")
    assert ended.code == 0
    assert ended.lines == [
        f"{DENY}: filed .pt004-issues/0001-policy.deny-blocks.md",
        "1 filed",
    ]


def test_issues_do_not_go_into_the_folder_of_the_campaign(tmp_path: Path) -> None:
    """It is refused at once: held for reading, it would be waited for until patience ends."""
    ended = submit(night(tmp_path, 1, DENIED), "--to", tmp_path / "traces" / "..")
    assert ended.code == 2
    assert "holds the campaign; give --to another folder" in ended.err


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    """Not even the folder."""
    night(tmp_path / "night", 1, DENIED)
    ended = submit(tmp_path / "night", "--to", tmp_path / "issues", "--dry-run")
    assert ended.code == 0
    assert ended.lines[-1] == "would be: 1 filed"
    assert not (tmp_path / "issues").exists()


def test_the_rest_is_named(tmp_path: Path) -> None:
    """What --most keeps from being filed stands in the last line."""
    night(tmp_path / "night", 1, DENIED, LINKED)
    ended = submit(tmp_path / "night", "--to", tmp_path / "issues", "--most", "1")
    assert ended.lines[-2:] == ["1 filed", f"not filed, because of --most 1: {DENY}"]


def test_a_self_test_of_a_folder(tmp_path: Path) -> None:
    """It needs no campaign, and leaves no file."""
    ended = submit("--self-test", "--to", tmp_path / "issues")
    assert ended.code == 0
    assert ended.lines[-1] == "ok: filing works here"
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == []


def test_a_broken_trace_ends_with_two(tmp_path: Path) -> None:
    """The others are filed, and the exit code tells that something was not."""
    night(tmp_path / "night", 1, DENIED, LINKED)
    (tmp_path / "night" / "traces" / f"{DENY}.json").unlink()
    ended = submit(tmp_path / "night", "--to", tmp_path / "issues")
    assert ended.code == 2
    assert "1 filed" in ended.lines
    assert "cannot be filed: cannot read" in ended.out
    assert "1 could not be filed, see above" in ended.err


def test_a_trace_of_another_finding_is_not_shown(tmp_path: Path) -> None:
    """A file under a wrong name would tell of something else."""
    night(tmp_path / "night", 1, DENIED, LINKED)
    traces = tmp_path / "night" / "traces"
    (traces / f"{DENY}.json").replace(traces / "0123456789ab.json")
    ended = submit(tmp_path / "night", "--to", tmp_path / "issues")
    assert ended.code == 2
    assert f"is the trace of {DENY}" in ended.out


WRONG: list[tuple[tuple[str, ...], dict[str, str], tuple[str, ...]]] = [
    # arguments, environment, what the message says
    ((), {}, ("either DIR", "--self-test")),
    (("{dir}", "--self-test"), {}, ("either DIR", "--self-test")),
    (("{dir}/none",), {}, ("there is no", "check --out")),
    (("{dir}", "--tracker", "jira"), {}, ("'jira'", "'directory'", "'github'")),
    (("{dir}", "--tracker", "github"), {"GITHUB_TOKEN": TOKEN}, ("--repo OWNER/NAME",)),
    (("{dir}", *GITHUB), {}, ("GITHUB_TOKEN",)),
    (("{dir}", *GITHUB), {"GITHUB_TOKEN": f"{TOKEN}\n"}, ("GITHUB_TOKEN", "visible ASCII")),
    (("{dir}", *GITHUB[:-1], "elsewhere"), {"GITHUB_TOKEN": TOKEN}, ("'elsewhere'", "OWNER/NAME")),
    (("{dir}", *GITHUB[:-1], "a/../b"), {"GITHUB_TOKEN": TOKEN}, ("'a/../b'", "OWNER/NAME")),
    (("{dir}", *GITHUB, "--api-url", "github.com"), {"GITHUB_TOKEN": TOKEN}, ("like https://",)),
    (("{dir}", *GITHUB, "--api-url", "https://u:p@h"), {"GITHUB_TOKEN": TOKEN}, ("like https://",)),
    (("{dir}", *GITHUB, "--api-url", "https://h:x"), {"GITHUB_TOKEN": TOKEN}, ("like https://",)),
    (("{dir}", *GITHUB, "--api-url", "http://ghe"), {"GITHUB_TOKEN": TOKEN}, ("in clear", "https")),
    (("{dir}", "--most", "-1"), {}, ("--most", "x>=0")),
    (("{dir}", "--to", "{dir}/summary.json"), {}, ("summary.json is no folder",)),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "environment", "said"), WRONG)
def test_wrong_usage(
    tmp_path: Path, arguments: tuple[str, ...], environment: dict[str, str], said: tuple[str, ...]
) -> None:
    """Exit code 2, and a sentence without the token."""
    night(tmp_path, 1, DENIED)
    ended = submit(*(each.format(dir=tmp_path) for each in arguments), **environment)
    assert ended.code == 2, ended.said
    for part in said:
        assert part in " ".join(ended.err.split())
    assert TOKEN not in ended.said


def test_a_tracker_that_is_not_there(tmp_path: Path) -> None:
    """Exit code 3, and a sentence."""
    night(tmp_path, 1, DENIED)
    address = ("--api-url", "http://127.0.0.1:9", "--patience", "0")
    ended = submit(tmp_path, *GITHUB, *address, GITHUB_TOKEN=TOKEN)
    assert ended.code == 3
    assert ended.err.startswith("UNREACHABLE: http://127.0.0.1:9 does not answer")


def test_a_campaign_that_never_began_files_nothing(tmp_path: Path) -> None:
    """An FC that is not there is no finding, and what was found before it is filed no more."""
    night(tmp_path, 1, DENIED, came=(replayed(DENY, "reproduced", 5),))
    ended = invoke("check", "--base-url", "http://127.0.0.1:9", "--out", tmp_path)
    assert ended.code == 3
    ended = submit(tmp_path, "--to", tmp_path / "issues")
    assert (ended.code, ended.out) == (0, "nothing to do\n")
    assert not (tmp_path / "issues").exists()
