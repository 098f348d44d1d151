"""Folders as campaigns leave them, and a page open in a browser with an ear on its console."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final

from attrs import evolve, field, frozen
from playwright.sync_api import Browser, Dialog, Page

from pt004_model.judge.checks import CHECKS
from pt004_model.judge.oracle import Verdict
from pt004_model.model.commands import Command, ReadRun
from pt004_model.model.replies import Reply
from pt004_model.model.values import Json
from pt004_model.report.folder import Folder
from pt004_model.report.page import write_page
from pt004_model.search.campaign import PROFILES, Campaign
from pt004_model.search.results import Result
from pt004_model.shrink.replaying import replay
from pt004_model.trace.recorded import Found
from pt004_model.trace.writing import Origin
from pt004_model.vocabulary import Dialect
from tests.drive.helpers import READ, change, create, session, start, with_run
from tests.stub import NAMES, Stub, Tampering

WORDS: Final = ("allow", "flag", "deny")


def explored(examples: int = 12) -> Result:
    """What a short campaign against an FC that conforms came to."""
    profile = evolve(PROFILES["dev"], examples=examples)
    return Campaign(session(Stub()), profile, 11).run()


def diverging(commands: int = 3, tamper: Callable[[Reply], Reply] | None = None) -> Found:
    """A finding after so many commands; its last reply was tampered with."""

    def change_last(command: Command, reply: Reply) -> Reply:
        if not isinstance(command, ReadRun) or not command.gates:
            return reply
        return with_run(reply, status="completed") if tamper is None else tamper(reply)

    pauses: Iterator[Command] = cycle(
        (change(0, "paused"), change(0, "running"), ReadRun(0, gates=False))
    )
    before: tuple[Command, ...] = (
        create(0, "a", "b"),
        start(0, "a", 0, "flag"),
        *islice(pauses, commands - 3),
    )
    lockstep, finding, _ = replay(session(Tampering(Stub(), change_last)), (*before, READ))
    assert finding is not None
    assert commands == len(lockstep.steps)
    steps = tuple(lockstep.steps)
    made = Found(finding, tuple(each.command for each in steps), steps, requests_to_first=1204)
    made.occurrences, made.shrunk = 17, True
    made.first_seen, made.last_seen = 1_790_000_000.25, 1_790_000_060.75
    return made


def many(count: int, made: Found) -> tuple[Found, ...]:
    """The finding under so many fingerprints, each of another check."""
    return tuple(
        evolve(
            made,
            finding=evolve(made.finding, check=check, fingerprint=f"{number:012x}"),
        )
        for number, check in enumerate(islice(cycle(CHECKS), 4, 4 + count))
    )


def kept(path: Path, result: Result, *findings: Found, why: str = "") -> Path:
    """The folder that a campaign which came to this leaves behind."""
    origin = Origin(42, "dev", Dialect.SEED, names=NAMES, base_url="http://127.0.0.1:9405")
    folder = Folder(path, origin)
    verdict = Verdict.DIVERGES if findings else Verdict.UNSURE if why else Verdict.CONFORMS
    came_to = evolve(result, findings=findings, verdict=verdict, why=why)
    for each in findings:
        folder.keep_trace(each)
    folder.keep_summary(came_to)
    return path


@frozen
class Opened:
    """A page in a browser: what it said on its console, and what it asked the world for."""

    page: Page
    errors: list[str] = field(factory=list)
    requests: list[str] = field(factory=list)

    def texts(self, selector: str) -> list[str]:
        """The text of each element, hidden or not."""
        found: list[str] = self.page.locator(selector).all_text_contents()
        return found

    def open_all(self) -> None:
        """Open every part that can be opened."""
        self.page.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true })")

    def say(self, script: str) -> Any:
        """What a script in the page comes to."""
        return self.page.evaluate(script)


@contextmanager
def opened(browser: Browser, file: Path, **how: Any) -> Iterator[Opened]:
    """The page in ``file`` in a browser, in a context of its own."""
    context = browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | how))
    page = context.new_page()
    shown = Opened(page)

    def heard(dialog: Dialog) -> None:
        shown.errors.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("console", lambda said: shown.errors.append(f"{said.type}: {said.text}"))
    page.on("pageerror", lambda error: shown.errors.append(str(error)))
    page.on("dialog", heard)
    page.on("request", lambda request: shown.requests.append(request.url))
    page.goto(file.absolute().as_uri())
    try:
        yield shown
    finally:
        context.close()


def page_of(path: Path, result: Result, *findings: Found, why: str = "") -> Path:
    """The page of a campaign that came to this."""
    return write_page(kept(path, result, *findings, why=why))


def with_texts(text: str) -> Callable[[Reply], Reply]:
    """Puts a text wherever an FC may say one."""

    def tamper(reply: Reply) -> Reply:
        body = reply.body
        assert isinstance(body, dict)
        logs = body["logs"]
        assert isinstance(logs, list)
        entries: list[Json] = [
            {**each, "message": text, "details": {text: [text]}}
            for each in logs
            if isinstance(each, dict)
        ]
        told = with_run(reply, run_id=text, status=text, tags=[text], current_step=text)
        assert isinstance(told.body, dict)
        return evolve(told, body={**told.body, "logs": entries, text: text})

    return tamper
