"""Make sure that a Federation Core answers, before anything is judged and again when in doubt."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from pt004_model.judge.finding import quote
from pt004_model.model.commands import CreateRun
from pt004_model.model.replies import NoAnswer, Undecodable
from pt004_model.model.scenarios import HAPPY_PATH, plain_create
from pt004_model.vocabulary import Dialect
from pt004_model.wire.codec import Answer, Codec, Request, decode
from pt004_model.wire.patience import Silence
from pt004_model.wire.sending import Sender, Transport
from pt004_model.wire.token_source import NoToken


def preflight(
    codec: Codec,
    transport: Sender,
    *,
    governed: bool,
    on_run: Callable[[str], None],
    on_hint: Callable[[str], None],
) -> str | None:
    """Return why nothing can be said of what answers; see ``Target.preflight``.

    An FC is healthy, and answers a first create with a run or with a refusal that has a ``detail``.
    Everything else about it, a server error included, is for the judge to say.
    """
    health = _asked(transport, codec.health())
    if isinstance(health, NoAnswer):
        return f"no Federation Core answers: {health.why}"
    why = _unlike(health)
    if why:
        asked = codec.routes.health
        return f"what answers is no Federation Core: {asked} {why}; is the address right?"
    answer = _asked(transport, _create(codec, governed=governed))
    if isinstance(answer, NoAnswer):
        return f"the first create got no answer: {answer.why}"
    reply = codec.read(answer)
    if answer.code in {401, 403, 404}:
        return _refused(answer.code, codec.dialect)
    if answer.code >= 500:
        return None
    body, run_id = reply.body, (reply.run or {}).get("run_id")
    if 200 <= answer.code < 300 and isinstance(run_id, str):
        on_run(run_id)
        return None
    if 400 <= answer.code < 500 and isinstance(body, dict) and body.get("detail"):
        on_hint(
            f"the first create is refused with {answer.code}, {quote(body['detail'])};"
            " what every create must carry on this FC can be said in [create] of pt004.toml"
        )
        return None
    what = f"no JSON: {body.why}" if isinstance(body, Undecodable) else _NEITHER
    first = f"the first create gives status {answer.code} with"
    return f"what answers is no Federation Core: {first} {what}"


def _create(codec: Codec, *, governed: bool) -> Request:
    create = CreateRun(0, plain_create(HAPPY_PATH.steps if governed else ()))
    return codec.encode(codec.required.complete(create), lambda _: "", "preflight")


_NEITHER: Final = "neither a run nor a refusal that has a detail"


def _asked(transport: Sender, request: Request) -> Answer | NoAnswer:
    """Send a request, again while it gets no answer, and return the last answer.

    The transport by itself sends again what has not arrived at all, and nothing else.
    """
    silence = Silence()
    while True:
        began = time.monotonic()
        answer = transport.send(request)
        if not isinstance(answer, NoAnswer) or not answer.applied:
            return answer
        silence.unanswered(began)
        if silence.outlasts(transport.patience):
            return answer
        transport.on_wait()
        silence.pause(transport.patience)


def _refused(code: int, dialect: Dialect) -> str:
    if code == 404:
        return (
            f"the first create is refused with 404: this FC may speak the other dialect;"
            f" now it is {dialect}, set FC_DIALECT or --dialect, or [routes] in pt004.toml"
        )
    return (
        f"the first create is refused with {code}: a token is missing or not good;"
        " set FC_TOKEN, or SECRET_KEY to have tokens made"
    )


def _unlike(health: Answer) -> str:
    """Return the difference between an answer and that of a healthy FC, or nothing."""
    if health.code != 200:
        return f"gives status {health.code} and not 200 with JSON"
    body = decode(health).body
    return f"gives status 200 without JSON: {body.why}" if isinstance(body, Undecodable) else ""


def no_longer(
    codec: Codec, transport: Transport, *, governed: bool, on_run: Callable[[str], None]
) -> str | None:
    """Return why nothing that an FC refuses means anything any more, in a sentence, or ``None``.

    Asks for one more create like that of :func:`preflight`. One that is not answered, or answered
    in any other way, is for the judge to say something of.
    """
    try:
        answer = transport.send(_create(codec, governed=governed))
    except NoToken as error:
        return str(error)
    if isinstance(answer, NoAnswer):
        return None
    if answer.code in {401, 403}:
        return (
            f"the token is no longer taken: a create like the first one is now refused with"
            f" {answer.code}; give one that lives longer, or SECRET_KEY to have tokens made"
        )
    if answer.code == 404:
        return (
            "the Federation Core is no longer there: a create like the first one is now refused"
            " with 404"
        )
    run_id = (codec.read(answer).run or {}).get("run_id")
    if 200 <= answer.code < 300 and isinstance(run_id, str):
        on_run(run_id)
    return None
