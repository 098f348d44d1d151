"""The file that describes one FC: where in it something stands, what it may say, and the rest."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from pt004_model.config import Config, line_of, load
from pt004_model.judge.checks import CHECKS
from pt004_model.model.required import Required
from pt004_model.trace.files import Unusable

CHECK = next(iter(CHECKS))
KNOWN = {"target": ["base_url", "rate", "headers"], "campaign": ["areas"]}
NAMES = st.text("abc.\"'é\n", min_size=1, max_size=4)
VALUES = st.recursive(
    st.booleans() | st.integers(0, 9) | st.text("x=[]{}#\n\"'", max_size=6),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=5,
)


def config(folder: Path, text: str, name: str = "pt004.toml") -> Config:
    """What a file with this text says."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return load(path, KNOWN)


def test_no_file_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a file, and with a project's file that has no table of ours, nothing is said."""
    monkeypatch.chdir(tmp_path)
    assert Config() == load(None, KNOWN)
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\n")
    assert Config() == load(None, KNOWN)


def test_the_files_that_are_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file of its own comes before the table in that of the project."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.x]\n[tool.pt004.target]\nrate = 2\n")
    found = load(None, KNOWN)
    assert {"rate": 2} == found.settings["target"]
    assert "pyproject.toml, line 3" == found.where("target", "rate")
    (tmp_path / "pt004.toml").write_text("[target]\nrate = 3\n")
    assert {"rate": 3} == load(None, KNOWN).settings["target"]


@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=3), st.integers(0, 3), st.data())
def test_where_something_stands(table: dict[str, object], above: int, data: st.DataObject) -> None:
    """The line is that on which a table's member begins, however names and values are spelled."""
    name = data.draw(st.sampled_from(sorted(table)))
    text = "# about\n" * above + tomlkit.dumps({"x": table})
    lines = text.split("\n")
    at = line_of(text, ("x", name))
    one = tomlkit.dumps({"x": {name: table[name]}}).split("\n")
    begins = [line for line in one if line.strip() not in {"", "[x]"}] or [""]
    assert begins[0].split("=")[0].strip() in lines[at - 1] or "[x" in lines[at - 1]


ROWS = {
    "an unknown table": ("\n[targe]\nrate = 1", 2, "'targe' means nothing here; use campaign"),
    "an unknown name": (
        "[target]\n\nrat = 1",
        3,
        "'rat' means nothing here; use base_url, headers",
    ),
    "no table": ("target = 1", 1, "'target' is no table; write [target]"),
    "no variable": (
        "[target]\nheaders = {A='${NO_SUCH}'}",
        2,
        "environment has no NO_SUCH",
    ),
}


@pytest.mark.parametrize(("text", "line", "said"), ROWS.values(), ids=ROWS)
def test_what_is_wrong_is_told(text: str, line: int, said: str, tmp_path: Path) -> None:
    """File and line, what is wrong there, and what to do."""
    with pytest.raises(Unusable) as bad:
        config(tmp_path, text)
    assert str(bad.value).startswith(f"{tmp_path / 'pt004.toml'}, line {line}: ")
    assert said in str(bad.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[target", "is no TOML"),
        (b"a = " + b"[" * 9999, "is no TOML: it is nested too deep"),
        (b"\xff", "cannot read"),
        (None, "No such file"),
    ],
)
def test_a_file_that_cannot_be_read(content: bytes | None, said: str, tmp_path: Path) -> None:
    """It is a sentence, whatever is in the file."""
    path = tmp_path / "pt004.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Unusable, match=said):
        load(path, KNOWN)


def test_a_project_in_which_tool_is_no_table(tmp_path: Path) -> None:
    """What stands in the place of the table is told with its line."""
    with pytest.raises(Unusable, match=r"line 3: write \[tool.pt004\]"):
        config(tmp_path, "\n[tool]\npt004 = 3", "pyproject.toml")


def test_variables_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are filled in wherever a text stands; a name, and what is escaped, stays."""
    monkeypatch.setenv("A_1", "one${B}")
    said = config(tmp_path, "[target]\nbase_url = '<${A_1}$${A_1}$A_1>'\nheaders = {a=['${A_1}']}")
    assert {"base_url": "<one${B}${A_1}$A_1>", "headers": {"a": ["one${B}"]}} == said.settings[
        "target"
    ]


WHOLE = """
[routes]
create = "/v2/runs"
change = "/v2/run/{run_id}/state"
read = "/v2/run/{run_id}"

[create]
workflow_ids = ["known_flow"]

[create.fields]
priority = ["low", "high"]
metadata.team = "core"

[spelling]
outside_statuses = ["cancelled"]
statuses.running = "RUNNING"
fields.status = "state"

[[deviation]]
area = "receipts"
reason = "comes with release 4"
until = 2027-01-31

[[deviation]]
check = "lifecycle.fields-as-sent"
place = "run.tags"
reason = "shown elsewhere"
"""


def test_all_that_can_be_said(tmp_path: Path) -> None:
    """Routes, demands, words and deviations, as they stand in the file."""
    said = config(tmp_path, WHOLE.replace("lifecycle.fields-as-sent", CHECK))
    assert "/v2/run/{run_id}/state" == said.routes["change"]
    fields = {"priority": ["low", "high"], "metadata": {"team": "core"}}
    assert Required(fields, ("known_flow",)) == said.required
    assert {"running": "RUNNING"} == said.spelling.statuses
    assert ("cancelled",) == said.spelling.outside_statuses
    first, second = said.deviations
    assert ("receipts", date(2027, 1, 31)) == (first.area, first.until)
    assert (CHECK, "run.tags", "shown elsewhere") == (second.check, second.place, second.reason)


DEVIATION = "[[deviation]]\nreason = 'r'\n"
WRONG = {
    "a route without its run": ("[routes]\nread = '/runs'", 2, "with {run_id} in it once"),
    "a route that is no path": ("[routes]\ncreate = 'runs'", 2, "begins with /, without {run_id}"),
    "an unknown route": ("[routes]\ndelete = '/x'", 2, "use change, create, health, read"),
    "ids that are no list": ("[create]\nworkflow_ids = 'a'", 2, "is a list of texts"),
    "a day in a create": ("[create.fields]\nx.y = 2026-01-01", 2, "no value of JSON"),
    "an infinite number": ("[create.fields]\nx = [1, inf]", 2, "no value of JSON"),
    "no value": ("[create.fields]\n\nx = []", 3, "no value is allowed"),
    "an unknown status": ("[spelling.statuses]\nheld = 'x'", 2, "use completed, failed, paused"),
    "two of one name": ("[spelling.statuses]\npaused = 'x'\nfailed = 'x'", 2, "two names are 'x'"),
    "no text": ("[spelling.fields]\nstatus = 3", 2, "status is a text"),
    "no header": ("[spelling.headers]\nX-Tenant-ID = 'a b'", 2, "'a b' is no name of a header"),
    "outside and within": ("[spelling]\noutside_gates = ['pending']", 2, "is within the model"),
    "no list of tables": ("deviation = 3", 1, "write each deviation as a table [[deviation]]"),
    "no reason": ("[[deviation]]\narea = 'audit'", 1, "reason is a text that is not empty"),
    "nothing named": (DEVIATION, 1, "a deviation names one area, check or fingerprint"),
    "two named": (f"{DEVIATION}area = 'audit'\nfingerprint = '6b9764f45135'", 1, "area and finger"),
    "an unknown area": (f"{DEVIATION}area = 'magic'", 3, "'magic' is no area; `pt004 checks`"),
    "an unknown check": (f"{DEVIATION}check = 'receipts.hsah'", 3, "is no check; `pt004 checks`"),
    "no fingerprint": (f"{DEVIATION}fingerprint = 'x'", 3, "a fingerprint has 12 digits"),
    "no day": (f"{DEVIATION}area = 'audit'\nuntil = '2027-01-31'", 4, "until is a day"),
    "no place": (f"{DEVIATION}area = 'audit'\nplace = 'run.tag'", 4, "'run.tag' is no place"),
    "an entry by its number": (f"{DEVIATION}area = 'audit'\nplace = 'logs[0].x'", 4, "is no place"),
    "twice": (f"{DEVIATION}area = 'audit'\n{DEVIATION}\narea = 'audit'", 4, "is there twice"),
}


@pytest.mark.parametrize(("text", "line", "said"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_said(text: str, line: int, said: str, tmp_path: Path) -> None:
    """Each mistake is told with file, line and what may stand there."""
    test_what_is_wrong_is_told(text, line, said, tmp_path)


@pytest.mark.parametrize("place", ["run", "status", "run.tags[].x", "run.metadata.a.b", "logs[].x"])
def test_the_places_of_a_reply(place: str, tmp_path: Path) -> None:
    """A field of a run, an entry or a gate, and what lies within it, can be named; no other."""
    text = f"{DEVIATION}area = 'audit'\nplace = '{place}'"
    if place == "logs[].x":
        with pytest.raises(Unusable):
            config(tmp_path, text)
    else:
        assert place == config(tmp_path, text).deviations[0].place


def test_until_when_a_deviation_holds(tmp_path: Path) -> None:
    """From its day on it is judged again; one without a day holds for good."""
    said = config(tmp_path, WHOLE.replace("lifecycle.fields-as-sent", CHECK))
    assert 2 == len(said.agreed(date(2027, 1, 30)))
    assert said.deviations[1:] == said.agreed(date(2027, 1, 31))
