"""A finding shown without this program: as curl commands, and as a Python test that is a script.

Text of a trace is data: :func:`shell` alone puts it into a shell, ``ascii`` alone into
Python, and :func:`plain` alone into a comment.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from jinja2 import Environment

from pt004_model.model.commands import OddPath, Token, describe
from pt004_model.model.values import Json
from pt004_model.report.text import plain, printf, shell, templates, variable
from pt004_model.reproduce.calls import Call, calls, constants
from pt004_model.reproduce.claims import (
    NAMED,
    TIMES,
    Claim,
    authenticates,
    claim,
    place,
)
from pt004_model.trace.document import Trace
from pt004_model.vocabulary import AUTHORIZATION_HEADER, IDEMPOTENCY_HEADER
from pt004_model.wire.codec import around_nonce

_SPOILED: Final = frozenset(Token) - {Token.GOOD, Token.MISSING}
_FC: Final = "http://127.0.0.1:9405"
"""Where ``pt004 serve`` listens."""
_MANY: Final = 8
"""More status codes than these are checked as a range."""
_WORD: Final = 100_000
"""Bytes of a body that a command line takes; more go through a pipe."""


def as_curl(trace: Trace) -> str:
    """Return the calls as curl commands, then both sides of the finding as a comment."""
    return _render("curl.sh.j2", trace)


def as_pytest(trace: Trace) -> str:
    """Return a module with one test, which is a script as well and needs httpx alone."""
    return _render("script.py.j2", trace)


def _render(template: str, trace: Trace) -> str:
    made, must = calls(trace), claim(trace)
    path = place(trace.where) if must is None else must.path
    facts = {
        "trace": trace,
        "fc": _address(trace),
        "headers": [(name, variable(name)) for name in trace.headers],
        "calls": made,
        "raced": any(each.caller.client is not None for each in trace.commands),
        "authenticates": authenticates(trace),
        "names": constants(trace, made),
        "bad": any(call.command.caller.token in _SPOILED for call in made),
        "name": "test_" + re.sub(r"\W", "_", trace.check, flags=re.ASCII),
        "claim": must,
        "path": path,
        "paced": must is not None and any(name in TIMES for name in must.path[-1:]),
        "check": None if must is None else _check(trace, must, made),
    }
    return _templates().get_template(template).render(facts)


def _address(trace: Trace) -> str:
    """Return the address of the FC; that of one that was started for a campaign is gone."""
    there = trace.lasting and trace.base_url.startswith(("http://", "https://"))
    return trace.base_url if there else _FC


@cache
def _templates() -> Environment:
    made = templates("pt004_model.reproduce")  # each value goes through a filter of its own
    made.filters.update(
        shell=shell, plain=plain, py=ascii, curl=_curl, python=_python, args=_args, says=describe
    )
    return made


def _curl(call: Call) -> str:
    """Return a call as a curl command of several lines."""
    before, run, after = call.path
    url = '"$FC"' + shell(before)
    if run is not None:
        url += f'"$RUN_{run}"' + (shell(after) if after else "")
    options = "-qgsSi -w '\\n'" if call.makes is None else "-qgsS"
    tidied = " --path-as-is" if isinstance(call.command, OddPath) else ""
    first = f"curl {options} -X {shell(call.request.method)} {url}{tidied}"
    who = [f'-H "{header}: ${constant}"' for header, constant in call.who]
    token = call.command.caller.token
    if token is Token.GOOD:
        who.append(f'-H "{AUTHORIZATION_HEADER}:${{FC_TOKEN:+ Bearer $FC_TOKEN}}"')
    elif token in _SPOILED:
        who.append(f'-H "{AUTHORIZATION_HEADER}: Bearer $BAD_TOKEN"')
    pipe, rest = _sent(call)
    made = pipe + " \\\n  ".join(filter(None, [first, " ".join(who), " ".join(rest)]))
    return made if call.makes is None else f"RUN_{call.makes}=$({made} | jq -r .run.run_id)"


def _sent(call: Call) -> tuple[str, list[str]]:
    """Return what is piped into curl, and the options for headers and body."""
    key, rest = f"-H '{IDEMPOTENCY_HEADER}", []
    if call.key is not None:
        before, behind = (shell(part) if part else "" for part in around_nonce(call.key))
        rest.append(f'{key}: \'{before}"$NONCE"{behind}' if call.key else f"{key};'")
    # curl sends an empty header where a semicolon stands for the colon
    rest += ["-H " + shell(f"{n}: {text}" if text.strip() else f"{n};") for n, text in call.headers]
    body = call.request.content
    if body is None:
        return "", rest
    if not any(name == "Content-Type" for name, _ in call.headers):
        rest.append("-H 'Content-Type:'")
    if re.fullmatch(rb"[ -~]*", body) and len(body) < _WORD:
        return "", [*rest, "--data-raw " + shell(body.decode("ascii"))]
    return f"{printf(body)} |\n  ", [*rest, "--data-binary @-"]  # no word holds any byte


def _python(call: Call) -> str:
    """Return a call as an expression of the Python form."""
    before, run, after = call.path
    path = ascii(before)
    if run is not None:
        path += f" + run_{run}" + (f" + {after!a}" if after else "")
    headers = [f"{header!a}: {constant}" for header, constant in call.who]
    if call.key is not None:
        before, behind = map(ascii, around_nonce(call.key))
        key = f"{before} + NONCE + {behind}".removeprefix("'' + ") if call.key else "''"
        headers.append(f"{IDEMPOTENCY_HEADER!a}: {key}")
    headers += [f"{name!a}: {text!a}" for name, text in call.headers]
    token, body = call.command.caller.token, call.request.content
    options = {
        "content": None if body is None else ascii(body),
        "token": f"bad_token({str(token)!a})" if token in _SPOILED else None,
        "then": None if call.then is None else ascii(call.then),
        "raw": "True" if isinstance(call.command, OddPath) else None,
    }
    if token is Token.MISSING:
        options["token"] = "None"
    given = [f"{name}={text}" for name, text in options.items() if text is not None]
    first = ("client", ascii(call.request.method), path, f"{{{', '.join(headers)}}}")
    return f"call({', '.join((*first, *given))})"


def _args(path: tuple[str | int, ...]) -> str:
    """Return the arguments that name a path, behind others."""
    return "".join(f", {each!a}" for each in path)


def _check(trace: Trace, must: Claim, made: tuple[Call, ...]) -> dict[str, str]:
    """Return both sides of what is asserted, the operator between them, and what wraps them."""
    last, operator, wrap = len(made), "==", ""
    seen = f"seen(answer_{last}{_args(must.path)})" if must.path else f"answer_{last}.status_code"
    if must.earlier is not None:
        step, path = must.earlier.step + 1, must.earlier.path
        wanted = f"at(answer_{step}{_args(path)})" if path else f"answer_{step}.status_code"
        if path and path[-1] in TIMES:
            wrap = "moment"
        elif path and not trace.expected.startswith('"'):
            wrap = "exact"
    elif len(must.allowed) > 1:
        operator, codes = "in", must.allowed
        many = len(codes) > _MANY and not must.path
        wanted = f"range({codes[0]}, {codes[-1]} + 1)" if many else ascii(codes)
    else:
        (value,) = must.allowed
        wanted = ascii(value)
        if must.path and must.path[-1] in NAMED:
            actors = must.path[-1] != "tenant_id"
            for constant, (_, name) in constants(trace, made).items():
                if name == value and constant.startswith("ACTOR") == actors:
                    wanted = constant
        if must.path and _holds_numbers(value):
            wrap = "exact"
    if wrap:
        seen, wanted = f"{wrap}({seen})", f"{wrap}({wanted})"
    return {"seen": seen, "operator": operator, "wanted": wanted, "wrap": wrap}


def _holds_numbers(value: Json) -> bool:
    """Tell whether a value holds numbers or booleans, of which Python takes 1 for True."""
    if isinstance(value, list | dict):
        return any(map(_holds_numbers, value.values() if isinstance(value, dict) else value))
    return isinstance(value, int | float)
