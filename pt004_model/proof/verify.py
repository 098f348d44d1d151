"""Checks a proof folder offline: is it whole, and does it say what its answers say?

Every recorded answer is judged again by the judge that judged it live, and every file is made again
from that. What is found whatever the manifest says: links, files added, removed or changed against
what the record and the answers amount to. What only the manifest's SHA-256, kept elsewhere,
protects is a folder that was made from other answers as a whole.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from itertools import takewhile, zip_longest
from pathlib import Path
from typing import Final

from attrs import define, field

from pt004_model.proof.folder import MANIFEST, kind_of, read_manifest, walk
from pt004_model.proof.record import (
    FOLDER,
    RECORD,
    answer_path,
    load_record,
)
from pt004_model.proof.report import REPORT, render
from pt004_model.proof.verdict import Proof, prove
from pt004_model.report.text import visible
from pt004_model.trace.files import Unusable

_BEFORE, _SHOWN = 20, 60  # characters shown before and from a difference on
_ANSWERS: Final = f"{FOLDER}/answers/"


@define
class Verification:
    """What is wrong with a proof folder: sentences that begin with the path of a file.

    ``verdict`` is what its report says, as far as that can be told; ``manifest`` the SHA-256 of
    its manifest.
    """

    problems: list[str] = field(factory=list)
    verdict: str = ""
    manifest: str = ""
    files: int = 0

    def add(self, path: str, what: str) -> None:
        """Note what is wrong with a file."""
        self.problems.append(f"{visible(path)}: {what}")


def verify(out: Path, manifest_sha256: str | None = None) -> Verification:
    """Check the proof in ``out``. Raises ``Unusable`` when there is none."""
    _require(out)
    found = Verification()
    contents = _contents(out, found)
    listed = _manifest(contents, found, manifest_sha256)
    changed = _compare(contents, listed, found)
    _made_from(contents, changed, found)
    return found


def _require(out: Path) -> None:
    if not out.is_dir():
        raise Unusable(f"{out} is no folder; give the one that `pt004 prove --out` wrote to")
    if not any(os.path.lexists(out / each) for each in (FOLDER, REPORT)):
        hint = f"; give the folder above {FOLDER}" if (out / "manifest.json").exists() else ""
        raise Unusable(f"{out} holds no proof: there is no {FOLDER} and no {REPORT}{hint}")


def _contents(out: Path, found: Verification) -> dict[str, bytes]:
    """Return the bytes of every file by path; what is no plain file is a problem."""
    contents: dict[str, bytes] = {}
    folders: set[str] = set()
    for path, kind in _there(out, found):
        if kind == "folder":
            folders.add(path)
        elif kind != "file":
            found.add(path, "a link, and links are not followed" if kind == "link" else "no file")
        else:
            try:
                contents[path] = _read(out / path)
            except OSError as error:
                found.add(path, f"cannot be read: {error.strerror}")
    used = {str(parent) for path in contents for parent in Path(path).parents}
    for path in sorted(folders - used):
        found.add(path, "a folder that the proof does not have")
    found.files = len(contents)
    return contents


def _there(out: Path, found: Verification) -> Iterator[tuple[str, str]]:
    for path, wanted in ((REPORT, "file"), (FOLDER, "folder")):
        try:
            kind = kind_of((out / path).lstat().st_mode)
        except OSError as error:
            found.add(path, f"is not there ({error.strerror})")
            continue
        if path == REPORT and kind != "folder":
            yield path, kind
        elif kind != wanted:
            found.add(path, f"no {wanted}")
        else:
            try:
                yield from walk(out)
            except OSError as error:
                found.add(path, f"cannot be listed: {error.strerror}")


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(descriptor, "rb") as file:
        return file.read()


def _manifest(
    contents: dict[str, bytes], found: Verification, expected: str | None
) -> dict[str, str]:
    content = contents.pop(MANIFEST, None)
    if content is None:
        found.add(MANIFEST, "is not there")
        return {}
    found.manifest = hashlib.sha256(content).hexdigest()
    if expected is not None and found.manifest != expected:
        found.add(MANIFEST, f"its SHA-256 is {found.manifest} and not {expected}")
    try:
        return read_manifest(content)
    except Unusable as error:
        found.add(MANIFEST, str(error))
        return {}


def _compare(contents: dict[str, bytes], listed: dict[str, str], found: Verification) -> set[str]:
    """Hold the files against the manifest; those that are not as it says."""
    changed: set[str] = set()
    for path in sorted({*contents, *listed}):
        if path not in contents:
            found.add(path, "is in the manifest, and is not there")
        elif path not in listed:
            found.add(path, "is not in the manifest: it was added")
        elif hashlib.sha256(contents[path]).hexdigest() != listed[path]:
            found.add(path, "was changed: its SHA-256 is not that of the manifest")
        else:
            continue
        changed.add(path)
    return changed


def _made_from(contents: dict[str, bytes], changed: set[str], found: Verification) -> None:
    """Judge the answers again, make all files from them, and compare."""
    if RECORD not in contents:
        return
    try:
        record = load_record(contents[RECORD])
    except Unusable as error:
        found.add(RECORD, str(error))
        return
    answers = {path: each for path, each in contents.items() if path.startswith(_ANSWERS)}
    proof = prove(record, answers)
    missing = [path for case in record.cases for _, path in case.missing(answers)]
    for path in missing:
        found.add(path, "is not there, though the record names it")
    if missing or {RECORD, *answers} & changed:
        _judged_again(proof, found)
        return  # whatever is made from these differs too
    found.verdict = proof.verdict
    files = render(proof)
    for path in sorted({*files, *contents} - changed):
        if path not in contents:
            found.add(path, "is not there, though the record and the answers call for it")
        elif path not in files:
            found.add(path, "is not a file of this proof")
        elif contents[path] != files[path]:
            found.add(path, _difference(files[path], contents[path]))


def _judged_again(proof: Proof, found: Verification) -> None:
    """Say which checks notice that record or answers are not as they were."""
    for case in proof.cases:
        for finding in case.result.findings:
            path = answer_path(case.record.name, len(case.result.steps))
            found.add(path, f"judged again, it fails {finding}")


def _difference(expected: bytes, observed: bytes) -> str:
    lines = zip_longest(expected.split(b"\n"), observed.split(b"\n"))
    number, (one, other) = next(
        (number, pair) for number, pair in enumerate(lines, 1) if pair[0] != pair[1]
    )
    pairs = zip(one or b"", other or b"", strict=False)
    at = max(0, sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs)) - _BEFORE)
    wanted, got = (
        "missing" if each is None else repr(visible(each.decode("utf-8", "replace")[at:], _SHOWN))
        for each in (one, other)
    )
    return f"does not say what record and answers say: line {number} is {got} and not {wanted}"
