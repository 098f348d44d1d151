"""What a proof is told from elsewhere: a campaign's summary, logs of the FC, the git commit."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Final

from attrs import evolve, field, frozen

from pt004_model.report.summary import StatisticsDocument, Summary, read_summary
from pt004_model.trace.files import Unusable
from pt004_model.trace.redact import Redactor

MOST_LINES: Final = 20
"""Lines of an FC's log that are quoted for each run."""
_LONGEST: Final = 400  # characters of such a line
_GIT_TIME: Final = 10.0  # seconds


@frozen
class Git:
    """The commit that was checked out; ``changed`` is None where nobody looked."""

    sha: str
    changed: bool | None = None


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


def read_campaign(folder: Path, redact: Redactor) -> tuple[Summary, str]:
    """Return the campaign in ``folder``, but for its edges and times, and its file's SHA-256.

    Raises ``Unusable``.
    """
    summary = read_summary(folder, redact)
    sha256 = hashlib.sha256((folder / "summary.json").read_bytes()).hexdigest()
    return evolve(summary, edges=(), statistics=StatisticsDocument()), sha256


def read_fc_log(path: Path, runs: dict[str, str], redact: Redactor) -> FcLog:
    """Search a log for runs, given by case; read line by line, as a log may be long.

    An id counts where no letter, digit, ``-``, ``_`` or ``~`` stands beside it. Raises
    ``Unusable``.
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
        raise Unusable(f"cannot read the log {path}: {error.strerror}") from None
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
