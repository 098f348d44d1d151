"""``pt004 submit``: what a campaign found, as issues of a tracker."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import click

from pt004_model.cli.options import rightly_given
from pt004_model.cli.session import Unsure
from pt004_model.cli.settings import Finite
from pt004_model.trace.lock import Busy, locked, sweep
from pt004_model.tracker.directory import DirectoryTracker
from pt004_model.tracker.filing import Filing, SelfTest
from pt004_model.tracker.github import DEFAULT_URL, GitHubTracker
from pt004_model.tracker.issues import Refused, Tracker, Unreachable
from pt004_model.tracker.submission import read_submission

TRACKERS: Final = ("directory", "github")
_LOOPBACK: Final = re.compile(r"localhost|127\.\d+\.\d+\.\d+|::1")


class _NotThere(Unsure):
    """The tracker is not there, or not for us now."""

    word = "UNREACHABLE"


@click.command()
@click.argument(
    "folder", metavar="[DIR]", required=False, type=click.Path(file_okay=False, path_type=Path)
)
@click.option(
    "--tracker", "kind", type=click.Choice(TRACKERS), default=TRACKERS[0], show_default=True,
    help="Where issues are filed.",
)  # fmt: skip
@click.option(
    "--to", type=click.Path(path_type=Path), default=Path(".pt004-issues"), metavar="FOLDER",
    show_default=True, help="The folder of the tracker directory.",
)  # fmt: skip
@click.option(
    "--repo", metavar="OWNER/NAME", envvar="GITHUB_REPOSITORY",
    help="The repository of the tracker github (GITHUB_REPOSITORY).",
)  # fmt: skip
@click.option(
    "--api-url", metavar="URL", envvar="GITHUB_API_URL", default=DEFAULT_URL,
    show_default=True, help="The API of the tracker github (GITHUB_API_URL).",
)  # fmt: skip
@click.option(
    "--most", type=click.IntRange(min=0), default=10, metavar="N", show_default=True,
    help="Make at most N new issues.",
)  # fmt: skip
@click.option(
    "--patience", type=Finite(min=0), default=300.0, metavar="S", show_default=True,
    help="Wait at most S seconds for a tracker that limits or fails.",
)  # fmt: skip
@click.option("--dry-run", "dry", is_flag=True, help="Print what would be done, and do nothing.")
@click.option(
    "--self-test", is_flag=True,
    help="Prove against the tracker that filing works, and clean up. No DIR.",
)  # fmt: skip
@click.option("--token", envvar="GITHUB_TOKEN", hidden=True)
@click.pass_context
def submit(context: click.Context, /, **given: Any) -> None:
    """File what `pt004 check --out DIR` found, one issue a fingerprint.

    A finding that is filed already is counted in one comment. One that three campaigns in a row
    found fixed is closed; one that comes back is opened again. An issue with the label
    pt004:ignore, or closed as not planned, is left alone. Submitting a campaign twice changes
    nothing.

    The tracker github takes its token from GITHUB_TOKEN, which needs the right to write issues.

    Exit codes: 0 done, 2 wrong usage or configuration, 3 the tracker cannot be reached.

    Example: pt004 submit .pt004 --tracker directory --to issues
    """
    folder = given["folder"]
    if given["self_test"] == (folder is not None):
        raise click.UsageError("give either DIR, which pt004 check --out wrote, or --self-test")
    broken = 0
    try:
        with _alone(given), _tracker(given) as tracker:
            if folder is None:
                SelfTest(tracker, click.echo).run()
            else:
                campaign = read_submission(folder)
                broken = Filing(tracker, campaign, click.echo, given["most"], given["dry"]).run()
    except Refused as error:
        raise click.UsageError(str(error)) from None
    except (Unreachable, Busy) as error:
        raise _NotThere(str(error)) from None
    if broken:
        raise click.UsageError(f"{broken} could not be filed, see above")
    context.exit(0)


@contextmanager
def _alone(given: dict[str, Any]) -> Iterator[None]:
    """Hold what is read and the folder that is written: two at once would file twice.

    Raises ``Busy`` when another holds it for longer than we wait.
    """
    folder, to = given["folder"], given["to"]
    if given["kind"] == "directory" and folder is not None and to.resolve() == folder.resolve():
        raise click.UsageError(f"{to} holds the campaign; give --to another folder")
    with ExitStack() as stack:
        if folder is not None and os.access(folder, os.W_OK):  # nobody writes to another
            stack.enter_context(locked(folder, given["patience"]))
        if given["kind"] == "directory" and not given["dry"] and (to.is_dir() or not to.exists()):
            with rightly_given():
                stack.enter_context(locked(to, given["patience"]))
            sweep(to, ".[0-9]*.md.*")
        yield


def _tracker(given: dict[str, Any]) -> AbstractContextManager[Tracker]:
    if given["kind"] == "directory":
        return nullcontext(DirectoryTracker(given["to"], say=click.echo))
    if not given["repo"]:
        raise click.UsageError("--tracker github needs --repo OWNER/NAME")
    if not given["token"]:
        raise click.UsageError("--tracker github needs a token in the environment: GITHUB_TOKEN")
    if not re.fullmatch(r"[\x21-\x7e]+", given["token"]):
        raise click.UsageError("GITHUB_TOKEN must be visible ASCII without spaces or line ends")
    return GitHubTracker(
        given["repo"], given["token"], _api(given["api_url"]), patience=given["patience"]
    )


def _api(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        usable = parts.port is None or parts.port > 0
    except ValueError:
        host, usable = "", False
    usable = usable and parts.scheme in {"http", "https"} and bool(host)
    if not usable or parts.username is not None or parts.query or parts.fragment:
        raise click.UsageError("--api-url is no address; give one like https://api.github.com")
    if parts.scheme == "http" and not _LOOPBACK.fullmatch(host):
        raise click.UsageError(
            f"--api-url {url} would send the token in clear; give an address with https"
        )
    return url.rstrip("/")
