"""The files of a proof, made from its record and its answers alone.

They are a function of these: whoever verifies a proof makes the files again and compares.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final

from attrs import frozen
from jinja2 import Environment

from pt004_model.judge.canonical import canonical_form, canonical_hash
from pt004_model.judge.checks import CHECKS
from pt004_model.judge.memory import JsonObject
from pt004_model.model.commands import describe
from pt004_model.model.scenarios import TAGS, WORKFLOW_ID
from pt004_model.proof.cases import CASES
from pt004_model.proof.record import (
    FOLDER,
    RECORD,
    Circumstances,
    Record,
    answer_path,
    dump_record,
)
from pt004_model.proof.verdict import KEPT, PARTS, RAN, Case, Proof, Reading, State, overall
from pt004_model.report.text import Safe, prose, span, templates, visible, words
from pt004_model.trace.writing import rfc3339
from pt004_model.vocabulary import (
    ACTOR_HEADER,
    ROUTES,
    TENANT_HEADER,
    Event,
)

REPORT: Final = "PT-004_workflow_orchestration_PROOF_REPORT.md"
SUMS: Final = "SHA256SUMS"
_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MOST: Final = 40  # edges not driven that are listed
_UNQUOTED: Final = re.compile(r"[A-Za-z0-9._~:/\[\]-]+", re.ASCII)
"""What can stand in a command line without meaning anything to a shell."""


_MEANINGS: Final = {
    State.PASS: "Every answer of the three tests was one that the contract allows, and every part "
    "below was checked and holds.",
    State.FAIL: "At least one part does not hold. Section 1 says which, and why.",
    State.UNSURE: "Nothing was seen to be wrong, but not every part could be checked, so nothing "
    "is proven. Section 1 says what is missing.",
}


def render(proof: Proof) -> dict[str, bytes]:
    """Return the content of every file of a proof but the manifest, by path."""
    files = {REPORT: report(proof).encode("utf-8"), RECORD: dump_record(proof.record)}
    for case in proof.cases:
        name = case.record.name
        paths = (answer_path(name, number + 1) for number in range(len(case.record.exchanges)))
        files |= {path: proof.answers[path] for path in paths if path in proof.answers}
        files[f"{FOLDER}/{name}.txt"] = transcript(proof, case).encode("utf-8")
        if case.last is not None:
            kept = proof.answers[answer_path(name, case.last.number)]
            files[f"{FOLDER}/{name}.json"] = kept
            folder = f"{FOLDER}/receipts/{name}"
            files |= {f"{folder}/{path}": each for path, each in _receipts(case.last).items()}
    return files


@frozen
class Receipt:
    """A log entry as a receipt (contract section 8), to be checked by hand.

    ``form`` is the RFC 8785 form of the entry without its ``receipt_hash``, ``None`` when it has
    none; ``recomputed`` the SHA-256 of that.
    """

    number: int
    entry: JsonObject
    form: bytes | None

    @property
    def recomputed(self) -> str | None:
        """The hash that the entry should have."""
        return _sha256(self.form)


def receipts(reading: Reading) -> list[Receipt]:
    """Return each receipt of a reading."""
    rows = enumerate(reading.logs, 1)
    return [
        Receipt(n, _Row(e), canonical_form({k: v for k, v in e.items() if k != "receipt_hash"}))
        for n, e in rows
    ]


def _receipts(reading: Reading) -> dict[str, bytes]:
    """Return the hashed bytes of each receipt and of the chain, and what they must hash to."""
    files: dict[str, bytes] = {}
    sums = []
    for receipt in receipts(reading):
        name = f"{receipt.number:03}.json"
        files[name] = receipt.form if receipt.form is not None else b""
        sums.append(_sum(receipt.entry["receipt_hash"], name))
    chain = canonical_form(reading.run.get("receipt_chain"))
    if chain is not None:
        files["chain.json"] = chain
        claimed = reading.run.get("workflow_receipt_hash")
        sums += [_sum(claimed, "chain.json")] if claimed is not None else []
    files[SUMS] = "".join(sums).encode("ascii", "replace")
    return files


def _sum(claimed: object, name: str) -> str:
    # what is no hash makes a line that sha256sum --strict refuses
    known = isinstance(claimed, str) and _HASH.fullmatch(claimed)
    return f"{claimed if known else 'no-hash'}  {name}\n"


def _sha256(content: bytes | None) -> str | None:
    return None if content is None else hashlib.sha256(content).hexdigest()


def transcript(proof: Proof, case: Case) -> str:
    """Return the transcript of a case, as plain text."""
    return (
        _environment(_line)
        .get_template("transcript.txt.j2")
        .render(
            case=case,
            here=proof.record.circumstances,
            title=Safe(CASES[case.record.name].title),
            rows=list(_transcribed(proof, case)),
        )
    )


def _transcribed(proof: Proof, case: Case) -> Iterator[dict[str, Any]]:
    """Return each request with its answer, and the log entries that a reading showed first."""
    readings = {each.number: each for each in case.readings}
    shown = 0
    for number, exchange in enumerate(case.record.exchanges, 1):
        steps = case.result.steps[number - 1 : number]
        content = proof.answers.get(answer_path(case.record.name, number), b"")
        reading = readings.get(number)
        logs = () if reading is None else reading.logs
        yield {
            "number": number,
            "exchange": exchange,
            "at": rfc3339(exchange.sent),
            "says": describe(steps[0].command) if steps else "",
            "step": steps[0] if steps else None,
            "size": len(content),
            "sha256": _sha256(content),
            "excerpt": content.decode("utf-8", "replace"),
            "reading": reading,
            "fresh": [(at, _Row(each)) for at, each in enumerate(logs, 1) if at > shown],
        }
        shown = max(shown, len(logs))


def report(proof: Proof) -> str:
    """Return the report, in Markdown."""
    record = proof.record
    here = record.circumstances
    routes = ROUTES[here.dialect]
    return (
        _environment(span)
        .get_template("report.md.j2")
        .render(
            proof=proof,
            here=here,
            cases=proof.cases,
            campaign=record.campaign,
            campaign_sha256=record.campaign_sha256,
            fc_logs=record.fc_logs,
            parts=_meanings(),
            folder=FOLDER,
            workflow=WORKFLOW_ID,
            tags=", ".join(TAGS),
            titles={name: case.title for name, case in CASES.items()},
            most=_MOST,
            shows={name: case.shows for name, case in CASES.items()},
            meaning=_MEANINGS[proof.verdict],
            routes=f"POST {routes.create}, PATCH {routes.change}, GET {routes.read}",
            requests=sum(len(case.record.exchanges) for case in proof.cases),
            git=_git(here),
            absent=_absent(record),
            rereads=_rereads(proof),
        )
    )


def _meanings() -> dict[str, str]:
    """Return what each part of a case stands for."""
    return {
        RAN: "every call of the test was answered as the contract allows, to the end of the run",
        KEPT: "the body of every answer is in the folder, byte for byte",
        **{name: f"the checks on {', '.join(sorted(areas))}" for name, areas in PARTS.items()},
    }


class _Row(dict[str, Any]):
    """An object of an FC, whose fields may be missing."""

    def __missing__(self, name: str) -> None:
        """Nothing, where a field is missing."""


@cache
def _environment(quoter: Callable[[Any], Safe]) -> Environment:
    made = templates("pt004_model.proof", quoter=quoter)
    made.filters |= {
        "ours": Safe,
        "line": _line,
        "value": lambda value: span(None if not value and value != 0 else value),
        "brief": lambda value: span(words(value)[:12]),
        "prose": prose,
    }
    made.globals |= {
        "of_kind": _of_kind,
        "details": lambda entry: _Row(
            entry["details"] if isinstance(entry["details"], dict) else {}
        ),
        "row": _Row,
        "rows": lambda entries: list(map(_Row, entries)),
        "at": lambda case, number: rfc3339(case.record.exchanges[number - 1].sent),
        "path": _path,
        "state": _state,
        "shown": _shown,
        "result": lambda case: _shown(overall(case.parts)),
        "clause": _clause,
        "receipts": receipts,
        "chain_hash": lambda reading: canonical_hash(reading.run.get("receipt_chain")),
    }
    return made


def _line(value: object, most: int = 300) -> Safe:
    """Return a value on one line of a plain text, in a fence of Markdown too."""
    return Safe(visible(words(value), most, "`"))


def _of_kind(reading: Reading, *kinds: str) -> list[tuple[int, _Row]]:
    """Return the log entries of some kinds, numbered from 1 as they stand in the log."""
    rows = enumerate(reading.logs, 1)
    return [(number, _Row(entry)) for number, entry in rows if entry.get("event_type") in kinds]


def _shown(state: State) -> Safe:
    return Safe(state if state is State.PASS else f"**{state}**")


def _state(case: Case, name: str) -> Safe:
    return _shown(next(part.state for part in case.parts if part.name == name))


def _clause(check: str) -> Safe:
    return Safe(f" (contract {CHECKS[check].section}). {CHECKS[check].sentence}")


def _path(reading: Reading) -> Safe:
    """Return the statuses that the log names one after another, for people."""
    entries = _of_kind(reading, Event.RUN_CREATED, Event.STATUS_CHANGED)
    return Safe(" → ".join(span(entry["new_status"]) for _, entry in entries))


def _git(here: Circumstances) -> Safe:
    if here.git is None:
        return Safe("not given, and the working directory is in no git repository")
    changed = {True: ", with local changes", False: ", no local changes", None: ", as given"}
    return Safe(f"{span(here.git.sha)}{changed[here.git.changed]}")


def _absent(record: Record) -> str:
    here = record.circumstances
    given = {
        "git commit": here.git is not None,
        "image digest": bool(here.image_digest),
        "campaign": record.campaign is not None,
        "logs of the Federation Core": bool(record.fc_logs),
    }
    return ", ".join(name for name, there in given.items() if not there) or "nothing"


def _rereads(proof: Proof) -> list[str]:
    """Return commands that read the runs again, but for what would mean something to a shell."""
    here = proof.record.circumstances
    lines = []
    for case in proof.cases:
        run_id = case.result.run_id
        url = f"{here.base_url}{ROUTES[here.dialect].read.format(run_id=run_id)}"
        words = (url, here.tenant, here.actor)
        if here.embedded or not run_id or not all(map(_UNQUOTED.fullmatch, words)):
            continue
        lines.append(
            f"curl -s -H '{TENANT_HEADER}: {here.tenant}' -H '{ACTOR_HEADER}: {here.actor}' "
            f"'{url}?include_logs=true&include_gates=true'"
        )
    return lines
