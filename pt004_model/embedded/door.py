"""What happens before a call reaches the core: headers, token and the bytes of the body."""

from __future__ import annotations

from fastapi import Request
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect

from pt004_model.embedded.records import Call
from pt004_model.embedded.refusals import (
    Refused,
    bad_header,
    missing_header,
    not_json,
    too_large,
    wrong_media_type,
)
from pt004_model.embedded.tokens import Tokens
from pt004_model.vocabulary import (
    ACTOR_HEADER,
    AUTHORIZATION_HEADER,
    CORRELATION_HEADER,
    IDEMPOTENCY_HEADER,
    MAX_BODY_BYTES,
    TENANT_HEADER,
)


class Door:
    """Lets calls in that say who sends them, and bodies that say they are JSON (section 1)."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens

    async def admit(self, request: Request) -> Call:
        """Read the headers and the body of a POST or PATCH."""
        headers = request.headers
        self.tokens.check(headers.get(AUTHORIZATION_HEADER))
        return Call(
            tenant=self.tenant(headers),
            actor=self.actor(headers),
            correlation=self.correlation(headers),
            key=self.key(headers),
            method=request.method,
            path=request.scope["path"],
            body=await self.body(request),
        )

    def admit_reader(self, headers: Headers) -> str:
        """Read the headers of a GET; return the tenant."""
        self.tokens.check(headers.get(AUTHORIZATION_HEADER))
        self.actor(headers)
        return self.tenant(headers)

    # Headers

    def tenant(self, headers: Headers) -> str:
        """Read the tenant that a call is made for."""
        return self.required(headers, TENANT_HEADER)

    def actor(self, headers: Headers) -> str:
        """Read who makes the call."""
        return self.required(headers, ACTOR_HEADER)

    def correlation(self, headers: Headers) -> str | None:
        """Read the correlation id that a new run keeps."""
        return self.optional(headers, CORRELATION_HEADER)

    def key(self, headers: Headers) -> str | None:
        """Read the idempotency key (section 10)."""
        return self.optional(headers, IDEMPOTENCY_HEADER)

    def optional(self, headers: Headers, name: str) -> str | None:
        """Read a header; an empty one counts as missing."""
        value = headers.get(name)
        if not value:
            return None
        if not value.isascii():
            raise bad_header(name)
        return value

    def required(self, headers: Headers, name: str) -> str:
        """Read a header that every run call needs."""
        value = self.optional(headers, name)
        if value is None:
            raise missing_header(name)
        return value

    # The body

    async def body(self, request: Request) -> bytes:
        """Read the bytes of a body that says it is JSON, up to 1 MiB of them."""
        self.check_media_type(request.headers.get("content-type"))
        body = b""
        try:
            async for chunk in request.stream():
                body += chunk
                self.check_size(body)
        except ClientDisconnect:
            raise not_json("the body broke off") from None
        return body

    def check_media_type(self, value: str | None) -> None:
        """Refuse what does not say it is JSON."""
        if value is None or value.partition(";")[0].strip().lower() != "application/json":
            raise wrong_media_type()

    def check_size(self, body: bytes) -> None:
        """Refuse more than 1 MiB."""
        if len(body) > MAX_BODY_BYTES:
            raise self.oversized()

    def oversized(self) -> Refused:
        """Say how much would have been taken."""
        return too_large(MAX_BODY_BYTES)
