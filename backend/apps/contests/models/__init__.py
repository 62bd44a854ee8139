"""Tables of contests, who takes part, what they reach, and what is said."""

from apps.contests.models.board import BoardRow, PublicStanding, StaleCell
from apps.contests.models.communication import Clarification
from apps.contests.models.contest import Contest, ContestProblem, ContestRole
from apps.contests.models.participant import ContestGroup, ContestParticipant, Organization

__all__ = [
    "BoardRow",
    "Clarification",
    "Contest",
    "ContestGroup",
    "ContestParticipant",
    "ContestProblem",
    "ContestRole",
    "Organization",
    "PublicStanding",
    "StaleCell",
]
