"""Who calls, on the wire (contract S002-E08)."""

from typing import Self

from pydantic import BaseModel, Field

from app.domain.callers import Caller
from app.domain.formats import instant_text


class CallerOut(BaseModel):
    """An account as its issuer calls it; null where the token does not say."""

    uid: str = Field(examples=["user:1", "fX2aPq0bTnQz"])
    email: str | None
    name: str | None
    email_verified: bool

    @classmethod
    def of(cls, caller: Caller) -> Self:
        """Show who calls."""
        return cls(
            uid=caller.uid,
            email=caller.email,
            name=caller.name,
            email_verified=caller.is_email_verified,
        )


class VerifiedOut(BaseModel):
    """The token is good."""

    authenticated: bool = True
    user: CallerOut
    message: str = "The token is good"


class CallerDetailsOut(CallerOut):
    """All that the token tells about who calls."""

    is_guest: bool
    expires_at: str = Field(description="When the token does.")


class UserDataOut(BaseModel):
    """Who calls, in detail."""

    user_data: CallerDetailsOut

    @classmethod
    def of(cls, caller: Caller) -> Self:
        """Show who calls, and how long the token is good."""
        details = CallerDetailsOut(
            **CallerOut.of(caller).model_dump(),
            is_guest=caller.is_guest,
            expires_at=instant_text(caller.expires_at),
        )
        return cls(user_data=details)
