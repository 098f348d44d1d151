"""``pt004 check``: one campaign, what it prints and what it leaves behind."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pt004_model.cli.check import estimate
from pt004_model.search.campaign import Profile
from pt004_model.trace.document import load_trace
from tests.cli.helpers import CONFORMS, Ended, invoke, read_json, run, summary, traces
from tests.cli.servers import Front, Said, Seen, fronted

pytestmark = pytest.mark.system

SMALL = ("--max-examples", "4", "--max-commands", "6")
SEALS = "failed-run-is-not-sealed"  # a workflow receipt is missing; cheap to find and to shorten
TAGS = "tags-are-sorted"  # the first create shows it


def check(front: Front, out: Path, *more: str, **environment: str) -> Ended:
    """A campaign against the FC behind ``front``."""
    return invoke("check", "--base-url", front.url, "--out", out, *more, **environment)


@pytest.mark.parametrize("dialect", ["seed", "deployed"])
def test_an_fc_that_conforms(dialect: str, tmp_path: Path) -> None:
    """Exit is 0, and the summary says what was done, by what seed, and what was covered."""
    with fronted() as front:
        said = check(front, tmp_path, *SMALL, "--seed", "11", "--dialect", dialect)
    assert (said.code, said.err) == (0, "")
    left = summary(tmp_path)
    assert ("conforms", "", "dev", dialect) == (
        left["verdict"],
        left["why"],
        left["profile"],
        left["dialect"],
    )
    assert (left["examples"], left["seed"], left["open_calls"], left["findings"]) == (4, 11, 0, [])
    # health and one create came before the campaign
    assert len(front.seen) - 2 == left["requests"] > 50
    assert 0 < left["seconds"] < 60
    coverage = left["coverage"]
    assert 10 < coverage["driven"] < coverage["reachable"]
    assert coverage["reachable"] - coverage["driven"] == len(coverage["missing"])
    assert "paused-run-resumes" in coverage["witnessed"] + coverage["unwitnessed"]
    assert traces(tmp_path) == []


def test_the_lines_of_a_campaign(tmp_path: Path) -> None:
    """Where there is no terminal the lines are plain, and begin with target, names and seed."""
    with fronted() as front:
        said = check(front, tmp_path, *SMALL, "--seed", "11", TENANT_ID="acme", ACTOR_ID="ann")
    assert [
        f"Federation Core {front.url}, dialect seed",
        f"tenant acme, stranger acme_stranger, runs tagged pt004, ids in {tmp_path}/runs.txt",
        "profile dev, seed 11",
    ] == said.lines[:3]
    assert any(map(CONFORMS.fullmatch, said.lines))
    assert any(line.startswith("coverage (accepted/refused)") for line in said.lines)
    done = r"4 examples and \d+ requests in \d+\.\d s, profile dev, seed 11"
    assert [len(re.findall(rf"(?m)^{done}$", said.out))] == [1]
    assert "\x1b" not in said.out
    tenants = {seen.headers.get("x-tenant-id") for seen in front.seen if seen.is_run_call}
    assert {"acme"} <= tenants <= {"acme", "acme_stranger", "ACME", None, ""}


def test_every_run_is_listed_and_tagged(tmp_path: Path) -> None:
    """runs.txt holds the id of every run that was made, the first create's included."""
    made: set[str] = set()

    def note(_: Seen, said: Said) -> Said:
        if said.status == 201:
            made.add(said.json["run"]["run_id"])
        return said

    with fronted(after=note) as front:
        check(front, tmp_path, *SMALL, "--seed", "11")
    listed = (tmp_path / "runs.txt").read_text().splitlines()
    assert sorted(made) == sorted(listed)
    bodies = [json.loads(seen.body) for seen in front.seen if _is_plain_create(seen)]
    assert bodies
    assert all("pt004" in body["tags"] for body in bodies)


def _is_plain_create(seen: Seen) -> bool:
    try:
        body = json.loads(seen.body)
    except (ValueError, RecursionError):
        return False
    return seen.method == "POST" and isinstance(body, dict) and isinstance(body.get("tags"), list)


def test_an_fc_that_diverges(tmp_path: Path) -> None:
    """Exit is 1; the finding is in the summary, on the screen and in a trace that loads again."""
    with fronted(fault=SEALS) as front:
        said = check(front, tmp_path, "--max-examples", "3", "--seed", "11")
    assert said.code == 1
    left = summary(tmp_path)
    (found,) = left["findings"]
    path = tmp_path / "traces" / f"{found['fingerprint']}.json"
    assert ("diverges", [path], str(path)) == (left["verdict"], traces(tmp_path), found["trace"])
    assert (found["check"], found["area"]) == ("receipts.workflow-hash", "receipts")
    assert 0 < found["requests_to_first"] <= left["requests"]
    assert found["occurrences"] >= 1
    trace = read_json(path)
    assert (trace["format"], trace["version"]) == ("pt004-trace", 2)
    assert load_trace(path).base_url == trace["base_url"]
    assert trace["base_url"].startswith("http://127.0.0.1:")
    for name in ("fingerprint", "check", "area", "expected", "observed", "requests_to_first"):
        assert found[name] == trace[name]
    assert found["commands"] == len(trace["steps"])
    assert re.fullmatch(r"found [0-9a-f]{12} receipts\.workflow-hash: .*", said.lines[4])
    shown = said.lines.index(f"FINDING {found['fingerprint']}  {found['check']} (contract 8)")
    assert said.lines[shown + 1] == "  A terminal run, and no other, has the hash of its chain."
    says = [f"  {number}. {step['says']}" for number, step in enumerate(trace["steps"], 1)]
    assert says == said.lines[shown + 2 : shown + 2 + len(says)]
    assert f"  trace: {path}" in said.lines
    assert "DIVERGES: 1 finding" in said.lines


def talk(front: Front) -> list[tuple[str, ...]]:
    """What was asked, with ids of runs and what is made fresh for keys taken out."""
    return [
        (
            seen.method,
            re.sub(r"^(/workflows/runs/).*?(/status)?$", r"\1ID\2", seen.path),
            seen.query,
            seen.body.decode("latin-1"),
            *(seen.headers.get(name, "-") for name in ("x-tenant-id", "x-actor-id")),
            re.sub("[0-9a-f]{12}", "NONCE", seen.headers.get("x-idempotency-key", "-")),
            seen.headers.get("x-correlation-id", "-"),
        )
        for seen in front.seen
    ]


def test_the_same_seed_asks_the_same(tmp_path: Path) -> None:
    """A seed repeats a campaign request by request, but for what is under way at once."""
    talks = []
    for seed in ("5", "5", "6"):
        with fronted() as front:
            check(front, tmp_path, *SMALL, "--seed", seed, "--no-races")
        talks.append(talk(front))
    assert talks[0] == talks[1]
    assert talks[0] != talks[2]


def test_a_seed_is_made_up_and_told(tmp_path: Path) -> None:
    """Without --seed each campaign has a seed of its own, which the first lines tell."""
    seeds = []
    with fronted() as front:
        for _ in range(2):
            said = check(front, tmp_path, "--max-examples", "1")
            seeds.append(summary(tmp_path)["seed"])
            assert f"profile dev, seed {seeds[-1]}" == said.lines[2]
    assert seeds[0] != seeds[1]


@pytest.mark.parametrize(
    ("areas", "code", "areas_found"),
    [("lifecycle", 1, {"lifecycle"}), ("gates,receipts", 0, set()), ("audit", 0, set())],
)
def test_areas_judge_those_areas_alone(
    areas: str, code: int, areas_found: set[str], tmp_path: Path
) -> None:
    """A finding in an area that was not asked for is none."""
    with fronted(fault=TAGS) as front:
        said = check(front, tmp_path, *SMALL, "--seed", "11", "--areas", areas)
    assert code == said.code
    left = summary(tmp_path)
    assert areas_found == {found["area"] for found in left["findings"]}
    assert [*SMALL, "--areas", areas] == left["options"]


@pytest.mark.parametrize("how", [(("--ungoverned",), {}), ((), {"PT004_UNGOVERNED": "1"})])
def test_ungoverned_runs_alone(how: tuple[tuple[str, ...], dict[str, str]], tmp_path: Path) -> None:
    """No run is created with steps, and coverage is that of runs without steps."""
    flags, environment = how
    with fronted() as front:
        said = check(front, tmp_path, *SMALL, "--seed", "11", *flags, **environment)
        accepted = [json.loads(seen.body) for seen in front.seen if _is_plain_create(seen)]
    assert said.code == 0
    assert accepted
    assert all(not isinstance(body.get("steps"), list) or not body["steps"] for body in accepted)
    left = summary(tmp_path)
    assert all("ungoverned" in edge for edge in left["coverage"]["missing"])
    assert [*SMALL, "--ungoverned"] == left["options"]


def test_rate_holds_back(tmp_path: Path) -> None:
    """Never more requests a second than asked for."""
    with fronted() as front:
        check(front, tmp_path, "--max-examples", "3", "--rate", "40")
    times = [seen.at for seen in front.seen]
    assert len(times) > 35
    for one, other in zip(times, times[20:], strict=False):
        assert other - one > 0.35  # 20 requests are due within 0.5 s; the rest is jitter


def test_max_time_begins_no_further_example(tmp_path: Path) -> None:
    """A campaign of any size ends when its time is up, and what it says stands."""
    with fronted() as front:
        said = check(front, tmp_path, "--max-time", "1", "--max-examples", "100000")
    assert (said.code, summary(tmp_path)["verdict"]) == (0, "conforms")
    assert 1 <= summary(tmp_path)["seconds"] < 10
    assert summary(tmp_path)["examples"] < 1000


@pytest.mark.system
def test_the_embedded_fc_is_tested_by_default(tmp_path: Path) -> None:
    """As a process of its own the command starts an FC and tests it; the folder is made."""
    out = tmp_path / "not" / "there"
    said = run("check", "--out", out, *SMALL, "--automatic", "--profile", "ci")
    assert (said.code, said.err) == (0, "")
    assert re.fullmatch(
        r"embedded Federation Core http://127\.0\.0\.1:\d+, dialect seed", said.lines[0]
    )
    assert (summary(out)["profile"], summary(out)["examples"]) == ("ci", 4)


def test_an_authenticating_fc_gets_good_and_bad_tokens(tmp_path: Path) -> None:
    """With the secret at hand bad tokens are tried too, and they must be refused."""
    secret = "s3cret-of-the-test"
    refused: set[str] = set()

    def note(seen: Seen, said: Said) -> Said:
        if said.status == 401:
            refused.add(seen.headers.get("authorization", "none"))
        return said

    with fronted(after=note, secret=secret) as front:
        more = ("--max-examples", "8", "--max-commands", "8", "--seed", "3")
        assert check(front, tmp_path, *more, SECRET_KEY=secret).code == 0
    assert len(refused) >= 2


def test_a_secret_of_another_program_does_no_harm(tmp_path: Path) -> None:
    """An embedded FC without --auth is sent no tokens, whatever SECRET_KEY says, and conforms."""
    environment = {"SECRET_KEY": "of another program"}
    said = invoke("check", "--out", tmp_path, "--max-examples", "3", **environment)
    assert said.code == 0


@pytest.mark.parametrize("environment", [{"SECRET_KEY": "a secret"}, {"FC_TOKEN": "omega_a.b"}])
def test_tokens_are_sent_to_a_given_address(environment: dict[str, str], tmp_path: Path) -> None:
    """Whoever gives an address and a secret or a token has every plain call carry one."""
    with fronted() as front:
        check(front, tmp_path, "--max-examples", "3", **environment)
    sent = {seen.headers["authorization"] for seen in front.seen if seen.is_run_call}
    assert all(value.startswith("Bearer omega_") for value in sent)
    if "FC_TOKEN" in environment:
        assert {"Bearer omega_a.b"} == sent


@pytest.mark.parametrize(
    ("profile", "rate", "expected"),
    [
        (Profile("p", 100, 10), None, "about 16,000 requests"),
        (Profile("p", 100, 10), 20.0, "about 16,000 requests, 13 minutes at 20 a second"),
        (Profile("p", 100, 10, 60.0), 20.0, "about 16,000 requests, 13 minutes at 20 a second; "
         "it ends after 60 s"),
    ],
)  # fmt: skip
def test_the_size_is_told_before(profile: Profile, rate: float | None, expected: str) -> None:
    """Whoever has an FC that is slow, or shared, knows beforehand how much it will be asked."""
    assert estimate(profile, rate) == expected
