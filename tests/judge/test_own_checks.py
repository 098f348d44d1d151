"""Checks of one's own: what they find, how they are told from others, and that none breaks out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from typing import NoReturn

import pytest
from attrs import evolve

import pt004_model.judge.own_checks as own
from pt004_model.judge.checks import AREAS, CHECKS, Check, areas
from pt004_model.judge.finding import Finding
from pt004_model.judge.oracle import Oracle, Verdict
from pt004_model.judge.own_checks import Mismatch, Modelled, check, own_checks, unloaded
from pt004_model.model.commands import CreateRun
from pt004_model.model.replies import Reply
from pt004_model.model.values import Body, Json
from tests.drive.helpers import READ, change, create, start
from tests.drive.helpers import session as session_with
from tests.stub import NAMES, Stub, Tampering


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The checks made in a test are gone after it."""
    monkeypatch.setattr(own, "_OWN", {})
    monkeypatch.setattr(own, "_BROKEN", [])
    contract = dict(CHECKS)
    yield
    CHECKS.clear()
    CHECKS.update(contract)
    own._load.cache_clear()


def tagged(_: Modelled, reply: Reply) -> Mismatch | None:
    """Every run has a tag."""
    assert isinstance(reply.body, dict)
    run = reply.body["run"]
    assert isinstance(run, dict)
    tags = run["tags"]
    return None if tags else Mismatch("run.tags[0]", "a tag", tags)


def judged(*checks: own.Judging, name: str = "acme.tagged") -> own.OwnCheck:
    """The check of a function, made."""
    check(name, clause="ACME-7")(checks[0])
    return own._OWN[name]


def test_it_finds_what_the_contract_allows() -> None:
    """A reply that the contract allows and a check does not is a finding of the check's area."""
    made = judged(tagged)
    lockstep = session_with(Stub(), lambda *_: None).lockstep()
    lockstep.oracle = Oracle(NAMES, own=(made,))
    judgement = lockstep.do(create(0, "a"))
    assert judgement is not None
    (finding,) = judgement.findings
    assert Verdict.DIVERGES is judgement.verdict
    assert ("acme", "run.tags[0]", "a tag", "[]") == (
        finding.area, finding.where, finding.expected, finding.observed,
    )  # fmt: skip
    assert ("ACME-7", "Every run has a tag.", "major") == (
        CHECKS["acme.tagged"].section,
        CHECKS["acme.tagged"].sentence,
        CHECKS["acme.tagged"].severity,
    )
    assert (*AREAS, "acme") == areas()
    assert [CHECKS[name].own for name in ("acme.tagged", "policy.deny-blocks")] == [True, False]


def test_it_is_not_asked_of_what_lies_beyond_the_contract() -> None:
    """Any answer will do to a call that nobody can judge."""
    taken: Json = {"run": {"run_id": "x", "tags": []}}
    fc = Tampering(Stub(), lambda _, reply: evolve(reply, code=201, body=taken))
    lockstep = session_with(fc, lambda *_: None).lockstep()
    lockstep.oracle = Oracle(NAMES, own=(judged(tagged),))
    beyond = '{"workflow_id":"w","input_payload":{"a":NaN}}'
    judgement = lockstep.do(CreateRun(0, Body(beyond)))
    assert judgement is not None
    assert (judgement.verdict, judgement.findings) == (Verdict.CONFORMS, ())


def test_the_run_goes_on_and_its_edges_count() -> None:
    """The model agrees with the run, so it is driven on, and nothing else is hidden by that."""
    lockstep = session_with(Stub(), lambda *_: None).lockstep()
    lockstep.oracle = Oracle(NAMES, own=(judged(tagged),))
    for command in (create(0, "a"), start(0, "a", 0), change(0, "completed")):
        judgement = lockstep.do(command)
        assert judgement is not None
        assert judgement.findings
    assert lockstep.world.runs[0].state.terminal
    assert len(lockstep.tally.edges) == 2


def test_several_checks_find_in_one_reply() -> None:
    """None hides another, because each of them is told."""
    seen: list[str] = []
    lockstep = session_with(Stub(), lambda finding, _: seen.append(finding.check)).lockstep()
    both = (judged(tagged), judged(tagged, name="acme.tagged-too"))
    lockstep.oracle = Oracle(NAMES, own=both)
    lockstep.do(create(0, "a"))
    assert ["acme.tagged", "acme.tagged-too"] == seen


def test_a_fingerprint_has_no_values_in_it() -> None:
    """It comes from the check, the place without indices, and the kind of what was observed."""

    def who(number: int, owner: Json) -> own.Judging:
        return lambda *_: Mismatch(f"logs[{number}].owner", "one", owner)

    def print_of(judging: own.Judging) -> str:
        one = own.OwnCheck(Check("acme.who", "A-1", "It names one.", "minor"), judging)
        finding = one.ask(Modelled(READ, None, accepted=True), Reply(200, {}))
        assert isinstance(finding, Finding)
        return finding.fingerprint

    assert print_of(who(1, "ann")) == print_of(who(7, "bob"))
    assert print_of(who(1, "ann")) != print_of(who(1, None))
    assert print_of(who(1, "ann")) == "79d6e02cfce0"


def breaks(*_: object) -> Mismatch | None:
    """Looks for what is not there."""
    raise KeyError("owner")


def exits(*_: object) -> Mismatch | None:
    """Ends the process."""
    raise SystemExit(1)


def fails(*_: object) -> NoReturn:
    """Uses a way out of pytest that is no Exception."""
    pytest.fail("no owner")


def asserts(_: Modelled, reply: Reply) -> Mismatch | None:
    """Asserts."""
    assert reply.code == 1
    return None


def says_so(*_: object) -> Mismatch | None:
    """Returns what it should not."""
    return False  # type: ignore[return-value]


class Unprintable(Exception):  # noqa: N818 - of a test
    """Cannot be shown."""

    def __str__(self) -> str:
        """Fail."""
        raise ValueError


def unprintable(*_: object) -> Mismatch | None:
    """Raises what cannot be shown."""
    raise Unprintable


@pytest.mark.parametrize(
    ("judging", "why"),
    [
        (breaks, "the check acme.x raised KeyError: 'owner'"),
        (exits, "the check acme.x raised SystemExit: 1"),
        (fails, "the check acme.x raised Failed: no owner"),
        (asserts, "the check acme.x raised AssertionError: "),
        (says_so, "the check acme.x returned bool; return None or a Mismatch"),
        (unprintable, "the check acme.x raised Unprintable: and cannot be printed"),
    ],
)
def test_one_that_breaks_is_unsure(judging: own.Judging, why: str) -> None:
    """It is told with its reason; it is no finding, and the conversation goes on."""
    lockstep = session_with(Stub()).lockstep()
    lockstep.oracle = Oracle(NAMES, own=(judged(judging, name="acme.x"),))
    judgement = lockstep.do(create(0, "a"))
    assert judgement is not None
    assert Verdict.CONFORMS is judgement.verdict
    assert judgement.unsure["acme.x"].startswith(why)
    assert lockstep.tally.unsure == judgement.unsure
    assert lockstep.world.runs


def test_ctrl_c_is_no_fault_of_a_check() -> None:
    """An interrupt that comes while a check runs ends the campaign as it does elsewhere."""

    def interrupted(*_: object) -> Mismatch | None:
        """Is interrupted."""
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        judged(interrupted).ask(Modelled(READ, None, accepted=True), Reply(200, {}))


def test_it_cannot_spoil_a_reply() -> None:
    """What a check changes is a copy; the judge and the trace keep what came."""

    def spoils(_: Modelled, reply: Reply) -> Mismatch | None:
        """Empties the reply."""
        assert isinstance(reply.body, dict)
        reply.body.clear()
        return None

    lockstep = session_with(Stub()).lockstep()
    lockstep.oracle = Oracle(NAMES, own=(judged(spoils),))
    lockstep.do(create(0, "a"))
    response = lockstep.steps[-1].response
    assert isinstance(response, Reply)
    assert response.body


def test_it_is_told_what_the_model_knows() -> None:
    """A check is given the command, the run after it, and if the call was accepted."""
    told: list[tuple[str, bool]] = []

    def listens(known: Modelled, _: Reply) -> Mismatch | None:
        """Listens."""
        told.append((str(known.run and known.run.state.status), known.accepted))
        return None

    lockstep = session_with(Stub()).lockstep()
    lockstep.oracle = Oracle(NAMES, own=(judged(listens),))
    for command in (create(0, "a"), start(0, "a", 0), start(0, "a", 0), READ):
        lockstep.do(command)
    assert [("pending", True), ("running", True), ("running", False), ("running", True)] == told


@pytest.mark.parametrize(
    ("name", "severity", "sentence"),
    [
        ("owner", "major", "cannot be named so; give area.rule"),
        ("Acme.owner", "major", "cannot be named so"),
        ("policy.owner", "major", "policy is an area of the contract; choose one of yours"),
        ("acme.owner", "grave", "unknown severity 'grave'; choose from critical, major, minor"),
    ],
)
def test_what_cannot_be_used(name: str, severity: str, sentence: str) -> None:
    """A wrong name or severity is refused in a sentence when the check is made."""
    with pytest.raises(ValueError, match=sentence):
        check(name, clause="A", severity=severity)(tagged)


def test_a_name_belongs_to_one_function() -> None:
    """A second function under a name is refused; the same one, imported again, is not."""
    check("acme.owner", clause="A")(tagged)
    check("acme.owner", clause="A")(tagged)
    with pytest.raises(ValueError, match=r"there is a check 'acme.owner' already, .*tagged"):
        check("acme.owner", clause="A")(breaks)


def test_a_check_says_what_it_wants() -> None:
    """One without a docstring has no sentence to show, and is refused."""
    with pytest.raises(ValueError, match="has no docstring"):
        check("acme.owner", clause="A")(lambda *_: None)
    check("acme.owner", clause="A", sentence="It does.")(lambda *_: None)
    assert CHECKS["acme.owner"].sentence == "It does."


def installed(monkeypatch: pytest.MonkeyPatch, load: Callable[[], object]) -> None:
    """Have a package installed that brings checks along."""

    class Point(EntryPoint):
        def load(self) -> object:
            return load()

    point = Point("acme", "acme.checks", own.GROUP)
    monkeypatch.setattr(own, "entry_points", lambda group: [point] * (group == own.GROUP))
    own._load.cache_clear()


def test_an_installed_package_brings_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The entry point group is loaded once, by whoever wants to know the checks."""
    installed(monkeypatch, lambda: check("acme.owner", clause="A")(tagged))
    assert ["acme.owner"] == [each.check.id for each in own_checks()]
    assert () == unloaded()


def test_a_package_that_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its checks are not asked, which is told and not passed over."""

    def load() -> object:
        raise ImportError("no module named 'acme'")

    installed(monkeypatch, load)
    assert () == own_checks()
    (why,) = unloaded()
    assert why.startswith("the checks of the entry point acme cannot be loaded (ImportError")
