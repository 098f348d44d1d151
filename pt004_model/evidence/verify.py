"""Checks a proof folder offline: is it whole, and does it say what its envelopes say?

What is found whatever the manifest says: links, files added, removed or changed against what the
record and the envelopes amount to, envelopes that are not the answers that the record names, and
receipts that do not hold though the report says so. They are recomputed here from the envelopes
alone. What only the manifest's SHA-256, kept elsewhere, protects: the record itself, when all that
is made from it is made anew.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from itertools import takewhile, zip_longest
from pathlib import Path
from typing import Any, Final

from attrs import define, field

from pt004_model.evidence.proof.facts import RECEIPTS, Proof, State
from pt004_model.evidence.proof.folder import (
    MANIFEST,
    BadManifest,
    kind_of,
    read_manifest,
    walk,
)
from pt004_model.evidence.proof.plain import inert, line
from pt004_model.evidence.proof.record import BadRecord, Record, load_record
from pt004_model.evidence.proof.render import (
    FOLDER,
    RECORD,
    REPORT,
    envelope_path,
    render,
)
from pt004_model.judge.forms import canonical_hash
from pt004_model.model.scenarios import CANONICAL
from pt004_model.wire.codec import read_json

_ENDED: Final = ("completed", "failed")
_BEFORE, _SHOWN = 20, 60  # characters shown before and from a difference on


class NoProof(Exception):  # noqa: N818 - said of a folder, in a sentence for people
    """What was named holds no proof; the message is a sentence for people."""


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
        self.problems.append(f"{inert(path)}: {what}")


def verify(out: Path, manifest_sha256: str | None = None) -> Verification:
    """Check the proof in ``out``. Raises :class:`NoProof` when there is none."""
    _require(out)
    found = Verification()
    contents = _contents(out, found)
    listed = _manifest(contents, found, manifest_sha256)
    changed = _compare(contents, listed, found)
    _made_from(contents, changed, found)
    return found


def _require(out: Path) -> None:
    if not out.is_dir():
        raise NoProof(f"{out} is no folder; give the one that `pt004 prove --out` wrote to")
    if not any(os.path.lexists(out / each) for each in (FOLDER, REPORT)):
        hint = f"; give the folder above {FOLDER}" if (out / "manifest.json").exists() else ""
        raise NoProof(f"{out} holds no proof: there is no {FOLDER} and no {REPORT}{hint}")


def _contents(out: Path, found: Verification) -> dict[str, bytes]:
    """The bytes of every file by path; what is no plain file is a problem."""
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
    for path in (REPORT, FOLDER):
        try:
            kind = kind_of((out / path).lstat().st_mode)
        except OSError as error:
            found.add(path, f"is not there ({error.strerror})")
            continue
        if path == REPORT:
            if kind == "folder":
                found.add(path, "no file")
            else:
                yield path, kind
        elif kind != "folder":
            found.add(path, "no folder")
        else:
            try:
                yield from ((each.path, each.kind) for each in walk(out))
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
    except BadManifest as error:
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
    """Make all files again from the record and the envelopes, and compare."""
    paths = {case: envelope_path(case) for case in CANONICAL}
    envelopes = {case: contents[path] for case, path in paths.items() if path in contents}
    try:
        record = load_record(contents.get(RECORD, b""))
    except BadRecord as error:
        if RECORD in contents:
            found.add(RECORD, str(error))
        _chains(envelopes, None, found)
        return
    sources = {RECORD, *paths.values()}
    if not _names_them(record, envelopes, found) or sources & changed:
        _chains(envelopes, None, found)
        return  # whatever is made from these differs too
    whole, files = render(record, envelopes)
    found.verdict = whole.verdict
    _chains(envelopes, whole, found)
    for path in sorted({*files, *contents} - changed):
        if path not in contents:
            found.add(path, "is not there, though the envelopes call for it")
        elif path not in files:
            found.add(path, "is not a file of this proof")
        elif contents[path] != files[path]:
            found.add(path, _difference(files[path], contents[path]))


def _names_them(record: Record, envelopes: dict[str, bytes], found: Verification) -> bool:
    """Whether the envelopes that are there are those that the record names."""
    good = True
    for case in record.cases:
        path = envelope_path(case.name)
        there = envelopes.get(case.name)
        if (case.read_by is None) != (there is None):
            found.add(path, "is there or not there against what the record says")
            good = False
            continue
        if case.read_by is None or there is None or case.blotted:
            continue
        if hashlib.sha256(there).hexdigest() != case.exchanges[case.read_by].sha256:
            found.add(path, "is not the answer that the record says was received")
            good = False
    return good


def _difference(expected: bytes, observed: bytes) -> str:
    lines = zip_longest(expected.split(b"\n"), observed.split(b"\n"))
    number, (one, other) = next(
        (number, pair) for number, pair in enumerate(lines, 1) if pair[0] != pair[1]
    )
    pairs = zip(one or b"", other or b"", strict=False)
    at = max(0, sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs)) - _BEFORE)
    wanted, got = (
        "missing" if each is None else repr(line(each.decode("utf-8", "replace")[at:], _SHOWN))
        for each in (one, other)
    )
    return f"does not say what envelopes and record say: line {number} is {got} and not {wanted}"


def _chains(envelopes: dict[str, bytes], whole: Proof | None, found: Verification) -> None:
    """Recompute every receipt from the envelopes, and hold that against what the report says.

    Without a report to hold it against, whatever does not hold is a problem.
    """
    said = {} if whole is None else {p.case: p.state for p in whole.parts if p.name == RECEIPTS}
    for case, content in envelopes.items():
        problem = broken_receipt(content)
        state = said.get(case, State.PASS)
        if problem is not None and state is State.PASS:
            found.add(envelope_path(case), problem)
        elif problem is None and state is State.FAIL:
            found.add(envelope_path(case), "its receipts hold, and the report says that they fail")


def broken_receipt(content: bytes) -> str | None:
    """What is wrong with the receipts of an envelope, in words; ``None`` when all hold."""
    body: Any = read_json(content)
    try:
        run, logs = body["run"], body["logs"]
        hashes = [entry["receipt_hash"] for entry in logs]
        for number, entry in enumerate(logs, 1):
            unsigned = {name: value for name, value in entry.items() if name != "receipt_hash"}
            if canonical_hash(unsigned) != hashes[number - 1]:
                return f"receipt {number} is not the hash of its log entry"
            if entry["previous_receipt_hash"] != (hashes[number - 2] if number > 1 else None):
                return f"receipt {number} does not name the one before it"
        if not hashes or run["receipt_chain"] != hashes:
            return "receipt_chain does not list the receipts of the log"
        sealed = canonical_hash(hashes) if run.get("status") in _ENDED else None
        if run["workflow_receipt_hash"] != sealed:
            return "workflow_receipt_hash is not the hash of the chain of an ended run"
    except (TypeError, KeyError, AttributeError):
        return "this is no envelope with receipts"
    return None
