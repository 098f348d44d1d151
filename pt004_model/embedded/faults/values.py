"""Seeded faults of values that a layer takes for something else (contract sections 1, 2 and 9)."""

from __future__ import annotations

import html
import json
import posixpath
import re
import unicodedata
from contextlib import suppress
from datetime import datetime
from fnmatch import fnmatchcase
from urllib.parse import unquote

import attrs
from starlette.datastructures import Headers

from pt004_model.embedded.audit import Audit
from pt004_model.embedded.bodies import Bodies, JsonObject
from pt004_model.embedded.door import Door
from pt004_model.embedded.faults.base import Fault
from pt004_model.embedded.faults.input import mapped
from pt004_model.embedded.idempotency import Keys
from pt004_model.embedded.records import Answer, Call, Change, Gate, Policy, Run, Turn, to_json
from pt004_model.embedded.refusals import malformed
from pt004_model.embedded.rules import Rules
from pt004_model.embedded.store import Store
from pt004_model.vocabulary import Status


class MomentsAreRespelled(Fault, Bodies):
    """Payload text that is a moment in ISO 8601 comes back in another spelling of it."""

    def keep(self, value: JsonObject) -> str:
        """Revive dates, as a serialiser does that guesses types."""

        def revived(part: object) -> object:
            if isinstance(part, str) and "T" in part:
                with suppress(ValueError):
                    return datetime.fromisoformat(part).isoformat()
            return part

        return to_json(mapped(value, revived))


class DigitsBecomeNumbers(Fault, Bodies):
    """Payload text that consists of digits comes back as a number, without its leading noughts."""

    def keep(self, value: JsonObject) -> str:
        """Guess types."""

        def guessed(part: object) -> object:
            digits = isinstance(part, str) and part.isascii() and part.isdigit()
            return self.integer(part) if digits and isinstance(part, str) else part

        return to_json(mapped(value, guessed))


class WordsBecomeTruths(Fault, Bodies):
    """The texts yes, no, on and off come back from metadata as true and false."""

    def kept_object(self, body: JsonObject, name: str) -> str | None:
        """Read metadata as YAML 1.1 reads it."""
        words = {"yes": True, "on": True, "no": False, "off": False}

        def guessed(part: object) -> object:
            return words.get(part.lower(), part) if isinstance(part, str) else part

        if name == "metadata":
            body = {**body, name: mapped(body.get(name), guessed)}
        return super().kept_object(body, name)


class TagsOfNothingAreDropped(Fault, Bodies):
    """A tag that spells out that there is none is gone from the list."""

    def strings(self, body: JsonObject, name: str) -> list[str]:
        """Clean up what clients in other languages send for null."""
        strings = super().strings(body, name)
        nothing = {"null", "none", "nil", "undefined", "n/a"}
        return [each for each in strings if name != "tags" or each.lower() not in nothing]


class IdentifiersAreLowerCased(Fault, Bodies):
    """Payload text that is a UUID comes back in lower case and with its hyphens."""

    def keep(self, value: JsonObject) -> str:
        """Store UUIDs in a column of their own type."""
        digits = re.compile(r"\{?([0-9A-Fa-f]{8})-?(.{4})-?(.{4})-?(.{4})-?([0-9A-Fa-f]{12})\}?")

        def parsed(part: object) -> object:
            found = digits.fullmatch(part) if isinstance(part, str) else None
            return part if found is None else "-".join(found.groups()).lower()

        return to_json(mapped(value, parsed))


class VersionsAreNumbers(Fault, Bodies):
    """A workflow version of two numbers loses the noughts at its end: 1.10 becomes 1.1."""

    def workflow_version(self, body: JsonObject) -> str:
        """Keep the version as a number where it is one."""
        version = super().workflow_version(body)
        return str(float(version)) if re.fullmatch(r"[0-9]{1,9}\.[0-9]{1,9}", version) else version


class TextOfJsonIsParsed(Fault, Bodies):
    """Payload text that holds a JSON object or list comes back as that object or list."""

    def keep(self, value: JsonObject) -> str:
        """Decode once too often."""

        def decoded(part: object) -> object:
            if isinstance(part, str) and part[:1] in {"{", "["}:
                with suppress(ValueError):
                    return json.loads(part)
            return part

        return to_json(mapped(value, decoded))


class EscapesInNamesAreDecoded(Fault, Bodies):
    """A workflow with percent escapes in its name comes back under another name."""

    def workflow_id(self, body: JsonObject) -> str:
        """Decode what was never encoded."""
        return unquote(super().workflow_id(body)) or "%"


class EntitiesInTagsAreDecoded(Fault, Bodies):
    """HTML entities in tags come back as the characters that they stand for."""

    def strings(self, body: JsonObject, name: str) -> list[str]:
        """Undo an escape that nobody made."""
        strings = super().strings(body, name)
        return [html.unescape(each) for each in strings] if name == "tags" else strings


class BackslashesAreResolved(Fault, Audit):
    """Backslash escapes in a reason are resolved in the log: it is not what was said."""

    def status_changed(self, turn: Turn, before: str) -> None:
        """Print the reason through a formatter that knows escapes."""
        change = turn.change
        if change is not None and change.reason is not None:
            told = change.reason.replace("\\n", "\n").replace("\\t", "\t").replace("\\\\", "\\")
            turn.change = attrs.evolve(change, reason=told)
        super().status_changed(turn, before)


class SecretsAreMasked(Fault, Bodies):
    """Text in a payload under a name like password or token comes back as three stars."""

    def keep(self, value: JsonObject) -> str:
        """Apply the filter of the log to what is stored."""
        secret = re.compile(r"passw|secret|token|api[-_]?key|credential", re.IGNORECASE)

        def masked(part: object) -> object:
            if not isinstance(part, dict):
                return part
            return {name: "***" if secret.search(name) else each for name, each in part.items()}

        return to_json(mapped(value, masked))


class NumbersOfCardsAreMasked(Fault, Bodies):
    """Text with thirteen to sixteen digits in a row comes back with all but four of them hidden."""

    def keep(self, value: JsonObject) -> str:
        """Hide what may be the number of a card."""

        def masked(part: object) -> object:
            if not isinstance(part, str):
                return part
            return re.sub(r"(?<![0-9])[0-9]{9,12}(?=[0-9]{4}(?![0-9]))", "****", part)

        return to_json(mapped(value, masked))


class InheritedStepsCannotStart(Fault, Rules):
    """A step that is called like a method of every object is never the next one."""

    def names(self, run: Run, change: Change, index: int) -> bool:
        """Look the step up in an object that has members of its own."""
        inherited = {"constructor", "toString", "valueOf", "hasOwnProperty", "isPrototypeOf"}
        return change.current_step not in inherited and super().names(run, change, index)


class PrototypesAreRemoved(Fault, Bodies):
    """Names that could reach a prototype are gone from error details, with all under them."""

    def error_details(self, body: JsonObject, status: Status) -> str | None:
        """Guard a merge that is not made here."""
        guarded = {"__proto__", "constructor", "prototype"}

        def cleaned(part: object) -> object:
            if not isinstance(part, dict):
                return part
            return {name: each for name, each in part.items() if name not in guarded}

        details = mapped(body.get("error_details"), cleaned)
        return super().error_details({**body, "error_details": details}, status)


class OperatorsAreRefused(Fault, Bodies):
    """A payload with a name that begins with a dollar sign is refused."""

    def keep(self, value: JsonObject) -> str:
        """Protect a store of documents."""

        def checked(part: object) -> object:
            if isinstance(part, dict) and any(name.startswith("$") for name in part):
                raise malformed("names must not begin with $")
            return part

        return to_json(mapped(value, checked))


class QuotesInReasonsAreDoubled(Fault, Audit):
    """A quote in the reason of a policy decision stands in the log twice."""

    def policy_decided(self, turn: Turn, policy: Policy) -> None:
        """Escape for a statement that takes parameters."""
        told = policy.reason.replace("'", "''")
        super().policy_decided(turn, attrs.evolve(policy, reason=told))


class PathsAreNormalised(Fault, Bodies):
    """A workflow whose name looks like a path comes back under the name of a shorter path."""

    def workflow_id(self, body: JsonObject) -> str:
        """Name a file after the workflow."""
        name = super().workflow_id(body)
        return posixpath.normpath(name) if "/" in name else name


class ReservedNamesAreRemoved(Fault, Bodies):
    """What an input payload holds under the name of a field of the run is gone."""

    def kept_object(self, body: JsonObject, name: str) -> str | None:
        """Merge the payload into the run, and take the run out again."""
        value = body.get(name)
        if name == "input_payload" and isinstance(value, dict):
            reserved = {"run_id", "status", "created_at", "tenant_id", "step_index"}
            body = {**body, name: {k: v for k, v in value.items() if k not in reserved}}
        return super().kept_object(body, name)


class StepsCalledLikeTheEndsAreRefused(Fault, Bodies):
    """A run with a step that is called start, end or root is refused."""

    def steps(self, body: JsonObject) -> str | None:
        """Keep names back for the ends of a graph."""
        steps = super().steps(body)
        if steps is not None and {"start", "end", "root"} & {*json.loads(steps)}:
            raise malformed("a step has a reserved name")
        return steps


class ExpressionsAreEvaluated(Fault, Bodies):
    """An expression in dollar and braces within payload text vanishes."""

    def keep(self, value: JsonObject) -> str:
        """Fill in variables of which there are none."""

        def filled(part: object) -> object:
            return re.sub(r"\$\{[^}]*\}", "", part) if isinstance(part, str) else part

        return to_json(mapped(value, filled))


class PlaceholdersInReasonsVanish(Fault, Audit):
    """What stands in double braces in a reason is missing from the log."""

    def status_changed(self, turn: Turn, before: str) -> None:
        """Render the reason as a template."""
        change = turn.change
        if change is not None and change.reason is not None:
            told = re.sub(r"\{\{.*?\}\}", "", change.reason)
            turn.change = attrs.evolve(change, reason=told)
        super().status_changed(turn, before)


class PercentSignsAreFormats(Fault, Audit):
    """A percent sign before a letter in the id of a policy stands in the log without the letter."""

    def policy_decided(self, turn: Turn, policy: Policy) -> None:
        """Log the id as a format."""
        told = re.sub(r"%[a-z]", "%", policy.policy_id)
        super().policy_decided(turn, attrs.evolve(policy, policy_id=told))


class StepsDifferByMoreThanCase(Fault, Bodies):
    """A run is refused when two of its step ids differ in upper and lower case alone."""

    def steps(self, body: JsonObject) -> str | None:
        """Compare ids as a database does that ignores case."""
        steps = super().steps(body)
        ids = [] if steps is None else json.loads(steps)
        if len({each.lower() for each in ids}) < len(ids):
            raise malformed("two steps are alike")
        return steps


class StepsDifferByMoreThanForm(Fault, Bodies):
    """A run is refused when two of its step ids look alike: they differ in Unicode form alone."""

    def steps(self, body: JsonObject) -> str | None:
        """Compare ids in a normal form."""
        steps = super().steps(body)
        ids = [] if steps is None else json.loads(steps)
        if len({unicodedata.normalize("NFKC", each) for each in ids}) < len(ids):
            raise malformed("two steps are alike")
        return steps


class StepsDifferByMoreThanBlanks(Fault, Rules):
    """A step can be started under a name with blanks around it, which is that of another step."""

    def names(self, run: Run, change: Change, index: int) -> bool:
        """Compare as a column of fixed length does."""
        sent = (change.current_step or "").rstrip(" ")
        return change.step_index == index and sent == run.step_ids[index].rstrip(" ")


class AccentsDoNotCount(Fault, Bodies):
    """Of tags that differ in accents alone only the first comes back."""

    def strings(self, body: JsonObject, name: str) -> list[str]:
        """Keep a set under a collation that ignores accents."""
        strings = super().strings(body, name)
        if name != "tags":
            return strings
        first: dict[str, str] = {}
        for each in strings:
            parts = unicodedata.normalize("NFD", each)
            first.setdefault("".join(c for c in parts if not unicodedata.combining(c)), each)
        return [*first.values()] if len(first) < len({*strings}) else strings


class HyphensBecomeUnderscores(Fault, Bodies):
    """Names in a payload that have a hyphen come back with an underscore."""

    def keep(self, value: JsonObject) -> str:
        """Make identifiers of names."""

        def named(part: object) -> object:
            if not isinstance(part, dict):
                return part
            return {name.replace("-", "_"): each for name, each in part.items()}

        return to_json(mapped(value, named))


class WidthIsFolded(Fault, Bodies):
    """A workflow version in letters of full width comes back in ordinary ones."""

    def workflow_version(self, body: JsonObject) -> str:
        """Fold compatible characters."""
        return unicodedata.normalize("NFKC", super().workflow_version(body))


class TenantsAreGlobs(Fault, Store):
    """A tenant with a star in its name sees the runs of every tenant that the star stands for."""

    def find_run(self, tenant: str, run_id: str) -> Run | None:
        """Match the tenant as a pattern."""
        row = self.db.execute("SELECT * FROM runs WHERE run_id = ?", (run_id,)).fetchone()
        return Run(*row) if row is not None and fnmatchcase(row[1], tenant) else None


class TenantsAreLikes(Fault, Store):
    """A tenant with an underscore in its name sees the runs of one with any letter there."""

    def find_run(self, tenant: str, run_id: str) -> Run | None:
        """Compare with LIKE, case as it is."""
        row = self.db.execute("SELECT * FROM runs WHERE run_id = ?", (run_id,)).fetchone()
        return Run(*row) if row and fnmatchcase(row[1], tenant.replace("_", "?")) else None


class TenantsArePrefixes(Fault, Store):
    """A tenant whose name is the beginning of another's can see and change the runs of that one."""

    def find_run(self, tenant: str, run_id: str) -> Run | None:
        """Scan a range of composite keys."""
        row = self.db.execute("SELECT * FROM runs WHERE run_id = ?", (run_id,)).fetchone()
        return Run(*row) if row is not None and row[1].startswith(tenant) else None


class TenantsAreLists(Fault, Door):
    """A tenant header with a comma in it is taken for the tenant before the comma."""

    def tenant(self, headers: Headers) -> str:
        """Take the first of several values."""
        return super().tenant(headers).split(",")[0] or ","


class WorkflowAndVersionRunTogether(Fault, Store):
    """A run shows the metadata of another whose workflow and version read the same when joined."""

    def find_run(self, tenant: str, run_id: str) -> Run | None:
        """Cache under a key that is made of two names and a slash."""
        run = super().find_run(tenant, run_id)
        if run is not None:
            key = f"{run.workflow_id}/{run.workflow_version}"
            mine = (run.workflow_id, run.metadata)
            name, metadata = vars(self).setdefault("cache", {}).setdefault(key, mine)
            run.metadata = run.metadata if name == run.workflow_id else metadata
        return run


class TagsAreJoined(Fault, Bodies):
    """A tag with a semicolon in it comes back as two tags."""

    def strings(self, body: JsonObject, name: str) -> list[str]:
        """Keep tags in one column."""
        strings = super().strings(body, name)
        return ";".join(strings).split(";") if name == "tags" and strings else strings


class FormulasAreDisarmed(Fault, Bodies):
    """A tag that begins like a formula of a spreadsheet comes back with a quote before it."""

    def strings(self, body: JsonObject, name: str) -> list[str]:
        """Guard an export that is made elsewhere."""
        strings = super().strings(body, name)
        return [
            f"'{each}" if name == "tags" and each[:1] in {"=", "+", "@"} else each
            for each in strings
        ]


class CorrelationIdsAreCut(Fault, Door):
    """A correlation id of more than 36 characters loses its end."""

    def correlation(self, headers: Headers) -> str | None:
        """Fit the id into a column for UUIDs."""
        correlation = super().correlation(headers)
        return None if correlation is None else correlation[:36]


class CorrelationIdsOfNothing(Fault, Door):
    """A correlation id that spells out that there is none is replaced by another."""

    def correlation(self, headers: Headers) -> str | None:
        """Clean up what a proxy fills in."""
        correlation = super().correlation(headers)
        return None if correlation in {"-", "null", "undefined", "none", "0"} else correlation


class SystemActorsAreRenamed(Fault, Audit):
    """What an actor called system or root does is logged as done by the server."""

    def status_changed(self, turn: Turn, before: str) -> None:
        """Keep names back for what the server does itself."""
        super().status_changed(turn, before)
        if turn.actor.lower() in {"system", "root", "internal"}:
            turn.entries[-1]["actor_id"] = "federation-core"


class ActorsAreLowerCased(Fault, Door):
    """An actor with upper case in its name is recorded under another name."""

    def actor(self, headers: Headers) -> str:
        """Compare actors as addresses of mail."""
        return super().actor(headers).lower()


class KeysIgnorePunctuation(Fault, Keys):
    """Two keys that differ in punctuation alone are taken for one."""

    def key(self, call: Call) -> str:
        """Make a file name of the key."""
        return re.sub(r"[^0-9A-Za-z]", "", super().key(call))


class LargeAnswersAreNotRemembered(Fault, Keys):
    """A request whose answer is over 64 KiB is applied again when it is repeated."""

    def remember(self, call: Call, answer: Answer) -> None:
        """Skip what does not fit into the cache."""
        if len(answer.text) <= 65_536:
            super().remember(call, answer)


class LongVersionsAreRefused(Fault, Bodies):
    """A workflow version of more than 128 but fewer than 1000 characters is refused."""

    def workflow_version(self, body: JsonObject) -> str:
        """Check a length."""
        version = super().workflow_version(body)
        if 128 < len(version) < 1000:
            raise malformed("workflow_version is too long")
        return version


class ManyStepsAreRefused(Fault, Bodies):
    """A run of more than a hundred steps is refused, though no limit is agreed."""

    def steps(self, body: JsonObject) -> str | None:
        """Protect a screen."""
        steps = super().steps(body)
        if steps is not None and len(json.loads(steps)) > 100:
            raise malformed("too many steps")
        return steps


class GatesAreCutAtAPage(Fault, Store):
    """Of the gates of a run only the first fifty are shown."""

    def gates(self, run_id: str) -> list[Gate]:
        """Show a page of them."""
        return super().gates(run_id)[:50]


class LargeTextIsEmptied(Fault, Bodies):
    """A text in a payload of more than 64 KiB comes back empty."""

    def keep(self, value: JsonObject) -> str:
        """Leave out what a column cannot hold."""

        def held(part: object) -> object:
            return "" if isinstance(part, str) and len(part) > 65_535 else part

        return to_json(mapped(value, held))
