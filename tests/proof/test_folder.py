"""A proof folder is replaced as a whole, and only where a proof or nothing lay before."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import rfc8785

from pt004_model.proof import folder
from pt004_model.proof.folder import manifest, read_manifest, write
from pt004_model.proof.record import FOLDER
from pt004_model.proof.report import REPORT
from pt004_model.trace.files import Unusable, Unwritable

OLD = {REPORT: b"old", f"{FOLDER}/a.json": b"old", f"{FOLDER}/receipts/1.json": b"old"}
NEW = {REPORT: b"new", f"{FOLDER}/a.json": b"new"}


def there(out: Path) -> dict[str, bytes]:
    """All files below a folder, hidden ones included."""
    found = (path for path in out.rglob("*") if path.is_file() or path.is_symlink())
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in found}


def test_the_new_takes_the_place_of_the_old(tmp_path: Path) -> None:
    """Nothing of the old proof stays, nothing is left beside, and the manifest names all."""
    write(tmp_path / "a" / "b", OLD)
    sha256 = write(tmp_path / "a" / "b", NEW)
    files = there(tmp_path / "a" / "b")
    listing = files.pop(folder.MANIFEST)
    assert files == NEW
    assert sha256 == hashlib.sha256(listing).hexdigest()
    assert listing == rfc8785.dumps(json.loads(listing))
    hashes = {path: hashlib.sha256(each).hexdigest() for path, each in NEW.items()}
    assert read_manifest(listing) == hashes
    assert (tmp_path / "a" / "b" / FOLDER).stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("failing", [1, 2])
@pytest.mark.parametrize("what", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_move_that_fails_leaves_the_old_proof(
    failing: int, what: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever move fails, the old proof is there as it was, and nothing beside it."""
    write(tmp_path, OLD)
    before = there(tmp_path)
    rename, count = Path.rename, 0

    def fail(self: Path, target: Path) -> Path:
        nonlocal count
        count += 1
        if count == failing:
            raise what
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail)
    expected = Unwritable if isinstance(what, OSError) else KeyboardInterrupt
    with pytest.raises(expected):
        write(tmp_path, NEW)
    assert there(tmp_path) == before
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted({FOLDER, REPORT})


def test_a_write_that_fails_leaves_the_old_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full before the folder is moved changes nothing."""
    write(tmp_path, OLD)
    before = there(tmp_path)

    def fail(path: Path, _: bytes) -> None:
        raise Unwritable(f"cannot write {path}: No space left on device")

    monkeypatch.setattr(folder, "write_bytes", fail)
    with pytest.raises(Unwritable, match="No space left"):
        write(tmp_path, NEW)
    assert there(tmp_path) == before


@pytest.mark.parametrize("name", ["thesis.txt", ".hidden", "receipts/more.json"])
def test_what_is_not_of_a_proof_is_not_replaced(name: str, tmp_path: Path) -> None:
    """A file of somebody else within the folder is named, and all stays as it is."""
    write(tmp_path, OLD)
    (tmp_path / FOLDER / name).write_bytes(b"mine")
    before = there(tmp_path)
    with pytest.raises(Unwritable, match=f"{name} is not of a proof, and .* move it away"):
        write(tmp_path, NEW)
    assert there(tmp_path) == before


def test_a_folder_without_a_manifest_is_somebody_elses(tmp_path: Path) -> None:
    """Without a manifest nothing says that the files were of a proof; an empty folder is free."""
    (tmp_path / FOLDER).mkdir()
    write(tmp_path, OLD)
    (tmp_path / folder.MANIFEST).unlink()
    with pytest.raises(Unwritable, match="is not of a proof"):
        write(tmp_path, NEW)


@pytest.mark.parametrize("name", [FOLDER, REPORT])
def test_a_link_is_not_written_through(name: str, tmp_path: Path) -> None:
    """A link in the place of folder or report is refused, and what it leads to is untouched."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).symlink_to(outside)
    with pytest.raises(Unwritable, match=f"{name} is no (folder|file), and is not replaced"):
        write(tmp_path / "out", NEW)
    assert list(outside.iterdir()) == []


def test_a_place_that_cannot_be_written_to(tmp_path: Path) -> None:
    """A file in the place of the folder is named."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(Unwritable, match="cannot write to"):
        folder.prepare(tmp_path / "file" / "out")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is no manifest of pt004"),
        (b'{"format":"pt004-proof-manifest","version":2}', "and this pt004 reads version 1"),
        (b'{"format":"pt004-proof-manifest","version":1}', "lacks something"),
        (b'{"files":{},"format":"pt004-proof-manifest","version": 1}', "is not canonical JSON"),
        (b'{"files":{},"format":"pt004-proof-manifest","more":1,"version":1}', "none has"),
        (manifest({"../a": b""}), "leads out of the folder"),
    ],
)
def test_what_is_no_manifest_is_said_to_be_none(content: bytes, said: str) -> None:
    """A manifest that cannot be used says why."""
    with pytest.raises(Unusable, match=said):
        read_manifest(content)
