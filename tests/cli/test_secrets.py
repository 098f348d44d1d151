"""What is given in secret is neither written nor printed, whatever an FC does with it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from pt004_model.trace.document import load_trace
from tests.cli.helpers import Ended, invoke, read_json, traces
from tests.cli.servers import ACCEPTED, Said, Seen, fronted

pytestmark = pytest.mark.system

KEY = "k3y-of-the-federation-core"
HEADER = 'he"ader\\value that is secret'


def good_token() -> str:
    """A token that an FC with the key takes (section 12)."""
    claims = {"server_id": "s", "scopes": [], "iat": 0, "exp": time.time() + 3600, "jti": "j"}
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
    signature = hmac.new(KEY.encode(), payload, hashlib.sha256).digest()
    return f"omega_{payload.decode()}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def talkative(place: Callable[[Said, str, str], Said]) -> Callable[[Seen, Said], Said]:
    """An FC that tells in its replies with what headers it was called."""

    def after(seen: Seen, said: Said) -> Said:
        token, other = (seen.headers.get(name, "") for name in ("authorization", "x-secret"))
        return place(said, token, other) if seen.is_run_call else said

    return after


def in_fields(said: Said, token: str, other: str) -> Said:
    """Both stand in the run itself, where every difference is a finding, and as a name."""
    body = said.json
    if said.status in ACCEPTED:
        body["run"]["workflow_version"] = token
        body["run"]["correlation_id"] = f"called with {other}"
        body["run"][other] = token
    return said.with_json({**body, "debug": {"headers": [token, other]}})


def in_refusals(said: Said, token: str, other: str) -> Said:
    """Refusals are no JSON, and begin with both; creates are fine."""
    if said.status in ACCEPTED:
        return said
    return evolve(said, body=f"{other} {token}".encode(), content_type="text/plain")


def check(
    place: Callable[[Said, str, str], Said], out: Path, *more: str, **environment: str
) -> Ended:
    """A campaign against an FC that demands tokens and repeats them."""
    size = ("--max-examples", "6", "--max-commands", "12", "--seed", "2")
    with fronted(after=talkative(place), secret=KEY) as front:
        return invoke("check", "--base-url", front.url, "--out", out, *size, *more, **environment)


@pytest.mark.parametrize("place", [in_fields, in_refusals])
@pytest.mark.parametrize("kind", ["SECRET_KEY", "FC_TOKEN"])
def test_no_secret_is_written_or_printed(
    kind: str, place: Callable[[Said, str, str], Said], tmp_path: Path
) -> None:
    """No file under --out and no line holds the key, a token, or the value of a header."""
    token = good_token()
    environment = {"SECRET_KEY": KEY} if kind == "SECRET_KEY" else {"FC_TOKEN": token}
    said = check(place, tmp_path, "--header", f"X-Secret={HEADER}", **environment)
    assert said.code == 1, said.said
    written = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    assert traces(tmp_path)
    for text in (said.out, said.err, *written):
        for secret in (KEY, token, HEADER, json.dumps(HEADER)[1:-1]):
            assert secret[:12] not in text
        # what was signed with the key is as good as the key for a day
        assert not re.search(r"omega_[\w-]{20}", text)
    assert any("[secret]" in text for text in written)


def test_prove_prints_no_secret() -> None:
    """A cross shows what an FC said, without the secrets that it repeated."""
    with fronted(after=talkative(in_fields), secret=KEY) as front:
        said = invoke(
            "prove", "--base-url", front.url, "--header", f"X-Secret={HEADER}", SECRET_KEY=KEY
        )
    assert said.code == 1
    assert said.out.count('  got:      "Bearer [secret]… (') == 3
    assert not re.search(r"omega_[\w-]{20}", said.said)
    assert HEADER not in said.said


def test_what_a_header_says_does_not_spoil_the_commands(tmp_path: Path) -> None:
    """A header whose value stands in our commands too leaves a trace that can be sent again."""
    said = check(in_fields, tmp_path, "--header", "X-Env=step_1", SECRET_KEY=KEY)
    assert said.code == 1
    assert traces(tmp_path)
    for path in traces(tmp_path):
        assert "[secret]" not in json.dumps([step["send"] for step in read_json(path)["steps"]])
        assert load_trace(path).commands


@pytest.mark.slow
def test_a_value_too_short_for_a_secret_is_left_alone(tmp_path: Path) -> None:
    """A header like ``X-Version=1`` does not blot every digit out of the evidence."""
    said = check(in_fields, tmp_path, "--header", "X-Version=1", SECRET_KEY=KEY)
    (path, *_) = traces(tmp_path)
    check_id = read_json(path)["check"]
    assert f"FINDING {path.stem}  {check_id}" in said.out
    written = path.read_text().replace("Bearer [secret]", "")
    written = written.replace('"Authorization": "[secret]"', "")  # of the requests
    assert "[secret]" not in written
