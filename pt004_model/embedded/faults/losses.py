"""Seeded faults that show to a client whose connection breaks (contract sections 1 and 10).

One that has an answer to each of its calls never sees any of them.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

import attrs
from fastapi import Request
from starlette.requests import ClientDisconnect

from pt004_model.embedded.door import Door
from pt004_model.embedded.faults.base import Fault
from pt004_model.embedded.records import Call
from pt004_model.embedded.refusals import Refused, key_taken


class BrokenOffBodyIsMended(Fault, Door):
    """A call whose body lacks its last byte is carried out all the same."""

    async def body(self, request: Request) -> bytes:
        """Close the object that was broken off."""
        body = b""
        with suppress(ClientDisconnect):
            async for chunk in request.stream():
                body += chunk
            return body
        return body + b"}"


class BrokenOffCallSpendsItsKey(Fault, Door):
    """A call that was broken off cannot be made again under its key."""

    async def admit(self, request: Request) -> Call:
        """Note a key before the call is there."""
        spent: set[str | None] = vars(self).setdefault("spent", set())
        try:
            call = await super().admit(request)
        except Refused:
            if await request.is_disconnected():
                spent.update({self.key(request.headers)} - {None})
            raise
        if call.key in spent:
            raise key_taken()
        return call


class KeyOfWhoWentAwayIsForgotten(Fault, Door):
    """A call that is made again because its answer was lost is carried out a second time."""

    async def admit(self, request: Request) -> Call:
        """Keep the key for those alone who wait for their answer."""
        call = await super().admit(request)
        await asyncio.sleep(0.002)
        return attrs.evolve(call, key=None) if await request.is_disconnected() else call
