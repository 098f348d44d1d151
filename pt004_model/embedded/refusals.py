"""Refusals (section 11): why a call was not accepted, and the status code that says so."""

from __future__ import annotations


class Refused(Exception):  # noqa: N818 - a refusal is an ordinary answer, not an error of the server
    """A call that the contract refuses; it has changed nothing (section 11)."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def not_json(detail: str) -> Refused:
    """Refuse a body that is no JSON text at all."""
    return Refused(400, detail)


def missing_header(name: str) -> Refused:
    """Refuse a call without a header that every call needs."""
    return Refused(400, f"the header {name} is missing or empty")


def bad_header(name: str) -> Refused:
    """Refuse a header whose value is not ASCII."""
    return Refused(400, f"the header {name} may hold ASCII characters only")


def unauthorized(detail: str) -> Refused:
    """Refuse a missing, forged or expired token."""
    return Refused(401, detail)


def unknown_run() -> Refused:
    """Refuse a run that does not exist, or that another tenant owns: the two look the same."""
    return Refused(404, "there is no such run")


def illegal(detail: str) -> Refused:
    """Refuse a change that the lifecycle does not allow."""
    return Refused(409, detail)


def key_taken() -> Refused:
    """Refuse an idempotency key that an earlier, different request has used."""
    return Refused(409, "this idempotency key was used before with another request")


def too_large(limit: int) -> Refused:
    """Refuse a body of more bytes than the contract asks an FC to take."""
    return Refused(413, f"the body is larger than {limit} bytes")


def wrong_media_type() -> Refused:
    """Refuse a body that does not say it is JSON."""
    return Refused(415, "send the body with Content-Type: application/json")


def malformed(detail: str) -> Refused:
    """Refuse a JSON body whose fields are not what the contract asks for."""
    return Refused(422, detail)
