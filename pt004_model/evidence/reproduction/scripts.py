"""Scripts that show a finding without us: with curl and jq, with httpx, as a pytest test."""

from __future__ import annotations

import ast
import inspect
import re
from functools import cache
from importlib import resources
from typing import Any, Final

import jinja2

from pt004_model.evidence.document import Trace
from pt004_model.evidence.reproduction import helpers, tokens
from pt004_model.evidence.reproduction.calls import Call, calls
from pt004_model.evidence.reproduction.case import Claim
from pt004_model.evidence.reproduction.claims import claim
from pt004_model.evidence.reproduction.escaping import plain, printf, shell
from pt004_model.model.commands import Tenant, Token, Unknown
from pt004_model.vocabulary import READ_PATH
from pt004_model.wire.token import SIGNED

_UNSPOILED: Final = frozenset({Token.GOOD, Token.MISSING})
_FILES: Final = "pt004_model.evidence.reproduction"


def as_curl(trace: Trace) -> str:
    """A POSIX shell script: a chain of curl commands, and the claim in jq."""
    must = claim(trace)
    made = _facts(trace, must)
    filters: dict[str, Any] = {"words": lambda call: _curl_words(call, made["tokens"])}
    source = f"$all[0] as $r | {must.words.jq}"
    hashed = must.hashed
    more = {
        "filter": with_helpers(source),
        "hashed": hashed is not None,
        "hashed_filter": ""
        if hashed is None
        else with_helpers(f"$all[0] as $r | ({hashed.jq})[0]"),
        "spoiling": _file("templates", "tokens.sh"),
    }
    return _render("curl.sh.j2", filters, {**made, **more})


def as_httpx(trace: Trace) -> str:
    """A Python script that needs httpx alone."""
    return _python(trace, "httpx")


def as_pytest(trace: Trace) -> str:
    """A module with one test, which needs pytest and httpx alone."""
    return _python(trace, "pytest")


def _facts(trace: Trace, must: Claim) -> dict[str, Any]:
    """What all templates are told."""
    made = calls(trace)
    kinds = tuple(dict.fromkeys(call.token for call in made if call.token not in _UNSPOILED))
    used = any(call.token is not Token.GOOD for call in made)
    return {
        "trace": trace,
        "head": _head(trace),
        "calls": made,
        "says": must.says,
        "paced": must.paced,
        "tokens": kinds or (("missing",) if used else ()),
        "signing": bool(SIGNED & set(kinds)),
        "strangers": any(call.tenant == Tenant.STRANGER for call in made),
        "near": any(call.tenant == Tenant.NEAR for call in made),
        "unknown": any(isinstance(call.run, Unknown) for call in made),
        "made": tuple(dict.fromkeys(c.makes for c in made if c.makes is not None)),
        "probe": READ_PATH[trace.dialect].format(run_id="pt004-no-run"),
    }


def _head(trace: Trace) -> str:
    lines = (
        f"{trace.check} (contract {trace.section})",
        trace.sentence,
        "",
        f"{trace.where}",
        f"  expected: {trace.expected}",
        f"  got:      {trace.observed}",
    )
    return "".join(f"# {plain(line)}".rstrip() + "\n" for line in lines)


def _curl_words(call: Call, tokens: tuple[str, ...]) -> str:
    """A line of the shell script."""
    path = shell(call.before)
    if isinstance(call.run, Unknown):
        path += f'"$(unknown {shell(call.run.spelling)})"'
    elif call.run is not None:
        path += f'"$run_{call.run}"'
    path += shell(call.after) if call.after else ""
    words = ["call", call.method, path]
    if call.raw:
        words[2] = "/"
        words += ["--request-target", f'"$(printf %s "$base" | sed "s|^[^/]*//[^/]*||")"{path}']
    for name, number in (("X-Tenant-ID", call.tenant), ("X-Actor-ID", call.actor)):
        variable = {"X-Tenant-ID": "tenant", "X-Actor-ID": "actor"}[name]
        if number is not None:
            words += ["-H", f'"{name}: ${variable}_{number}"']
    if call.token is Token.GOOD:
        words += ["-H", '@"$dir/good"']
    elif call.token is not Token.MISSING:
        words += ["-H", f'@"$dir/bad-{tokens.index(call.token)}"']
    if call.key is not None:
        words += ["-H", f'"X-Idempotency-Key: $nonce-"{shell(call.key)}'] if call.key else [
            "-H", "'X-Idempotency-Key;'"
        ]  # fmt: skip
    for name, content in call.headers:
        # curl sends an empty header where a semicolon stands for the colon
        words += ["-H", shell(f"{name}: {content}" if content.strip() else f"{name};")]
    if call.body is not None:
        if not any(name == "Content-Type" for name, _ in call.headers):
            words += ["-H", "'Content-Type:'"]
        words += ["--data-binary", '@"$dir/sent"']
    return " ".join(words)


def _python(trace: Trace, form: str) -> str:
    must = claim(trace)
    made = _facts(trace, must)
    filters: dict[str, Any] = {"words": _python_words}
    source = _sources(helpers, f"({must.words.python}, Reply, at)")
    if set(made["tokens"]) - {"missing"}:
        source = f"{_sources(tokens, 'spoiled')}\n\n\n{source}"
    more = {
        "form": form,
        "claim": must.words.python,
        "helpers": source,
        "imports": _imports(source, made["unknown"], form),
        "name": "test_" + re.sub(r"\W", "_", trace.check),
        "sentence": trace.sentence,
    }
    return _render("script.py.j2", filters, {**made, **more})


def _python_words(call: Call) -> str:
    """A line of the Python script."""
    path = f"{call.before!a}"
    if isinstance(call.run, Unknown):
        path += f" + unknown({call.run.spelling!a})"
    elif call.run is not None:
        path += f" + runs[{call.run}]"
    path += f" + {call.after!a}" if call.after else ""
    told = [
        f"{name}={n}"
        for name, n in (("tenant", call.tenant), ("actor", call.actor))
        if n is not None
    ]
    if call.token is Token.MISSING:
        told.append("token=''")
    elif call.token is not Token.GOOD:
        told.append(f"token=spoiled(TOKEN, {str(call.token)!a}, secret)")
    headers = [f"**who({', '.join(told)})"]
    if call.key is not None:
        key = f"f'{{NONCE}}-' + {call.key!a}" if call.key else "''"
        headers.append(f"'X-Idempotency-Key': {key}")
    headers += [f"{name!a}: {content!a}" for name, content in call.headers]
    words = [f"{call.method!a}", path, f"{{{', '.join(headers)}}}"]
    words += [f"content={call.body!a}"] if call.body is not None else []
    words += ["raw=True"] if call.raw else []
    return f"replies.append(call(client, {', '.join(words)}))"


def _sources(module: Any, needed: str) -> str:
    """The source of what ``needed``, an expression, names, and of what that names in turn."""
    defined = {
        name: inspect.getsource(each).rstrip()
        for name, each in vars(module).items()
        if getattr(each, "__module__", "") == module.__name__
    }
    wanted: set[str] = set()
    more = _names(needed) & defined.keys()
    while more:
        wanted |= more
        more = (_names("\n".join(defined[name] for name in more)) & defined.keys()) - wanted
    return "\n\n\n".join(source for name, source in defined.items() if name in wanted)


def _names(source: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}


def _imports(source: str, unknown: bool, form: str) -> list[str]:
    """What the script imports, in order."""
    modules = {"json", "os", "secrets", "time"} | ({"sys"} if form == "httpx" else set())
    modules |= {"uuid"} if unknown else set()
    names = _names(source)
    modules |= names & {"base64", "hashlib", "hmac", "re"}
    found = {
        "datetime": "from datetime import datetime",
        "Decimal": "from decimal import Decimal",
    }
    typing = sorted(names & {"Any", "NamedTuple"})
    lines = [line for name, line in found.items() if name in names]
    return [
        *(f"import {name}" for name in sorted(modules)),
        *lines,
        f"from typing import {', '.join(typing)}",
    ]


def with_helpers(source: str) -> str:
    """A jq filter after the definitions that it takes."""
    parts = re.split(r"\n\n(?=#)", _file("helpers.jq").strip())
    defined = {match[1]: part for part in parts if (match := re.search(r"(?m)^def (\w+)", part))}
    wanted: set[str] = set()
    text = source
    while True:
        more = {name for name in defined if re.search(rf"\b{name}\(", text)} - wanted
        if not more:
            break
        wanted |= more
        text = "\n".join(defined[name] for name in more)
    return "\n\n".join([*(part for name, part in defined.items() if name in wanted), source])


def _file(*path: str) -> str:
    return resources.files(_FILES).joinpath(*path).read_text("utf-8")


@cache
def _templates() -> jinja2.Environment:
    made = jinja2.Environment(  # noqa: S701 - no HTML; each value goes through a filter of its own
        loader=jinja2.PackageLoader(_FILES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters.update(shell=shell, plain=plain, printf=printf, py=ascii, doc=_doc)
    return made


def _doc(text: str) -> str:
    """``text`` within a docstring."""
    return plain(text).replace("\\", "\\\\").replace('"', '\\"')


def _render(name: str, filters: dict[str, Any], facts: dict[str, Any]) -> str:
    environment = _templates().overlay()
    environment.filters = {**environment.filters, **filters}
    return environment.get_template(name).render(facts)
