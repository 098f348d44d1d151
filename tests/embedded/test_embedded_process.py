"""The server as a process of its own (contract section 13, and its command line)."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from pt004_model.embedded.records import Answer, Call
from pt004_model.embedded.store import Store

pytestmark = pytest.mark.system

Spawn = Callable[..., "Server"]
COMMAND = [sys.executable, "-m", "pt004_model.embedded.server"]


class Server:
    """One server process and a connection to it."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - the command is our own
            [*COMMAND, "--port", "0", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
        )
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()
        self.port = int(self.line.rpartition(":")[2])
        self.http = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def call(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, dict[str, Any]]:
        """Send one request; return status and body."""
        sent = {"X-Tenant-ID": "t", "X-Actor-ID": "a", "Content-Type": "application/json"}
        raw = None if body is None else json.dumps(body).encode()
        self.http.request(method, path, raw, sent | headers)
        answer = self.http.getresponse()
        return answer.status, json.loads(answer.read())

    def close(self) -> None:
        """End the process for good."""
        self.http.close()
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Return a function that starts servers, all of which end with the test."""
    servers: list[Server] = []

    def start(*arguments: str, **environment: str) -> Server:
        servers.append(Server(*arguments, **environment))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def test_the_listening_line_and_a_polite_end(spawn: Spawn) -> None:
    """The first and only line tells the address, and SIGTERM ends the process with 0."""
    for end in (signal.SIGTERM, signal.SIGINT):
        server = spawn()
        assert re.fullmatch(r"listening on http://127\.0\.0\.1:\d+\n", server.line)
        assert server.call("GET", "/health") == (200, {"status": "healthy"})
        server.process.send_signal(end)
        assert server.process.wait(10) == 0
        assert server.process.communicate() == ("", "")


def test_it_stops_when_its_standard_input_ends(spawn: Spawn) -> None:
    """With the flag the server ends as soon as nobody holds its standard input any more."""
    server = spawn("--stop-on-stdin-eof")
    assert server.process.stdin is not None
    server.process.stdin.close()
    server.process.stdin = None
    assert server.process.wait(10) == 0


def test_what_was_accepted_survives_a_kill(spawn: Spawn, tmp_path: Path) -> None:
    """Runs, logs, gates and keys are still there after kill -9 and a restart."""
    arguments = ("--db", str(tmp_path / "fc.db"), "--automatic")
    server = spawn(*arguments)
    body = {"workflow_id": "wf", "steps": ["s1"]}
    key = {"X-Idempotency-Key": "k"}
    created = server.call("POST", "/api/fc/runs", body, **key)
    path = f"/api/fc/runs/{created[1]['run']['run_id']}"
    policy = {"decision": "flag", "policy_id": "p", "reason": "r"}
    start = {"status": "running", "current_step": "s1", "step_index": 0, "policy": policy}
    assert server.call("PATCH", path, start)[1]["run"]["status"] == "paused"
    full = f"{path}?include_logs=true&include_gates=true"
    before = server.call("GET", full)
    server.process.kill()
    server.process.wait(10)
    again = spawn(*arguments)
    assert before == again.call("GET", full)
    assert created == again.call("POST", "/api/fc/runs", body, **key)
    assert again.call("PATCH", path, {"status": "running"})[0] == 200


def test_authentication_takes_its_secret_from_the_environment(spawn: Spawn) -> None:
    """With --auth a call without a token is refused."""
    environment = {"SECRET_KEY": "s"}
    server = spawn("--auth", **environment)
    assert server.call("GET", "/workflows/runs/x")[0] == 401


def test_a_seeded_fault_is_chosen_by_name(spawn: Spawn) -> None:
    """With --fault the server has that fault."""
    server = spawn("--fault", "tags-are-sorted")
    run = server.call("POST", "/workflows/runs", {"workflow_id": "wf", "tags": ["b", "a"]})[1][
        "run"
    ]
    assert run["tags"] == ["a", "b"]


def test_a_large_body_is_refused_and_the_connection_lives(spawn: Spawn) -> None:
    """A body of 8 MiB is refused with 413, and the next call on the connection works."""
    server = spawn()
    assert server.call("POST", "/workflows/runs", {"x": "y" * 2**23})[0] == 413
    assert server.call("GET", "/health")[0] == 200


def test_what_is_no_http_is_refused_with_a_detail(spawn: Spawn) -> None:
    """An unreadable request is answered with 400 and a JSON object."""
    server = spawn()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n")
        head, _, body = b"".join(iter(lambda: connection.recv(4096), b"")).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert json.loads(body)["detail"]


def test_answers_are_not_delayed(spawn: Spawn) -> None:
    """Most small calls take well under the 40 ms that Nagle's algorithm costs each."""
    server = spawn()
    took = []
    for _ in range(50):
        began = time.monotonic()
        server.call("GET", "/health")
        took.append(time.monotonic() - began)
    assert median(took) < 0.03


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--fault", "tags-are-sort"), "'--fault': 'tags-are-sort' is no fault; did you mean "),
        (("--auth",), "--auth needs the shared secret in the environment: SECRET_KEY\n"),
        (("--db", "/no/such/directory/fc.db"), "The database /no/such/directory/fc.db cannot"),
        (("--port", "99999"), "'--port': 99999 is not in the range "),
        (("--host", "192.0.2.1"), "Cannot listen on 192.0.2.1:9405: "),
    ],
)
def test_a_bad_command_line_is_told_in_a_sentence(arguments: tuple[str, ...], said: str) -> None:
    """What cannot be started says why at the end and exits with 2."""
    environment = {name: value for name, value in os.environ.items() if name != "SECRET_KEY"}
    ended = subprocess.run(  # noqa: S603 - the command is our own
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        env=environment,
        timeout=30,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr.partition("\nError: ")[2]


def test_a_port_in_use_is_one_sentence(spawn: Spawn) -> None:
    """A second server on the same port says so and exits with 2."""
    port = str(spawn().port)
    ended = subprocess.run(  # noqa: S603 - the command is our own
        [*COMMAND, "--port", port], capture_output=True, text=True, timeout=30, check=False
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.endswith(
        f"Error: Cannot listen on 127.0.0.1:{port}: Address already in use.\n"
    )


def test_what_is_not_asked_for_leaves_the_memory() -> None:
    """Without a database file answers are kept all the same, and memory stays flat."""
    store, call = Store(), Call("t", "a", None, None, "POST", "/workflows/runs", b"")
    before = _resident()
    for number in range(500):
        store.add_key("t", str(number), call, "{}", Answer(201, f"{number:0>100000}"))
    assert _resident() - before < 20 * 2**20  # of 50
    assert all(store.find_key("t", str(number)) for number in range(500))
    store.close()


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
