"""What has to fit together in a contest: times in order, unique labels, whole judgements."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import pairwise
from typing import Protocol

from apps.archives.contest_archive.model import Contest, ContestArchive, Judgement, State
from apps.archives.contest_archive.report import Place, Report

# What clocks and rounding may make of the difference between two ways to say the same time.
_TOLERANCE = timedelta(seconds=1)
_ORDERS_OF_STATE = (
    ("started", "frozen", "ended", "thawed", "end_of_updates"),
    ("ended", "finalized", "end_of_updates"),
)

PlaceOf = Callable[[str, str], Place]


class _Identified(Protocol):
    @property
    def id(self) -> str: ...


def check(archive: ContestArchive, place_of: PlaceOf, report: Report) -> None:
    """Report what contradicts itself; `place_of` tells a collection's name and an id's place."""
    _check_contest(archive.contest, place_of("contest", ""), report)
    _check_state(archive.state, place_of("state", ""), report)
    _check_board_places(archive, place_of, report)
    _check_submissions(archive, place_of, report)
    _check_judgements(archive, place_of, report)
    _check_runs(archive, place_of, report)


def _check_contest(contest: Contest, place: Place, report: Report) -> None:
    nothing = timedelta()
    if contest.duration <= nothing:
        report.add_error(place, "'duration' is not positive; write how long the contest is.")
    if not nothing <= (contest.scoreboard_freeze_duration or nothing) <= contest.duration:
        message = "'scoreboard_freeze_duration' is not within 'duration'; correct one of the two."
        report.add_error(place, message)
    if contest.penalty_time < nothing:
        report.add_error(place, "'penalty_time' is negative; correct it.")


def _check_state(state: State, place: Place, report: Report) -> None:
    for names in _ORDERS_OF_STATE:
        steps = [(name, at) for name in names if (at := getattr(state, name)) is not None]
        for (earlier, earlier_at), (later, later_at) in pairwise(steps):
            if later_at < earlier_at:
                report.add_error(
                    place, f"'{later}' is before '{earlier}'; correct one of the two times."
                )
    if state.ended is not None and state.started is None:
        report.add_error(place, "'ended' is set and 'started' is not; set both.")


def _check_board_places(archive: ContestArchive, place_of: PlaceOf, report: Report) -> None:
    _check_unique("label", ((each, each.label) for each in archive.problems), place_of, report)
    _check_unique("ordinal", ((each, each.ordinal) for each in archive.problems), place_of, report)


def _check_unique(
    what: str, values: Iterable[tuple[_Identified, object]], place_of: PlaceOf, report: Report
) -> None:
    first: dict[object, str] = {}
    for each, value in values:
        if value in first:
            report.add_error(
                place_of("problems", each.id),
                f"The {what} {value!r} is that of '{first[value]}' too; make them differ.",
            )
        first.setdefault(value, each.id)


def _check_submissions(archive: ContestArchive, place_of: PlaceOf, report: Report) -> None:
    outside, shifted = [], []
    started = archive.state.started or archive.contest.start_time
    for submission in archive.submissions:
        if not timedelta() <= submission.contest_time < archive.contest.duration:
            outside.append(submission.id)
        # Removed intervals shift the two against each other.
        if started is not None and not archive.state.removed_intervals:
            difference = submission.time - started - submission.contest_time
            if abs(difference) > _TOLERANCE:
                shifted.append(submission.id)
    if outside:
        report.add_warning(
            place_of("submissions", outside[0]),
            f"{len(outside)} submissions are outside the contest and count for nothing.",
        )
    if shifted:
        report.add_warning(
            place_of("submissions", shifted[0]),
            f"The contest_time of {len(shifted)} submissions is not what their time says;"
            " contest_time counts.",
        )


def _check_judgements(archive: ContestArchive, place_of: PlaceOf, report: Report) -> None:
    submitted = {each.id: each.time for each in archive.submissions}
    early = []
    for judgement in archive.judgements:
        reason = _reason_against(judgement)
        if reason is not None:
            report.add_error(place_of("judgements", judgement.id), reason)
        if judgement.start_time < submitted[judgement.submission_id] - _TOLERANCE:
            early.append(judgement.id)
    if early:
        report.add_warning(
            place_of("judgements", early[0]),
            f"{len(early)} judgements started before their submission was made.",
        )


def _reason_against(judgement: Judgement) -> str | None:
    if (judgement.judgement_type_id is None) != (judgement.end_time is None):
        return "A judgement has 'judgement_type_id' and 'end_time', or neither; complete it."
    if judgement.end_time is not None and judgement.end_time < judgement.start_time:
        return "'end_time' is before 'start_time'; correct one of the two."
    return None


def _check_runs(archive: ContestArchive, place_of: PlaceOf, report: Report) -> None:
    seen: set[tuple[str, int]] = set()
    for run in archive.runs:
        if (run.judgement_id, run.ordinal) in seen:
            report.add_error(
                place_of("runs", run.id),
                f"The judgement has another run with ordinal {run.ordinal}; number its runs.",
            )
        seen.add((run.judgement_id, run.ordinal))
