"""``pt004 fit``: from an address to a file with which ``check`` is useful."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from attrs import define, evolve

from pt004_model.search import manner
from tests.cli.helpers import Ended, invoke, summary, wait_for
from tests.cli.servers import Said, Seen, fronted, refusal, speaking
from tests.public_fc import public_app

HUSH = "hush-hush-hush"
SHORT = ("--max-examples", "25", "--max-commands", "8", "--seed", "5", "--confirm", "2")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Campaigns of one example: what is tested is what surrounds them."""
    monkeypatch.setattr(manner, "SHORT", evolve(manner.SHORT, examples=1, commands=1))


@define
class Late:
    """An application that is made in the thread of its server, as its database wants to be."""

    faults: tuple[str, ...]
    app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        self.app = self.app or public_app(*self.faults)
        await self.app(scope, receive, send)


@contextmanager
def public(*faults: str) -> Iterator[str]:
    """An FC in the manner of the public one: its address."""
    with fronted() as front:
        wait_for(lambda: front.app is not None)
        front.app = Late(faults)
        yield front.url


def conclusion(ended: Ended) -> str:
    """The last line about the verdict."""
    return next(line for line in ended.lines if line.split(":")[0] in {"CONFORMS", "DIVERGES"})


@pytest.mark.slow
@pytest.mark.system
def test_from_an_address_to_a_useful_check() -> None:
    """The public FC is described; with the file ``check`` is quiet, and finds a lifecycle fault."""
    with public() as url:
        said = invoke("fit", "--base-url", url, "--accept")
        assert 0 == said.code, said.said
        for words in (
            "speaks the deployed dialect; knows no steps;",
            "workflows that are registered alone: pt004_execution_spine;",
            "heeds no policy decisions;",
            "has no receipts;",
            "shows no gates;",
            "writes no entries FC-GATE-001, FC-GATE-002, FC-RUN-003;",
            "refuses running -> running of a run without steps",
        ):
            assert words in said.out
        assert "perhaps bugs" not in said.out
        quiet = invoke("check", *SHORT)
        assert "CONFORMS" in conclusion(quiet), quiet.out
        assert 0 == quiet.code
    with public("late-failure-overwrites-completion") as url:
        found = invoke("check", *SHORT, "--base-url", url, "--out", "faulty")
        assert 1 == found.code
        checks = {each["check"] for each in summary(Path("faulty"))["findings"]}
        assert {"lifecycle.terminal-is-final"} == checks


@pytest.mark.usefixtures("quick")
def test_the_file_names_secrets_and_holds_none(here: Path) -> None:
    """A header stands there by the name of a variable, a token not at all; the file is read."""
    with fronted(secret=HUSH) as front:
        said = invoke(
            "fit", "--base-url", front.url, "--header", "X-Api-Key=swordfish-9", "--rate", "900",
            SECRET_KEY=HUSH,
        )  # fmt: skip
    text = (here / "pt004.toml").read_text()
    assert 0 == said.code, said.said
    assert '"${X_API_KEY}"' in text
    assert "rate = 900.0" in text
    assert f'base_url = "{front.url}"' in text
    assert "demands a token" in text
    assert "set X_API_KEY in the environment" in said.out
    for shown in (text, said.said):
        assert "swordfish-9" not in shown
        assert HUSH not in shown
    held = invoke("config", "--json", X_API_KEY="swordfish-9")
    values = {row["name"]: row["value"] for row in json.loads(held.out)}
    assert front.url == values["base_url"]


@pytest.mark.usefixtures("quick")
def test_every_run_is_tagged() -> None:
    """All creates that are well-formed carry the tag of this program."""
    with fronted() as front:
        assert 0 == invoke("fit", "--base-url", front.url).code
    posts = [each for each in front.seen if each.method == "POST" and each.body.startswith(b"{")]
    tags = [json.loads(each.body).get("tags") for each in posts]
    lists = [each for each in tags if isinstance(each, list)]
    assert lists
    assert all("pt004" in each for each in lists)


@pytest.mark.usefixtures("quick")
def test_what_creates_must_carry_is_found() -> None:
    """A field that is named in refusals, with its values, is in the file, and runs are made."""

    def picky(seen: Seen) -> Said | None:
        if seen.method == "POST" and "priority" not in json.loads(seen.body or b"{}"):
            return refusal(422).with_json({"detail": "priority is required, one of: low, high"})
        return None

    with fronted(picky) as front:
        said = invoke("fit", "--base-url", front.url)
    assert 0 == said.code, said.said
    assert "wants more of a create: priority" in said.out
    assert 'priority = ["low", "high"]' in Path("pt004.toml").read_text()


def test_a_file_that_is_there_is_kept(here: Path) -> None:
    """Nothing is asked where the file could not be written; it stays as it is."""
    (here / "pt004.toml").write_text("")
    said = invoke("fit", "--base-url", "http://127.0.0.1:1")
    assert 2 == said.code
    assert "pt004.toml is there already" in said.err
    assert "" == (here / "pt004.toml").read_text()
    nowhere = invoke("fit", "--base-url", "http://127.0.0.1:1", "--out", "none/of/it.toml")
    assert 3 == nowhere.code


def answered(code: int, body: object) -> Ended:
    """How ``fit`` ends where every call but that for health is answered so."""

    def always(seen: Seen) -> Said | None:
        return None if seen.path == "/health" else Said(code, json.dumps(body).encode())

    with fronted(always) as front:
        return invoke("fit", "--base-url", front.url)


@pytest.mark.parametrize(
    ("code", "body", "words"),
    [
        (404, {"detail": "no"}, "POST /api/fc/runs: 404"),
        (401, {"detail": "who"}, "set FC_TOKEN"),
        (200, [1], "no create is taken"),
        (422, {"detail": "because"}, "say what one must carry in [create]"),
        (500, {"\u202e": 1}, "\\u202e"),
    ],
)
def test_what_is_no_fc_is_told(code: int, body: object, words: str) -> None:
    """What was tried and what came back stand there, with what to do; nothing is written."""
    said = answered(code, body)
    assert 3 == said.code
    assert "UNSURE" in said.err
    assert "; tried:" in said.err
    assert words in said.err
    assert not Path("pt004.toml").exists()


def test_nobody_is_there() -> None:
    """No answer, or no HTTP: unsure; what is asked, and for how long, is said before."""
    said = invoke("fit", "--base-url", "http://127.0.0.1:1")
    assert 3 == said.code
    assert said.err.startswith("asking http://127.0.0.1:1, for up to 0 s where no answer comes")
    with speaking(b"hello\r\n") as url:
        assert 3 == invoke("fit", "--base-url", url).code
