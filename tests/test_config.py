"""The file that describes one FC: where in it something stands, what it may say, and the rest."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from pt004_model.config import BadConfig, Config, line_of, load

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
    "an unknown table": ("\n[targe]\nrate = 1", 2, "'targe' means nothing here; use target"),
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
    with pytest.raises(BadConfig) as bad:
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
    with pytest.raises(BadConfig, match=said):
        load(path, KNOWN)


def test_a_project_in_which_tool_is_no_table(tmp_path: Path) -> None:
    """What stands in the place of the table is told with its line."""
    with pytest.raises(BadConfig, match=r"line 3: write \[tool.pt004\]"):
        config(tmp_path, "\n[tool]\npt004 = 3", "pyproject.toml")


def test_variables_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are filled in wherever a text stands; a name, and what is escaped, stays."""
    monkeypatch.setenv("A_1", "one${B}")
    said = config(tmp_path, "[target]\nbase_url = '<${A_1}$${A_1}$A_1>'\nheaders = {a=['${A_1}']}")
    assert {"base_url": "<one${B}${A_1}$A_1>", "headers": {"a": ["one${B}"]}} == said.settings[
        "target"
    ]
