"""The nightly job: it is linted, the lint can fail, and its steps do what they say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from pt004_model.cli import main
from pt004_model.cli.settings import SETTINGS
from tests.cli.helpers import commands_of
from tests.repo.helpers import ROOT

FOLDER = ROOT / ".github" / "workflows"
WORKFLOW = FOLDER / "nightly.yml"
BIN = Path(sys.executable).parent


def lint_commands() -> list[list[str]]:
    """What ``tox -e lint`` runs over workflows, as its configuration says."""
    lint = (ROOT / "tox.ini").read_text().partition("[testenv:lint]")[2].partition("[testenv")[0]
    lines = [line.split() for line in lint.splitlines() if ".github" in line]
    return [words for words in lines if words[0] in {"actionlint", "zizmor"}]


def lint(folder: Path) -> list[subprocess.CompletedProcess[str]]:
    """What the linters say of the workflows in ``folder``."""
    return [
        subprocess.run(  # noqa: S603 - the linters of this environment
            [BIN / words[0], *words[1:]],
            cwd=folder,
            env=os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        for words in lint_commands()
    ]


@cache
def document() -> dict[Any, Any]:
    """The workflow as data."""
    read: dict[Any, Any] = yaml.safe_load(WORKFLOW.read_text())
    return read


def step(job: str, name: str) -> dict[str, Any]:
    """A step of the workflow, by its name."""
    (found,) = [each for each in document()["jobs"][job]["steps"] if each["name"] == name]
    assert isinstance(found, dict)
    return found


def run(script: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the script of a step as GitHub does, in ``folder``."""
    return subprocess.run(  # noqa: S603 - our own script
        ["/bin/bash", "-e", "-c", script],
        cwd=folder,
        env={"PATH": f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def program(path: Path, script: str) -> None:
    """Put a program in the place of another."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/bash\n{script}\n")
    path.chmod(0o755)


@pytest.mark.system
def test_every_workflow_is_linted() -> None:
    """Two linters see each workflow that is there, and are content."""
    assert ["actionlint", "zizmor"] == [words[0] for words in lint_commands()]
    for path in FOLDER.iterdir():
        assert str(path.relative_to(ROOT)) in lint_commands()[0]
    for said in lint(ROOT):
        assert said.returncode == 0, said.stdout + said.stderr


PLANTS = {
    # what is broken: in the place of what, by what, which linter sees it and what it says
    "an unknown key": ("    runs-on:", "    runs-in:", 0, 'unexpected key "runs-in"'),
    "an output that is not there": (
        "needs.merge.outputs.status == '0'", "needs.merge.outputs.code == '0'", 0,
        'property "code" is not defined',
    ),
    "an input that is not there": ("inputs.seed }}", "inputs.sead }}", 0, '"sead" is not defined'),
    "a shell script that splits words": ('exit "$status"', "exit $SEED", 0, "SC2086"),
    "a wrong time": ('"17 2 * * *"', '"77 2 * * *"', 0, "invalid CRON"),
    "an input within a script": (
        'flags+=("--hypothesis-seed=$SEED")', 'flags+=("${{ inputs.seed }}")', 1,
        "template-injection",
    ),
    "an action by its tag": (
        "actions/setup-python@a309ff8b426b58ec0e2a45f0f869d46889d02405", "actions/setup-python@v6",
        1, "unpinned-uses",
    ),
    "a job that may write everything": (
        "permissions:\n  contents: read", "permissions: write-all", 1, "excessive-permissions",
    ),
    "a token that stays": ("          persist-credentials: false\n", "", 1, "artipacked"),
}  # fmt: skip


@pytest.mark.system
@pytest.mark.parametrize(("good", "bad", "linter", "said"), PLANTS.values(), ids=PLANTS)
def test_a_broken_workflow_is_seen(
    good: str, bad: str, linter: int, said: str, tmp_path: Path
) -> None:
    """Each kind of mistake makes a linter fail and say what is wrong."""
    text = WORKFLOW.read_text()
    assert good in text
    path = tmp_path / WORKFLOW.relative_to(ROOT)
    path.parent.mkdir(parents=True)
    path.write_text(text.replace(good, bad))
    seen = lint(tmp_path)[linter]
    assert seen.returncode != 0
    assert said in seen.stdout + seen.stderr


def test_every_action_is_pinned() -> None:
    """Actions are named by a full commit, with the version for people behind it."""
    uses = re.findall(r"(?m)^ +uses: (.*)$", WORKFLOW.read_text())
    assert len(uses) >= 8
    for each in uses:
        assert re.fullmatch(r"actions/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each), each


def test_one_job_alone_may_write() -> None:
    """All may read the contents; the job that files may write issues, and nothing may more."""
    workflow = document()
    assert workflow["permissions"] == {"contents": "read"}
    assert {name: job.get("permissions") for name, job in workflow["jobs"].items()} == {
        "plan": None,
        "campaign": None,
        "merge": None,
        "file": {"contents": "read", "issues": "write"},
        "audit": None,
    }
    assert all(job["timeout-minutes"] <= 90 for job in workflow["jobs"].values())
    assert not workflow["concurrency"]["cancel-in-progress"]


def test_what_is_admitted_is_audited(tmp_path: Path) -> None:
    """What pip takes and the oldest that the bounds admit are audited, and a hole fails the job."""
    script = step("audit", "Audit")["run"]
    for name in ("python", "uv"):
        program(tmp_path / name, "exit 0")
    for hole in (".", "../oldest.txt", "none"):
        program(tmp_path / "pip-audit", f'echo "$@"; [[ "${{@: -1}}" != "{hole}" ]]')
        said = run(script, tmp_path)
        assert said.returncode == (0 if hole == "none" else 1), said.stdout


HOLES = {"h11": "0.14.0", "jinja2": "3.1.5", "starlette": "0.49.0", "fastapi": "0.110.0"}


@pytest.mark.parametrize(("name", "release"), HOLES.items(), ids=HOLES)
def test_no_release_with_a_known_hole_is_admitted(name: str, release: str) -> None:
    """The lower bounds lie above the last releases of which a hole is known."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (wanted,) = [each for each in map(Requirement, project["dependencies"]) if each.name == name]
    assert not wanted.specifier.contains(release)


def test_only_what_was_judged_is_filed() -> None:
    """The job that files wants the exit status 0 or 1 of the merged one, and none else will do."""
    workflow = document()
    wanted = re.findall(r"needs\.merge\.outputs\.status == '(\w*)'", workflow["jobs"]["file"]["if"])
    assert wanted == ["0", "1"]
    output = workflow["jobs"]["merge"]["outputs"]["status"]
    assert output == "${{ steps.merge.outputs.status }}"
    assert step("merge", "Merge")["id"] == "merge"


@pytest.mark.parametrize("status", [0, 1, 2, 3])
def test_the_night_ends_as_what_was_merged(status: int, tmp_path: Path) -> None:
    """All shards that were kept are merged, and the job ends as that does."""
    program(tmp_path / "pt004", f'echo "$@" > arguments; exit {status}')
    for number in (1, 2):
        (tmp_path / "shards" / f"pt004-shard-{number}").mkdir(parents=True)
    said = run(step("merge", "Merge")["run"], tmp_path, GITHUB_OUTPUT=f"{tmp_path}/out")
    assert said.returncode == status
    assert (tmp_path / "out").read_text() == f"status={status}\n"
    there = "shards/pt004-shard-1 shards/pt004-shard-2"
    assert (tmp_path / "arguments").read_text() == f"merge {there} --out evidence --page\n"


def test_ninety_nights_are_kept(tmp_path: Path) -> None:
    """The oldest goes when another comes, and the page is of all that are kept."""
    program(tmp_path / "pt004", 'echo "${@: -3}" "$#" > arguments')
    for number in range(95):
        (tmp_path / "nights" / str(900 + number)).mkdir(parents=True)
    (tmp_path / "evidence").mkdir()
    for name in ("summary.json", "replays.json"):
        (tmp_path / "evidence" / name).write_text("{}")
    assert run(step("merge", "Nights")["run"], tmp_path, GITHUB_RUN_ID="1000").returncode == 0
    kept = {int(each.name) for each in (tmp_path / "nights").iterdir()}
    assert kept == {*range(906, 995), 1000}
    last = "nights/994 --out evidence/nights.html 93"
    assert (tmp_path / "arguments").read_text() == f"{last}\n"


@pytest.mark.parametrize(
    ("given", "code", "told"),
    [
        ({"SHARDS": "1"}, 0, 'seed=219\nshards=["1/1"]\n'),
        ({"SHARDS": "3", "SEED": "7"}, 0, 'seed=7\nshards=["1/3","2/3","3/3"]\n'),
        ({"SHARDS": "0"}, 2, ""),
        ({"SHARDS": "4 5"}, 2, ""),
    ],
)
def test_a_night_is_cut_by_a_variable(
    given: dict[str, str], code: int, told: str, tmp_path: Path
) -> None:
    """All shards have one seed, and a number of them that cannot be is said."""
    script, out = step("plan", "Plan")["run"], tmp_path / "out"
    out.write_text("")
    env = {"GITHUB_RUN_ID": "7", "GITHUB_RUN_ATTEMPT": "2", "GITHUB_OUTPUT": str(out)}
    ended = run(script, tmp_path, **{"SEED": "", **env, **given})
    assert (ended.returncode, out.read_text()) == (code, told)
    jobs = document()["jobs"]
    assert jobs["campaign"]["strategy"]["matrix"] == {
        "shard": "${{ fromJSON(needs.plan.outputs.shards) }}"
    }
    assert step("campaign", "Campaign")["env"]["SEED"] == "${{ needs.plan.outputs.seed }}"
    assert step("campaign", "Campaign")["env"]["PT004_SHARD"] == "${{ matrix.shard }}"


@pytest.mark.parametrize("status", [0, 1, 2, 3])
@pytest.mark.parametrize("seed", ["", "42", "4 2; exit 0 #"])
def test_the_exit_status_is_passed_on(status: int, seed: str, tmp_path: Path) -> None:
    """The step of the campaign ends as tox does, tells it, and hands a seed on as it is."""
    program(tmp_path / "python", f'printf "%s\\n" "$@" > arguments; exit {status}')
    given = {"SEED": seed, "PT004_SHARD": "1/1", "GITHUB_OUTPUT": f"{tmp_path}/out"}
    said = run(step("campaign", "Campaign")["run"], tmp_path, **given)
    assert said.returncode == status
    assert (tmp_path / "out").read_text() == f"status={status}\n"
    words = (tmp_path / "arguments").read_text().splitlines()
    assert words == ["-m", "tox", "-e", "stateful", "--skip-pkg-install", "--"] + (
        [f"--hypothesis-seed={seed}"] if seed else []
    )


def test_the_suite_is_told_and_leaves_the_night_to_the_campaign(tmp_path: Path) -> None:
    """Its guarantee is on the summary of the job; however it ends, the campaign decides.

    One job makes all of it, for no other makes a part.
    """
    program(tmp_path / ".tox/stateful/bin/pt004", 'echo "$@" $PT004_SHARD | tee -a order; exit 1')
    program(tmp_path / "python", "echo campaign >> order")
    told = {"GITHUB_STEP_SUMMARY": f"{tmp_path}/told", "GITHUB_OUTPUT": f"{tmp_path}/out"}
    told["PT004_SHARD"] = "1/2"
    script = step("campaign", "Campaign")["run"]
    assert run(script, tmp_path, SEED="", PT004_OUT="../evidence", **told).returncode == 0
    assert (tmp_path / "order").read_text() == "complete\ndigest ../evidence 1/2\ncampaign\n"
    told["PT004_SHARD"] = "2/2"  # once a night is enough
    assert run(script, tmp_path, SEED="", PT004_OUT="../evidence", **told).returncode == 0
    assert (tmp_path / "order").read_text().endswith("campaign\ncampaign\n")
    assert (tmp_path / "told").read_text() == "digest ../evidence 1/2\n"


def test_setting_up_is_no_part_of_the_campaign() -> None:
    """What tox installs is installed before: tox ends with 1 when that fails, as for a finding."""
    steps = [each["name"] for each in document()["jobs"]["campaign"]["steps"]]
    assert steps.index("Install") < steps.index("Campaign")
    assert "tox -e stateful --notest" in step("campaign", "Install")["run"]


@pytest.mark.parametrize(
    ("settings", "code", "said"),
    [
        ({"PT004_REF": "a" * 40}, 0, ""),
        ({"PT004_REF": "main"}, 2, "PT004_REF is no full commit"),
        ({"PT004_REPOSITORY": "o/pt004"}, 2, "FC_BASE_URL is not set"),
        ({"PT004_REPOSITORY": "o/pt004", "FC_BASE_URL": "http://fc"}, 0, ""),
    ],
)
def test_what_is_not_set_is_said(
    settings: dict[str, str], code: int, said: str, tmp_path: Path
) -> None:
    """A ref that moves is refused, and so is testing the embedded FC in the place of another."""
    own = {"PT004_REF": "b" * 40, "PT004_REPOSITORY": "o/r", "GITHUB_REPOSITORY": "o/r"}
    ended = run(step("campaign", "See whether all is set")["run"], tmp_path, **own | settings)
    assert ended.returncode == code
    assert said in ended.stdout


@pytest.mark.parametrize("there", [(), ("pt004.toml",), ("pt004.toml", ".pt004-known.toml")])
def test_what_describes_the_fc_comes_from_its_repository(
    there: tuple[str, ...], tmp_path: Path
) -> None:
    """What is committed there is what the campaign is told; nothing is fine as well."""
    wanted = step("campaign", "Fetch what describes the FC")["with"]["sparse-checkout"].split()
    assert ["/pt004.toml", "/.pt004-known.toml", "*.pem"] == wanted
    (tmp_path / "pt004").mkdir()
    (tmp_path / "fc").mkdir()
    for name in there:
        (tmp_path / "fc" / name).write_text("")
    program(tmp_path / "pt004/python", 'echo "$PT004_CONFIG,$PT004_KNOWN" > told')
    script = step("campaign", "Campaign")["run"]
    run(script, tmp_path / "pt004", SEED="", PT004_SHARD="1/1", GITHUB_OUTPUT=f"{tmp_path}/out")
    config, known = ("pt004.toml" in there, ".pt004-known.toml" in there)
    told = ("../fc/pt004.toml" * config, "../fc/.pt004-known.toml" * known)
    assert ",".join(told) + "\n" == (tmp_path / "pt004/told").read_text()


def test_the_night_can_be_told_whatever_a_check_can() -> None:
    """Each setting is handed on from a variable, one that is secret from a secret."""
    given = step("campaign", "Campaign")["env"]
    left = {"FC_BASE_URL": "vars", "PT004_PROFILE": "", "PT004_OUT": "", "PT004_PAGE": ""}
    left["PT004_SHARD"] = ""
    for setting in SETTINGS:
        name = str(setting.envvar)
        source = left.get(name, "secrets" if setting.secret else "vars")
        if name == "PT004_KNOWN":
            continue  # it comes from the repository
        assert (f"${{{{ {source}.{name} }}}}" if source else given[name]) == given[name]
    called = document()[True]["workflow_call"]  # YAML reads `on` as true
    handed_on = set(re.findall(r"secrets\.(\w+)", WORKFLOW.read_text()))
    assert handed_on == called["secrets"].keys()
    assert "1" == given["PT004_PAGE"]


def test_a_workflow_may_call_it() -> None:
    """It takes what somebody who starts it by hand can say, and the runner."""
    on = document()[True]
    by_hand, called = on["workflow_dispatch"]["inputs"], on["workflow_call"]["inputs"]
    assert called.keys() - by_hand.keys() == {"runner"}
    assert {name: each["default"] for name, each in by_hand.items()} == {
        name: called[name]["default"] for name in by_hand
    }
    for job in document()["jobs"].values():
        assert "${{ inputs.runner || vars.PT004_RUNNER || 'ubuntu-24.04' }}" == job["runs-on"]


def test_what_may_write_is_pinned() -> None:
    """Each dependency is there in a release that is admitted, all of them with hashes."""
    assert "--require-hashes" in step("file", "Install")["run"]
    text = (ROOT / ".github" / "requirements.txt").read_text()
    entries = re.split(r"(?m)^(?=[a-z])", text)[1:]
    assert all("--hash=sha256:" in each for each in entries)
    there = {match[1]: match[2] for match in re.finditer(r"(?m)^([\w-]+)==([^ ]+)", text)}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    for each in map(Requirement, wanted):
        assert each.specifier.contains(there[each.name]), each


def test_the_traces_are_kept_from_night_to_night() -> None:
    """The newest are restored, and saved under a new key after any campaign, failed ones too."""
    restore = step("campaign", "Restore the traces of earlier nights")["with"]
    keep = step("merge", "Keep the traces for the next night")
    out = step("campaign", "Campaign")["env"]["PT004_OUT"]
    assert restore["path"] == keep["with"]["path"] == f"{out.removeprefix('../')}/traces"
    assert restore["key"] == keep["with"]["key"]
    assert restore["key"].startswith(restore["restore-keys"])
    assert {"run_id", "run_attempt"} <= set(re.findall(r"github\.(\w+)", restore["key"]))
    assert keep["if"] == "${{ always() && steps.merge.outputs.status != '' }}"


def test_the_summary_is_told(tmp_path: Path) -> None:
    """The digest is added to the summary of the job, with its links; without one that is said."""
    script = step("merge", "Tell")["run"]
    program(tmp_path / "pt004", 'printf "%s " "$@"; exit 0')
    (tmp_path / "evidence").mkdir()
    said = {"GITHUB_STEP_SUMMARY": f"{tmp_path}/told", "GITHUB_SERVER_URL": "https://x"}
    said |= {"GITHUB_REPOSITORY": "o/r", "TRACES": "https://x/a", "STATUS": "1"}
    assert run(script, tmp_path, **said).returncode == 0
    assert "UNSURE" in (tmp_path / "told").read_text()
    (tmp_path / "evidence/summary.json").write_text("{}")
    (tmp_path / "told").unlink()
    assert run(script, tmp_path, **said).returncode == 0
    assert (tmp_path / "told").read_text().split() == [
        "digest", "evidence", "--traces-url", "https://x/a", "--issues-url", "https://x/o/r/issues",
    ]  # fmt: skip


def test_no_secret_is_where_it_need_not_be() -> None:
    """What an FC wants to be shown is known to the campaign alone, the right to write to filing."""
    jobs = document()["jobs"]
    for job in jobs.values():
        for each in job["steps"]:
            text = yaml.safe_dump(each)
            if each["name"] != "Campaign":
                assert "FC_TOKEN" not in text
                assert "SECRET_KEY" not in text
            if "GITHUB_TOKEN" in text:
                assert (job, each["name"]) == (jobs["file"], "File")


def test_the_commands_of_ours_exist() -> None:
    """Commands and flags of pt004 that the workflow types are those that are there."""
    scripts = [
        each["run"].replace("\\\n", " ")
        for job in document()["jobs"].values()
        for each in job["steps"]
        if "run" in each
    ]
    typed = re.findall(r"(?m)(?:^|/)pt004 (\w+)([^|>\n]*)", "\n".join(scripts))
    assert {name for name, _ in typed} == {"complete", "digest", "merge", "nights", "submit"}
    for name, rest in typed:
        known = {flag for option in commands_of(main)[name].params for flag in option.opts}
        assert set(re.findall(r" (--[\w-]+)", rest)) <= known
