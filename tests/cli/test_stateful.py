"""What ``tox -e stateful`` runs: its exit status, what it prints and leaves, and pytest's flags."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.cli.helpers import (
    CONFORMS,
    NO_PATIENCE,
    OURS,
    Ended,
    ended,
    invoke,
    serving,
    summary,
    traces,
    wait_for,
)
from tests.cli.servers import Said, Seen, free_port, fronted, refusal
from tests.repo.helpers import ROOT
from tests.sampling import some

pytestmark = pytest.mark.system

SUITE = ("pytest", "tests/stateful", "--timeout", "0", "-p", "no:cacheprovider")
SMALL = ("-p", "tests.cli.small_profiles")
SEED = ("--hypothesis-seed", "5")
FAULT = "denied-step-may-pause"
CAMPAIGN = ("-k", "not TestMachine")
"""All but the machine, for which Hypothesis shortens a finding by a thousand requests."""
TOX = (
    # the environment as it is, without a virtual environment of its own being filled
    "tox", "run", "-c", str(ROOT / "tox.ini"), "-e", "stateful",
    "-x", "testenv.package=skip", "-x", "testenv.extras=",
    "-x", f"testenv:stateful.set_env+=PYTHONPATH={ROOT}",  # for the small profiles
    "-x", f"testenv:stateful.allowlist_externals={Path(sys.executable).with_name('pytest')}",
)  # fmt: skip


def begin(
    *command: str, out: Path, profile: str = "small", **environment: str
) -> subprocess.Popen[str]:
    """Start the suite, or tox, as a process in the folder of the project."""
    bare = {name: value for name, value in os.environ.items() if name not in OURS}
    bare = {name: value for name, value in bare.items() if not name.startswith(("TOX_", "PYTEST_"))}
    return subprocess.Popen(  # noqa: S603 - our own suite
        [sys.executable, "-m", *command],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**bare, **NO_PATIENCE, "PT004_OUT": str(out), "PT004_PROFILE": profile, **environment},
        start_new_session=True,
        text=True,
    )


def suite(*flags: str, out: Path, profile: str = "small", **environment: str) -> Ended:
    """Run the suite to its end, with profiles of a few seconds."""
    process = begin(*SUITE, *SMALL, *flags, out=out, profile=profile, **environment)
    return ended(process, timeout=120)


def counts(said: Ended) -> dict[str, int]:
    """How many tests passed, failed and so on, as the last line of pytest says."""
    (last,) = re.findall(r"(?m)^(?:=+ )?((?:\d+ \w+, )*\d+ \w+) in [\d.]+s", said.out)
    return {word: int(number) for number, word in re.findall(r"(\d+) (\w+)", last)}


def outcomes(out: Path) -> dict[str | None, str]:
    """What became of each case of the JUnit document in a folder."""
    root = ElementTree.parse(out / "junit.xml")  # noqa: S314 - our own
    return {
        case.get("name"): next((each.tag for each in case if each.tag != "system-out"), "passed")
        for case in root.iter("testcase")
    }


def told(out: Path) -> dict[str, Any]:
    """The summary of a campaign without what differs from one run to the next."""
    known = summary(out)
    wanted = ("verdict", "requests", "examples", "seed", "coverage", "areas", "why")
    return {name: known[name] for name in wanted}


def test_a_conforming_fc(tmp_path: Path) -> None:
    """Exit is 0; the coverage table and the verdict are printed, and the evidence is there."""
    said = suite(out=tmp_path)
    assert said.code == 0, said.said
    assert counts(said) == {"passed": 13, "skipped": 2}
    assert any(line.startswith("coverage (accepted/refused)") for line in said.lines)
    assert any(map(CONFORMS.fullmatch, said.lines))
    assert any(
        re.fullmatch(r"Federation Core http:\S+, profile small, seed \d+", line)
        for line in said.lines
    )  # at once, and not at the end of the night
    left = {each.name for each in tmp_path.iterdir()}
    assert {"summary.json", "junit.xml", "summary.md", "runs.txt", "traces"} <= left
    assert set(outcomes(tmp_path).values()) == {"passed", "skipped"}


def test_a_finding(tmp_path: Path) -> None:
    """Exit is 1; the finding is printed with its trace, and the case of its area fails."""
    with serving("--fault", FAULT) as (url, _):
        said = suite(*CAMPAIGN, *SEED, out=tmp_path, FC_BASE_URL=url)
    assert said.code == 1, said.said
    assert any(line.startswith("FINDING 6b9764f45135  policy.deny-blocks") for line in said.lines)
    assert "DIVERGES: 1 finding" in said.lines
    assert counts(said)["failed"] >= 1  # the case may find it, too
    assert "FAILED tests/stateful/test_campaign.py::test_area[policy]" in said.out
    assert [each.name for each in traces(tmp_path)] == ["6b9764f45135.json"]
    assert "DIVERGES, 1 new finding" in (tmp_path / "summary.md").read_text()


def test_a_canonical_case_that_fails_is_a_finding(tmp_path: Path) -> None:
    """Exit is 1 when nothing but the canonical cases is selected and one of them diverges."""
    with fronted(after=lambda seen, said: _spoilt(said) if seen.method == "GET" else said) as front:
        said = suite("-k", "scenario", out=tmp_path, FC_BASE_URL=front.url)
    assert said.code == 1, said.said
    assert counts(said) == {"failed": 1, "deselected": 14}


def _spoilt(said: Said) -> Said:
    """An envelope whose run has another status, which no FC may show."""
    if said.status != 200 or "run" not in said.json:
        return said
    return said.with_json({**said.json, "run": {**said.json["run"], "status": "completed"}})


@pytest.mark.slow
def test_a_known_finding_fails_nothing(tmp_path: Path) -> None:
    """Exit is 0 when all that is found is known, in a canonical case too."""
    known, out = tmp_path / "known.toml", tmp_path / "out"
    with fronted(after=lambda seen, said: _spoilt(said) if seen.method == "GET" else said) as front:
        assert suite(*SEED, out=out, FC_BASE_URL=front.url).code == 1
        why = ("--reason", "FC-17", "--owner", "ann", "--expires", "2999-12-31")
        for trace in traces(out):
            assert invoke("baseline", "add", trace, *why, "--known", known).code == 0
        said = suite(*SEED, out=out, FC_BASE_URL=front.url, PT004_KNOWN=str(known))
    assert said.code == 0, said.said
    assert counts(said) == {"passed": 12, "skipped": 3}
    assert "skipped" in {outcomes(out)[name] for name in outcomes(out) if "." in str(name)}
    assert "failure" not in outcomes(out).values()
    assert " known finding" in (out / "summary.md").read_text()


def test_the_next_night_replays_what_the_last_one_found(tmp_path: Path) -> None:
    """The traces that lie in the folder are replayed first, and the page tells what came of it."""
    with serving("--fault", FAULT) as (url, _):
        assert suite(*CAMPAIGN, *SEED, out=tmp_path, FC_BASE_URL=url).code == 1
    said = suite(out=tmp_path)
    assert said.code == 0, said.said
    assert any(line.startswith("fixed 6b9764f45135: ") for line in said.lines)
    assert "| 6b9764f45135 | fixed | 5 of 5 |" in (tmp_path / "summary.md").read_text()


def test_nobody_answers(tmp_path: Path) -> None:
    """Exit is 3, with one sentence, and CI is shown an error and not yesterday's result."""
    (tmp_path / "summary.json").write_text('{"verdict": "conforms"}')
    said = suite(out=tmp_path, FC_BASE_URL=f"http://127.0.0.1:{free_port()}")
    assert said.code == 3, said.said
    assert "UNSURE: no Federation Core answers: the FC cannot be reached" in said.out
    assert "Traceback" not in said.said
    assert summary(tmp_path)["verdict"] == "unsure"
    assert outcomes(tmp_path)["can be judged"] == "error"
    assert "passed" not in outcomes(tmp_path).values()


def test_check_leaves_the_same_when_nobody_answers(tmp_path: Path) -> None:
    """The command line replaces yesterday's summary as well."""
    (tmp_path / "summary.json").write_text('{"verdict": "diverges"}')
    url = f"http://127.0.0.1:{free_port()}"
    assert invoke("check", "--base-url", url, "--out", tmp_path).code == 3
    assert summary(tmp_path)["verdict"] == "unsure"
    assert outcomes(tmp_path)["can be judged"] == "error"


def test_an_fc_that_dies_within_a_canonical_case(tmp_path: Path) -> None:
    """A failing test is no finding when it failed for want of an answer: exit is 3."""

    def dies(seen: Seen) -> Said | None:
        return refusal(503) if seen.number > 8 else None

    with fronted(before=dies) as front:
        said = suite(out=tmp_path, FC_BASE_URL=front.url)
    assert said.code == 3, said.said
    assert counts(said)["failed"] >= 1
    assert summary(tmp_path)["verdict"] == "unsure"


@pytest.mark.parametrize(
    ("environment", "flags", "sentence"),
    some(
        [
            (
                {"PT004_PROFILE": "weekly"},
                (),
                "PT004_PROFILE: 'weekly' is no profile; choose from dev",
            ),
            ({"FC_BASE_URL": "foo"}, (), "what was given is no address of a Federation Core"),
            ({"FC_DIALECT": "old"}, (), "'old' is not one of"),
            ({"PT004_OUT": "/dev/null/x"}, (), "cannot write to /dev/null/x"),
            ({}, ("--hypothesis-seed", "abc"), "--hypothesis-seed: 'abc' is no whole number"),
        ],
        3,
    ),
    ids=["profile", "address", "dialect", "folder", "seed"],
)
def test_what_is_set_wrong(
    environment: dict[str, str], flags: tuple[str, ...], sentence: str, tmp_path: Path
) -> None:
    """Exit is 2, and a sentence says which setting is wrong."""
    said = suite(*flags, out=tmp_path, **environment)
    assert said.code == 2, said.said
    assert sentence in said.out
    assert "Traceback" not in said.said


def test_too_little_was_asked(tmp_path: Path) -> None:
    """A campaign below the coverage of its profile is unsure: exit is 3, not 0."""
    said = suite(out=tmp_path, profile="demanding")
    assert said.code == 3, said.said
    assert re.search(
        r"(?m)^UNSURE: \d+ of \d+ edges of the model were not driven, and the profile demanding"
        r" wants 100% of them$",
        said.out,
    )
    assert "FAILED tests/stateful/test_campaign.py::test_campaign_can_be_judged" in said.out
    assert outcomes(tmp_path)["can be judged"] == "error"


def test_nothing_was_asked(tmp_path: Path) -> None:
    """A campaign that sent nothing is unsure: exit is 3, not 0."""
    said = suite(out=tmp_path, profile="idle", PT004_UNGOVERNED="1")
    assert said.code == 3, said.said
    assert "UNSURE: nothing was sent" in said.lines
    assert summary(tmp_path)["requests"] == 0


@pytest.mark.slow
def test_nights_differ_and_a_seed_repeats_one(tmp_path: Path) -> None:
    """Under CI=true each night explores other cases, and its seed repeats it, by tox or by check.

    Hypothesis has a profile of its own for CI, which would try the same cases every night.
    """
    folders = [tmp_path / name for name in ("one", "other", "again", "check")]
    for folder in folders[:2]:
        assert suite(out=folder, profile="night", CI="true").code == 0
    seed = str(summary(folders[0])["seed"])
    flags = ("--hypothesis-seed", seed)
    assert suite(*flags, out=folders[2], profile="night", CI="true").code == 0
    limits = ("--max-examples", "6", "--max-commands", "8")
    checked = invoke("check", "--profile", "nightly", *limits, "--seed", seed, "--out", folders[3])
    assert checked.code == 0
    one, other, again, check = map(told, folders)
    assert one == again == check
    assert one["seed"] != other["seed"]
    assert one["coverage"]["missing"] != other["coverage"]["missing"]


def test_a_variable_that_is_empty_is_not_set(tmp_path: Path) -> None:
    """A CI sets what it has no value for to nothing."""
    names = set(OURS) - {"PT004_OUT", "PT004_PROFILE"}
    said = suite("-k", "scenario", out=tmp_path, **dict.fromkeys(names, ""))
    assert said.code == 0, said.said


@pytest.mark.slow
def test_processes_of_xdist_become_workers(tmp_path: Path) -> None:
    """With ``-n`` there is one campaign all the same, in one process, and it says so."""
    said = suite("-n", "2", "--dist", "load", out=tmp_path)
    assert said.code == 0, said.said
    assert counts(said) == {"passed": 13, "skipped": 2}
    assert "one campaign, with 2 workers: xdist does not divide it" in said.lines
    assert any(map(CONFORMS.fullmatch, said.lines))


def test_tests_can_be_selected(tmp_path: Path) -> None:
    """With ``-k`` an area is asked for, or the canonical cases alone, which says so."""
    said = suite("-k", "test_area and policy", out=tmp_path)
    assert (said.code, counts(said)) == (0, {"passed": 1, "deselected": 14})
    assert any(map(CONFORMS.fullmatch, said.lines))
    said = suite("-k", "scenario", out=tmp_path)
    assert (said.code, counts(said)) == (0, {"passed": 1, "deselected": 14})
    assert "no campaign was run: only what was selected was judged" in said.lines


def test_selecting_nothing_is_unsure(tmp_path: Path) -> None:
    """A selection that holds no test is not green: exit is 3."""
    said = suite("-k", "nonsense", out=tmp_path)
    assert said.code == 3, said.said
    assert "UNSURE: no test was selected, so nothing was asked" in said.lines


def test_an_fc_without_steps(tmp_path: Path) -> None:
    """With PT004_UNGOVERNED a case without steps stands for the canonical ones."""
    said = suite("-v", out=tmp_path, PT004_UNGOVERNED="1")
    assert said.code == 0, said.said
    assert counts(said) == {"passed": 13, "skipped": 2}  # no tokens, and no FC that may be killed
    assert "test_without_steps PASSED" in said.out


def test_a_suite_that_breaks_is_no_finding(tmp_path: Path) -> None:
    """An error of the suite itself gives exit 3, so that nobody files it as a bug of the FC."""
    (tmp_path / "breaking.py").write_text(
        "import pytest\n\n\n@pytest.fixture(autouse=True)\ndef breaks():\n    raise OSError(28)\n"
    )
    said = suite("-p", "breaking", out=tmp_path / "out", PYTHONPATH=str(tmp_path))
    assert said.code == 3, said.said
    assert "UNSURE: the suite broke, see above; that is no finding" in said.lines


def test_ctrl_c(tmp_path: Path) -> None:
    """Interrupted, the suite ends with 130 and its summary says so."""
    process = begin(*SUITE, out=tmp_path, profile="nightly")
    wait_for((tmp_path / "runs.txt").exists)
    wait_for(lambda: len((tmp_path / "runs.txt").read_text().splitlines()) > 20)
    os.kill(process.pid, signal.SIGINT)
    assert ended(process).code == 130
    assert (summary(tmp_path)["verdict"], summary(tmp_path)["why"]) == (
        "unsure",
        "it was interrupted",
    )


def test_ctrl_c_at_a_place_without_a_line(tmp_path: Path) -> None:
    """An interrupt whose traceback knows no line number ends the suite with 130 all the same."""
    (tmp_path / "interrupting.py").write_text(
        "import sys, types\n\nimport pytest\n\n\n@pytest.fixture(autouse=True)\ndef interrupts():\n"
        "    place = types.TracebackType(None, sys._getframe(), 10**6, -1)\n"
        "    assert place.tb_lineno in (None, -1)  # by the release of Python\n"
        "    raise KeyboardInterrupt().with_traceback(place)\n"
    )
    said = suite("-p", "interrupting", out=tmp_path / "out", PYTHONPATH=str(tmp_path))
    assert said.code == 130, said.said


def test_tox_passes_the_exit_status_on(tmp_path: Path) -> None:
    """``tox -e stateful`` ends as the suite does, with the flags behind ``--``: 0, or 1, or 3."""
    work = ("--workdir", str(tmp_path / "tox"))
    command = (*TOX, *work, "--", *SMALL)
    nobody = f"http://127.0.0.1:{free_port()}"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    def run(*flags: str, **environment: str) -> Ended:
        process = begin(*command, *flags, out=tmp_path, PATH=path, **environment)
        return ended(process, timeout=200)

    with serving("--fault", FAULT) as (url, _):
        found = run("-k", "test_area", *SEED, FC_BASE_URL=url)
    fine = run("-k", "scenario")
    unsure = run(FC_BASE_URL=nobody)
    assert (0, 1, 3) == (fine.code, found.code, unsure.code), fine.said + found.said + unsure.said
    assert "FINDING 6b9764f45135  policy.deny-blocks" in found.out
    assert "coverage (accepted/refused)" in found.out
    assert counts(fine) == {"passed": 1, "deselected": 14}
    assert "UNSURE: no Federation Core answers" in unsure.out
