"""Who calls a door that people use."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A person or machine with an account at one of the issuers that are trusted.

    `owner` is unique among the accounts of all issuers; `uid` is what the account is called by its
    own. `expires_at` is when the credential does, after which nobody may go on watching with it.
    """

    owner: str
    uid: str
    email: str | None
    name: str | None
    is_email_verified: bool
    is_guest: bool
    expires_at: datetime
