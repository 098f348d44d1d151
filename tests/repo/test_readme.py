"""README, manual and CONTRIBUTING: what they show to type exists, what they list is complete."""

from __future__ import annotations

import ast
import configparser
import re
import shlex
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import click
import pytest

from pt004_model.cli import main
from pt004_model.judge.checks import CHECKS
from pt004_model.manual import TOPICS, page
from pt004_model.search.campaign import PROFILES
from tests.cli.helpers import commands_of, invoke
from tests.repo.helpers import PACKAGE, ROOT

README = ROOT / "README.md"
CONTRIBUTING = ROOT / ".github" / "CONTRIBUTING.md"
PAGES = [README, CONTRIBUTING, *sorted((PACKAGE / "docs").glob("*.md"))]
SHOWN = {"sh", "console", "mermaid", "python", "toml", "ini", "yaml", "text"}
"""Languages of fenced blocks; every command is in a block of the first two or in running text."""
OURS = r"(?:pt004|tox|pytest|pip|python3?) "
PLACEHOLDERS = {"COMMAND", "TOPIC", "CHECK"}


def text_of(path: Path) -> str:
    """Return the text of a page."""
    return path.read_text(encoding="utf-8")


def lines_typed(text: str) -> list[str]:
    """Return every command line that a page shows, in blocks and in running text."""
    lines: list[str] = []
    for kind, block in re.findall(r"(?ms)^```(sh|console)\n(.*?)^```$", text):
        typed = block.replace("\\\n", " ").splitlines()
        if kind == "console":
            typed = [line[2:] for line in typed if line.startswith("$ ")]
        lines += [line for line in typed if line.strip() and not line.startswith("#")]
    return lines + re.findall(rf"`((?:[A-Z0-9_]+=\S+ )*(?:{OURS}[^`]+|tox|pytest))`", text)


def commands_in(lines: list[str]) -> list[list[str]]:
    """Return the commands of some lines, in words; the settings before one are words of it."""
    parts = [part for line in lines for part in re.split(r"&&|\||;", line)]
    return [words for part in parts if (words := shlex.split(part, comments=True))]


def split(words: list[str]) -> tuple[list[str], list[str]]:
    """Return the names of the variables that are set before a command, and the command."""
    names = []
    while words and (match := re.fullmatch(r"([A-Z0-9_]+)=.*", words[0])):
        names.append(match[1])
        words = words[1:]
    return names, words


def typed() -> list[list[str]]:
    """Return every command that any page shows, once."""
    every = [words for path in PAGES for words in commands_in(lines_typed(text_of(path)))]
    return [list(words) for words in dict.fromkeys(map(tuple, every))]


def variables() -> set[str]:
    """Return the variables of the table in the page on configuration."""
    rows = re.findall(r"(?m)^\| (`[A-Z].*?) \|", page("configuration"))
    return set(re.findall(r"`([A-Z][A-Z0-9_]+)`", " ".join(rows)))


def environments() -> set[str]:
    """Return the environments that tox knows."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / "tox.ini")
    return {name.partition(":")[2] for name in parser.sections() if name.startswith("testenv:")}


MISSPELT = ("pt004 chek", "tox -e statful", "pt004 docs nigt", "X=1 tox", "pytest -m fast")


@pytest.mark.parametrize("line", MISSPELT)
def test_a_command_that_is_not_there_is_seen(line: str) -> None:
    """A misspelt command, environment, page or variable is found in a block and in running text."""
    for text in (f"```console\n$ {line}\n```\n", f"say `{line}` to it"):
        (words,) = commands_in(lines_typed(text))
        with pytest.raises((AssertionError, KeyError)):
            _exists(words)


def test_there_is_something_to_type() -> None:
    """The README shows how to run the tester; CONTRIBUTING, how to run its tests."""
    first = re.findall(r"(?m)^\$ (.*)$", text_of(README))[0]
    assert first == "python3 -m pip install tox && PT004_PROFILE=ci tox -e stateful"
    own = commands_in(lines_typed(text_of(CONTRIBUTING)))
    assert ["tox"] in own
    assert ["pytest"] in own


@pytest.mark.parametrize("words", typed(), ids=" ".join)
def test_what_is_typed_exists(words: list[str]) -> None:
    """Commands, flags, modules, paths, environments and variables are those that are there."""
    _exists(words)


def _exists(words: list[str]) -> None:
    names, (program, *rest) = split(words)
    assert set(names) <= variables()
    if program == "pt004":
        _is_ours(rest)
    elif program == "tox":
        named = [rest[at + 1] for at, word in enumerate(rest) if word == "-e"]
        assert set(named) <= environments()
    elif program == "pytest":
        _are_tests(rest)
    elif program in {"python", "python3"}:
        assert rest[0] == "-m"
        assert rest[1] == "pip" or find_spec(rest[1]) is not None
        if rest[1] == "pt004_model":
            _is_ours(rest[2:])
    else:
        assert program in {"pip", "dask"}


def _are_tests(words: list[str]) -> None:
    for before, word in pairwise(["", *words]):
        if before == "-m":
            assert f'\n    "{word}: ' in text_of(ROOT / "pyproject.toml")
        else:
            assert word.startswith("-") or before == "-n" or (ROOT / word).exists()


def _is_ours(words: list[str]) -> None:
    if not words or words[0] in PLACEHOLDERS:
        return
    command, name = commands_of(main)[words[0]], words[0]
    while isinstance(command, click.Group) and words[1:]:
        command, words = commands_of(command)[words[1]], words[1:]
    known = {flag for option in command.params for flag in option.opts} | {"--help"}
    for word in words[1:]:
        assert not word.startswith("-") or word.partition("=")[0] in known
    values = [word for word in words[1:] if word != "--help"]  # help would be shown
    if name in {"docs", "explain"} and values and values[0] not in PLACEHOLDERS:
        assert values[0] in (TOPICS if name == "docs" else CHECKS)
    settings = main.context_settings  # the names of its help are kept from the first time on
    with command.make_context(words[0], values, resilient_parsing=True, **settings):
        pass


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_block_says_what_it_is(path: Path) -> None:
    """Every fenced block names its language, and no command hides in an indented one."""
    fences = re.findall(r"(?m)^ *```(.*)$", text_of(path))
    assert set(fences[::2]) <= SHOWN
    assert set(fences[1::2]) <= {""}
    assert not re.findall(rf"(?m)^ {{4,}}\$? ?(?:[A-Z0-9_]+=\S+ )*{OURS}.*$", text_of(path))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_python_that_is_shown_can_be_imported(path: Path) -> None:
    """Python in a page is Python, and the names that it takes from this package are there."""
    _can_be_imported(text_of(path))


@pytest.mark.parametrize("line", ["from pt004_model.manual import pages", "import pt004_model.no"])
def test_python_that_cannot_be_imported_is_seen(line: str) -> None:
    """A name or a module that is not there is found in a block."""
    with pytest.raises((AssertionError, ModuleNotFoundError)):
        _can_be_imported(f"```python\n{line}\n```\n")


def _can_be_imported(text: str) -> None:
    for block in re.findall(r"(?ms)^```python\n(.*?)^```$", text):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.Import):
                for each in node.names:
                    import_module(each.name)
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pt004_model"):
                assert node.module is not None
                module = import_module(node.module)
                assert all(hasattr(module, each.name) for each in node.names), ast.unparse(node)


def test_the_first_screen_comes_soon() -> None:
    """The README is 120 lines or less, and its lines are no longer than a screen is wide."""
    lines = text_of(README).splitlines()
    assert len(lines) <= 120
    for path in PAGES:
        assert not [ln for ln in text_of(path).splitlines() if len(ln) > 120 and ln[0] != "|"]


def test_the_picture_is_small() -> None:
    """The picture of the page is there and loads quickly."""
    (picture,) = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text_of(README))
    assert 10_000 < (ROOT / picture).stat().st_size < 150_000


@pytest.mark.system
def test_a_finding_is_as_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The README's campaign prints every line that is shown, in that order, and ends with 1."""
    monkeypatch.chdir(tmp_path)
    section = text_of(README).partition("## A finding")[2].partition("\n## ")[0]
    (block,) = re.findall(r"(?ms)^```console\n\$ pt004 (.*?)^```$", section)
    command, *shown = block.splitlines()
    ended = invoke(*shlex.split(command), PT004_PATIENCE="30")  # as it is where nobody sets it
    assert ended.code == 1
    assert shown == [line for line in ended.lines if line in shown]
    assert (tmp_path / ".pt004" / "page.html").exists()


def test_all_commands_are_told_of() -> None:
    """The table of commands has a row for each, and no other."""
    rows = re.findall(r"(?m)^\| `pt004 (\w+)(?: DIR)?` \|", page("commands"))
    assert sorted(rows) == sorted(commands_of(main))


def test_all_variables_are_told_of() -> None:
    """Every variable that an option reads stands in the table of variables."""
    told = variables()
    ours = commands_of(main).values()
    groups = [each for each in ours if isinstance(each, click.Group)]
    inner = [each for group in groups for each in commands_of(group).values()]
    for command in (*ours, *inner):
        for option in command.params:
            if isinstance(option, click.Option) and isinstance(option.envvar, str):
                assert option.envvar in told


def test_all_profiles_and_exit_codes_are_told_of() -> None:
    """Profiles by name, and a row for each exit code, the same ones wherever there is a table."""
    assert re.findall(r"(?m)^\| `(\w+)` \| \d+ \|", page("ci")) == list(PROFILES)
    for text in (text_of(README), page("ci"), page("night")):
        codes = ["0", "1", "2", "3", "70", "130, 143"]
        assert re.findall(r"(?m)^\| (\d[\d, ]*) \|", text) == codes


def test_all_parts_are_told_of() -> None:
    """The map names every part of the package, and no other."""
    rows = re.findall(r"(?m)^\| `pt004_model/(\w+)(?:/|\.py)` \|", page("architecture"))
    folders = [each.name for each in PACKAGE.iterdir() if (each / "__init__.py").exists()]
    single = [each.stem for each in PACKAGE.glob("*.py") if not each.stem.startswith("__")]
    assert sorted(rows) == sorted([*folders, *single])


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_links_lead_somewhere(path: Path) -> None:
    """Every link within the repository has a target, and so has every path that is named."""
    for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", text_of(path)):
        assert (path.parent / target).exists(), target
    for named in re.findall(r"`((?:pt004_model|tests)/[^`\s]+)`", text_of(path)):
        assert "TOPIC" in named or _stands(*named.split("::")), named


@pytest.mark.parametrize("path", ["model/rum.py", "model/run.py::guard", "model/rules.py::COD"])
def test_a_place_that_is_not_there_is_seen(path: str) -> None:
    """A path or a name that was moved leaves no page pointing at nothing."""
    assert not _stands(*f"pt004_model/{path}".split("::"))


def _stands(path: str, name: str = "") -> bool:
    """Return whether a path is there and, if a name is given, defines it."""
    place = ROOT / path
    defined = rf"(?m)^(?: *(?:def|class) {name}\b|{name}: )"
    return place.exists() and (not name or re.search(defined, text_of(place)) is not None)
