"""Files of ours that were cut short, edited or forged: each reader says so, and none breaks.

``PT004_HOSTILE=1`` tries twenty times as many.
"""

from __future__ import annotations

import copy
import json
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

from pt004_model.proof.outside import read_campaign
from pt004_model.report.summary import document
from pt004_model.reproduce import FORMS
from pt004_model.trace.files import Unusable
from pt004_model.trace.redact import Redactor
from tests.cli.helpers import invoke
from tests.hostile.conftest import LARGE

pytestmark = pytest.mark.system

Mutation: TypeAlias = Callable[[bytes, random.Random], bytes]

MANY: Final = 100 if LARGE else 5
DENY: Final = "6b9764f45135"
FAULT: Final = ("--fault", "denied-step-may-pause", "--seed", "1", "--confirm", "1")
KNOWN: Final = f"""# ours
[[known]]
fingerprint = "{DENY}"
reason = "is being repaired"
owner = "ann"
expires = 2099-12-31
"""
ODD: Final[tuple[Any, ...]] = (
    None, True, -1, 0.5, 10**400, 1e400, float("nan"), "", "\ud800", "\x00", "x" * 5000, [], {},
    [[]], {"": None}, "2026-02-30T00:00:00Z", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59+23:59",
    "run.nowhere[9].x", "logs[999999999999].receipt_hash", "$", "é✓", "../../etc", [None, 1, "a"],
)  # fmt: skip


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container in a document with each of its keys."""
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from places(value[key])


def written(document: Any) -> bytes:
    """A document as JSON, NaN and lone surrogates included."""
    return json.dumps(document).encode()


def changed(content: bytes, rng: random.Random) -> bytes:
    """One value is another: of a wrong type, out of range, or from elsewhere in the document."""
    document = json.loads(content)
    everywhere = list(places(document))
    container, key = rng.choice(everywhere)
    other, place = rng.choice(everywhere)
    container[key] = copy.deepcopy(rng.choice((rng.choice(ODD), other[place])))
    return written(document)


def without(content: bytes, rng: random.Random) -> bytes:
    """One member is not there."""
    document = json.loads(content)
    container, key = rng.choice(list(places(document)))
    del container[key]
    return written(document)


def twice(content: bytes, rng: random.Random) -> bytes:
    """One name stands twice in an object."""
    document = json.loads(content)
    objects = [(each, key) for each, key in places(document) if isinstance(each, dict)]
    container, key = rng.choice(objects)
    container["TWICE"] = rng.choice(ODD)
    return written(document).replace(b'"TWICE"', json.dumps(key).encode())


def deep(content: bytes, rng: random.Random) -> bytes:
    """One value is nested five thousand deep, or deep enough for Python's own readers alone."""
    document = json.loads(content)
    container, key = rng.choice(list(places(document)))
    container[key] = "DEEP"
    levels = rng.choice((60, 120, 300, 700, 950, 5000))
    begin, end = rng.choice(((b"[", b"]"), (b'{"a":', b"}")))
    return written(document).replace(b'"DEEP"', begin * levels + b"1" + end * levels)


def flipped(content: bytes, rng: random.Random) -> bytes:
    """A few bits are others."""
    spoiled = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        spoiled[rng.randrange(len(spoiled))] ^= 1 << rng.randrange(8)
    return bytes(spoiled)


def cut(content: bytes, rng: random.Random) -> bytes:
    """The end is missing, or all of it."""
    return content[: rng.randrange(len(content))]


def line_gone(content: bytes, rng: random.Random) -> bytes:
    """A line is missing, is there twice, or is another."""
    lines = content.split(b"\n")
    at = rng.randrange(len(lines))
    odd = json.dumps(rng.choice(ODD)).encode()
    name = lines[at].partition(b"=")[0].partition(b":")[0]
    others: tuple[list[bytes], ...] = (
        [],
        [lines[at]] * 2,
        [name + b"= " + odd],
        [name + b": " + odd],
        [b"x" * 70000],
    )
    lines[at : at + 1] = rng.choice(others)
    return b"\n".join(lines)


def nested_text(content: bytes, rng: random.Random) -> bytes:
    """A value five thousand deep stands in a line that had another."""
    lines = content.split(b"\n")
    at = rng.randrange(len(lines))
    for sign in (b"=", b":"):
        name, there, _ = lines[at].partition(sign)
        if there:
            lines[at] = name + sign + b" " + b"[" * 5000 + b"]" * 5000
    return b"\n".join(lines)


def remembered(content: bytes, rng: random.Random) -> bytes:
    """What an issue remembers is another document."""
    before, mark, rest = content.partition(b"<!-- pt004:memory=")
    memory, end, after = rest.partition(b" -->")
    return before + mark + rng.choice(JSON)(memory, rng) + end + after


RAW: Final[tuple[Mutation, ...]] = (flipped, cut, line_gone, nested_text)
JSON: Final[tuple[Mutation, ...]] = (changed, changed, changed, without, twice, deep, *RAW)
PROOF: Final = "proof/PT-004_workflow_orchestration"
TRACE: Final = f"traces/{DENY}.json"
ISSUE: Final = "filed/0001-policy.deny-blocks.md"

READERS: dict[str, tuple[str, tuple[Mutation, ...], tuple[str, ...]]] = {
    # which file is mutated, how, and the command that reads it
    **{
        f"trace, {form}": (TRACE, JSON, ("show", f"{{}}/{TRACE}", "--as", form))
        for form in ("text", "curl", "httpx", "pytest", "mermaid")
    },
    "trace, page": (TRACE, JSON, ("page", "{}")),
    "trace, submit": (TRACE, JSON, ("submit", "{}", "--to", "{}/issues")),
    "trace, known": (TRACE, JSON, ("known", "add", f"{{}}/{TRACE}", "--reason", "r", "--owner", "o",
                                   "--expires", "2099-12-31", "--known", "{}/new.toml")),
    "summary, page": ("summary.json", JSON, ("page", "{}")),
    "summary, digest": ("summary.json", JSON, ("digest", "{}")),
    "summary, submit": ("summary.json", JSON, ("submit", "{}", "--to", "{}/issues")),
    "replays, page": ("replays.json", JSON, ("page", "{}")),
    "replays, digest": ("replays.json", JSON, ("digest", "{}")),
    "replays, submit": ("replays.json", JSON, ("submit", "{}", "--to", "{}/issues")),
    "replays, known": ("replays.json", JSON, ("known", "prune", "--fixed", "{}", "--known",
                                              "{}/known.toml")),
    "known, list": ("known.toml", RAW, ("known", "list", "--known", "{}/known.toml")),
    "known, prune": ("known.toml", RAW, ("known", "prune", "--known", "{}/known.toml")),
    "known, add": ("known.toml", RAW, ("known", "add", DENY, "--reason", "r", "--owner", "o",
                                       "--expires", "2099-12-31", "--known", "{}/known.toml")),
    "issue, submit": (ISSUE, (remembered, *RAW), ("submit", "{}", "--to", "{}/filed")),
    "record, verify": (f"{PROOF}/record.json", JSON, ("verify", "{}/proof")),
    "envelope, verify": (f"{PROOF}/happy_path.json", JSON, ("verify", "{}/proof")),
    "manifest, verify": (f"{PROOF}/manifest.json", JSON, ("verify", "{}/proof")),
}  # fmt: skip


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file of every kind, each as we write it."""
    folder = tmp_path_factory.mktemp("sound")
    for examples in ("5", "1"):  # the second replays what the first has found
        done = invoke("check", "--out", folder, "--max-examples", examples, *FAULT)
        assert done.code == 1
    (folder / "known.toml").write_text(KNOWN)
    assert invoke("submit", folder, "--to", folder / "filed").code == 0
    assert invoke("prove", "--out", folder / "proof").code == 0
    return folder


def mutants(content: bytes, kinds: tuple[Mutation, ...], name: str) -> Iterator[bytes]:
    """Mutated files, the same ones each time."""
    rng = random.Random(name)  # noqa: S311 - no secret
    for number in range(MANY):
        yield kinds[number % len(kinds)](content, rng)


@pytest.mark.parametrize("name", READERS)
def test_no_reader_breaks(name: str, sound: Path, tmp_path: Path) -> None:
    """The command ends with 0 to 3, and what it cannot use it says in a sentence."""
    file, kinds, command = READERS[name]
    content = (sound / file).read_bytes()
    folder = tmp_path / "folder"
    for mutant in mutants(content, kinds, name):
        shutil.copytree(sound, folder)
        (folder / file).write_bytes(mutant)
        said = invoke(*(word.format(folder) for word in command))
        shutil.rmtree(folder)
        assert said.code in {0, 1, 2, 3}, (said.err, mutant[:2000])
        assert said.said.strip()
        assert "Traceback" not in said.said


def test_a_campaign_replays_what_can_be_read(sound: Path, tmp_path: Path) -> None:
    """Mutated traces in its folder break no campaign, whether they show their finding or not."""
    content = (sound / TRACE).read_bytes()
    (tmp_path / "traces").mkdir()
    for number, mutant in enumerate(mutants(content, JSON, "campaign")):
        (tmp_path / "traces" / f"{number:012x}.json").write_bytes(mutant)
    said = invoke("check", "--out", tmp_path, "--page", "--max-examples", "1", *FAULT)
    assert said.code in {1, 3}, said.err
    assert json.loads((tmp_path / "summary.json").read_text())["verdict"] in {"diverges", "unsure"}


@pytest.mark.parametrize("at", ["first_seen", "last_seen"])
@pytest.mark.parametrize("time", ["2026-02-30T00:00:00Z", "0001-01-01T00:00:00+23:59", "x", "2026"])
def test_an_impossible_date(time: str, at: str, sound: Path, tmp_path: Path) -> None:
    """A trace whose finding shows again, with a time that never was, is named and not replayed."""
    document = json.loads((sound / TRACE).read_text())
    (tmp_path / "traces").mkdir()
    (tmp_path / TRACE).write_text(json.dumps({**document, at: time}))
    said = invoke("check", "--out", tmp_path, "--max-examples", "1", *FAULT)
    assert said.code in {0, 1, 3}
    lines = [each for each in said.lines if "it is not what its format says" in each]
    assert lines
    assert all(at in line for line in lines)


WHERE = [
    "", "run", "run.nowhere[9].x", "logs[999999999999].receipt_hash", "logs[x]", "gates[0]", "logs",
    "a.b.c.d", "[0]", "é✓", "\ud800", "run.tags[", "body", "detail", "status.x", "logs[-1].x",
]  # fmt: skip


@pytest.mark.parametrize("where", WHERE, ids=repr)
def test_a_foreign_place(where: str, sound: Path, tmp_path: Path) -> None:
    """A finding at a place that no reply has is shown in every form, and on the page."""
    shutil.copytree(sound, tmp_path / "folder")
    trace = tmp_path / "folder" / TRACE
    document = json.loads(trace.read_text())
    document["where"] = where
    for finding in document["steps"][-1]["findings"]:
        finding["where"] = where
    trace.write_text(json.dumps(document))
    for form in FORMS:
        assert invoke("show", trace, "--as", form).code == 0
    assert invoke("page", tmp_path / "folder").code == 0


def test_a_summary_for_a_proof(sound: Path, tmp_path: Path) -> None:
    """What a proof takes in of a campaign can be used, or is named."""
    content = (sound / "summary.json").read_bytes()
    for mutant in mutants(content, JSON, "proof"):
        (tmp_path / "summary.json").write_bytes(mutant)
        with suppress(Unusable):
            json.dumps(document(read_campaign(tmp_path, Redactor(("hush-hush-hush",)))[0]))
