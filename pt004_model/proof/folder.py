"""The folder of a proof: written as a whole, and only over a proof.

The new folder is made beside its place and moved into it, so there is the old proof or the new one,
never half of one. Where something lies that no proof has left there, nothing is replaced.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import rfc8785

from pt004_model.judge.canonical import canonical_form
from pt004_model.model.values import Json
from pt004_model.proof.record import FOLDER
from pt004_model.proof.report import REPORT
from pt004_model.trace.files import Unusable, Unwritable, document_of, write_bytes
from pt004_model.wire.codec import read_json

MANIFEST: Final = f"{FOLDER}/manifest.json"
FORMAT: Final = "pt004-proof-manifest"
VERSION: Final = 1


def manifest(files: Mapping[str, bytes]) -> bytes:
    """Return the manifest of files, given by path: canonical JSON (RFC 8785) with their SHA-256."""
    hashes: Json = {path: hashlib.sha256(each).hexdigest() for path, each in files.items()}
    return rfc8785.dumps({"format": FORMAT, "version": VERSION, "files": hashes})


def read_manifest(content: bytes) -> dict[str, str]:
    """Return the hash of each file by path. Raises ``Unusable`` for an unsafe path, too."""
    raw = document_of(read_json(content), "manifest", FORMAT, VERSION)
    files = raw.get("files")
    if not isinstance(files, dict) or set(raw) != {"format", "version", "files"}:
        raise Unusable("this manifest lacks something, or has what none has")
    hashes = {path: str(value) for path, value in files.items()}
    for path in hashes:
        if not _safe(path):
            raise Unusable(f"{path!r:.100} leads out of the folder of the proof")
    if canonical_form(raw) != content:
        raise Unusable("this manifest is not canonical JSON (RFC 8785)")
    return hashes


def _safe(path: str) -> bool:
    """Tell whether a path names the report or a file within the folder, in the plainest way."""
    parts = path.split("/")
    if set(path) & set("\\\0:") or any(part in {"", ".", ".."} for part in parts):
        return False
    return path == REPORT or (parts[0] == FOLDER and len(parts) > 1)


def walk(out: Path) -> Iterator[tuple[str, str]]:
    """Yield path and kind of all that is in the folder of the proof within ``out``.

    Nothing is followed, and a path has slashes. A kind is ``file``, ``folder``, ``link`` or
    ``other``. Raises ``OSError``.
    """
    waiting = [FOLDER]
    while waiting:
        here = waiting.pop()
        with os.scandir(out / here) as found:
            for each in sorted(found, key=lambda entry: entry.name):
                path = f"{here}/{each.name}"
                kind = kind_of(each.stat(follow_symlinks=False).st_mode)
                yield path, kind
                if kind == "folder":
                    waiting.append(path)


def kind_of(mode: int) -> str:
    """Return what a file is by its mode, taken without following links."""
    kinds = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link"}
    return kinds.get(stat.S_IFMT(mode), "other")


def prepare(out: Path) -> None:
    """Find out before a proof if it cannot be written to ``out``. Raises ``Unwritable``."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{FOLDER}.", dir=out):
            pass
        _check_replaceable(out)
    except OSError as error:
        raise Unwritable(f"cannot write to {out}: {error.strerror or error}") from None


def _check_replaceable(out: Path) -> None:
    target = out / FOLDER
    for path in (target, out / REPORT):
        wanted = "folder" if path == target else "file"
        if os.path.lexists(path) and kind_of(path.lstat().st_mode) != wanted:
            raise Unwritable(f"{path} is no {wanted}, and is not replaced; move it away")
    if not target.exists():
        return
    try:
        ours = {*read_manifest((out / MANIFEST).read_bytes()), MANIFEST}
    except (OSError, Unusable):
        ours = set()
    for inside, kind in walk(out):
        if kind != "folder" and inside not in ours:
            raise Unwritable(
                f"{out / inside} is not of a proof, and {target} is replaced as a whole;"
                " move it away"
            )


def write(out: Path, files: Mapping[str, bytes]) -> str:
    """Write the files of a proof and their manifest; the SHA-256 of the manifest.

    Raises ``Unwritable``.
    """
    prepare(out)
    listing = manifest(files)
    fresh = Path(tempfile.mkdtemp(prefix=f".{FOLDER}.", dir=out))
    try:
        for path, content in {**files, MANIFEST: listing}.items():
            if path != REPORT:
                write_bytes(fresh / Path(path).relative_to(FOLDER), content)
        fresh.chmod(0o755)
        _replace(out / FOLDER, fresh)
        write_bytes(out / REPORT, files[REPORT])
    except OSError as error:
        raise Unwritable(f"cannot write to {out}: {error.strerror or error}") from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return hashlib.sha256(listing).hexdigest()


def _replace(target: Path, fresh: Path) -> None:
    """Put ``fresh`` in the place of ``target``, which comes back when that fails."""
    if not target.exists():
        fresh.rename(target)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{FOLDER}.old.", dir=target.parent))
    try:
        target.rename(old / FOLDER)
        fresh.rename(target)
    except BaseException:
        with suppress(OSError):  # what cannot come back is left beside its place
            if not target.exists():
                (old / FOLDER).rename(target)
            old.rmdir()
        raise
    shutil.rmtree(old, ignore_errors=True)
