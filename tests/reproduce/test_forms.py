"""The forms in which a trace is shown: as they are printed, and whatever the trace holds."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from pt004_model.model.commands import Caller, CreateRun, Names, OddPath, ReadRun, Unknown
from pt004_model.model.replies import Reply
from pt004_model.model.values import Body
from pt004_model.reproduce import FORMS, as_pytest, render
from pt004_model.trace.document import SentRequest, Trace, load_trace
from tests.conftest import GOLDEN

SHOWN = {
    "denied-step-may-pause": ("text", "curl", "pytest", "mermaid"),
    "resume-restarts-the-clock": ("pytest",),
    "signature-ignores-case": ("curl", "pytest"),
    "tags-are-sorted": ("text", "curl", "pytest", "mermaid"),
}
"""Traces that lie beside their forms: a refusal, a value of before, a bad token, a nasty text."""


@pytest.mark.parametrize(("name", "form"), [(n, form) for n in SHOWN for form in SHOWN[n]])
def test_a_form_is_the_golden_one(name: str, form: str, golden: Callable[[str, str], None]) -> None:
    """What is printed is what was reviewed."""
    golden(f"show/{name}.{form}", render(load_trace(GOLDEN / "show" / f"{name}.json"), form))


def test_httpx_is_another_name_of_the_python_form() -> None:
    """Who asked for a script gets the test, which is one."""
    assert FORMS["httpx"] is FORMS["pytest"]


@pytest.mark.parametrize("form", ["curl", "pytest"])
def test_a_script_reaches_what_was_tested(form: str, golden: Callable[[str, str], None]) -> None:
    """It has the address, the certificates, and each header by name; its value is a variable."""
    trace = evolve(
        load_trace(GOLDEN / "show" / "denied-step-may-pause.json"), lasting=True,
        base_url="https://fc.example:8443/it's", headers=("X-Api-Key", "9a"),
        ca_bundle="/etc/our own.pem",
    )  # fmt: skip
    golden(f"show/behind-a-gateway.{form}", render(trace, form))


@pytest.mark.parametrize("form", FORMS)
def test_a_trace_of_version_1_is_shown(form: str) -> None:
    """It looks as in version 2, save that a script leaves the judging to a replay."""
    old, new = (load_trace(GOLDEN / n) for n in ("trace_1.json", "show/denied-step-may-pause.json"))
    if FORMS[form] is as_pytest:
        assert "pt004 replay judges it" in render(old, form)
    else:
        assert render(new, form) == render(old, form)


HOSTILE = (
    "$(touch pwned)", "`touch pwned`", "'; touch pwned; '", '"; touch pwned; "', "\ntouch pwned\n",
    "}; touch pwned; ${x:-", "\\'; touch pwned #", '"""\nimport os\nos.mkdir("pwned")\n"""',
    "'\nimport os\n", "{{ 1 }}{% raw %}", "\x1b[2J\u202e\x00\x7f", "@/etc/hostname",
    "-K/etc/hostname",
)  # fmt: skip


def hostile(text: str) -> Trace:
    """A trace that holds a text wherever there is room for one; a key has a mark before it."""
    trace = load_trace(GOLDEN / "show" / "denied-step-may-pause.json")
    caller = Caller()
    sent = (
        CreateRun(0, Body(text), caller, f"/{text}", text, text),
        CreateRun(1, Body.of({"workflow_id": text, "tags": [text]})),
        OddPath(text),
        ReadRun(Unknown(text)),
        ReadRun(0),
    )
    reply = Reply(200, {"run": {"run_id": text, "status": text, "tags": [text, text]}})
    request = SentRequest("GET", text, {"X-Other": text}, text)
    steps = tuple(
        evolve(trace.steps[0], says=text, send=each, reply=reply, request=recorded)
        for each in sent
        for recorded in (None, request)
    )
    names = Names((text, f"/{text}", text), (text,))
    return evolve(
        trace, steps=steps, names=names, where="run.tags", observed=text, check=text,
        sentence=text, section=text, expected=text, fingerprint=text,
        base_url=f"http://{text}", lasting=True, headers=("X-Api-Key",), ca_bundle=text,
    )  # fmt: skip


STUB = """#!/bin/sh
for word; do
  case $last:$word in --data-raw:* | --cacert:* | *:@-) ;; *:@* | *:-K*) touch pwned ;; esac
  last=$word
done
"""
"""A program that notes when it is told to read a file."""


@pytest.mark.system
@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_is_run_by_a_shell(text: str, tmp_path: Path) -> None:
    """Nothing but curl and jq is started, whatever a trace holds, and curl reads no file."""
    for name in ("curl", "jq"):
        (tmp_path / name).write_text(STUB)
        (tmp_path / name).chmod(0o700)
    script = render(hostile(text), "curl")
    assert re.fullmatch(r"[\n -~]*", script)
    subprocess.run(
        ["sh", "-e"], input=script, text=True, cwd=tmp_path, check=True,  # noqa: S607 - any
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert not (tmp_path / "pwned").exists()


def skeleton(script: str) -> list[str]:
    """The statements of a script and their parts, without what is in its literals and names."""
    return [type(node).__name__ for node in ast.walk(ast.parse(script))]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_is_run_by_python(text: str) -> None:
    """A script has the same statements whatever a trace holds, and is plain ASCII."""
    script = render(hostile(text), "pytest")
    assert re.fullmatch(r"[\n -~]*", script)
    assert skeleton(render(hostile("text"), "pytest")) == skeleton(script)
