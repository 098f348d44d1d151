"""Replies and missing replies as values."""

from __future__ import annotations

from pt004_model.model.replies import NoAnswer, Reply, Undecodable


def test_a_reply_does_not_show_its_body() -> None:
    """A reply may be long; in words it is its code and times."""
    reply = Reply(200, {"run": "x" * 9}, sent=1.0, received=2.0)
    assert repr(reply) == "Reply(code=200, sent=1.0, received=2.0, content_type='application/json')"
    assert Reply(200, Undecodable("no")) != Reply(200, Undecodable("no", "x"))


def test_no_answer_says_whether_the_call_may_have_been_applied() -> None:
    """Two missing answers differ by whether the call may have taken effect (1)."""
    assert NoAnswer("gone", applied=True) != NoAnswer("gone", applied=False)
