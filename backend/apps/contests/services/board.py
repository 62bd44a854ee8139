"""Boards for readers: a JSON document that is kept in memory and brought up to date row by row.

Of a contest there are two, the true one and the public one. A process keeps those that were read
last; before every answer it fetches the rows that changed since, so no two processes disagree.
"""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db.models import F, QuerySet

from apps.contests.domain import problem_label
from apps.contests.formats import Cell, first_to_solve
from apps.contests.models import (
    BoardRow,
    Contest,
    ContestParticipant,
    ContestProblem,
    PublicStanding,
)
from apps.contests.services.board_tags import etag_of, version_of
from apps.contests.services.ranks import order_of
from apps.core import metrics

BOARDS_MAX = 64
MILLISECOND = timedelta(milliseconds=1)
SHOWN_KINDS = (ContestParticipant.Kind.OFFICIAL, ContestParticipant.Kind.UNOFFICIAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardDocument:
    """A board as JSON, and the tag that changes whenever it does."""

    etag: str
    body: bytes


@dataclass(slots=True)
class _Row:
    """A participant's row: what it is sorted by, and its JSON without the rank."""

    is_official: bool
    name: str
    order: tuple[Any, ...]
    json_text: str


@dataclass(slots=True)
class _Column:
    """What the official participants have done at one problem, each by their id."""

    attempts: dict[int, int] = field(default_factory=dict)
    solved: dict[int, timedelta] = field(default_factory=dict)
    pending: dict[int, timedelta] = field(default_factory=dict)

    def put(self, participant_id: int, cell: Cell) -> None:
        """Take the newest cell of a participant."""
        self.attempts[participant_id] = cell.judged_count + cell.pending_count
        self.solved.pop(participant_id, None)
        self.pending.pop(participant_id, None)
        if cell.solved_at is not None:
            self.solved[participant_id] = cell.solved_at
        if cell.first_pending_at is not None:
            self.pending[participant_id] = cell.first_pending_at


@dataclass(slots=True)
class _Board:
    """What a process knows of one board."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    edition: int = -1
    version: int = -1
    rows: dict[int, _Row] = field(default_factory=dict)
    columns: defaultdict[int, _Column] = field(default_factory=lambda: defaultdict(_Column))
    documents: dict[bool, BoardDocument] = field(default_factory=dict)


def read_board(
    contest: Contest, *, is_true: bool, names_problems: bool, now: datetime
) -> BoardDocument:
    """Give the board as it is now; `contest` is as fresh as the answer has to be.

    Who may not see the problems gets their labels without titles, and nothing before the start.
    """
    board = _board(contest.pk, is_true)
    etag = etag_of(contest, is_true=is_true, names_problems=names_problems, now=now)
    with board.lock:
        document = board.documents.get(names_problems)
        if document is None or document.etag != etag:
            started_s = time.perf_counter()
            _refresh(board, contest, is_true=is_true)
            problems = _problems(board, contest, names=names_problems, now=now)
            body = _document(board, contest, problems, is_true=is_true, now=now)
            document = board.documents[names_problems] = BoardDocument(etag=etag, body=body)
            metrics.board_refreshed(seconds=time.perf_counter() - started_s)
        return document


@lru_cache(maxsize=BOARDS_MAX)
def _board(contest_id: int, is_true: bool) -> _Board:  # noqa: FBT001 - a key of the cache
    return _Board()


def _refresh(board: _Board, contest: Contest, *, is_true: bool) -> None:
    """Fetch the rows that changed, or all of them in a new edition."""
    if board.edition != contest.board_edition:
        board.rows.clear()
        board.columns.clear()
        board.version = -1
    for participant, row in _rows_since(contest, board.version, is_true=is_true):
        cells = {int(problem): Cell.from_json(cell) for problem, cell in row.cells.items()}
        board.rows[participant.pk] = _row(participant, row, cells)
        if participant.is_ranked:
            for problem, cell in cells.items():
                board.columns[problem].put(participant.pk, cell)
    board.edition = contest.board_edition
    board.version = version_of(contest, is_true=is_true)


def _rows_since(
    contest: Contest, version: int, *, is_true: bool
) -> Iterable[tuple[ContestParticipant, BoardRow]]:
    """Give what changed after a version; rows of a newer one than the contest's do no harm."""
    if is_true:
        participants = _shown(contest).filter(version__gt=version)
        return [(each, each) for each in participants]
    standings = PublicStanding.objects.filter(contest=contest, version__gt=version)
    rows = {each.participant_id: each for each in standings}
    return [(each, rows[each.pk]) for each in _shown(contest).filter(pk__in=rows)]


def _shown(contest: Contest) -> "QuerySet[ContestParticipant]":
    """Give the participants who are on boards."""
    return (
        ContestParticipant.objects
        .filter(
            contest=contest,
            kind__in=SHOWN_KINDS,
            state=ContestParticipant.State.REGISTERED,
        )
        .exclude(groups__is_hidden=True)
        .select_related("user", "organization")
        .order_by()
    )


def _row(participant: ContestParticipant, row: BoardRow, cells: Mapping[int, Cell]) -> _Row:
    organization = participant.organization
    document = {
        "participant": participant.pk,
        "name": participant.display_name,
        "username": participant.user.get_username(),
        "organization": organization and organization.name,
        "country": organization and organization.country,
        "is_official": participant.is_ranked,
        "score": float(row.final_score),
        "penalty": row.penalty,
        "last_improved_at": row.last_improved_at and row.last_improved_at.isoformat(),
        "cells": [_cell(problem, cell) for problem, cell in cells.items()],
    }
    return _Row(
        is_official=participant.is_ranked,
        name=participant.display_name,
        order=order_of(row),
        json_text=json.dumps(document, ensure_ascii=False, separators=(",", ":"))[1:],
    )


def _cell(problem_id: int, cell: Cell) -> dict[str, Any]:
    return {
        "problem": problem_id,
        "score": float(cell.score),
        "is_solved": cell.is_solved,
        "judged": cell.judged_count,
        "rejected": cell.rejected_count,
        "pending": cell.pending_count,
        "solved_after_ms": _milliseconds(cell.solved_at),
        "improved_after_ms": _milliseconds(cell.improved_at),
    }


def _milliseconds(duration: timedelta | None) -> int | None:
    return None if duration is None else duration // MILLISECOND


def _document(
    board: _Board,
    contest: Contest,
    problems: list[dict[str, Any]],
    *,
    is_true: bool,
    now: datetime,
) -> bytes:
    """Put the rows in order, and the head before them."""
    ordered = sorted(board.rows.values(), key=lambda row: (row.order, row.name))
    schedule = contest.schedule
    head = {
        "contest": contest.pk,
        "title": contest.title,
        "phase": schedule.phase(now),
        "is_frozen": not is_true and schedule.is_frozen(now),
        "start_time": contest.start_time and contest.start_time.isoformat(),
        "end_time": contest.end_time and contest.end_time.isoformat(),
        "freeze_time": contest.freeze_time and contest.freeze_time.isoformat(),
        "format": contest.format,
        "penalty_unit": contest.rules.penalty_unit,
        "problems": problems,
    }
    lines = ",".join(
        f'{{"rank":{"null" if rank is None else rank},{row.json_text}'
        for rank, row in zip(_ranks(ordered), ordered, strict=True)
    )
    text = json.dumps(head, ensure_ascii=False, separators=(",", ":"))
    return f'{text[:-1]},"rows":[{lines}]}}'.encode()


def _ranks(ordered: Sequence[_Row]) -> list[int | None]:
    """Rank the official rows; equals share a rank and the next is skipped."""
    ranks: list[int | None] = []
    official = 0
    shared: tuple[tuple[Any, ...], int] | None = None
    for row in ordered:
        if not row.is_official:
            ranks.append(None)
            continue
        official += 1
        if shared is None or shared[0] != row.order:
            shared = row.order, official
        ranks.append(shared[1])
    return ranks


def _problems(
    board: _Board, contest: Contest, *, names: bool, now: datetime
) -> list[dict[str, Any]]:
    if not (names or contest.has_started(now)):
        return []
    rows = ContestProblem.objects.filter(contest=contest).annotate(title=F("problem__title"))
    return [
        {
            "problem": each.problem_id,
            "label": problem_label(place, each.label),
            "title": each.title if names else None,
            "color": each.color or None,
            "points": each.points,
            **_statistics(board.columns[each.problem_id]),
        }
        for place, each in enumerate(rows)
    ]


def _statistics(column: _Column) -> dict[str, Any]:
    return {
        "attempts": sum(column.attempts.values()),
        "solved": len(column.solved),
        "first_solvers": sorted(first_to_solve(column.solved, column.pending.values())),
    }
