"""The files of a proof, made from its record and envelopes alone.

What is made is a function of these: whoever verifies a proof makes the files again and compares.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from pt004_model.evidence.proof.cases import CASES
from pt004_model.evidence.proof.chain import Chain, Receipt
from pt004_model.evidence.proof.envelope import Envelope, read_envelope
from pt004_model.evidence.proof.facts import (
    PARTS,
    Facts,
    Proof,
    State,
    details,
    holds,
    of_kind,
    proof,
    status_path,
)
from pt004_model.evidence.proof.plain import Safe, code, inert, line, prose, said
from pt004_model.evidence.proof.record import Circumstances, Record, dump_record
from pt004_model.judge.checks import CHECKS
from pt004_model.judge.memory import JsonObject
from pt004_model.model.scenarios import TAGS, WORKFLOW_ID
from pt004_model.vocabulary import (
    ACTOR_HEADER,
    CHANGE_PATH,
    CREATE_PATH,
    READ_PATH,
    TENANT_HEADER,
)

REPORT: Final = "PT-004_workflow_orchestration_PROOF_REPORT.md"
FOLDER: Final = "PT-004_workflow_orchestration"
RECORD: Final = f"{FOLDER}/record.json"
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


def envelope_path(case: str) -> str:
    """Where the envelope of a case is kept."""
    return f"{FOLDER}/{case}.json"


def render(record: Record, envelopes: Mapping[str, bytes]) -> tuple[Proof, dict[str, bytes]]:
    """The proof, and the content of every file but the manifest by path.

    ``envelopes`` holds the bytes of those that are kept, by case.
    """
    read = {case: read_envelope(content) for case, content in envelopes.items()}
    whole = proof(record, read)
    files = {REPORT: report(whole).encode("utf-8"), RECORD: dump_record(record)}
    files |= {envelope_path(case): content for case, content in envelopes.items()}
    for case in whole.cases:
        files[f"{FOLDER}/{case.record.name}.txt"] = transcript(whole, case).encode("utf-8")
        if case.chain is not None:
            folder = f"{FOLDER}/receipts/{case.record.name}"
            files |= {f"{folder}/{name}": each for name, each in _receipts(case.chain).items()}
    return whole, files


def _receipts(chain: Chain) -> dict[str, bytes]:
    """The hashed bytes of each receipt and of the chain, and what they must hash to."""
    files: dict[str, bytes] = {}
    sums = []
    for receipt in chain.receipts:
        name = f"{receipt.number:03}.json"
        files[name] = receipt.form if receipt.form is not None else b""
        sums.append(_sum(receipt.claimed, name))
    if chain.form is not None:
        files["chain.json"] = chain.form
        sums += [_sum(chain.claimed, "chain.json")] if chain.claimed is not None else []
    files[SUMS] = "".join(sums).encode("ascii", "replace")
    return files


def _sum(claimed: object, name: str) -> str:
    # what is no hash makes a line that sha256sum --strict refuses
    known = isinstance(claimed, str) and _HASH.fullmatch(claimed)
    return f"{claimed if known else 'no-hash'}  {name}\n"


def transcript(whole: Proof, case: Facts) -> str:
    """The transcript of a case, as plain text."""
    return (
        _environment(line)
        .get_template("transcript.txt.j2")
        .render(
            case=case,
            here=whole.record.circumstances,
            title=Safe(CASES[case.record.name].title),
            fresh=_fresh(case),
        )
    )


def _fresh(case: Facts) -> dict[int, list[tuple[int, JsonObject]]]:
    """The log entries that each full reading was the first to show, by the reading's place."""
    logs = () if case.envelope is None else case.envelope.logs
    fresh: dict[int, list[tuple[int, JsonObject]]] = {}
    shown = 0
    for place, each in enumerate(case.record.exchanges):
        if each.entries is not None and each.entries > shown:
            new = enumerate(logs[shown : each.entries], shown + 1)
            fresh[place] = [(number, _Row(entry)) for number, entry in new]
            shown = each.entries
    return fresh


def report(whole: Proof) -> str:
    """The report, in Markdown."""
    record = whole.record
    here = record.circumstances
    return (
        _environment(code)
        .get_template("report.md.j2")
        .render(
            proof=whole,
            here=here,
            cases=whole.cases,
            campaign=record.campaign,
            fc_logs=record.fc_logs,
            parts=PARTS,
            folder=FOLDER,
            workflow=WORKFLOW_ID,
            tags=", ".join(TAGS),
            titles={name: case.title for name, case in CASES.items()},
            most=_MOST,
            shows={name: case.shows for name, case in CASES.items()},
            meaning=_MEANINGS[whole.verdict],
            routes=_routes(here),
            requests=sum(len(case.record.exchanges) for case in whole.cases),
            git=_git(here),
            absent=_absent(record),
            rereads=_rereads(whole),
        )
    )


class _Row(dict[str, Any]):
    """An object of an FC, whose fields may be missing."""

    def __missing__(self, name: str) -> None:
        """Nothing, where a field is missing."""


@cache
def _environment(default: Any) -> Environment:
    """Templates whose every expression is made inert by ``default`` unless it is ours."""

    def finalize(value: Any) -> Any:
        if isinstance(value, Safe):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return Safe(value)
        return default(value)

    made = Environment(
        loader=PackageLoader("pt004_model.evidence.proof"),
        autoescape=False,  # noqa: S701 - Markdown and text; finalize makes everything inert
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {
        "ours": Safe,
        "plain": inert,
        "line": line,
        "text": lambda value: inert(said(value)),
        "value": lambda value: code(None if not value and value != 0 else value),
        "brief": lambda value: code(said(value)[:12]),
        "prose": prose,
    }
    made.globals |= {
        "of_kind": lambda *of: [(number, _Row(entry)) for number, entry in of_kind(*of)],
        "details": lambda entry: _Row(details(entry)),
        "row": _Row,
        "rows": lambda entries: list(map(_Row, entries)),
        "holds": holds,
        "path": _path,
        "state": _state,
        "shown": _shown,
        "result": _result,
        "clause": _clause,
        "link": _link,
        "listed": _listed,
    }
    return made


def _shown(state: State) -> Safe:
    return Safe(state if state is State.PASS else f"**{state}**")


def _state(case: Facts, name: str) -> Safe:
    states = [part.state for part in case.parts if part.name == name]
    return _shown(states[0] if states else State.NOT_CHECKED)


def _result(case: Facts) -> Safe:
    states = {part.state for part in case.parts}
    if State.FAIL in states:
        return _shown(State.FAIL)
    return _shown(State.PASS if states == {State.PASS} else State.UNSURE)


def _clause(check: str) -> Safe:
    known = CHECKS.get(check)
    return Safe(f" (contract {known.section}). {known.sentence}" if known is not None else "")


def _path(envelope: Envelope) -> Safe:
    return Safe(" → ".join(code("?" if each is None else each) for each in status_path(envelope)))


def _link(receipt: Receipt) -> Safe:
    if not receipt.link_holds:
        return Safe("WRONG")
    return Safe("(it is the first)" if receipt.number == 1 else f"receipt {receipt.number - 1}")


def _listed(chain: Chain) -> Safe:
    count = len(chain.receipts)
    return Safe(f"these {count}, in order" if chain.list_holds else "**SOMETHING ELSE**")


def _routes(here: Circumstances) -> str:
    create, change = CREATE_PATH[here.dialect], CHANGE_PATH[here.dialect]
    return f"POST {create}, PATCH {change}, GET {READ_PATH[here.dialect]}"


def _git(here: Circumstances) -> Safe:
    if here.git is None:
        return Safe("not given, and the working directory is in no git repository")
    changed = {True: ", with local changes", False: ", no local changes", None: ", as given"}
    return Safe(f"{code(here.git.sha)}{changed[here.git.changed]}")


def _absent(record: Record) -> str:
    here = record.circumstances
    given = {
        "git commit": here.git is not None,
        "image digest": bool(here.image_digest),
        "campaign": record.campaign is not None,
        "logs of the Federation Core": bool(record.fc_logs),
    }
    return ", ".join(name for name, there in given.items() if not there) or "nothing"


def _rereads(whole: Proof) -> list[str]:
    """Commands that read the runs again; none where a part would mean something to a shell."""
    here = whole.record.circumstances
    lines = []
    for case in whole.cases:
        path = READ_PATH[here.dialect].format(run_id=case.record.run_id)
        url = f"{here.base_url}{path}"
        words = (url, here.tenant, here.actor)
        if here.embedded or not case.record.run_id or not all(map(_UNQUOTED.fullmatch, words)):
            continue
        lines.append(
            f"curl -s -H '{TENANT_HEADER}: {here.tenant}' -H '{ACTOR_HEADER}: {here.actor}' "
            f"'{url}?include_logs=true&include_gates=true'"
        )
    return lines
