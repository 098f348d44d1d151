"""The command lines that people are given to run."""

from __future__ import annotations

import os
import subprocess

import pytest

from pt004_model.report import command


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("X-Api-Key", '--header "X-Api-Key=$X_API_KEY"'),
        ("3scale", '--header "3scale=$_3SCALE"'),
        ("x$`!", "--header 'x$`!'=\"$X___\""),
    ],
)
def test_a_header_is_a_variable_of_whoever_runs_the_line(name: str, expected: str) -> None:
    """A shell makes NAME=VALUE of it, for any name, and the value is nowhere in the line."""
    line = command.replay("t.json", ("--header", command.header(name)))
    assert line == f"pt004 replay t.json {expected}"
    variable = command.header(name).rpartition("$")[2]
    shown = subprocess.run(  # noqa: S603 - printf, with what the test says
        ["/bin/sh", "-c", f"printf '%s\n' {line.removeprefix('pt004 replay t.json ')}"],
        env={**os.environ, variable: "a b"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert shown.stdout.splitlines() == ["--header", f"{name}=a b"]


@pytest.mark.parametrize("word", ["a=$HOME", "$(id)", "`id`", "x y", "a'b", '"', "-", "--header"])
def test_nothing_else_is_filled_in_by_a_shell(word: str) -> None:
    """What came from a file or an FC is one word, whatever stands in it."""
    line = command.replay(word, ("--fault", word)).replace("pt004", "printf '%s\n'")
    shown = subprocess.run(  # noqa: S603 - printf, with what the test says
        ["/bin/sh", "-c", line],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert shown.stdout.splitlines() == ["replay", word, "--fault", word]


def test_the_address_stands_in_where_nobody_said_the_target() -> None:
    """An embedded FC is started again by its options; its address is gone."""
    assert command.replay("t", None, "http://h") == "pt004 replay t --base-url http://h"
    assert command.replay("t", (), "http://127.0.0.1:3") == "pt004 replay t"


def test_a_larger_campaign_is_not_held_to_the_size_of_the_smaller() -> None:
    """What a campaign looks at is kept, how much of it is not."""
    options = ("--areas", "gates", "--max-examples", "3", "--max-time", "1", "--no-replay")
    assert command.unsized(options) == ("--areas", "gates", "--no-replay")


def test_the_list_of_known_findings_is_the_one_that_was_gone_by() -> None:
    """Where a campaign was given another list than the usual one, that is shown."""
    asked = ("--areas", "policy", "--known", "a list.toml", "--no-races")
    assert command.known(asked) == "pt004 baseline list --known 'a list.toml'"
    assert command.known(()) == "pt004 baseline list"
