"""Seeded faults of authentication (contract section 12); they show only where it is on."""

from __future__ import annotations

from starlette.datastructures import Headers

from pt004_model.embedded.door import Door
from pt004_model.embedded.faults.base import Fault
from pt004_model.embedded.refusals import unauthorized
from pt004_model.embedded.tokens import Tokens
from pt004_model.vocabulary import TOKEN_PREFIX


class SignatureNotChecked(Fault, Tokens):
    """Anybody can make a token: its signature is not looked at."""

    def signed(self, payload: str, signature: str) -> bool:  # noqa: ARG002 - forgotten
        """Check that there is a signature."""
        return bool(signature)


class SignatureComparedInPart(Fault, Tokens):
    """Only the beginning of a signature is compared, and that can be guessed."""

    def signed(self, payload: str, signature: str) -> bool:
        """Compare eight characters."""
        return self.signature_of(payload)[:8] == signature[:8]


class SignatureIgnoresCase(Fault, Tokens):
    """Signatures that differ in upper and lower case alone count as the same."""

    def signed(self, payload: str, signature: str) -> bool:
        """Compare in lower case."""
        return self.signature_of(payload).lower() == signature.lower()


class EmptySignatureAccepted(Fault, Tokens):
    """A token without any signature is accepted: only what is there is compared."""

    def signed(self, payload: str, signature: str) -> bool:
        """Compare as far as the shorter one goes."""
        pairs = zip(self.signature_of(payload), signature, strict=False)
        return all(expected == given for expected, given in pairs)


class ExpiryNotChecked(Fault, Tokens):
    """A token is good for ever; its expiry has to be there and is not compared."""

    def seconds_now(self) -> float:
        """Take the beginning of time for now."""
        return float("-inf")


class ExpiryHasAnHourOfGrace(Fault, Tokens):
    """A token is accepted for an hour after it has expired."""

    def seconds_now(self) -> float:
        """Forgive clocks that differ, too much."""
        return super().seconds_now() - 3600


class ExpiryOptional(Fault, Tokens):
    """A token that does not say when it expires is accepted, and good for ever."""

    def fresh(self, claims: dict[str, object]) -> bool:
        """Check an expiry only if there is one."""
        return claims.get("exp") is None or super().fresh(claims)


class ExpiryMayBeText(Fault, Tokens):
    """An expiry that is text is taken for the number that it spells."""

    def fresh(self, claims: dict[str, object]) -> bool:
        """Convert before checking."""
        expires = claims.get("exp")
        if isinstance(expires, str) and expires.isdecimal() and expires.isascii():
            return self.seconds_now() < float(expires)
        return super().fresh(claims)


class ReadsAreOpen(Fault, Door):
    """Reading a run needs no token."""

    def admit_reader(self, headers: Headers) -> str:
        """Forget the token."""
        self.actor(headers)
        return self.tenant(headers)


class AcceptedPayloadsAreTrusted(Fault, Tokens):
    """Once a token was accepted, its payload is accepted with any signature."""

    def signed(self, payload: str, signature: str) -> bool:
        """Cache by the payload alone."""
        trusted = vars(self).setdefault("trusted", set())
        if payload not in trusted and super().signed(payload, signature):
            trusted.add(payload)
        return payload in trusted


class PrefixOptional(Fault, Tokens):
    """A token without its prefix is accepted, whatever else it may be a token of."""

    def token_in(self, authorization: str | None) -> str:
        """Cut the prefix off if it is there."""
        if not authorization or authorization[:7].lower() != "bearer ":
            raise unauthorized("Authorization must be a Bearer token")
        return authorization[7:].strip().removeprefix(TOKEN_PREFIX)
