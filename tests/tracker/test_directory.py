"""The folder of Markdown files: what a file looks like, and what people may do to it."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve

from pt004_model.tracker.directory import DirectoryTracker
from pt004_model.tracker.issues import Comment, Draft, Refused, marker
from tests.tracker.nights import FIRST_NIGHT

DRAFT = Draft("policy.deny-blocks: a title", "The body.\n\nIts end.", ("pt004", "policy"))

OURS = evolve(DRAFT, body=f"{marker('fingerprint', '0123456789ab')}\n\nThe body.")


@pytest.fixture
def folder(tmp_path: Path) -> DirectoryTracker:
    """A tracker whose clock stands still."""
    return DirectoryTracker(tmp_path / "issues", FIRST_NIGHT.timestamp)


def test_what_a_file_looks_like(folder: DirectoryTracker) -> None:
    """What a tracker knows stands at the top, then the body, then the comments."""
    issue = folder.create(DRAFT)
    folder.comment(issue, "A comment.\n\nIts end.")
    folder.close(issue, "completed")
    assert issue.place == str(folder.folder / "0001-policy.deny-blocks.md")
    assert Path(issue.place).read_text() == (
        "---\n"
        "number: 1\n"
        'title: "policy.deny-blocks: a title"\n'
        'state: "closed"\n'
        'reason: "completed"\n'
        'labels: ["pt004", "policy"]\n'
        'created_at: "2026-03-02T02:00:00.000Z"\n'
        'updated_at: "2026-03-02T02:00:00.000Z"\n'
        'closed_at: "2026-03-02T02:00:00.000Z"\n'
        "---\n"
        "\n"
        "The body.\n"
        "\n"
        "Its end.\n"
        "\n"
        "<!-- pt004:comment=1 -->\n"
        "## Comment 1\n"
        "\n"
        "A comment.\n"
        "\n"
        "Its end.\n"
        "<!-- pt004:end=1 -->\n"
    )


def test_what_is_written_is_read_back(folder: DirectoryTracker) -> None:
    """Issues in the order of their numbers, comments in theirs, an edit in its place."""
    for _ in range(11):
        issue = folder.create(DRAFT)
    folder.create(Draft("t", "b", ("other",)))
    assert [each.number for each in folder.issues()] == [*range(1, 12)]
    for text in ("first", "second", "third"):
        folder.comment(issue, text)
    folder.edit(issue, Comment(2, "second"), "edited")
    assert folder.comments(issue) == [
        Comment(1, "first"),
        Comment(2, "edited"),
        Comment(3, "third"),
    ]
    assert folder.issues()[-1].body == DRAFT.body


def test_what_people_write_stays(folder: DirectoryTracker) -> None:
    """Words between the comments, members at the top, and line ends of another system."""
    issue = folder.create(DRAFT)
    folder.comment(issue, "A comment.")
    path = Path(issue.place)
    text = path.read_text().replace("state:", "owner: ann\nstate:") + "\nI look into it.\n\nAnn\n"
    path.write_bytes(text.replace("\n", "\r\n").encode())
    folder.edit(issue, folder.comments(issue)[0], "Edited.")
    folder.comment(issue, "Another.")
    after = path.read_text()
    assert 'owner: "ann"\n' in after
    assert "\n\nI look into it.\n\nAnn\n\n<!-- pt004:comment=2 -->" in after
    assert [each.text for each in folder.comments(issue)] == ["Edited.", "Another."]


@pytest.mark.parametrize(
    ("line", "by_hand"),
    [
        ('labels: ["pt004", "policy"]', "labels: [pt004, 'pt004:ignore']"),
        ('labels: ["pt004", "policy"]', "labels: pt004, pt004:ignore"),
    ],
)
def test_labels_by_hand(folder: DirectoryTracker, line: str, by_hand: str) -> None:
    """Lists as people write them are read."""
    issue = folder.create(DRAFT)
    path = Path(issue.place)
    path.write_text(path.read_text().replace(line, by_hand))
    assert folder.issues()[0].labels == {"pt004", "pt004:ignore"}


def test_a_state_by_hand(folder: DirectoryTracker) -> None:
    """A state without quotes, a reason in words, a time that nobody wrote."""
    issue = folder.create(DRAFT)
    path = Path(issue.place)
    text = path.read_text().replace('state: "open"', "state: closed")
    path.write_text(text.replace("reason: null", "reason: not planned"))
    (after,) = folder.issues()
    assert (after.is_open, after.reason, after.closed_at) == (False, "not_planned", None)


BROKEN = {
    "no head": ("---\nnumber", "number", "does not begin with lines between ---"),
    "no number": ("number: 1", "number: one", "'one' is no number"),
    "no state": ('state: "open"', "state: shut", "'shut' is no state"),
    "no time": ("closed_at: null", "closed_at: monday", "'monday' is no closed_at"),
    "nested too deep": ("closed_at: null", f"closed_at: {'[' * 100_000}", "is no closed_at"),
    "no labels": ('labels: ["pt004", "policy"]', "labels: 1", "'1' is no labels"),
}


@pytest.mark.parametrize(("line", "other", "said"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_named(folder: DirectoryTracker, line: str, other: str, said: str) -> None:
    """Left out it would be filed again, so a sentence says which file is to be mended."""
    path = Path(folder.create(OURS).place)
    path.write_text(path.read_text().replace(line, other, 1))
    with pytest.raises(Refused) as caught:
        folder.issues()
    assert str(path) in str(caught.value)
    assert said in str(caught.value)


def test_bytes_that_are_no_text_are_named(folder: DirectoryTracker) -> None:
    """A file of ours that is not in UTF-8 is to be mended as well."""
    path = Path(folder.create(OURS).place)
    path.write_bytes(path.read_bytes() + b"\xff")
    with pytest.raises(Refused, match="is not in UTF-8"):
        folder.issues()


def test_a_stray_file_is_told_once_and_passed_over(tmp_path: Path) -> None:
    """Notes, bytes, a folder: the others are listed, and a new issue takes no place of theirs."""
    said: list[str] = []
    folder = DirectoryTracker(tmp_path, FIRST_NIGHT.timestamp, say=said.append)
    (tmp_path / "0001-policy.deny-blocks.md").write_bytes(b"---\n\xff")
    (tmp_path / "2027-notes.md").write_text("mine")
    (tmp_path / "3-folder.md").mkdir()
    issue = folder.create(OURS)
    assert issue.place == str(tmp_path / "0002-policy.deny-blocks.md")
    assert [each.number for each in folder.issues()] == [2]
    assert [line.removeprefix(str(tmp_path)) for line in said] == [
        "/0001-policy.deny-blocks.md is not in UTF-8; mend it or take it away; it was passed over",
        "/2027-notes.md does not begin with lines between ---; mend it or take it away;"
        " it was passed over",
        f"cannot read {tmp_path}/3-folder.md: Is a directory; it was passed over",
    ]


def test_other_files_are_not_looked_at(folder: DirectoryTracker) -> None:
    """A README may lie there; a file in place of the folder is said."""
    folder.create(DRAFT)
    (folder.folder / "README.md").write_text("Not an issue")
    assert len(folder.issues()) == 1
    with pytest.raises(Refused, match="is no folder"):
        DirectoryTracker(folder.folder / "README.md").issues()
