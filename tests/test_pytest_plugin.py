"""The plugin of pytest in somebody's project: fixtures, traces, settings, and the exit status."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.helpers import OURS

pytestmark = pytest.mark.system

pytest_plugins = ["pytester"]

CONFTEST = """
import warnings
import pytest
import pt004_model
from pt004_model.embedded.app import build_app
from pt004_model.embedded.faults import parts_with
from pt004_model.embedded.core import CONFORMING

warnings.simplefilter("ignore")
from starlette.testclient import TestClient

@pytest.fixture(scope="session")
def fc_target():
    parts = parts_with("{fault}") if "{fault}" else CONFORMING
    return pt004_model.Target(client=TestClient(build_app(parts)))
"""
CAMPAIGN = """
import pt004_model

def test_fc(fc_campaign):
    assert fc_campaign.verdict is pt004_model.Verdict.CONFORMS, fc_campaign.why
"""
PROFILES = """
from attrs import evolve
from pt004_model.search.campaign import PROFILES

PROFILES["tiny"] = evolve(PROFILES["dev"].sized(6), name="tiny", commands=3)
"""
TINY = "[pytest]\nfc_profile = tiny\naddopts = -p profiles -p no:cacheprovider\n"


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project with nothing of ours but a profile of seconds."""
    for name in (*OURS, "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", f"{os.environ.get('PYTHONPATH', '')}{os.pathsep}.")
    pytester.makepyfile(profiles=PROFILES)
    pytester.makefile(".ini", pytest=TINY)
    return pytester


def run(project: pytest.Pytester, *options: str, fault: str = "") -> pytest.RunResult:
    """Run pytest there, against an application with a fault or with none."""
    project.makeconftest(CONFTEST.format(fault=fault))
    return project.runpytest_subprocess(*options)


def test_a_campaign_that_conforms(project: pytest.Pytester) -> None:
    """It passes, the verdict is printed, and the evidence is there."""
    project.makepyfile(test_fc=CAMPAIGN)
    said = run(project, "--fc-out", "night")
    assert 0 == said.ret
    said.stdout.fnmatch_lines(["*CONFORMS: every answer was one that the contract allows*"])
    assert (project.path / "night" / "summary.json").exists()


def test_a_finding_is_1_and_its_trace_is_a_test(project: pytest.Pytester) -> None:
    """The trace that is left, dropped into the project, fails there and passes once it is fixed."""
    fault = "denied-step-may-pause"
    project.makepyfile(test_fc=CAMPAIGN)
    said = run(project, "--hypothesis-seed", "3", fault=fault)
    assert 1 == said.ret
    (trace,) = (project.path / ".pt004" / "traces").glob("6b9764f45135.json")
    (project.path / "denied.pt004.json").write_bytes(trace.read_bytes())
    (project.path / "test_fc.py").unlink()
    said = run(project, fault=fault)
    assert 1 == said.ret
    said.stdout.fnmatch_lines(["*REPRODUCED 1 of 1*", "FAILED denied.pt004.json::replay*"])
    said = run(project)
    assert 0 == said.ret
    said.assert_outcomes(passed=1)


def test_a_file_that_is_no_trace(project: pytest.Pytester) -> None:
    """The exit status is 2, with a sentence."""
    (project.path / "bad.pt004.json").write_text("{}")
    said = run(project)
    assert 2 == said.ret
    said.stdout.fnmatch_lines(["*bad.pt004.json cannot be used: it is no trace of pt004*"])


def test_tests_that_break_are_3(project: pytest.Pytester) -> None:
    """Beside a campaign a test that fails is no finding."""
    project.makepyfile(test_fc=CAMPAIGN, test_other="def test_other():\n    assert False\n")
    said = run(project)
    assert 3 == said.ret
    said.stdout.fnmatch_lines(["*UNSURE: the suite broke, see above; that is no finding*"])


@pytest.mark.parametrize(("text", "status"), [("True", 0), ("False", 1)])
def test_a_run_that_does_not_use_it_is_left_alone(
    project: pytest.Pytester, text: str, status: int
) -> None:
    """Its exit status is that of pytest, also where tests of ours are there and not selected."""
    project.makepyfile(test_fc=CAMPAIGN, test_other=f"def test_other():\n    assert {text}\n")
    said = run(project, "-k", "other")
    assert status == said.ret
    assert "campaign" not in said.stdout.str()
    assert not (project.path / ".pt004").exists()


def test_no_fc_is_named(project: pytest.Pytester) -> None:
    """A campaign without an FC says how to name one; another would say nothing of yours."""
    project.makepyfile(test_fc=CAMPAIGN)
    said = project.runpytest_subprocess()
    assert 2 == said.ret
    said.stdout.fnmatch_lines(["*no Federation Core is named: override the fixture fc_target*"])


@pytest.mark.slow
def test_an_option_wins_over_the_environment_and_that_over_the_ini_file(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each setting is said in three ways; a variable that is empty is not set."""
    project.makepyfile(test_fc=CAMPAIGN)
    monkeypatch.setenv("PT004_PROFILE", "weekly")
    said = run(project)
    assert 2 == said.ret
    said.stdout.fnmatch_lines(["*'weekly' is no profile; choose from dev*"])
    assert 0 == run(project, "--fc-profile", "tiny").ret
    monkeypatch.setenv("PT004_PROFILE", "")
    assert 0 == run(project).ret


def test_a_worker_of_xdist_says_no(project: pytest.Pytester) -> None:
    """One campaign is one conversation; two would disturb one another."""
    project.makepyfile(test_fc=CAMPAIGN)
    said = run(project, "-n", "1")
    said.stdout.fnmatch_lines(["*one campaign writes to one folder: run it without -n*"])


@pytest.mark.slow
def test_a_machine_is_a_test_case(project: pytest.Pytester) -> None:
    """A finding under the machine alone is a failure of pytest's own, shrunk by Hypothesis."""
    project.makepyfile(
        test_fc="""
        import hypothesis
        import pt004_model
        from conftest import TestClient, build_app, parts_with

        parts = parts_with("denied-step-may-pause")
        target = pt004_model.Target(client=TestClient(build_app(parts)))
        Machine = pt004_model.workflow_machine(target)

        class TestFC(Machine.TestCase):
            settings = hypothesis.settings(Machine.TestCase.settings, stateful_step_count=6)
        """
    )
    said = run(project, "--hypothesis-seed", "1")
    assert 1 == said.ret
    said.stdout.fnmatch_lines(["*Divergence_*: policy.deny-blocks: status:*", "*state.advance(*"])


@pytest.mark.slow
def test_a_check_that_breaks_leaves_the_campaign_unsure(project: pytest.Pytester) -> None:
    """It is told, and the rest of the campaign is done; a finding of another one outranks it."""
    project.makepyfile(
        test_fc=f"""{CAMPAIGN}
@pt004_model.check("acme.owner", clause="ACME-7")
def owner(known, reply):
    "Every run names an owner."
    raise KeyError("owner")
"""
    )
    said = run(project)
    assert 3 == said.ret
    said.stdout.fnmatch_lines(["*UNSURE: the check acme.owner raised KeyError: 'owner'*"])
    with Path(project.path / "test_fc.py").open("a") as file:
        file.write(
            '\n\n@pt004_model.check("acme.version", clause="ACME-8")\n'
            'def version(known, reply):\n    "Every run is of version 2."\n'
            "    if known.accepted:\n"
            '        return pt004_model.Mismatch("run.workflow_version", "2", "1.0.0")\n'
        )
    said = run(project)
    assert 1 == said.ret
    said.stdout.fnmatch_lines(["FINDING * acme.version (contract ACME-8)*", "unsure: the check*"])
