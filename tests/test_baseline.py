"""The file of known findings: what it may say, what is said of a bad one, how it is changed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pt004_model.baseline import DEFAULT, Entry, Known, add, load, remove
from pt004_model.trace.files import Unusable

A, B, C = "aaaaaaaaaaaa", "bbbbbbbbbbbb", "0123456789ab"
DAY = date(2027, 1, 31)
FILE = """\
# Ours. Please keep short.

# seen since the move
[[known]]
fingerprint = "aaaaaaaaaaaa"  # the first
reason = "is being\\nrepaired"
owner = "ann"
expires = 2027-01-31

# another story,
# told in two lines
[[known]]
fingerprint = "bbbbbbbbbbbb"
check = "audit.message"
reason = "[[known]] to nobody"
owner = "bob"
expires = "2027-02-01"
# the end
"""


def written(path: Path, text: str = FILE) -> Path:
    """A file with that text."""
    made = path / "known.toml"
    made.write_text(text)
    return made


def test_a_file_is_read(tmp_path: Path) -> None:
    """Entries have fingerprint, reason, owner and day, and may name the check."""
    known = load(written(tmp_path), DAY)
    assert known.entries == (
        Entry(A, "is being\nrepaired", "ann", DAY),
        Entry(B, "[[known]] to nobody", "bob", date(2027, 2, 1), "audit.message"),
    )
    assert known.about(A) == "known until 2027-01-31 (ann): is being repaired"
    assert known.about(C) == ""


@pytest.mark.parametrize(
    ("on", "fingerprints", "expired"),
    [(date(2027, 1, 31), {A, B}, []), (date(2027, 2, 1), {B}, [A]), (date(2027, 2, 2), (), [A, B])],
)
def test_entries_expire(
    on: date, fingerprints: set[str], expired: list[str], tmp_path: Path
) -> None:
    """An entry holds up to its day, that day included, and says of itself when it is over."""
    known = load(written(tmp_path), on)
    assert set(fingerprints) == known.fingerprints
    assert expired == [entry.fingerprint for entry in known.expired]
    for each in expired:
        assert known.about(each).startswith("expired on 2027-0")


def test_the_default_file_need_not_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the working directory it is read when it is there; one that is named must be there."""
    monkeypatch.chdir(tmp_path)
    assert load(None, DAY) == Known(DEFAULT, (), DAY)
    DEFAULT.write_text(FILE)
    assert [A, B] == [entry.fingerprint for entry in load(None, DAY).entries]
    with pytest.raises(Unusable, match=r"^other.toml is not there; `pt004 baseline add`"):
        load(Path("other.toml"), DAY)


GOOD = 'fingerprint = "aaaaaaaaaaaa"\nreason = "r"\nowner = "o"\nexpires = 2027-01-31\n'
BROKEN = [
    # what the file says, what is said of it
    ("[[known]]\nfingerprint = \n", "is no TOML: Invalid value (at line 2, column 15)"),
    ("[[knwon]]\n" + GOOD, "line 1: 'knwon' means nothing here; write [[known]]"),
    ("# x\nversion = 1\n[[known]]\n" + GOOD, "line 2: 'version' means nothing here"),
    ("[known]\n" + GOOD, "line 1: write each known finding as a table [[known]]"),
    ("\nknown = 3\n", "line 2: write each known finding as a table [[known]]"),
    ("\n[[known]]\nreason = 'r'\n", "line 2: fingerprint is missing; each known finding has"),
    ("[[known]]\n" + GOOD.replace('"r"', "7"), "line 3: reason is no text, or empty"),
    ("[[known]]\n" + GOOD.replace('"o"', '" "'), "line 4: owner is no text, or empty"),
    ("[[known]]\n" + GOOD.replace('aaaa"', 'aaaA"'), "line 2: 'aaaaaaaaaaaA' is no fingerprint"),
    ("[[known]]\n" + GOOD.replace("2027-01-31", "2027"), "line 5: expires must be a day like"),
    ("[[known]]\n" + GOOD.replace("2027-01-31", "'2027-02-30'"), "line 5: expires must be a day"),
    ("[[known]]\n" + GOOD.replace("-31", "-31T12:00:00Z"), "line 5: expires must be a day like"),
    ("[[known]]\n" + GOOD.replace("expires", "expire"), "line 5: 'expire' means nothing here; use"),
    ("[[known]]\n" + GOOD + "check = 3\n", "line 6: check is no text"),
    (f"[[known]]\n{GOOD}\n[[known]]\n{GOOD}", "line 8: aaaaaaaaaaaa is there twice; leave one"),
]


@pytest.mark.parametrize(("text", "said"), BROKEN)
def test_a_broken_file_is_said_to_be_broken(text: str, said: str, tmp_path: Path) -> None:
    """The sentence names the file, the line, what is wrong and what to do."""
    path = written(tmp_path, text)
    with pytest.raises(Unusable) as raised:
        load(path, DAY)
    assert said in str(raised.value)
    assert str(raised.value).startswith(str(path))


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """Bytes that are no text, and a folder, are said to be what they are."""
    path = written(tmp_path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(Unusable, match=r"^cannot read .*known.toml: 'utf-8' codec can't decode"):
        load(path)
    with pytest.raises(Unusable, match=r"^cannot read .*: Is a directory$"):
        load(tmp_path)


def test_an_entry_is_added_at_the_end(tmp_path: Path) -> None:
    """What was there stays as it was, to the byte; a new file begins with what it is for."""
    path = written(tmp_path)
    made = Entry(C, 'a "reason"\nof\\two', "carl", DAY, "steps.next-step-only")
    assert not add(path, made)
    assert path.read_text().startswith(FILE)
    assert load(path, DAY).entries[2:] == (made,)
    fresh = tmp_path / "new" / "known.toml"
    assert not add(fresh, made)
    assert fresh.read_text().startswith("# Findings that do not fail a run")
    assert load(fresh, DAY).entries == (made,)


def test_an_entry_is_renewed_where_it_is(tmp_path: Path) -> None:
    """Reason, owner and day are changed, and nothing else: comments and order stay."""
    path = written(tmp_path)
    assert add(path, Entry(A, "r", "ann", date(2028, 1, 1)))
    assert path.read_text() == FILE.replace('"is being\\nrepaired"', '"r"').replace(
        "2027-01-31", "2028-01-01"
    )


@pytest.mark.parametrize(("gone", "left"), [(A, B), (B, A)])
def test_an_entry_is_taken_out_with_its_comment(gone: str, left: str, tmp_path: Path) -> None:
    """The comment right above it goes as well, and the other entry keeps its own."""
    path = written(tmp_path)
    remove(path, [gone, C])
    text = path.read_text()
    assert [left] == [entry.fingerprint for entry in load(path, DAY).entries]
    assert text.startswith("# Ours. Please keep short.\n")
    assert ("seen since" in text, "another story" in text) == (left == A, left == B)
    assert ("told in two" in text, "# the first" in text) == (left == B, left == A)


def test_what_only_a_person_can_change_is_left_to_one(tmp_path: Path) -> None:
    """A file in which entries cannot be told apart by lines stays as it is."""
    inline = f"known = [{{ {', '.join(GOOD.strip().splitlines())} }}]\n"
    hidden = "[[known]]\n" + GOOD.replace('"r"', '"""\n[[known]]\n"""')
    for text in (inline, hidden):
        path = written(tmp_path, text)
        assert len(load(path, DAY).entries) == 1
        with pytest.raises(Unusable, match="only a person can change; edit it by hand"):
            remove(path, [A])
        assert text == path.read_text()
    path = written(tmp_path, inline)
    with pytest.raises(Unusable, match="only a person can change; edit it by hand"):
        add(path, Entry(C, "r", "o", DAY))
    assert inline == path.read_text()
