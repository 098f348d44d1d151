"""One way things may be and one reply, compared in every field (the whole contract).

An answer of the right kind is read field by field. One of the wrong kind is a finding by itself,
and says where things stand from then on.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Final

from attrs import evolve

from pt004_model.judge.adopt import adopt, contradicts, earlier, take_parts
from pt004_model.judge.audit import read_log
from pt004_model.judge.clock import Window
from pt004_model.judge.envelope import read_run
from pt004_model.judge.fields import equal
from pt004_model.judge.finding import MISSING, Finding, Saying, quote
from pt004_model.judge.gates import read_gates
from pt004_model.judge.memory import Answered, JsonObject, Notes, Seen, View
from pt004_model.judge.receipts import read_chain, whole_log
from pt004_model.judge.status import accepted_though_illegal, refused_though_legal
from pt004_model.model.commands import ChangeRun, Command, CreateRun, ReadRun, describe, subject
from pt004_model.model.coverage import situation
from pt004_model.model.replies import Reply, Undecodable
from pt004_model.model.rules import Rule
from pt004_model.model.run import Run
from pt004_model.model.values import Json
from pt004_model.model.world import Accepted, Expected, Outcome, Refused, World, expect, forced
from pt004_model.vocabulary import RUN_FIELDS

_LISTS: Final = frozenset({"logs", "gates"})


class Candidate:
    """One view and one reply, compared with an outcome that the model allows.

    ``after`` is how things may be then; ``unsure`` that this was taken from the reply itself, or is
    left open. Of what the reply disagrees with all is told, but where the rest follows from what is
    wrong in one of the places ``telling``, that alone.
    """

    def __init__(self, notes: Notes, view: View, command: Command, reply: Reply) -> None:
        self.notes = notes
        self.view = view
        self.command = command
        self.reply = reply
        self.after: tuple[View, ...] = ()
        self.outcome: Expected | None = None
        self.unsure = False
        self.telling: tuple[str, ...] = ()

    @property
    def settled(self) -> bool:
        """Return whether the state of the run is as it should be, whatever else is wrong."""
        return not self.unsure and not self.telling

    def new(self, known: Container[str]) -> int:
        """Return how many fingerprints of disagreements are not ``known``."""
        seen = {each.fingerprint for each in self.notes.findings}
        return sum(each not in known for each in seen)

    def distance(self, known: Container[str]) -> tuple[int, int, int, bool, bool]:
        """Return the count of disagreements, first of those that are not ``known``, and each once.

        What is wrong in every entry of a log is one thing, and a log of as many entries as it must
        have is nearer than one of more or fewer. Of two that are as far the one that leaves nothing
        open is nearer, and then the answer of a repeated call: that a call under a used key is
        carried out now is less likely.
        """
        lists = sum(each.where in _LISTS for each in self.notes.findings)
        due = isinstance(self.outcome, Accepted) and self.outcome.replay
        return self.new(known), lists, self.notes.count, self.unsure, not due

    @property
    def told(self) -> tuple[Finding, ...]:
        """The findings that are told of what the reply disagrees with."""
        told = self.notes.told()
        heads = tuple(each for each in told if each.where in self.telling)
        return heads[:1] or told[: 1 if self.telling else None]

    def read(self, outcome: Outcome) -> None:
        """Compare the reply with ``outcome``."""
        self.outcome = outcome.reply
        view = evolve(self.view, world=outcome.world)
        expected, code = outcome.reply, self.reply.code
        if code >= 500 or code < 200:
            self._server_error(expected)
            self.after = self._open()
        elif isinstance(expected, Accepted):
            if code < 300:
                self.after = self._accepted(view, expected)
            else:
                self._refused_though_legal(expected)
                self.after = () if isinstance(self.command, ReadRun) else self._open()
        elif isinstance(expected, Refused):
            if code >= 300:
                self.after = (self._refused(view, expected),)
            else:
                self.accepted_though_illegal(self.view.world, self.command, expected)
                read = isinstance(self.command, ReadRun)
                runs = () if read else forced(self.view.world, self.command)
                self.after = self._taken(runs)
        elif subject(self.command) in self.view.unsettled:
            self.after = self._unsettled()
        else:
            self.after = (view,)

    def _open(self) -> tuple[View, ...]:
        """Leave open if the call took effect: its run is as it may be before it, or after it."""
        self.unsure = True
        world, command = self.view.world, self.command
        number = subject(command)
        if number not in world.runs or not isinstance(command, ChangeRun):
            return (self.view,)
        runs = [*self.view.unsettled.get(number, ())]
        read = () if runs else expect(world, ReadRun(number, caller=command.caller))
        for outcome in (*read, *expect(world, command)):
            if outcome.world.runs[number] not in runs:
                runs.append(outcome.world.runs[number])
        unsettled = {**self.view.unsettled, number: tuple(runs)}
        calls = {**self.view.calls, number: self.reply.sent}
        return (evolve(self.view, unsettled=unsettled, calls=calls),)

    def _unsettled(self) -> tuple[View, ...]:
        """Take the reply as it stands for a run of which nobody can tell where it is."""
        number = subject(self.command)
        assert number is not None  # noqa: S101 - it is one of those that are unsettled
        if not isinstance(self.command, ReadRun):
            return (self.view,)  # it is read first
        return self._taken(self.view.unsettled[number]) if self.reply.code < 300 else ()

    def _taken(self, runs: tuple[Run, ...]) -> tuple[View, ...]:
        """Return how things may be once the reply shows one of ``runs``, or another like it."""
        self.unsure = True
        body, shown = self.reply.body, self.reply.run
        if not runs:
            return (self.view,)
        number = runs[0].number
        seen = self.view.seen.get(number)
        if (
            not isinstance(body, dict)
            or not isinstance(shown, dict)
            or (seen is not None and shown.get("run_id") != seen.run_id)
        ):
            unsettled = {**self.view.unsettled, number: runs}
            return () if seen is None else (evolve(self.view, unsettled=unsettled),)
        parts = (self._part(body, "logs"), self._part(body, "gates"))
        if seen is None:
            if not isinstance(shown.get("run_id"), str):
                return ()
            seen = Seen(run_id=str(shown["run_id"]))
        view = evolve(self.view, seen={**self.view.seen, number: seen})
        return adopt(view, runs, shown, parts, self.reply, self.notes.names)

    def _part(self, body: JsonObject, name: str) -> list[JsonObject] | None:
        """Return a part of the envelope when it is there in full; an empty one may be left out."""
        rows = _rows(body.get(name))
        asked = isinstance(self.command, ReadRun) and getattr(self.command, name)
        return rows if rows or asked else None

    def _say(self, check: str, where: str, expected: str, observed: str, *classes: str) -> None:
        said, got = Saying(expected), Saying(observed)
        self.notes.disagree(check, where, said, got, *classes)

    def _situation(self) -> tuple[str, ...]:
        return situation(self.view.world, self.command)

    def _server_error(self, expected: Expected) -> None:
        allowed = _allowed(expected)
        seen = f"status {self.reply.code}{self._excerpt()}"
        check = "lifecycle.no-server-error"
        self._say(check, "status", allowed, seen, "answer", "server error", *self._situation())

    def _excerpt(self) -> str:
        body = self.reply.body
        if isinstance(body, Undecodable):
            return ""
        detail = body.get("detail") if isinstance(body, dict) else body
        return f" {quote(detail)}" if detail is not None else ""

    def _refused_though_legal(self, expected: Accepted) -> None:
        check, classes = refused_though_legal(self.view.world, self.command, expected)
        seen = f"status {self.reply.code}{self._excerpt()}"
        self._say(check, "status", "it to be accepted", seen, *classes)

    def accepted_though_illegal(self, world: World, command: Command, expected: Refused) -> None:
        """Say that ``command`` was accepted: this one, or one that had no answer."""
        check, classes = accepted_though_illegal(world, command, expected)
        code = f"status {self.reply.code}"
        seen = code if command is self.command else f"it took effect: {describe(command)}"
        self._say(check, "status", _allowed(expected), seen, *classes)

    def _refused(self, view: View, expected: Refused) -> View:
        refusal, code = expected.refusal, self.reply.code
        if code not in refusal.codes:
            if code < 400:
                check = "lifecycle.answer-is-final"
            else:
                check = f"{refusal.rule.partition('.')[0]}.refusal-code"
            codes = ", ".join(map(str, sorted(refusal.codes)))
            self._say(check, "status", f"one of {codes}", str(code), refusal.rule, str(code))
        if refusal.rule is not Rule.NO_RUN_PATH:
            self._detail()
        known = view.world.hidden.get(expected.like)
        if code not in refusal.codes:  # it is found already, and must not make the right one wrong
            return view
        if expected.like is not None and known is not None and known != code:
            wanted = f"{known}, the code for the same call on another run that is not there"
            self._say("isolation.same-code", "status", wanted, str(code), "same", "another")
        return evolve(view, world=view.world.with_code(expected.like, code))

    def _detail(self) -> None:
        body = self.reply.body
        if isinstance(body, Undecodable):
            self._not_json(body)
            return
        detail = body.get("detail", MISSING) if isinstance(body, dict) else MISSING
        if not (isinstance(detail, str | list | dict) and detail):
            said = Saying("a JSON object with a non-empty detail")
            seen = detail if isinstance(body, dict) else body
            self.notes.disagree("input.refusal-detail", "detail", said, seen)
        self._media_type()

    def _media_type(self) -> None:
        media = self.reply.content_type.partition(";")[0].strip().lower()
        if media != "application/json":
            check, seen = "input.reply-is-json", f"Content-Type {quote(self.reply.content_type)}"
            self._say(check, "Content-Type", "application/json", seen, "media type")

    def _not_json(self, body: Undecodable) -> None:
        check, seen = "input.reply-is-json", f"{body.why}: {quote(body.start)}"
        self._say(check, "body", "a JSON body", seen, "JSON", "something else")

    def _accepted(self, view: View, expected: Accepted) -> tuple[View, ...]:
        if self.reply.code != expected.code:
            check = "idempotency.replay-as-then" if expected.replay else "lifecycle.accepted-code"
            self._say(check, "status", str(expected.code), str(self.reply.code), str(expected.code))
        body = self.reply.body
        if isinstance(body, Undecodable):
            self._not_json(body)
            return self._unread()
        self._media_type()
        parts = self._envelope(body, expected)
        if parts is None:
            return self._unread()
        shown, logs, gates = parts
        if expected.replay and not self._shown_first(view, expected):
            noticed = self.notes.noticed
            view = self._replayed(view, expected.run, shown, logs, gates)
            return (view,) if self.notes.noticed == noticed else self._open()
        run = expected.run
        if stale := self._stale(view, run, shown):
            return stale
        before, known = forced(self.view.world, self.command)[-1:], run.number in self.view.seen
        there = self._compare(view, expected, shown, logs, gates)
        if known and shown.get("run_id", MISSING) != self.view.seen[run.number].run_id:
            self.telling = ("run.run_id",)  # it is another run that is shown
            return self._open()
        if known and contradicts(run, shown):
            self.telling = ("run.status", "run.current_step", "run.step_index")
            return self._taken((run, *before))
        name = there.seen[run.number].run_id
        if name and not known and self.notes.ledger.knows(f"run id {name}"):
            self.telling = ("run.run_id",)  # it is another run that is shown here as well
            return ()
        return (there,) if name else ()

    def _stale(self, view: View, run: Run, shown: JsonObject) -> tuple[View, ...]:
        """Return how things may be after a read that shows the run as it was, if it does."""
        seen = view.seen.get(run.number)
        if seen is None or not isinstance(self.command, ReadRun):
            return ()
        entries = earlier(run, seen, shown)
        if not entries:
            return ()
        now, was = f"the run after {len(seen.chain)} log entries", f"it after {entries} of them"
        self._say("lifecycle.read-is-current", "run", now, was, "now", "before")
        views = (view, *self._taken((run,)))
        self.unsure = False  # where it is one of these, it may be read like this again
        return views

    def _shown_first(self, view: View, expected: Accepted) -> bool:
        """Tell whether a repeated call is the first of its key to be answered, the run as it is."""
        run = expected.run
        return self._key not in view.replies and view.world.runs.get(run.number) == run

    def _unread(self) -> tuple[View, ...]:
        """Return how things may be after an accepted call whose answer cannot be read."""
        if isinstance(self.command, CreateRun):
            return ()  # its run has no name
        return self._open()

    def _envelope(
        self, body: object, expected: Accepted
    ) -> tuple[JsonObject, list[JsonObject] | None, list[JsonObject] | None] | None:
        """The three parts of the envelope; ``logs`` and ``gates`` are None when not to be read."""
        shown = body.get("run", MISSING) if isinstance(body, dict) else MISSING
        if not isinstance(body, dict) or not isinstance(shown, dict):
            said = Saying("an object with an object run")
            seen = shown if isinstance(body, dict) else body
            self.notes.disagree("lifecycle.envelope", "run", said, seen)
            return None
        parts: list[list[JsonObject] | None] = []
        for name in ("logs", "gates"):
            part = body.get(name)
            if part is None and name not in expected.complete:
                parts.append(None)
                continue
            rows = _rows(part)
            if rows is None:
                said = Saying("a list of objects")
                seen = body.get(name, MISSING)
                self.notes.disagree("lifecycle.envelope", name, said, seen, name)
                parts.append(None)  # the rest can be read
                continue
            if rows and name in expected.empty:
                said, got = Saying("none, as none were asked for"), Saying(f"{len(rows)} of them")
                check = "lifecycle.sections-as-asked"
                self.notes.disagree(check, name, said, got, name)
            wanted = bool(rows) or name in expected.complete
            parts.append(rows if wanted and name not in expected.empty else None)
        return shown, parts[0], parts[1]

    def _compare(
        self,
        view: View,
        expected: Accepted,
        shown: JsonObject,
        logs: list[JsonObject] | None,
        gates: list[JsonObject] | None,
    ) -> View:
        run = expected.run
        logs = None if logs is None else whole_log(self.notes, shown, logs)
        seen = view.seen.get(run.number, Seen())
        seen = read_run(self.notes, run, self._timed(view, run, seen), shown)
        if seen.unread:
            view = evolve(view, seen={**view.seen, run.number: seen})
            view = take_parts(view, run, (logs, gates), self.notes.names)
            run, seen = view.world.runs[run.number], view.seen[run.number]
        if gates is not None:
            seen = read_gates(self.notes, run, seen, gates)
        if logs is not None:
            seen = read_log(self.notes, run, seen, logs)
        seen = evolve(read_chain(self.notes, run, seen, shown, logs), version=run.version)
        view = evolve(view, seen={**view.seen, run.number: seen})
        if run.number in view.calls and run.number not in view.world.open_calls:
            calls = {number: sent for number, sent in view.calls.items() if number != run.number}
            view = evolve(view, calls=calls)  # it has taken effect
        if isinstance(self.command, CreateRun | ChangeRun) and self.command.key:
            view = self._answered_under_its_key(view, shown, logs, gates)
        return view

    def _timed(self, view: View, run: Run, seen: Seen) -> Seen:
        """Say when what is new about a run can have taken effect.

        A create that was lost may have been that of another number, under the same key.
        """
        asked, keys = self.command, self.view.world.lost_keys
        lost = keys.get(self._key, ()) if isinstance(asked, CreateRun) and asked.key else ()
        numbers = {run.number, *(each.run for each in lost)}
        start = min([self.reply.sent, *(view.calls[n] for n in numbers if n in view.calls)])
        windows = dict(seen.windows)
        for version in range(seen.version + 1, run.version + 1):
            windows[version] = Window(start, self.reply.received)
        return evolve(seen, windows=windows)

    def _answered_under_its_key(
        self,
        view: View,
        shown: JsonObject,
        logs: list[JsonObject] | None,
        gates: list[JsonObject] | None,
    ) -> View:
        return evolve(view, replies={**view.replies, self._key: Answered(shown, logs, gates)})

    @property
    def _key(self) -> tuple[int, str]:
        assert isinstance(self.command, CreateRun | ChangeRun)  # noqa: S101 - only they have keys
        return int(self.command.caller.tenant), str(self.command.key)

    def _replayed(
        self,
        view: View,
        run: Run,
        shown: JsonObject,
        logs: list[JsonObject] | None,
        gates: list[JsonObject] | None,
    ) -> View:
        """A repeated request is answered with all as it was then (section 10)."""
        then, seen = view.replies.get(self._key), view.seen.get(run.number, Seen())
        check = "idempotency.replay-as-then"
        if then is None:  # the first answer never came, so that only the model says what it was
            if not self._run_as_then(view, run, seen, shown):
                return view
            then = Answered(shown, None, None)
        for name in RUN_FIELDS:
            was, observed = then.run.get(name, MISSING), shown.get(name, MISSING)
            if was is not observed and not equal(self.notes, check, f"run.{name}", was, observed):
                return view
        chain = then.run.get("receipt_chain")
        if logs is not None and isinstance(chain, list):
            hashes = [entry.get("receipt_hash") for entry in logs]
            entries = list(seen.log[: len(logs)]) if then.logs is None else then.logs
            if equal(self.notes, check, "logs", chain, hashes) and len(entries) == len(logs):
                equal(self.notes, check, "logs", entries, logs)
        if gates is not None and then.gates is not None:
            equal(self.notes, check, "gates", then.gates, gates)
        elif gates is not None:
            statuses = [each.status.value for each in run.gates]
            equal(self.notes, check, "gates", statuses, [each.get("status") for each in gates])
        return self._answered_under_its_key(view, shown, then.logs or logs, then.gates or gates)

    def _run_as_then(self, view: View, run: Run, seen: Seen, shown: JsonObject) -> bool:
        """Compare a run with the model's alone, as it was before what was seen of it last."""
        check, status = "idempotency.replay-as-then", run.state.status.value
        if not equal(self.notes, check, "run.status", status, shown.get("status", MISSING)):
            return False
        times = {name: time for name, time in seen.times.items() if name != "updated_at"}
        aside = evolve(self.notes, findings=[], ids={}, times=[], kinds={}, last={})
        read_run(aside, run, evolve(self._timed(view, run, seen), times=times), shown)
        for each in aside.findings:
            said, got = Saying(each.expected), Saying(each.observed)
            self.notes.disagree(check, each.where, said, got, "as then", each.check)
        chain, known = shown.get("receipt_chain"), list(seen.chain)
        least = min(len(run.log), len(known))
        if not isinstance(chain, list) or not (
            len(chain) >= least and chain[: len(known)] == known[: len(chain)]
        ):
            said = Saying("the first receipts of its chain, one an entry")
            self.notes.disagree(check, "run.receipt_chain", said, chain, "as then", "chain")
        return True


def _rows(part: Json) -> list[JsonObject] | None:
    """Return a part of an envelope when it is a list of objects."""
    if not isinstance(part, list) or not all(isinstance(each, dict) for each in part):
        return None
    return [each for each in part if isinstance(each, dict)]


def _allowed(expected: Expected) -> str:
    """Return what the model allowed, in a few words for people."""
    if isinstance(expected, Accepted):
        return f"status {expected.code}"
    if isinstance(expected, Refused):
        codes = ", ".join(map(str, sorted(expected.refusal.codes)))
        if len(expected.refusal.codes) > 8:
            codes = "any 3xx or 4xx"
        return f"a refusal with {codes} ({expected.refusal.rule})"
    return "an answer"
