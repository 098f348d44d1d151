"""A finding shown without this program: as curl commands, and as a Python test that is a script.

Text of a trace is data: :func:`escaping.shell` alone puts it into a shell, ``ascii`` alone into
Python, and :func:`escaping.plain` alone into a comment.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

import jinja2

from pt004_model.evidence.document import Trace
from pt004_model.evidence.reproduction.calls import Call, calls
from pt004_model.evidence.reproduction.claims import (
    NAMED,
    TIMES,
    Claim,
    authenticates,
    claim,
    place,
)
from pt004_model.evidence.reproduction.escaping import plain, printf, shell
from pt004_model.model.commands import Tenant, Token
from pt004_model.model.values import Json
from pt004_model.vocabulary import (
    ACTOR_HEADER,
    AUTHORIZATION_HEADER,
    IDEMPOTENCY_HEADER,
    TENANT_HEADER,
)

_TENANTS: Final = {0: "TENANT", 1: "STRANGER", 2: "NEAR"}
_VARIABLES: Final = {
    "TENANT": "TENANT_ID",
    "STRANGER": "STRANGER_TENANT_ID",
    "ACTOR": "ACTOR_ID",
}
_SPOILED: Final = frozenset(Token) - {Token.GOOD, Token.MISSING}
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
        "calls": made,
        "authenticates": authenticates(trace),
        "names": _names(trace, made),
        "keys": any(call.key for call in made),
        "raw": any(call.raw for call in made),
        "bad": any(call.token in _SPOILED for call in made),
        "name": "test_" + re.sub(r"\W", "_", trace.check, flags=re.ASCII),
        "claim": must,
        "path": path,
        "paced": must is not None and bool(path) and path[-1] in TIMES,  # type: ignore[index]
        "check": None if must is None else _check(trace, must, made),
    }
    return _templates().get_template(template).render(facts)


def _names(trace: Trace, made: tuple[Call, ...]) -> dict[str, tuple[str, str]]:
    """Return the names that the calls take: by a constant, the variable and the default of each."""
    tenants = {call.tenant for call in made if call.tenant is not None}
    if Tenant.NEAR in tenants:
        tenants.add(Tenant.OURS)  # of which it is made
    names = {_TENANTS[each]: trace.names.tenants[each] for each in sorted(tenants)}
    actors = {call.actor for call in made if call.actor is not None}
    names |= {_actor(each): trace.names.actors[each] for each in sorted(actors)}
    return {each: (_VARIABLES.get(each, ""), name) for each, name in names.items()}


@cache
def _templates() -> jinja2.Environment:
    made = jinja2.Environment(  # noqa: S701 - no HTML; each value goes through a filter of its own
        loader=jinja2.PackageLoader("pt004_model.evidence.reproduction"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(shell=shell, plain=plain, py=ascii, curl=_curl, python=_python, args=_args)
    return made


def _curl(call: Call, last: bool) -> str:
    """Return a call as a curl command of several lines."""
    captured = call.makes is not None and not last
    url = '"$FC"' + shell(call.before)
    if call.run is not None:
        url += f'"$RUN_{call.run}"' + (shell(call.after) if call.after else "")
    options = "-qgsS" if captured else "-qgsSi -w '\\n'"
    lines = [f"curl {options} -X {shell(call.method)} {url}" + " --path-as-is" * call.raw]
    who = []
    if call.tenant is not None:
        who.append(f'-H "{TENANT_HEADER}: ${_TENANTS[call.tenant]}"')
    if call.actor is not None:
        who.append(f'-H "{ACTOR_HEADER}: ${_actor(call.actor)}"')
    if call.token is Token.GOOD:
        who.append(f'-H "{AUTHORIZATION_HEADER}:${{FC_TOKEN:+ Bearer $FC_TOKEN}}"')
    elif call.token in _SPOILED:
        who.append(f'-H "{AUTHORIZATION_HEADER}: Bearer $BAD_TOKEN"')
    pipe, rest = _sent(call)
    words = [*lines, " ".join(who), " ".join(rest)]
    made = pipe + " \\\n  ".join(filter(None, words))
    return f"RUN_{call.makes}=$({made} | jq -r .run.run_id)" if captured else made


def _sent(call: Call) -> tuple[str, list[str]]:
    """Return what is piped into curl, and the options for headers and body."""
    rest = []
    if call.key is not None:
        name = IDEMPOTENCY_HEADER
        rest.append(f'-H "{name}: $NONCE-"{shell(call.key)}' if call.key else f"-H '{name};'")
    # curl sends an empty header where a semicolon stands for the colon
    rest += [
        "-H " + shell(f"{name}: {content}" if content.strip() else f"{name};")
        for name, content in call.headers
    ]
    if call.body is None:
        return "", rest
    if not any(name == "Content-Type" for name, _ in call.headers):
        rest.append("-H 'Content-Type:'")
    if re.fullmatch(rb"[ -~]*", call.body) and len(call.body) < _WORD:
        return "", [*rest, "--data-raw " + shell(call.body.decode("ascii"))]
    return f"{printf(call.body)} |\n  ", [*rest, "--data-binary @-"]  # no word holds any byte


def _python(call: Call, last: bool) -> str:
    """Return a call as an expression of the Python form."""
    path = ascii(call.before)
    if call.run is not None:
        path += f" + run_{call.run}" + (f" + {call.after!a}" if call.after else "")
    headers = []
    if call.tenant is not None:
        headers.append(f"{TENANT_HEADER!a}: {_TENANTS[call.tenant]}")
    if call.actor is not None:
        headers.append(f"{ACTOR_HEADER!a}: {_actor(call.actor)}")
    if call.key is not None:
        headers.append(
            f"{IDEMPOTENCY_HEADER!a}: " + (f"NONCE + {call.key!a}" if call.key else "''")
        )
    headers += [f"{name!a}: {content!a}" for name, content in call.headers]
    words = ["client", ascii(call.method), path, f"{{{', '.join(headers)}}}"]
    words += [] if call.body is None else [f"content={call.body!a}"]
    if call.token is Token.MISSING:
        words.append("token=None")
    elif call.token in _SPOILED:
        words.append(f"token=bad_token({str(call.token)!a})")
    words += ["raw=True"] if call.raw else []
    if not last and call.then is not None:
        words.append(f"then={('refused' if call.then >= 300 else call.status)!a}")
    return f"call({', '.join(words)})"


def _actor(number: int) -> str:
    return "ACTOR" if number == 0 else f"ACTOR_{number}"


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
        if must.path[-1:] and must.path[-1] in NAMED:
            named = {name: each for each, (_, name) in _names(trace, made).items()}
            wanted = named.get(str(value), wanted)
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
