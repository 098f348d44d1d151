"""Wrong usage: exit code 2, and a sentence that says which thing, what is wrong, what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.helpers import invoke, run

ADDRESS = ("--base-url", "http://127.0.0.1:9405")
SECRET = "s3cret-of-the-test"
AREAS = (
    "lifecycle, steps, policy, gates, audit, receipts, isolation, input, idempotency,"
    " authentication, concurrency, durability"
)

ROWS: list[tuple[tuple[str, ...], dict[str, str], tuple[str, ...]]] = [
    # arguments, environment, what the message says
    (("prove", "--base-url", "localhost:9405"), {}, ("what was given", "http://127.0.0.1:9405")),
    (("check", "--base-url", "ftp://fc"), {}, ("--base-url", "like http://")),
    (("check", "--base-url", "http://"), {}, ("--base-url", "like http://")),
    (("check", "--base-url", "http://fc:99999"), {}, ("'http://fc' and", "like http://")),
    (("check", "--base-url", "http://fc?a=b"), {}, ("'http://fc' and", "like http://")),
    (("prove",), {"FC_BASE_URL": "nonsense"}, ("what was given", "like http://")),
    (("prove",), {"FC_BASE_URL": f"https//u:{SECRET}@fc"}, ("what was given", "like http://")),
    (("check",), {"FC_BASE_URL": f"http://fc?a={SECRET}"}, ("'http://fc' and", "like http://")),
    (
        ("check", *ADDRESS),
        {"http_proxy": f"http://u:/{SECRET}@fc", "no_proxy": ""},
        ("http_proxy",),
    ),
    (("check", "--profile", "huge"), {}, ("'huge'", "choose from dev, ci, nightly")),
    (("check",), {"PT004_PROFILE": "huge"}, ("'huge'", "choose from dev, ci, nightly")),
    (("check", "--areas", "steps,magic"), {}, ("'magic'", AREAS)),
    (("check", "--areas", ","), {}, ("no area", AREAS)),
    (("check", "--fault", "no-such"), {}, ("'no-such'", "`pt004 faults` lists all")),
    (("prove", "--fault", "no-such"), {}, ("'no-such'", "`pt004 faults` lists all")),
    (("serve", "--fault", "no-such"), {}, ("'no-such'", "`pt004 faults` lists all")),
    (("prove", "--dialect", "klingon"), {}, ("'klingon'", "'seed'", "'deployed'")),
    (("prove",), {"FC_DIALECT": "klingon"}, ("'klingon'", "'seed'", "'deployed'")),
    (("check", *ADDRESS, "--auth"), {"SECRET_KEY": SECRET}, ("--auth", "embedded", "leave out")),
    (("check", *ADDRESS, "--automatic"), {}, ("--automatic", "embedded", "leave out")),
    (("prove", *ADDRESS, "--fault", "step-runs-twice"), {}, ("--fault", "embedded", "leave out")),
    (("check", "--auth"), {}, ("--auth", "SECRET_KEY")),
    (("prove", "--auth"), {"SECRET_KEY": ""}, ("--auth", "SECRET_KEY")),
    (("serve", "--auth"), {}, ("--auth", "SECRET_KEY")),
    (("check", "--header", "nothing"), {}, ("NAME=VALUE",)),
    (("check", "--header", "bad name=x"), {}, ("NAME=VALUE",)),
    (("check", "--header", f"Authorization: Bearer {SECRET}"), {}, ("NAME=VALUE",)),
    (("check", "--header", f"Authorization: Basic {SECRET}=="), {}, ("NAME=VALUE",)),
    (("check", "--header", f"X-A=é{SECRET}"), {}, ("X-A", "visible ASCII")),
    (("check", "--header", f"X-A={SECRET}\n"), {}, ("X-A", "visible ASCII")),
    (("check", "--header", f"X-A= {SECRET}"), {}, ("X-A", "spaces around")),
    (("check", "--header", "Content-Length=3"), {}, ("Content-Length", "tester sets itself")),
    (("check", "--header", "x-tenant-id=t"), {}, ("x-tenant-id", "tester sets itself")),
    (("check", *ADDRESS), {"FC_TOKEN": f"{SECRET}\n"}, ("FC_TOKEN", "visible ASCII")),
    (("check",), {"TENANT_ID": "a b"}, ("TENANT_ID", "visible ASCII")),
    (("check",), {"TENANT_ID": "a", "STRANGER_TENANT_ID": "a"}, ("STRANGER_TENANT_ID", "another")),
    (("check", "--ca-bundle", "/no/such/file"), {}, ("/no/such/file", "does not exist")),
    (("check", "--max-examples", "0"), {}, ("--max-examples", "x>=1")),
    (("check", "--max-time", "0"), {}, ("--max-time", "x>0")),
    (("check", "--rate", "-1"), {}, ("--rate", "x>0")),
    (("check", "--timeout", "soon"), {}, ("--timeout", "'soon'")),
    (("check", "--timeout", "nan"), {}, ("--timeout", "'nan' is not finite")),
    (("submit", "x", "--patience", "inf"), {}, ("--patience", "'inf' is not finite")),
    (("check", "--seed", "-1"), {}, ("--seed", "0<=x<=4294967295")),
    (("nonsense",), {}, ("'nonsense'",)),
    *(
        ((*arguments, "x" * 300), {}, ("cannot", "x" * 300, "name too long"))
        for arguments in (
            ("audit",),
            ("verify",),
            ("baseline", "list", "--known"),
            ("check", "--out"),
            ("check", "--known"),
            ("fit", *ADDRESS, "--out"),
        )
    ),
]


@pytest.mark.parametrize(("arguments", "environment", "said"), ROWS)
def test_wrong_usage_is_one_sentence(
    arguments: tuple[str, ...], environment: dict[str, str], said: tuple[str, ...]
) -> None:
    """Exit code 2, nothing on standard output, the sentence on standard error, no secret in it."""
    ended = invoke(*arguments, **environment)
    assert (ended.code, ended.out) == (2, "")
    message = ended.err.partition("Error: ")[2]
    assert message.endswith("\n")
    assert message.count("\n") == 1
    for part in said:
        assert part in message
    assert "Traceback" not in ended.err
    assert SECRET not in ended.err


def test_a_certificate_file_that_holds_none(tmp_path: Path) -> None:
    """A CA bundle that cannot be used is named."""
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("no certificate")
    ended = invoke("prove", *ADDRESS, "--ca-bundle", bundle)
    assert ended.code == 2
    assert f"cannot use the CA bundle {bundle}" in ended.err


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """Before anything is sent --out is tried, and what is wrong with it is said."""
    (tmp_path / "file").write_text("")
    for out, why in ((tmp_path / "file" / "out", "Not a directory"), (tmp_path / "file", "file")):
        ended = invoke("check", *ADDRESS, "--out", out)
        assert (ended.code, ended.out) == (2, "")
        assert str(out) in ended.err
        assert why in ended.err


@pytest.mark.system
def test_the_process_ends_with_that_exit_code() -> None:
    """As a process of its own the command exits with 2 and shows no traceback."""
    ended = run("check", "--profile", "huge")
    assert (ended.code, ended.out) == (2, "")
    assert "Error: Invalid value for '--profile'" in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("command", "more"),
    [("check", "PT004_PROFILE PT004_KNOWN PT004_UNGOVERNED"), ("prove", ""), ("replay", "")],
)
def test_the_help_names_the_variables(command: str, more: str) -> None:
    """What the environment may say stands in the help of each command that listens to it."""
    said = re.findall(r"[A-Z][A-Z0-9_]+", invoke(command, "--help").out)
    names = ("FC_BASE_URL", "FC_DIALECT", "FC_TOKEN", "SECRET_KEY", "TENANT_ID", "ACTOR_ID")
    assert {*names, "STRANGER_TENANT_ID", *more.split()} <= set(said)
