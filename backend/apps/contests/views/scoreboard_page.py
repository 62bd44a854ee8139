"""The scoreboard as a page: plain HTML, which a script keeps up to date where there is one."""

from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import render
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.contests.models import Contest
from apps.contests.throttling import BoardThrottle
from apps.contests.timing import Phase
from apps.contests.views.board_table import board_view
from apps.contests.views.scoreboard import ShownBoard, find_board
from apps.core.entity_tags import is_known, told_apart
from apps.core.errors import BoardHiddenError, NotFoundError
from apps.users.scopes import Scope, TokenScopes

HOUR = timedelta(hours=1)
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class StateInWords(NamedTuple):
    """Where the contest is, and what that means for the board."""

    title: str
    text: str


STATES = {
    Phase.INACTIVE: StateInWords("Not active.", "The contest takes no submissions."),
    Phase.BEFORE: StateInWords("Not started.", "The board fills once the contest runs."),
    Phase.RUNNING: StateInWords("Running.", "The board shows all verdicts so far."),
    Phase.FROZEN: StateInWords("Frozen.", ""),
    Phase.ENDED: StateInWords("Over.", "The results are not final yet."),
    Phase.UNFROZEN: StateInWords("Over.", "All verdicts are shown; the results are not final yet."),
    Phase.FINALIZED: StateInWords("Final.", "These are the final results."),
}


class ScoreboardPage(APIView):
    """A contest's scoreboard for people."""

    permission_classes = (AllowAny,)
    token_scopes = TokenScopes(read=Scope.CONTESTS_READ)
    throttle_classes = (BoardThrottle,)

    @extend_schema(exclude=True)
    def get(self, request: Request, pk: int) -> HttpResponse:
        """Show the board, or say why not."""
        try:
            board = find_board(request, pk)
        except (BoardHiddenError, NotFoundError) as error:
            context = {"detail": error.detail}
            page = render(request, "contests/scoreboard_refused.html", context, status=error.status)
            return _secured(page)
        etag = _etag(board)
        if is_known(request, etag):
            return told_apart(HttpResponse(status=status.HTTP_304_NOT_MODIFIED), etag)
        page = render(request, "contests/scoreboard.html", {"etag": etag, **_context(board)})
        return told_apart(_secured(page), etag)


def _etag(board: ShownBoard) -> str:
    who = "jury" if board.visibility.may_judge else "others"
    return f'"{who}-{board.etag[1:]}'


def _context(board: ShownBoard) -> dict[str, object]:
    contest, now = board.contest, board.now
    zone = ZoneInfo(contest.time_zone)
    phase = contest.schedule.phase(now)
    view = board_view(contest.pk, board.read(), is_true=board.is_true)
    is_jury = board.visibility.may_judge
    asked = "?public=true" if is_jury and not board.is_true else ""
    return {
        "contest": contest,
        "board": view,
        "titled_problems": [each for each in view.problems if each["title"]],
        "phase": phase,
        "state": _state(contest, phase, zone, is_true=board.is_true),
        "times": _times(contest, zone, now),
        "as_of": now.astimezone(zone).strftime("%H:%M:%S"),
        "is_jury": is_jury,
        "is_true": board.is_true,
        "events_url": f"/api/code-execution/contests/{contest.pk}/scoreboard/events{asked}",
    }


def _state(contest: Contest, phase: Phase, zone: ZoneInfo, *, is_true: bool) -> StateInWords:
    state = STATES[phase]
    if contest.freeze_time is None or phase not in {Phase.FROZEN, Phase.ENDED}:
        return state
    since = f"{contest.freeze_time.astimezone(zone):%H:%M}"
    hidden = (
        f"Others see no verdicts since {since}; you do."
        if is_true
        else f"Verdicts since {since} are not shown; tries since then are pending."
    )
    return StateInWords(state.title, f"{hidden} {state.text}".strip())


def _times(contest: Contest, zone: ZoneInfo, now: datetime) -> str:
    """Say when the contest is, by its own clock, and which one that is."""
    moments = {
        "from": contest.start_time,
        "to": contest.end_time,
        "frozen from": contest.freeze_time,
    }
    parts: list[str] = []
    day = ""
    for name, moment in moments.items():
        if moment is None:
            continue
        local = moment.astimezone(zone)
        own_day = f"{local:%a} {local.day} {local:%b %Y}"
        parts.append(f"{name} {own_day if own_day != day else ''} {local:%H:%M}".replace("  ", " "))
        day = own_day
    offset = _offset(contest.start_time or now, zone)
    shown = ", ".join(parts) or "No fixed times"
    return f"{shown[0].upper()}{shown[1:]} ({contest.time_zone}{offset})"


def _offset(moment: datetime, zone: ZoneInfo) -> str:
    offset = moment.astimezone(zone).utcoffset() or timedelta(0)
    if not offset:
        return "" if zone.key == "UTC" else ", UTC+00:00"
    hours, rest = divmod(abs(offset), HOUR)
    return (
        f", UTC{'-' if offset < timedelta(0) else '+'}{hours:02}:{rest // timedelta(minutes=1):02}"
    )


def _secured(page: HttpResponse) -> HttpResponse:
    page["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    page["Referrer-Policy"] = "same-origin"
    return page
