"""Headers, bodies, routes and refusals (contract sections 1, 2 and 11)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .client import Fc, run_of


def payload_of(fc: Fc, text: str) -> object:
    """Create a run with an input payload given as JSON text; return what comes back."""
    raw = f'{{"workflow_id":"wf","input_payload":{{"v":{text}}}}}'.encode()
    answer = fc.post(raw=raw)
    assert answer.status_code == 201, answer.text
    run_id = run_of(answer)["run_id"]
    assert run_of(answer) == fc.read(run_id)["run"]
    return run_of(answer)["input_payload"]["v"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("9007199254740992", 9007199254740992),
        ("9007199254740993", 9007199254740992.0),
        ("-9007199254740994", -9007199254740994.0),
        ("123456789012345678901234567890", 123456789012345678901234567890.0),
        ("1" + "0" * 308, 1e308),
        ("0." + "1" * 5000, 0.1111111111111111),
        ("-0", 0),
        ("-0.0", 0),
        ("5e-324", 5e-324),
        ("1.7976931348623157e308", 1.7976931348623157e308),
        ("0.1", 0.1),
        ("1.0", 1.0),
        ("true", True),
        ("null", None),
        ("{}", {}),
        ("[]", []),
        ('{"b":1,"a":null}', {"b": 1, "a": None}),
        ('["e\\u0301","\\u00e9",""," x "]', ["e\u0301", "\u00e9", "", " x "]),
        ('"\\ud83d\\ude00\\u0000\\u2028"', "\U0001f600\x00\u2028"),
        ('{"":1,"A":2,"a":3}', {"": 1, "A": 2, "a": 3}),
    ],
)
def test_payload_values_come_back(fc: Fc, text: str, value: object) -> None:
    """A payload comes back as the same JSON value."""
    assert payload_of(fc, text) == value


def test_big_numbers_are_the_same_double(fc: Fc) -> None:
    """An integer beyond 2**53 is read back as the double that the client meant."""
    assert float(str(payload_of(fc, "18014398509481985"))) == 18014398509481984.0


def nested(depth: int) -> bytes:
    """Return a create whose body is nested to a depth, the body itself being depth 1."""
    inside = "[" * (depth - 2) + "]" * (depth - 2)
    return f'{{"workflow_id":"wf","input_payload":{{"v":{inside}}}}}'.encode()


def test_depth_64_is_taken(fc: Fc) -> None:
    """Nesting to depth 64 is accepted and comes back."""
    assert fc.post(raw=nested(64)).status_code == 201
    wide = {"workflow_id": "wf", "metadata": {"v": [[] for _ in range(200)]}}
    assert fc.post(wide).status_code == 201


def sized(size: int) -> bytes:
    """Return a create of exactly so many bytes."""
    start, end = b'{"workflow_id":"wf","metadata":{"v":"', b'"}}'
    return start + b"x" * (size - len(start) - len(end)) + end


def test_a_body_of_1_mib_is_taken(fc: Fc) -> None:
    """A body of 1 MiB is accepted, and one of a byte more is refused with 413."""
    assert fc.post(raw=sized(1048576)).status_code == 201
    assert fc.post(raw=sized(1048577)).status_code == 413


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"{'workflow_id': 'wf'}", 400),
        (b'{"workflow_id":"wf"} x', 400),
        (b'\xef\xbb\xbf{"workflow_id":"wf"}', 400),
        (b'{"workflow_id":"\xff"}', 400),
        (b'{"workflow_id":"\xed\xa0\x80"}', 400),
        (b'{"workflow_id":"a\nb"}', 400),
        (b'{"workflow_id":"wf","metadata":{"v":NaN}}', 400),
        (b'{"workflow_id":"wf","metadata":{"v":-Infinity}}', 400),
        (b'{"workflow_id":"wf","metadata":{"v":1e400}}', 422),
        (b'{"workflow_id":"wf","metadata":{"v":-1e400}}', 422),
        (b'{"workflow_id":"wf","metadata":{"v":1' + b"0" * 400 + b"}}", 422),
        (b'{"workflow_id":"wf","metadata":{"v":1' + b"0" * 9000 + b"}}", 422),
        (b'{"workflow_id":"wf","metadata":{"v":"\\ud800"}}', 422),
        (b'{"workflow_id":"wf","metadata":{"\\udc00":1}}', 422),
        (b'{"workflow_id":"wf","metadata":{"a":1,"a":1}}', 422),
        (b'{"workflow_id":"wf","workflow_id":"wf"}', 422),
        (nested(65), 422),
        (b"[" * 100000, 422),
        (b'{"a":' * 100000, 422),
        (b"[]", 422),
        (b"null", 422),
        (b'"x"', 422),
        (b"{}", 422),
    ],
)
def test_what_is_no_such_body_is_refused(fc: Fc, raw: bytes, status: int) -> None:
    """What lies beyond the contract's JSON is refused, for a create and for a change."""
    answer = fc.post(raw=raw)
    assert (answer.status_code, bool(answer.json()["detail"])) == (status, True)
    run_id = fc.create()
    before = fc.read(run_id)
    change = raw.replace(b'"workflow_id"', b'"status"').replace(b'"wf"', b'"failed"')
    assert fc.patch(run_id, raw=change).status_code == status
    assert before == fc.read(run_id)


@pytest.mark.parametrize(
    "fields",
    [
        {"workflow_id": None},
        {"workflow_id": ""},
        {"workflow_id": 1},
        {"workflow_version": 1},
        {"workflow_version": []},
        {"input_payload": []},
        {"input_payload": "x"},
        {"metadata": 0},
        {"metadata": False},
        {"tags": "a"},
        {"tags": [1]},
        {"tags": [None]},
        {"tags": {}},
        {"steps": []},
        {"steps": [""]},
        {"steps": ["a", "a"]},
        {"steps": ["a", 1]},
        {"steps": "a"},
        {"steps": {}},
    ],
)
def test_a_create_with_a_wrong_field_is_refused(fc: Fc, fields: dict[str, object]) -> None:
    """A create with a missing, empty or mistyped field is refused with 422."""
    assert fc.post({"workflow_id": "wf", **fields}).status_code == 422


@pytest.mark.parametrize(
    "fields",
    [
        {"status": None},
        {"status": "Running"},
        {"status": "cancelled"},
        {"status": 1},
        {"status": ["running"]},
        {"current_step": 1},
        {"step_index": "0"},
        {"step_index": True},
        {"step_index": False},
        {"step_index": -1},
        {"step_index": 0.5},
        {"step_index": []},
        {"reason": 1},
        {"reason": {}},
        {"status": "failed", "error_details": []},
        {"status": "failed", "error_details": "x"},
        {"status": "completed", "output_payload": 1},
    ],
)
@pytest.mark.parametrize("steps", [1, None])
def test_a_change_with_a_wrong_field_is_refused(
    fc: Fc, fields: dict[str, object], steps: int | None
) -> None:
    """A change with a missing or mistyped field is refused with 422 and changes nothing."""
    run_id = fc.create(steps)
    policy = {"decision": "allow", "policy_id": "p", "reason": "r"}
    fc.do(run_id, "running", current_step="s1", step_index=0, policy=policy)
    before = fc.read(run_id)
    assert fc.patch(run_id, {"status": "paused", **fields}).status_code == 422
    assert before == fc.read(run_id)


def test_an_integral_double_is_an_integer(fc: Fc) -> None:
    """A step index of 0.0 is taken for 0, and comes back as 0."""
    run_id = fc.create(1)
    raw = b"""{"status":"running","current_step":"s1","step_index":-0.0,
        "policy":{"decision":"allow","policy_id":"","reason":""}}"""
    answer = fc.patch(run_id, raw=raw)
    assert answer.status_code == 200
    assert json.dumps(run_of(answer)["step_index"]) == "0"


@pytest.mark.parametrize("name", ["X-Tenant-ID", "X-Actor-ID"])
@pytest.mark.parametrize("value", ["", None, "caf\xe9"])
def test_who_calls_must_be_said(fc: Fc, name: str, value: str | None) -> None:
    """A call without tenant or actor, or with one that is not ASCII, is refused with 400."""
    run_id = fc.create()
    how: dict[str, Any] = {"tenant" if name == "X-Tenant-ID" else "actor": None}
    if value is not None:
        how["headers"] = {name.encode(): value.encode("latin-1")}
    assert fc.post({"workflow_id": "wf"}, **how).status_code == 400
    assert fc.patch(run_id, {"status": "failed"}, **how).status_code == 400
    assert fc.get(run_id, **how).status_code == 400
    assert fc.read(run_id)["run"]["status"] == "pending"


@pytest.mark.parametrize(
    ("media_type", "status"),
    [
        ("application/json; charset=utf-8", 201),
        ("Application/JSON", 201),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("", 415),
    ],
)
def test_a_body_says_it_is_json(fc: Fc, media_type: str, status: int) -> None:
    """A body with another Content-Type is refused with 415."""
    answer = fc.post({"workflow_id": "wf"}, headers={"Content-Type": media_type})
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/workflows/runs"),
        ("PUT", "/workflows/runs"),
        ("DELETE", "/workflows/runs/x"),
        ("POST", "/workflows/runs/x/status"),
        ("GET", "/workflows/runs/x/status"),
        ("PATCH", "/workflows/runs/x"),
        ("GET", "/api/fc/runs"),
        ("PUT", "/api/fc/runs/x"),
        ("DELETE", "/api/fc/runs/x"),
        ("POST", "/health"),
    ],
)
def test_a_wrong_method_is_refused(fc: Fc, method: str, path: str) -> None:
    """A method that a route does not have is refused with 405 and a detail."""
    answer = fc.send(method, path)
    assert (answer.status_code, bool(answer.json()["detail"])) == (405, True)


@pytest.mark.parametrize(
    "run_id", ["x", "%00", "%ff", "a%2Fb", "%2F", "..%2f", "~", "x" * 5000, "%F0%9F%98%80"]
)
def test_an_odd_run_id_is_unknown(fc: Fc, run_id: str) -> None:
    """A path that names no run is refused with 404 and a detail, whatever it holds."""
    for answer in (
        fc.send("GET", f"/workflows/runs/{run_id}"),
        fc.send("GET", f"/api/fc/runs/{run_id}"),
        fc.patch(run_id, {"status": "failed"}),
        fc.send("PATCH", f"/api/fc/runs/{run_id}", body={"status": "failed"}),
    ):
        assert (answer.status_code, bool(answer.json()["detail"])) == (404, True)


def test_both_dialects_serve_the_same_runs(fc: Fc) -> None:
    """A run created in one dialect is changed and read in the other."""
    run_id = run_of(fc.post({"workflow_id": "wf"}, path="/api/fc/runs"))["run_id"]
    assert fc.do(run_id, "running")["status"] == "running"
    fc.send("PATCH", f"/api/fc/runs/{run_id}", body={"status": "paused"})
    query = "?include_logs=true&include_gates=true"
    assert fc.send("GET", f"/api/fc/runs/{run_id}{query}").json() == fc.read(run_id)
    assert fc.read(run_id)["run"]["status"] == "paused"


def test_health(fc: Fc) -> None:
    """The server says that it is alive without asking who wants to know."""
    answer = fc.send("GET", "/health", tenant=None, actor=None)
    assert (answer.status_code, answer.json()) == (200, {"status": "healthy"})


def test_the_openapi_document(fc: Fc) -> None:
    """The document describes bodies, headers and refusals, and every reference resolves."""
    document = fc.send("GET", "/openapi.json").json()
    change = document["paths"]["/workflows/runs/{run_id}/status"]["patch"]
    assert [item["name"] for item in change["parameters"]] == [
        "run_id",
        "X-Tenant-ID",
        "X-Actor-ID",
        "X-Idempotency-Key",
    ]
    assert change["requestBody"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/ChangeBody"
    }
    assert sorted(change["responses"]) == ["200", "400", "401", "404", "409", "413", "415", "422"]
    names = json.dumps(document).split('"#/components/schemas/')[1:]
    assert {name.partition('"')[0] for name in names} <= set(document["components"]["schemas"])
    assert "/api/fc/runs/{run_id}" in document["paths"]
