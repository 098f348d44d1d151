"""Isolation, idempotency and authentication (contract sections 9, 10 and 12)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator

import pytest

from pt004_model.embedded.app import build_app

from .client import Fc, run_of, start

# Isolation


@pytest.mark.parametrize(
    "body",
    [{"status": "failed"}, {"status": "bogus"}, {}, {"status": "completed", "output_payload": 1}],
)
@pytest.mark.parametrize("tenant", ["t2", "T1", "t", "t1x"])
def test_a_strangers_call_looks_like_one_on_an_unknown_run(
    fc: Fc, body: dict[str, object], tenant: str
) -> None:
    """Another tenant gets for any call what it gets for a run that does not exist."""
    run_id = fc.create()
    before = fc.read(run_id)
    foreign, unknown = (fc.patch(each, body, tenant=tenant) for each in (run_id, "unknown"))
    assert (foreign.status_code, foreign.text) == (unknown.status_code, unknown.text)
    foreign, unknown = (fc.get(each, tenant=tenant) for each in (run_id, "unknown"))
    assert (foreign.status_code, foreign.text) == (404, unknown.text)
    assert before == fc.read(run_id)


def test_what_happens_to_one_run_does_not_show_on_another(fc: Fc) -> None:
    """Two runs that share everything but their ids do not touch each other."""
    one, other = fc.create(2), fc.create(2)
    for run_id in (one, other):
        fc.step(run_id, 1, "flag")
        fc.do(run_id, "paused")
    before = fc.read(other)
    fc.do(one, "running")
    fc.do(one, "failed")
    assert before == fc.read(other)


# Idempotency


def test_a_repeated_create_is_answered_as_the_first(fc: Fc) -> None:
    """A create repeated with its key returns the run as it was then, whoever repeats it."""
    body = {"workflow_id": "wf", "steps": ["s1"]}
    first = fc.post(body, key="k")
    fc.step(run_of(first)["run_id"], 1)
    again = fc.post(body, key="k", actor="bob")
    assert (again.status_code, again.text) == (201, first.text)
    assert run_of(fc.post(body))["run_id"] != run_of(first)["run_id"]


def test_a_repeated_change_is_applied_once(fc: Fc) -> None:
    """A change repeated with its key is answered as it was, even when the run has moved on."""
    run_id = fc.create(2)
    body = {"status": "running", **start(1)}
    first = fc.patch(run_id, body, key="k")
    fc.step(run_id, 2)
    fc.do(run_id, "completed")
    before = fc.read(run_id)
    again = fc.patch(run_id, body, key="k")
    assert (again.status_code, again.text) == (200, first.text)
    assert before == fc.read(run_id)


def test_a_key_is_used_with_one_request(fc: Fc) -> None:
    """The same key with another body, method or path is refused with 409."""
    one, other = fc.create(1), fc.create(1)
    fc.patch(one, {"status": "failed"}, key="k")
    assert fc.patch(one, {"status": "failed", "reason": "r"}, key="k").status_code == 409
    assert fc.patch(other, {"status": "failed"}, key="k").status_code == 409
    assert fc.post({"status": "failed"}, key="k").status_code == 409
    path = f"/api/fc/runs/{one}"
    assert fc.send("PATCH", path, body={"status": "failed"}, key="k").status_code == 409
    assert fc.read(other)["run"]["status"] == "pending"


def test_a_key_belongs_to_its_tenant(fc: Fc) -> None:
    """Another tenant may use the same key for a request of its own."""
    first = fc.post({"workflow_id": "wf"}, key="k")
    second = fc.post({"workflow_id": "wf"}, key="k", tenant="t2")
    assert run_of(first)["run_id"] != run_of(second)["run_id"]


def test_a_refused_request_leaves_its_key_unused(fc: Fc) -> None:
    """A key that came with a refused request is free for another one."""
    run_id = fc.create(1)
    assert fc.patch(run_id, {"status": "paused"}, key="k").status_code == 409
    assert fc.patch(run_id, {"status": "failed"}, key="k").status_code == 200


def test_an_empty_key_is_none_and_a_read_ignores_it(fc: Fc) -> None:
    """An empty key counts as missing, and a read takes any key."""
    answers = [fc.post({"workflow_id": "wf"}, key="") for _ in range(2)]
    one, other = (run_of(answer)["run_id"] for answer in answers)
    assert one != other
    fc.patch(one, {"status": "failed"}, key="k")
    assert fc.get(one, key="k").json()["run"]["status"] == "failed"


# Authentication

SECRET = "shared secret"


@pytest.fixture
def locked_fc() -> Iterator[Fc]:
    """Return a Federation Core that enforces authentication."""
    client = Fc(build_app(secret=SECRET))
    yield client
    client.close()


def encode(raw: bytes) -> str:
    """Write unpadded base64url."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def token(claims: object, secret: str = SECRET) -> str:
    """Make a token as section 12 says."""
    payload = encode(json.dumps(claims).encode())
    digest = hmac.new(secret.encode(), payload.encode(), hashlib.sha256).digest()
    return f"omega_{payload}.{encode(digest)}"


def claims(**changed: object) -> dict[str, object]:
    """Return the claims of a good token, some of them changed."""
    now = int(time.time())
    good = {"server_id": "s", "scopes": [], "iat": now, "exp": now + 60, "jti": "j"}
    return good | changed


def code_with(fc: Fc, authorization: str | None) -> int:
    """Create a run with an Authorization header; return the status code."""
    headers = {} if authorization is None else {"Authorization": authorization}
    return int(fc.post({"workflow_id": "wf"}, headers=headers).status_code)


def test_a_good_token_opens(locked_fc: Fc) -> None:
    """A signed token that has not expired is accepted, with any scheme spelling."""
    assert code_with(locked_fc, f"Bearer {token(claims())}") == 201
    assert code_with(locked_fc, f"bearer {token(claims(exp=time.time() + 9.5))}") == 201


def test_tokens_without_a_good_exp_are_refused(locked_fc: Fc) -> None:
    """A token that is expired, or whose exp is missing or no number, is refused with 401."""
    bad = [0, time.time() - 1, -1, "9999999999", True, None, [], float("inf"), float("nan")]
    for expires in bad:
        assert code_with(locked_fc, f"Bearer {token(claims(exp=expires))}") == 401
    without = claims()
    del without["exp"]
    assert code_with(locked_fc, f"Bearer {token(without)}") == 401
    assert code_with(locked_fc, f"Bearer {token([])}") == 401


def test_forged_tokens_are_refused(locked_fc: Fc) -> None:
    """A missing token, and one that differs from a good one anywhere, is refused with 401."""
    good = token(claims())
    payload, signature = good.removeprefix("omega_").split(".")
    other = token(claims(jti="other")).removeprefix("omega_").split(".")[0]
    for authorization in (
        None,
        "",
        good,
        "Bearer ",
        f"Basic {good}",
        f"Bearer {payload}.{signature}",
        f"Bearer OMEGA_{payload}.{signature}",
        f"Bearer omega_{payload}",
        f"Bearer omega_{payload}.",
        f"Bearer omega_{payload}.{signature[:-1]}",
        f"Bearer omega_{payload}.{signature.swapcase()}",
        f"Bearer omega_{other}.{signature}",
        f"Bearer omega_.{signature}",
        f"Bearer {token(claims(), 'another')}",
    ):
        assert code_with(locked_fc, authorization) == 401


def test_every_run_call_needs_a_token(locked_fc: Fc) -> None:
    """Reads and changes need a token too; liveness does not."""
    assert locked_fc.get("unknown").status_code == 401
    assert locked_fc.patch("unknown", {"status": "failed"}).status_code == 401
    assert locked_fc.send("GET", "/health").status_code == 200
    headers = {"Authorization": f"Bearer {token(claims())}"}
    assert locked_fc.get("unknown", headers=headers).status_code == 404


def test_a_signed_payload_that_is_no_json_is_refused(locked_fc: Fc) -> None:
    """A payload that cannot be read is refused with 401 even when its signature is right."""
    for payload in ("", "!!!", encode(b"\xff"), encode(b"[" * 100000), "\xe9"):
        digest = hmac.new(SECRET.encode(), payload.encode(), hashlib.sha256).digest()
        header = f"Bearer omega_{payload}.{encode(digest)}"
        if header.isascii():
            assert code_with(locked_fc, header) == 401
