"""Times are read as RFC 3339 has them, and must have been taken when their change took effect."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pt004_model.judge.clock import Clock, Instant, Window, parse
from tests.habits import in_microseconds, in_milliseconds, in_seconds
from tests.stub import NOON


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", Instant(0.0, 0)),
        ("2026-02-06T12:00:00Z", Instant(NOON, 0)),
        ("2026-02-06T12:00:00z", Instant(NOON, 0)),
        ("2026-02-06t12:00:00Z", Instant(NOON, 0)),
        ("2026-02-06 12:00:00Z", Instant(NOON, 0)),
        ("2026-02-06T12:00:00+00:00", Instant(NOON, 0)),
        ("2026-02-06T12:00:00-00:00", Instant(NOON, 0)),
        ("2026-02-06T12:00:00.5Z", Instant(NOON + 0.5, 1)),
        ("2026-02-06T12:00:00.500000Z", Instant(NOON + 0.5, 1)),
        ("2026-02-06T12:00:00.000Z", Instant(NOON, 0)),
        ("2026-02-06T12:00:00.123456+00:00", Instant(NOON + 0.123456, 6)),
        ("2026-02-06T11:59:60Z", Instant(NOON, 0)),  # a leap second
        ("2024-02-29T00:00:00Z", Instant(1_709_164_800.0, 0)),
    ],
)
def test_times_are_read(text: str, expected: Instant) -> None:
    """What RFC 3339 allows in UTC is read, to the digits that say something."""
    assert expected == parse(text)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "2026-02-06",
        "2026-02-06T12:00Z",
        "2026-02-06T12:00:00+25:00",
        "2026-02-06T12:00:00.Z",
        "2026-02-06T24:00:00Z",
        "2026-02-06T12:60:00Z",
        "2026-02-06T12:00:61Z",
        "2026-02-30T12:00:00Z",
        "2026-13-01T12:00:00Z",
        "0000-01-01T00:00:00Z",
        "26-02-06T12:00:00Z",
        " 2026-02-06T12:00:00Z",
        "2026-02-06T12:00:00Z\n",
        "\u0662\u0660\u0662\u0666-02-06T12:00:00Z",  # digits, but not those of RFC 3339
        "yesterday",
        1_770_379_200,
        None,
        True,
        ["2026-02-06T12:00:00Z"],
        {},
    ],
)
def test_what_is_no_time_is_read_as_none(value: object) -> None:
    """Everything else is no time."""
    assert parse(value) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-02-06T12:00:00", NOON),  # no zone
        ("2026-02-06T13:00:00+01:00", NOON),
        ("2026-02-06T07:30:00.5-0430", NOON + 0.5),
    ],
)
def test_a_time_in_no_proper_form_is_read_all_the_same(text: str, seconds: float) -> None:
    """A zone that lacks, or is not UTC, is a difference, and what the time says is known."""
    instant = parse(text)
    assert instant is not None
    assert (instant.seconds, instant.proper) == (seconds, False)


@settings(max_examples=100, derandomize=False, database=None, deadline=None)
@given(seconds=st.integers(0, 4_000_000_000), micros=st.integers(0, 999_999))
def test_times_come_back_as_they_were_written(seconds: int, micros: int) -> None:
    """A time that is written and read is the same to a microsecond, or cut as it was written."""
    moment = seconds + micros / 1e6
    for write, cut in ((in_microseconds, 1e-6), (in_milliseconds, 1e-3), (in_seconds, 1.0)):
        instant = parse(write(moment))
        assert instant is not None
        assert -2e-6 <= moment - instant.seconds <= cut + 2e-6


def seen(*times: tuple[float, float], digits: int = 6, lasting: float = 0.01) -> Clock:
    """A clock that has learned of changes: our time at the start, and what theirs showed."""
    clock = Clock()
    for ours, theirs in times:
        clock.learn(Instant(theirs, digits), Window(ours, ours + lasting))
    return clock


@pytest.mark.parametrize(
    ("clock", "theirs", "expected"),
    [
        (Clock(), NOON - 86_400, True),  # nothing is known of their clock yet
        (seen((100.0, 100.005)), 200.005, True),
        (seen((100.0, 100.005)), 200.1, False),
        (seen((100.0, 100.005)), 199.9, False),
        (seen((100.0, 3700.005)), 3800.005, True),  # an hour ahead throughout
        (seen((100.0, 3700.005)), 200.005, False),  # an hour ahead until now
        (seen((100.0, 100.005)), 3800.005, False),  # an hour ahead of a sudden
        (seen((100.0, 100.005)), 200.005 + 0.05, True),  # 500 ppm of 100 s
        (seen((100.0, 100.005)), 200.005 - 0.05, True),
        (seen((100.0, 100.005)), 200.005 + 0.08, False),
        (seen((100.0, 100.0), digits=0), 200.0, True),  # cut to seconds
        (seen((100.0, 100.0), digits=0), 199.0, True),  # a moment behind us
        (seen((100.0, 100.0), digits=0), 198.0, False),
        (seen((100.0, 100.0), digits=0), 201.0, True),  # nearly a second ahead of us
        (seen((100.9, 100.0), digits=0), 201.0, False),  # that was ruled out
    ],
)
def test_a_time_must_fit_what_is_known_of_the_clock(
    clock: Clock, theirs: float, expected: bool
) -> None:
    """At our 200.0 the FC's clock shows what it led us to expect, drift and cutting granted."""
    digits = 0 if theirs == int(theirs) else 6
    window = Window(200.0, 200.01)
    before = (clock.low, clock.high, clock.at)
    assert expected is clock.allows(Instant(theirs, digits), window)
    assert before == (clock.low, clock.high, clock.at)


def test_each_time_has_a_resolution_of_its_own() -> None:
    """A time cut to a second is taken for that, whatever other times have shown (2)."""
    clock = seen((100.0, 100.005))
    assert not clock.allows(Instant(199.5, 6), Window(200.0, 200.01))
    assert clock.allows(Instant(199.5, 1), Window(200.0, 200.01))


def test_a_time_that_is_a_little_wrong_blames_no_other() -> None:
    """What a time teaches is taken with caution, so that right times after it stay right."""
    clock = seen((100.0, 100.005))
    assert clock.allows(Instant(200.018, 6), Window(200.0, 200.01))
    clock.learn(Instant(200.018, 6), Window(200.0, 200.01))
    assert clock.allows(Instant(300.002, 6), Window(300.0, 300.01))


def test_two_digits_say_nothing_of_the_resolution() -> None:
    """A field that showed tenths by chance may be cut to seconds."""
    clock = seen((100.0, 100.0), digits=2)
    assert clock.allows(Instant(200.0, 0), Window(200.9, 200.91))


def test_a_call_that_never_ended_teaches_nothing_of_the_lead() -> None:
    """An open window bounds nothing."""
    clock = Clock()
    clock.learn(Instant(5000.125, 3), Window(100.0, math.inf))
    assert (-math.inf, math.inf) == (clock.low, clock.high)
    assert clock.allows(Instant(100.0, 0), Window(100.0, 100.01))


def test_what_is_known_narrows() -> None:
    """Each change leaves fewer leads possible: the bounds are those of all windows together."""
    clock = Clock()
    clock.learn(Instant(101.0, 6), Window(100.0, 102.0))
    assert pytest.approx(-1.012) == clock.low
    assert pytest.approx(1.012001) == clock.high
    clock.learn(Instant(101.5, 6), Window(100.0, 102.0))
    assert pytest.approx(-0.512) == clock.low
    assert pytest.approx(1.012001) == clock.high
