"""The small commands: lists, versions, help, and the server by itself."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
from importlib.metadata import version

import click
import httpx
import pytest

from pt004_model.cli import main
from tests.cli.helpers import commands_of, ended, invoke, run, serving
from tests.conftest import Golden

COMMANDS = (
    "prove", "verify", "audit", "check", "merge", "nights", "replay", "show", "submit",
    "baseline", "digest", "serve", "config", "fit", "score", "complete", "learn",
    "checks", "faults", "completion", "page", "diagram", "docs", "explain",
)  # fmt: skip
SUBCOMMANDS = (*COMMANDS, *(f"baseline {each}" for each in ("add", "list", "prune", "remove")))


def command(name: str) -> click.Command:
    """A command by its words."""
    found: click.Command = main
    for word in name.split():
        found = commands_of(found)[word]
    return found


def test_the_commands_are_these() -> None:
    """Nothing else is offered, and each command has a line of help of its own."""
    assert sorted(COMMANDS) == sorted(commands_of(main))
    said = invoke("--help")
    assert said.code == 0
    for name in COMMANDS:
        assert re.search(rf"(?m)^  {name}  +\S.*[a-z.,]$", said.out)
    for code in ("0 conforms", "1 diverges", "2 wrong usage", "3 unsure", "130 interrupted"):
        assert code in " ".join(said.out.split())


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_help_has_an_example_that_parses(name: str) -> None:
    """Each command's help ends its text with one example, whose flags the command has."""
    said = invoke(*name.split(), "--help")
    assert (said.code, said.err) == (0, "")
    examples = re.findall(r"Example: (pt004 [^\n]*)", said.out)
    assert len(examples) == 1
    words = shlex.split(examples[0].partition("|")[0])
    named = name.split()
    assert ["pt004", *named] == words[: len(named) + 1]
    found = command(name)
    if isinstance(found, click.Group):
        found = commands_of(found)[words[len(named) + 1]]
    found.make_context(
        "pt004", words[len(named) + 1 :], resilient_parsing=True, **main.context_settings
    )
    known = {flag for option in found.params for flag in option.opts}
    assert {word for word in words if word.startswith("--")} <= known
    hidden = [each for each in found.params if isinstance(each, click.Option) and each.hidden]
    flags = [flag for option in hidden for flag in option.opts]
    assert not [flag for flag in flags if re.search(rf"{flag}(?![\w-])", said.out)]


@pytest.mark.parametrize("name", ["", *SUBCOMMANDS])
def test_help_is_as_reviewed(name: str, golden: Golden) -> None:
    """Each command's help is a golden file, as wide as a terminal of 80 columns."""
    said = invoke(*name.split(), "--help", COLUMNS="80")
    golden(f"help/{name.replace(' ', '-') or 'pt004'}.txt", said.out)


@pytest.mark.parametrize("words", [("checks",), ("explain", "policy.deny-blocks"), ("docs",)])
def test_what_is_looked_up_is_as_reviewed(words: tuple[str, ...], golden: Golden) -> None:
    """The lists of checks and pages, and one check, are golden files."""
    golden(f"{'-'.join(words)}.txt", invoke(*words, COLUMNS="80").out)


def test_secrets_can_be_given_in_the_environment_alone() -> None:
    """No option that is shown takes a secret: command lines are seen by everybody."""
    for name in SUBCOMMANDS:
        said = invoke(*name.split(), "--help").out
        assert not re.search(r"--(token(?!-(file|command|lifetime))|secret|password|key)", said)


def test_version_is_that_of_the_package() -> None:
    """It is the version that is installed."""
    said = invoke("--version")
    assert (said.code, said.out) == (0, f"pt004, version {version('pt004_model')}\n")


@pytest.mark.system
def test_the_installed_command_is_the_same() -> None:
    """``pt004`` is what ``python -m pt004_model`` is."""
    code = "import sys; from importlib.metadata import entry_points as e; sys.argv[0] = 'pt004'; "
    code += "next(iter(e(group='console_scripts', name='pt004'))).load()()"
    found = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", code, "checks"], capture_output=True, text=True, check=True
    )
    assert found.stdout == invoke("checks").out


def test_checks_are_listed() -> None:
    """A line a check: id, section of the contract, severity, sentence."""
    said = invoke("checks")
    assert (said.code, said.err) == (0, "")
    for line in said.lines:
        row = r"[a-z]+\.[a-z-]+ +\d[\d., ]* +(critical|major|minor) +[A-Za-z].*\."
        assert re.fullmatch(row, line), line
    row = r"policy\.deny-blocks +5\.2 +critical +After deny the run can only fail\."
    assert any(re.fullmatch(row, line) for line in said.lines)
    assert len(said.lines) == len({line.split()[0] for line in said.lines}) > 80


def test_faults_are_listed() -> None:
    """A line a fault: name, area, what a user would suffer."""
    said = invoke("faults")
    assert (said.code, said.err) == (0, "")
    for line in said.lines:
        assert re.fullmatch(r"[a-z0-9-]+ +[a-z]+ +\S.*\.", line), line
    assert any(line.split()[:2] == ["tags-are-sorted", "input"] for line in said.lines)
    assert len(said.lines) == len({line.split()[0] for line in said.lines}) > 50


@pytest.mark.system
def test_serve_answers_both_dialects_until_it_is_interrupted() -> None:
    """The server tells its address, speaks both dialects, describes itself, ends politely."""
    with serving() as (address, process), httpx.Client(trust_env=False) as client:
        assert client.get(f"{address}/health").json() == {"status": "healthy"}
        headers = {"X-Tenant-ID": "t", "X-Actor-ID": "a"}
        made = client.post(
            f"{address}/workflows/runs", json={"workflow_id": "w"}, headers=headers
        ).json()["run"]
        read = client.get(f"{address}/api/fc/runs/{made['run_id']}", headers=headers)
        assert made == read.json()["run"]
        assert "/workflows/runs" in client.get(f"{address}/openapi.json").json()["paths"]
        process.send_signal(signal.SIGINT)
        said = ended(process, 10)
    assert (said.code, said.out, said.err) == (0, "", "")


@pytest.mark.system
def test_serve_says_when_it_cannot() -> None:
    """A port that is taken is exit 2 and one sentence."""
    with serving() as (address, _):
        said = run("serve", "--port", address.rpartition(":")[2])
    assert (said.code, said.out) == (2, "")
    assert "Error: Cannot listen on 127.0.0.1:" in said.err
