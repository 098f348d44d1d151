"""Replies and missing replies as values."""

from __future__ import annotations

from pt004_model.model.replies import NoAnswer, Reply, Undecodable
from pt004_model.model.values import Json


def test_a_reply_does_not_show_its_body() -> None:
    """A reply may be long; in words it is its code and times."""
    reply = Reply(200, {"run": "x" * 9}, sent=1.0, received=2.0)
    assert repr(reply) == "Reply(code=200, sent=1.0, received=2.0, content_type='application/json')"
    assert Reply(200, Undecodable("no")) != Reply(200, Undecodable("no", "x"))


def test_no_answer_says_whether_the_call_may_have_been_applied() -> None:
    """Two missing answers differ by whether the call may have taken effect (1)."""
    assert NoAnswer("gone", applied=True) != NoAnswer("gone", applied=False)


def test_a_reply_shows_a_run_and_rows_or_none() -> None:
    """Whatever stands in their places: what is no object, or no list of them, is not there."""
    shown = Reply(200, {"run": {"status": "paused"}, "logs": [{"a": 1}, 2], "gates": {"b": 1}})
    assert (shown.run, shown.rows("logs"), shown.rows("gates")) == (
        {"status": "paused"}, [{"a": 1}], [],
    )  # fmt: skip
    others: tuple[Json | Undecodable, ...] = ({"run": ["r"]}, [{"run": {}}], Undecodable("no"))
    for body in others:
        assert (Reply(200, body).run, Reply(200, body).rows("logs")) == (None, [])
