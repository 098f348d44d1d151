"""The functions that scripts are given, as far as they need them: their very source is copied.

A value read of a reply is a list: empty where it is not there, else with the value in it. Each
function has its like in ``helpers.jq``.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple


class Reply(NamedTuple):
    """An answer; start and end are epoch seconds."""

    status: int
    type: str
    body: Any
    is_json: bool
    start: float
    end: float


def at(value: Any, *path: str | int) -> list[Any]:
    """What stands at a path: a list of one, or an empty list when it is not there."""
    found = [value]
    for part in path:
        if isinstance(part, str):
            found = [value[part]] if isinstance(value, dict) and part in value else []
        else:
            found = value[part : part + 1] if isinstance(value, list) else []
        if not found:
            return []
        value = found[0]
    return found


def listed(body: Any, name: str) -> list[dict[str, Any]]:
    """The objects of a list in the body: its log entries or gates."""
    part = body.get(name) if isinstance(body, dict) else None
    return [each for each in part if isinstance(each, dict)] if isinstance(part, list) else []


def entry(body: Any, kind: str, count: int) -> Any:
    """The log entry that is the count-th of its kind, from 0 on."""
    found = [each for each in listed(body, "logs") if each.get("event_type") == kind]
    return found[count] if count < len(found) else None


def kinds(body: Any, kind: str, count: int) -> bool:
    """Whether the log has so many entries of the kind."""
    return [each.get("event_type") for each in listed(body, "logs")].count(kind) == count


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same: 1 is 1.0, and true is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        try:
            return float(one) == float(other)
        except OverflowError:  # an integer beyond a double is the same as none
            return False
    return type(one) is type(other) and bool(one == other)


def among(one: list[Any], values: list[Any]) -> bool:
    """It is one of the values."""
    return any(same(one, [each]) for each in values)


def is_text(one: list[Any]) -> bool:
    """A string that is not empty."""
    return len(one) == 1 and isinstance(one[0], str) and one[0] != ""


def is_kind(one: list[Any], kind: str) -> bool:
    """A value of the kind: string, object, list or null."""
    types = {str: "string", dict: "object", list: "list", type(None): "null"}
    return len(one) == 1 and types.get(type(one[0])) == kind


def holds_objects(one: list[Any]) -> bool:
    """A list of objects."""
    return is_kind(one, "list") and all(isinstance(each, dict) for each in one[0])


def has_length(one: list[Any], count: int) -> bool:
    """A list of so many."""
    return is_kind(one, "list") and len(one[0]) == count


def empty_or_absent(one: list[Any]) -> bool:
    """Not there, null or an empty list."""
    return one in ([], [None], [[]])


def begins(longer: list[Any], shorter: list[Any]) -> bool:
    """The longer list begins with the shorter one."""
    if not (is_kind(longer, "list") and is_kind(shorter, "list")):
        return False
    return same(longer[0][: len(shorter[0])], shorter[0])


def is_id(one: list[Any]) -> bool:
    """A run id: unreserved URL characters, at least one."""
    return is_text(one) and re.fullmatch("[A-Za-z0-9._~-]+", one[0]) is not None


def seconds(one: list[Any]) -> float | None:
    """A time in RFC 3339 and UTC in seconds since 1970, or None for anything else."""
    pattern = r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]00:00)"
    match = re.fullmatch(pattern, one[0], re.ASCII) if is_text(one) else None
    if match is None:
        return None
    try:
        whole = datetime.fromisoformat(f"{match[1]}T{match[2]}+00:00").timestamp()
    except ValueError:
        return None
    return whole + float(f"0{match[3] or ''}")


def is_time(one: list[Any]) -> bool:
    """A time in RFC 3339 and UTC."""
    return seconds(one) is not None


def same_time(one: list[Any], other: list[Any]) -> bool:
    """Two times, and the same."""
    return is_time(one) and seconds(one) == seconds(other)


def later(one: list[Any], other: list[Any]) -> bool:
    """Two times, the first later than the second."""
    last, first = seconds(one), seconds(other)
    return last is not None and first is not None and last > first


def in_order(times: list[list[Any]]) -> bool:
    """No time is before the one before it; what is no time is left out."""
    found = [each for each in map(seconds, times) if each is not None]
    return found == sorted(found)


def all_times(body: Any) -> list[list[Any]]:
    """The times of the log in order."""
    return [at(each, "timestamp") for each in listed(body, "logs")]


def set_during(one: list[Any], created: list[Any], first: Reply, reply: Reply) -> bool:
    """The time lies within the call, by the FC's clock, which the create has shown.

    Times may be cut to seconds, so each end has a second more.
    """
    time, start = seconds(one), seconds(created)
    if time is None or start is None:
        return False
    return reply.start - first.end - 1.05 <= time - start <= reply.end - first.start + 1.05


def fresh(ids: list[Any]) -> bool:
    """Strings that are not empty, no two alike."""
    return all(isinstance(each, str) and each for each in ids) and len(set(ids)) == len(ids)


def log_ids(replies: list[Reply]) -> list[Any]:
    """The log ids of all entries, those that were read again counted once."""
    entries = [each for reply in replies for each in listed(reply.body, "logs")]
    found = {json.dumps(each, sort_keys=True): each.get("log_id") for each in entries}
    return list(found.values())


def gate_ids(body: Any) -> list[Any]:
    """The ids of the gates."""
    return [each.get("gate_id") for each in listed(body, "gates")]


def has_detail(body: Any) -> bool:
    """A JSON object with a detail that is not empty."""
    detail = body.get("detail") if isinstance(body, dict) else None
    return isinstance(detail, str | list | dict) and len(detail) > 0


def jcs(value: Any) -> str:
    """The value in the form of RFC 8785."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{jcs(name)}:{jcs(value[name])}" for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(jcs, value)) + "]"
    if isinstance(value, float) or (isinstance(value, int) and abs(value) >= 2**53):
        return spelled(float(value))
    return json.dumps(value, ensure_ascii=False)


def spelled(number: float) -> str:
    """A double as JavaScript spells it."""
    if number == int(number) and abs(number) < 1e21:
        return str(int(number))
    digits, _, exponent = repr(number).partition("e")
    if exponent and -7 <= int(exponent) < 0:
        return f"{Decimal(repr(number)):f}"
    return f"{digits.removesuffix('.0')}e{int(exponent):+d}" if exponent else digits


def hash_of(one: list[Any]) -> list[Any]:
    """The SHA-256 of a value in the form of RFC 8785; nothing for what has no such form."""
    try:
        return [hashlib.sha256(jcs(each).encode()).hexdigest() for each in one]
    except (UnicodeEncodeError, OverflowError):
        return []


def unhashed(one: list[Any]) -> list[Any]:
    """An entry without its receipt_hash."""
    return [{name: each[name] for name in each if name != "receipt_hash"} for each in one]


def hashes(body: Any) -> list[Any]:
    """The receipt hashes of the log."""
    return [[each.get("receipt_hash") for each in listed(body, "logs")]]


def is_chain(one: list[Any]) -> bool:
    """A list of SHA-256 hashes."""
    if not is_kind(one, "list"):
        return False
    return all(isinstance(each, str) and re.fullmatch("[0-9a-f]{64}", each) for each in one[0])


def first_kind(body: Any, kind: str) -> bool:
    """The log begins with an entry of the kind."""
    return [each.get("event_type") for each in listed(body, "logs")][:1] == [kind]


def last_kind(body: Any, kind: str) -> bool:
    """The log ends with an entry of the kind."""
    return [each.get("event_type") for each in listed(body, "logs")][-1:] == [kind]


def have_kinds(body: Any) -> bool:
    """Every entry of the log has a kind."""
    return all(is_text(at(each, "event_type")) for each in listed(body, "logs"))


def gates_open_first(body: Any) -> bool:
    """No gate is closed in the log before it was opened."""
    opened = 0
    for each in listed(body, "logs"):
        opened += {"FC-GATE-001": 1, "FC-GATE-002": -1}.get(str(each.get("event_type")), 0)
        if opened < 0:
            return False
    return True


def says_json(reply: Reply) -> bool:
    """The answer is JSON and says so."""
    return reply.is_json and reply.type.partition(";")[0].strip().lower() == "application/json"


def is_json(reply: Reply) -> bool:
    """The answer is JSON."""
    return reply.is_json
