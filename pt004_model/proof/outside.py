"""What a proof is told from elsewhere: a campaign's summary, logs of the FC, the git commit."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Final

from attrs import field, frozen
from cattrs import BaseValidationError, Converter

from pt004_model.judge.oracle import Verdict
from pt004_model.trace.redact import Redactor
from pt004_model.wire.codec import read_json

MOST_LINES: Final = 20
"""Lines of an FC's log that are quoted for each run."""
_LONGEST: Final = 400  # characters of such a line
_GIT_TIME: Final = 10.0  # seconds


class BadSource(Exception):  # noqa: N818 - said of a file, in a sentence for people
    """A file that was named cannot be used; the message is a sentence for people."""


@frozen
class Git:
    """The commit that was checked out; ``changed`` is None where nobody looked."""

    sha: str
    changed: bool | None = None


@frozen
class CampaignFinding:
    """A finding as the summary of a campaign has it."""

    fingerprint: str
    check: str
    where: str
    expected: str
    observed: str
    commands: int
    occurrences: int
    severity: str = ""
    known: bool = False


@frozen
class CampaignCoverage:
    """What a campaign drove: edges of the model, and the sometimes-laws that it saw."""

    driven: int
    reachable: int
    missing: tuple[str, ...]
    witnessed: tuple[str, ...]
    unwitnessed: tuple[str, ...]


@frozen
class Campaign:
    """What a campaign came to, as its ``summary.json`` says; ``sha256`` is that of the file."""

    verdict: Verdict
    why: str
    requests: int
    examples: int
    seconds: float
    seed: int
    profile: str
    dialect: str
    coverage: CampaignCoverage
    findings: tuple[CampaignFinding, ...]
    base_url: str = ""
    started_at: str = ""
    sha256: str = ""


@frozen
class Quoted:
    """The lines of a log that name a run, the first ones with their numbers, and how many."""

    case: str
    count: int
    lines: tuple[tuple[int, str], ...]


@frozen
class FcLog:
    """A log of the FC that was searched for the runs of the proof."""

    name: str
    size: int
    sha256: str
    quoted: tuple[Quoted, ...] = field(factory=tuple)


def read_campaign(folder: Path, redact: Redactor) -> Campaign:
    """Return the campaign that left its evidence in ``folder``. Raises :class:`BadSource`."""
    path = folder / "summary.json"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadSource(
            f"cannot read {path}: {error.strerror}; give the folder that `pt004 check --out` wrote"
        ) from None
    raw = read_json(content)
    wrong = f"{path} is no summary of a campaign; give the folder that `pt004 check --out` wrote"
    if not isinstance(raw, dict):
        raise BadSource(wrong)
    try:
        clean = redact(raw)
        clean["sha256"] = hashlib.sha256(content).hexdigest()
        campaign: Campaign = Converter().structure(clean, Campaign)
    except (BaseValidationError, KeyError, TypeError, ValueError, OverflowError, RecursionError):
        raise BadSource(wrong) from None
    return campaign


def read_fc_log(path: Path, runs: dict[str, str], redact: Redactor) -> FcLog:
    """Search a log for runs, given by case; read line by line, as a log may be long.

    An id counts where no letter, digit, ``-``, ``_`` or ``~`` stands beside it. Raises
    :class:`BadSource`.
    """
    wanted = {
        case: re.compile(rf"(?<![\w~-]){re.escape(run_id)}(?![\w~-])", re.ASCII)
        for case, run_id in runs.items()
        if run_id
    }
    counts: Counter[str] = Counter()
    lines: dict[str, list[tuple[int, str]]] = {case: [] for case in runs}
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                digest.update(raw)
                size += len(raw)
                text = raw.decode("utf-8", "replace").rstrip("\r\n")
                for case, pattern in wanted.items():
                    if pattern.search(text):
                        counts[case] += 1
                        if len(lines[case]) < MOST_LINES:
                            lines[case].append((number, redact(text)[:_LONGEST]))
    except OSError as error:
        raise BadSource(f"cannot read the log {path}: {error.strerror}") from None
    quoted = tuple(Quoted(case, counts[case], tuple(lines[case])) for case in runs)
    return FcLog(path.name, size, digest.hexdigest(), quoted)


def commit_here() -> Git | None:
    """Return the commit of the repository that we stand in; ``None`` without one, or git."""
    git = shutil.which("git")
    if git is None:
        return None
    sha = _ask(git, "rev-parse", "--verify", "HEAD")
    if sha is None or not re.fullmatch(r"[0-9a-f]{40,64}\n", sha):
        return None
    changes = _ask(git, "status", "--porcelain", "--untracked-files=no")
    return Git(sha.strip(), None if changes is None else bool(changes))


def _ask(git: str, *arguments: str) -> str | None:
    try:
        ended = subprocess.run(  # noqa: S603 - git, with arguments of ours
            [git, "--no-optional-locks", *arguments],
            capture_output=True,
            text=True,
            timeout=_GIT_TIME,
            check=False,
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    return ended.stdout if ended.returncode == 0 else None
