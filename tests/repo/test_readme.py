"""What the README tells to type exists, and what it tells of is all there is."""

from __future__ import annotations

import configparser
import re
import shlex
from importlib.util import find_spec

import click
import pytest

from pt004_model.cli import main
from pt004_model.search.campaign import PROFILES
from tests.repo.helpers import PACKAGE, ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"(?ms)^```(sh|bash|console)\n(.*?)^```$", README)


def typed() -> list[list[str]]:
    """Every command in the README's blocks, in words, and those in its running text."""
    lines: list[str] = []
    for kind, block in BLOCKS:
        told = block.replace("\\\n", " ").splitlines()
        if kind == "console":
            told = [line[2:] for line in told if line.startswith("$ ")]
        lines += [line for line in told if line.strip() and not line.startswith("#")]
    lines += re.findall(r"`((?:pt004|tox|python -m) [^`]+)`", README)
    commands = [part for line in lines for part in re.split(r"&&|\||;", line)]
    words = [shlex.split(command, comments=True) for command in commands]
    return [_without_settings(each) for each in words if each]


def _without_settings(words: list[str]) -> list[str]:
    """The words of a command without the ``NAME=value`` before it."""
    while words and re.fullmatch(r"[A-Z0-9_]+=.*", words[0]):
        words = words[1:]
    return words


def environments() -> set[str]:
    """The environments that tox knows."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / "tox.ini")
    return {name.partition(":")[2] for name in parser.sections() if name.startswith("testenv:")}


def test_there_is_something_to_type() -> None:
    """The README shows how to run the tester, its tests and the command line."""
    programs = {words[0] for words in typed()}
    assert {"pt004", "tox"} <= programs
    assert ["tox"] in typed()
    assert ["tox", "-e", "stateful"] in typed()


@pytest.mark.parametrize("words", typed(), ids=" ".join)
def test_what_is_typed_exists(words: list[str]) -> None:
    """Commands, their flags, modules and environments are those that are there."""
    program, *rest = words
    if program == "pt004":
        _is_ours(rest)
    elif program == "tox":
        named = [rest[at + 1] for at, word in enumerate(rest) if word == "-e"]
        assert set(named) <= environments()
    elif program in {"python", "python3"}:
        assert rest[0] == "-m"
        module = rest[1]
        assert module == "pip" or find_spec(module) is not None
        if module == "pt004_model":
            _is_ours(rest[2:])
    else:
        assert program in {"pip", "cd", "git", "curl", "export"}


def _is_ours(words: list[str]) -> None:
    if not words or words[0] == "COMMAND":
        return
    command = main.commands[words[0]]
    while isinstance(command, click.Group) and words[1:]:
        command, words = command.commands[words[1]], words[1:]
    known = {flag: option for option in command.params for flag in option.opts} | {"--help": None}
    for word in words[1:]:
        if word.startswith("-"):
            assert word.partition("=")[0] in known
    with command.make_context(words[0], _values(words[1:]), resilient_parsing=True):
        pass


def _values(words: list[str]) -> list[str]:
    """The arguments, without a call for help, which would be answered."""
    return [word for word in words if word != "--help"]


def test_all_commands_are_told_of() -> None:
    """The table of commands has a row for each, and no other."""
    rows = re.findall(r"(?m)^\| `pt004 (\w+)(?: DIR)?` \|", README)
    assert sorted(rows) == sorted(main.commands)


def test_all_variables_are_told_of() -> None:
    """Every variable that an option reads stands in the README's table."""
    table = README.partition("## Configuration")[2].partition("## How it works")[0]
    told = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", table))
    groups = [each for each in main.commands.values() if isinstance(each, click.Group)]
    inner = [each for group in groups for each in group.commands.values()]
    for command in (*main.commands.values(), *inner):
        for option in command.params:
            if isinstance(option, click.Option) and isinstance(option.envvar, str):
                assert option.envvar in told


def test_all_profiles_and_exit_codes_are_told_of() -> None:
    """Profiles by name, and a row for each exit code."""
    for name in PROFILES:
        assert f"`{name}`" in README
    assert re.findall(r"(?m)^\| (\d+) \|", README) == ["0", "1", "2", "3", "130"]


def test_all_folders_are_told_of() -> None:
    """The map names the folders of the package, all of them."""
    rows = re.findall(r"(?m)^\| `pt004_model/(\w+)/` \|", README)
    folders = [each.name for each in PACKAGE.iterdir() if (each / "__init__.py").exists()]
    assert sorted(rows) == sorted(folders)


def test_links_lead_somewhere() -> None:
    """Every link within the repository has a target."""
    for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
