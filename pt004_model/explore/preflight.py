"""Is there a Federation Core at all? Asked once, before anything is judged."""

from __future__ import annotations

from collections.abc import Callable

from pt004_model.model.replies import NoAnswer, Undecodable
from pt004_model.model.scenarios import HAPPY_PATH
from pt004_model.search.payloads import creation
from pt004_model.vocabulary import HEALTH_PATH
from pt004_model.wire.codec import Codec, Request, read_json
from pt004_model.wire.transport import Transport


def preflight(
    codec: Codec,
    transport: Transport,
    *,
    governed: bool = True,
    on_run: Callable[[str], None] = lambda _: None,
) -> str | None:
    """Why nothing can be said of what answers, in a sentence; ``None`` when it is an FC.

    An FC is healthy, and answers a first create with a run or with a refusal that has a ``detail``.
    Everything else about it, a server error included, is for the judge to say.
    """
    health = transport.send(Request("GET", HEALTH_PATH, {}))
    if isinstance(health, NoAnswer):
        return f"no Federation Core answers: {health.why}"
    if health.code != 200 or isinstance(read_json(health.content), Undecodable):
        return (
            f"what answers is no Federation Core: {HEALTH_PATH} gives status {health.code}"
            " and not 200 with JSON; is the address right?"
        )
    command = creation(0, HAPPY_PATH.steps if governed else ())
    answer = transport.send(codec.encode(command, lambda _: "", "preflight"))
    if isinstance(answer, NoAnswer):
        return f"the first create got no answer: {answer.why}"
    body = read_json(answer.content)
    if answer.code in {401, 403}:
        return (
            f"the first create is refused with {answer.code}: a token is missing or not good;"
            " set FC_TOKEN, or SECRET_KEY to have tokens made"
        )
    if answer.code == 404:
        return (
            f"the first create is refused with 404: this FC may speak the other dialect;"
            f" now it is {codec.dialect}, set FC_DIALECT or --dialect"
        )
    if answer.code >= 500:
        return None
    run = body.get("run") if isinstance(body, dict) else None
    run_id = run.get("run_id") if isinstance(run, dict) else None
    if 200 <= answer.code < 300 and isinstance(run_id, str):
        on_run(run_id)
        return None
    if 400 <= answer.code < 500 and isinstance(body, dict) and body.get("detail"):
        return None
    return (
        f"what answers is no Federation Core: the first create gives status {answer.code} with"
        " neither a run nor a refusal that has a detail"
    )
