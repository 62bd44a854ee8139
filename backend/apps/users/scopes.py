"""What an API token may be good for, and which of it a view asks for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Scope(StrEnum):
    """One thing that a token may do, as far as its user may."""

    SUBMISSIONS_READ = "submissions:read"
    SUBMISSIONS_WRITE = "submissions:write"
    CONTESTS_READ = "contests:read"
    CONTESTS_PARTICIPATE = "contests:participate"
    CONTESTS_MANAGE = "contests:manage"
    PROBLEMS_READ = "problems:read"
    PROBLEMS_MANAGE = "problems:manage"
    OPERATIONS_READ = "operations:read"
    EXECUTIONS_RUN = "executions:run"


SCOPE_CHOICES = (
    (Scope.SUBMISSIONS_READ, "Read submissions and verdicts"),
    (Scope.SUBMISSIONS_WRITE, "Submit and try programs"),
    (Scope.CONTESTS_READ, "Read contests, boards, participants, statistics and clarifications"),
    (Scope.CONTESTS_PARTICIPATE, "Enter and leave contests, ask the jury"),
    (Scope.CONTESTS_MANAGE, "Make and run contests, answer questions, rejudge"),
    (Scope.PROBLEMS_READ, "Read problems and their files"),
    (Scope.PROBLEMS_MANAGE, "Make and change problems"),
    (Scope.OPERATIONS_READ, "Read how the installation is doing"),
    (Scope.EXECUTIONS_RUN, "Run programs at the execution service"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenScopes:
    """What a view asks for of a token: by act, else by whether it reads or writes.

    Each view has one as `token_scopes`; what has none is closed to tokens.
    """

    read: Scope | None = None
    write: Scope | None = None
    acts: Mapping[str, Scope] = field(default_factory=dict)

    def needed_for(self, *, method: str, act: str | None) -> Scope | None:
        """Give the scope that a request needs; `None`: no token will do."""
        by_method = self.read if method in _READING else self.write
        return self.acts.get(act or "", by_method)


NO_TOKENS = TokenScopes()
"""For accounts, sign-in and the tokens themselves: a token must not make itself mightier."""
