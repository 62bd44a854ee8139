"""Contest formats: pure rules that turn submissions into a board."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from apps.contests.formats.atcoder import AtCoderFormat
from apps.contests.formats.attempts import Attempt, hidden_from
from apps.contests.formats.base import ContestFormat
from apps.contests.formats.board import (
    Standing,
    cells_of,
    first_solvers,
    first_to_solve,
    ranks,
    standings_of,
)
from apps.contests.formats.cells import Cell, Total
from apps.contests.formats.icpc import IcpcFormat
from apps.contests.formats.ioi import LAST_IMPROVEMENT, IoiFormat
from apps.contests.formats.last_submission import LastSubmissionFormat
from apps.contests.formats.options import FormatConfigError, describe

FORMATS: Mapping[str, type[ContestFormat]] = MappingProxyType({
    each.id: each for each in (IcpcFormat, IoiFormat, AtCoderFormat, LastSubmissionFormat)
})
# Source: contract 1.2, "Data - Django": the sum of the best scores, then who improved first.
DEFAULT_FORMAT = IoiFormat.id
DEFAULT_CONFIG: Mapping[str, Any] = MappingProxyType({"tie_break": LAST_IMPROVEMENT})

__all__ = [
    "DEFAULT_CONFIG",
    "DEFAULT_FORMAT",
    "FORMATS",
    "Attempt",
    "Cell",
    "ContestFormat",
    "FormatConfigError",
    "Standing",
    "Total",
    "cells_of",
    "describe",
    "first_solvers",
    "first_to_solve",
    "format_of",
    "hidden_from",
    "ranks",
    "standings_of",
]


def format_of(format_id: str, config: object) -> ContestFormat:
    """Build a contest's format.

    Raises:
        FormatConfigError: There is no such format, or the config does not fit it.
    """
    if format_id not in FORMATS:
        raise FormatConfigError(f"Choose one of the formats: {', '.join(FORMATS)}.")
    return FORMATS[format_id].from_config(config)
