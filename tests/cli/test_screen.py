"""What a campaign looks like: on a terminal, in a pipe, for programs, and when told to be quiet."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import termios
from pathlib import Path

import click
import pytest
from attrs import evolve

from pt004_model.cli import main
from pt004_model.cli.check import next_command
from pt004_model.cli.options import campaign_flags, embedded, setup
from pt004_model.cli.settings import read_settings
from pt004_model.config import Config
from pt004_model.judge.checks import AREAS
from pt004_model.judge.deviation import Deviation
from pt004_model.judge.oracle import Verdict
from pt004_model.model.commands import Names
from pt004_model.report.folder import Folder
from pt004_model.report.record import INTERRUPTED
from pt004_model.shrink.triage import Triage
from pt004_model.trace.writing import Origin
from pt004_model.vocabulary import Dialect
from tests.cli.helpers import CONFORMS, OURS, Ended, commands_of, invoke, run, summary
from tests.cli.servers import Said, Seen, fronted, refusal
from tests.cli.test_check import SEALS, SMALL, check
from tests.report.helpers import NAMES, found, result

COLUMNS, LINES = 80, 24
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOUR = re.compile(r"\x1b\[[0-9;]*[34]\dm")


def on_a_terminal(folder: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """Run a command in ``folder``, on a terminal of 80 by 24: exit code and all it wrote."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    left_out = {*OURS, "COLUMNS", "LINES", "NO_COLOR", "CI", "TTY_COMPATIBLE"}
    bare = {name: value for name, value in os.environ.items() if name not in left_out}
    process = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "pt004_model", *arguments],
        stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder,
        env={**bare, "TERM": "xterm-256color", **environment},
    )  # fmt: skip
    os.close(theirs)
    said = b""
    try:
        while piece := _read(ours):
            said += piece
    finally:
        os.close(ours)
    return process.wait(60), said.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # nobody holds the other end any more
        return b""


def last_screen(said: str) -> list[str]:
    """The lines that a terminal shows at the end, without what was drawn over."""
    lines = [ESCAPE.sub("", line).rpartition("\r")[2] for line in said.split("\r\n")]
    rows = [
        line[at : at + COLUMNS] for line in lines for at in range(0, max(len(line), 1), COLUMNS)
    ]
    return rows[-LINES:]


MANY = ("--max-examples", "4", "--max-commands", "6", "--seed", "3", "--fault", SEALS)


@pytest.mark.system
def test_a_campaign_on_a_terminal(tmp_path: Path) -> None:
    """A bar with rates and coverage while it runs; at the end one screen from size to next."""
    code, said = on_a_terminal(tmp_path, "check", *MANY)
    assert code == 1
    plain = ESCAPE.sub("", said)
    assert re.search(r"━ *\d+ of 4", plain)
    assert re.search(r"\d+ requests, \d+ requests/s, coverage \d+/\d+, \d finding", plain)
    screen = last_screen(said)
    (first,) = [at for at, line in enumerate(screen) if re.match(r"\d+ examples and", line)]
    assert screen[first - 1] == ""
    (left,) = summary(tmp_path / ".pt004")["findings"]
    line = f"next: pt004 replay {left['trace']} --fault {SEALS}"  # longer than a row
    assert screen[-4:] == ["DIVERGES: 1 finding", line[:COLUMNS], line[COLUMNS:], ""]
    assert "\x1b[1;31mDIVERGES" in said
    assert COLOUR.search(said)


@pytest.mark.system
def test_no_colour_is_respected(tmp_path: Path) -> None:
    """With NO_COLOR set nothing is coloured, on a terminal either."""
    _, said = on_a_terminal(tmp_path, "check", *MANY, NO_COLOR="1")
    assert not COLOUR.search(said)
    assert "DIVERGES: 1 finding" in said


@pytest.mark.system
def test_a_dumb_terminal_gets_plain_lines(tmp_path: Path) -> None:
    """Where the cursor cannot be moved nothing is drawn over."""
    code, said = on_a_terminal(tmp_path, "check", *MANY, TERM="dumb")
    assert code == 1
    assert "\x1b" not in said
    assert "━" not in said


@pytest.mark.system
def test_a_pipe_gets_plain_lines(tmp_path: Path) -> None:
    """Not even FORCE_COLOR makes a pipe a terminal whose lines are drawn over."""
    said = run("check", "--out", tmp_path, *MANY, FORCE_COLOR="1")
    assert said.code == 1
    assert "━" not in said.out
    assert not re.search(r"\x1b\[[0-9;?]*[A-LS-Zhl]", said.out)  # the cursor stays where it is
    plain = run("check", "--out", tmp_path, *MANY, "--no-replay")
    assert "\x1b" not in plain.said


@pytest.mark.system
def test_json_for_programs(tmp_path: Path) -> None:
    """Standard output holds the summary, as it is in its file, and standard error the rest."""
    with fronted(fault=SEALS) as front:
        said = check(front, tmp_path, *SMALL, "--json")
        quiet = check(front, tmp_path / "other", *SMALL, "--json", "--quiet")
    assert (said.code, quiet.code) == (1, 1)
    assert json.loads(said.out) == summary(tmp_path)
    assert "DIVERGES: 1 finding" in said.err.splitlines()
    assert json.loads(quiet.out) == summary(tmp_path / "other")
    assert quiet.err == ""


@pytest.mark.system
def test_quiet(tmp_path: Path) -> None:
    """Nothing but the verdict and what to do next, whatever was found."""
    with fronted(fault=SEALS) as front:
        said = check(front, tmp_path, *SMALL, "--quiet")
        (left,) = summary(tmp_path)["findings"]
        clean = check(front, tmp_path / "b", *SMALL, "--quiet", "--areas", "policy")
    replay = f"next: pt004 replay {left['trace']} --base-url {front.url} --patience 0"
    assert said == Ended(1, f"DIVERGES: 1 finding\n{replay}\n", "")
    check_more = (
        f"next: pt004 check --profile ci --base-url {front.url} --patience 0 --areas policy --out "
    )
    left_out = ", ".join(area for area in AREAS if area != "policy")
    verdict, coming = clean.lines
    told, besides = verdict.split(", not judging the areas ")
    assert CONFORMS.fullmatch(told)
    assert (besides, coming) == (left_out, f"{check_more}{tmp_path / 'b'}")


@pytest.mark.system
@pytest.mark.parametrize(
    ("more", "fault", "named"),
    [
        (SMALL, SEALS, "replay"),
        (SMALL, None, "check"),
        ((*SMALL, "--dialect", "deployed"), None, "check"),
        (("--max-examples", "3", "--require-coverage", "--profile", "ci"), None, "check"),
    ],
)
def test_the_next_command_can_be_run(
    more: tuple[str, ...], fault: str | None, named: str, tmp_path: Path
) -> None:
    """The last line is a command of ours with flags that it has and values that parse."""
    with fronted(fault=fault) as front:
        said = check(front, tmp_path, *more)
    words = shlex.split(said.lines[-1].removeprefix("next: "))
    assert words[:2] == ["pt004", named]
    command = commands_of(main)[named]
    with command.make_context(named, words[2:], **main.context_settings) as context:
        assert context.params["base_url"] == front.url
    assert ("--dialect" in words) == ("--dialect" in more)
    if "ci" in more:
        assert (said.code, words[2:4]) == (3, ["--profile", "nightly"])


@pytest.mark.system
def test_nothing_is_left_to_do(tmp_path: Path) -> None:
    """A campaign of a larger profile that conforms ends with its verdict."""
    with fronted() as front:
        said = check(front, tmp_path, *SMALL, "--profile", "ci")
    assert CONFORMS.fullmatch(said.lines[-1])


@pytest.mark.system
def test_a_flaky_finding_is_told_with_both_answers(tmp_path: Path) -> None:
    """An FC that is not deterministic ends in a finding with its share, and in no opaque error."""
    turns = iter(range(10**9))

    def moody(seen: Seen, said: Said) -> Said:
        wrong = seen.method == "PATCH" and said.status == 200 and next(turns) % 3 == 0
        return refusal(409) if wrong else said

    with fronted(after=moody) as front:
        more = (
            "--max-examples",
            "2",
            "--max-commands",
            "8",
            "--seed",
            "1",
            "--areas",
            "lifecycle",
            "--confirm",
            "7",
        )
        said = check(front, tmp_path, *more)
    assert said.code == 1
    assert "Flaky" not in said.said
    assert "Traceback" not in said.said
    own = [each for each in summary(tmp_path)["findings"] if not each["echo_of"]]
    flaky = [each for each in own if each["reproduced"]["seen"] < 7]
    assert flaky
    for each in flaky:
        shown = f"{each['reproduced']['seen']} of {each['reproduced']['runs']}"
        assert f"flaky {each['fingerprint']} {each['check']}: {shown} replays" in said.lines
        trace = json.loads(Path(each["trace"]).read_text())
        assert trace["reproduced"] == each["reproduced"]
        # the same calls, perhaps under other names, but for those about a run that was set aside
        sent = [step["send"]["command"] for step in trace["steps"]]
        other = [step["send"]["command"] for step in trace["other"]]
        rest = iter(sent)
        assert all(any(each == call for each in rest) for call in other)
        assert trace["steps"][-1]["findings"]
        last = [f["check"] for step in trace["other"][len(sent) - 1 :] for f in step["findings"]]
        assert each["check"] not in last
    assert any(re.match(r" +when it showed +\| when it did not$", line) for line in said.lines)


def test_what_is_flaky_is_replayed_more_often(tmp_path: Path) -> None:
    """The next command looks at the surest finding first, and at a flaky one twenty times."""
    folder = Folder(tmp_path, Origin(42, "dev", Dialect.SEED, names=NAMES))
    flaky = evolve(found(), reproduced=(1, 5))
    for findings, repeat in (((flaky,), ["--repeat", "20"]), ((flaky, found()), [])):
        said = next_command(
            result(Verdict.DIVERGES, *findings), "seed", embedded(None).flags, folder
        )
        wanted = ["pt004", "replay", f"{tmp_path}/traces/0123456789ab.json", *repeat]
        assert wanted == shlex.split(said)


@pytest.mark.parametrize("broken", [False, True])
def test_traces_say_in_the_end_what_the_summary_says(
    broken: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The count of sights and what it follows from may have changed since a trace was kept."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    if broken:
        monkeypatch.setattr(Triage, "_shorten", interrupted)
    more = ("--fault", "steps-cached-by-workflow", "--max-examples", "4", "--seed", "1")
    said = invoke("check", "--out", tmp_path, *more, "--confirm", "1", "--max-time", "15")
    findings = summary(tmp_path)["findings"]
    traces = [json.loads(Path(each["trace"]).read_text()) for each in findings]
    assert said.code == (130 if broken else 1)
    assert any(each["echo_of"] for each in findings)
    assert any(each["occurrences"] > 1 for each in findings)
    for name, none in (("occurrences", 1), ("echo_of", "")):
        assert [each[name] for each in findings] == [each.get(name, none) for each in traces]


@pytest.mark.parametrize("enough", [True, False])
def test_a_shard_is_followed_by_the_same_shard(enough: bool, tmp_path: Path) -> None:
    """The next command is of the same part, and of the campaign with the same seed."""
    folder = Folder(tmp_path, Origin(42, "dev", Dialect.SEED, names=NAMES), shard="2/4")
    came_to = result(Verdict.CONFORMS if enough else Verdict.UNSURE)
    said = shlex.split(next_command(came_to, "seed", (), folder))
    assert said[:2] == ["pt004", "check"]
    assert said[4:] == ["--shard", "2/4", "--out", str(tmp_path), "--seed", str(came_to.seed)]


def test_what_was_interrupted_is_made_again(tmp_path: Path) -> None:
    """The next command is of the same campaign, as large, with the seed that it had."""
    options = ("--max-examples", "9")
    folder = Folder(tmp_path, Origin(42, "dev", Dialect.SEED, names=NAMES), options=options)
    came_to = result(Verdict.UNSURE, why=INTERRUPTED)
    said = shlex.split(next_command(came_to, "seed", (), folder))
    wanted = [came_to.profile, *options, "--out", str(tmp_path), "--seed", str(came_to.seed)]
    assert said == ["pt004", "check", "--profile", *wanted]


# Shell completion


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script(shell: str) -> None:
    """The script names our command and the variable by which it asks us."""
    said = invoke("completion", shell)
    assert said.code == 0
    assert "_PT004_COMPLETE" in said.out
    assert f"{shell}_complete" in said.out


@pytest.mark.system
def test_completion_in_a_shell(tmp_path: Path) -> None:
    """A bash that has read the script completes commands, subcommands and options."""
    program = tmp_path / "pt004"
    code = "import sys; sys.argv[0] = 'pt004'; from pt004_model.cli import main; main()"
    program.write_text(f"#!{sys.executable}\n{code}\n")
    program.chmod(0o755)
    script = tmp_path / "complete.sh"
    script.write_text(invoke("completion", "bash").out)
    asked = {
        "pt004 ch": {"check", "checks"},
        "pt004 baseline pr": {"prune"},
        "pt004 check --qui": {"--quiet"},
    }
    for line, wanted in asked.items():
        words = shlex.join(line.split())
        done = f"COMP_WORDS=({words}) COMP_CWORD={len(line.split()) - 1}; _pt004_completion pt004"
        bash = f'source {script}; {done}; printf "%s\\n" "${{COMPREPLY[@]}}"'
        said = subprocess.run(  # noqa: S603 - our own words
            ["bash", "-c", bash],  # noqa: S607 - whichever bash there is
            env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert wanted == set(said.stdout.split()), said.stderr


def test_every_command_has_a_short_help() -> None:
    """No line of help is cut off by an ellipsis, on a terminal of 80 columns."""
    for group in (main, commands_of(main)["baseline"]):
        with click.Context(group, terminal_width=80) as context:
            assert "..." not in group.get_help(context).replace("[ARGS]...", "")
            for name in commands_of(group):
                assert re.search(rf"(?m)^  {name} +[A-Z]", group.get_help(context))


def test_the_flags_that_ask_in_the_same_way() -> None:
    """What differs from the defaults; of a header its name, of an embedded FC no address."""
    asked = ("--timeout", "3", "--ca-bundle", __file__, "--proxy", "http://p", "--rate", "0.5")
    shape = ("--fault", "step-runs-twice", "--header", "X-Api-Key={}", "--automatic")
    given = [each.format("hush-hush") for each in (*asked, *shape)]
    told = tuple(each.format("$X_API_KEY") for each in (*asked, *shape))
    assert told == setup(**read_settings(given)).flags
    assert () == embedded(None).flags == setup(**read_settings()).flags
    there = ("--base-url", "http://h", "--tenant", "acme", "--stranger", "other", "--actor", "ann")
    secret = ("--token", "hush", "--proxy", "http://u:hush@p", "--ready-within", "3")
    assert there == setup(**read_settings([*there, *secret])).flags


def test_the_flags_that_do_the_same() -> None:
    """What differs from the defaults, nothing at all among it; no place and no part."""
    asked = ("--max-time", "2", "--no-races", "--areas", "steps,policy", "--confirm", "0")
    given = read_settings([*asked, "--out", "there", "--shard", "1/2", "--profile", "ci"])
    assert asked == campaign_flags(given)
    assert () == campaign_flags(read_settings())


def test_the_time_of_a_campaign_bounds_patience_and_is_no_flag() -> None:
    """An FC is waited for no longer than the campaign takes; nobody has asked for that patience."""
    for most, patience in ((2.0, 2.0), (40.0, 30.0), (None, 30.0)):
        chosen = embedded(None).within(most)
        target = chosen.target("http://h")
        assert (target.patience, chosen.flags) == (patience, ())
        target.close()


def test_what_is_kept_of_an_fc_holds_for_the_same_alone() -> None:
    """Another dialect, tenant, fault, route or agreed difference is another; patience is not."""
    chosen = embedded(None)
    agreed = Config(deviations=(Deviation("FC-1", check="policy.deny-blocks"),))
    others = (
        evolve(chosen, asked={**chosen.asked, "dialect": "deployed"}),
        evolve(chosen, names=Names.of("acme", "other", ("ann", "ann_2", "ann_3"))),
        evolve(chosen, config=Config(own={"routes": {"create": "/v2/runs"}})),
        evolve(chosen, config=agreed),
        embedded("step-runs-twice"),
        embedded(None, automatic=True),
    )
    assert 1 + len(others) == len({each.identity for each in (chosen, *others)})
    patient = evolve(chosen, asked={**chosen.asked, "patience": 1.0, "rate": 5.0})
    assert chosen.identity == patient.within(3).identity
