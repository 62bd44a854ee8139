"""Which judgement of a submission counts."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from apps.archives.contest_archive.checks import PlaceOf
from apps.archives.contest_archive.model import Judgement
from apps.archives.contest_archive.report import Report


def with_one_current(
    judgements: Iterable[Judgement],
    stated: Mapping[str, object],
    place_of: PlaceOf,
    report: Report,
) -> tuple[Judgement, ...]:
    """Mark at most one judgement of each submission as the current one.

    `stated` has what the archive says, by judgement id. Where it says nothing, as up to 2023-06,
    the judgement that started last counts.
    """
    judgements = tuple(judgements)
    by_submission: dict[str, list[Judgement]] = {}
    for judgement in judgements:
        if stated.get(judgement.id) is not False:
            by_submission.setdefault(judgement.submission_id, []).append(judgement)
    current: set[str] = set()
    for candidates in by_submission.values():
        marked = [each for each in candidates if stated.get(each.id) is True]
        if len(marked) > 1:
            report.add_error(
                place_of("judgements", marked[1].id),
                f"'{marked[0].id}' is current for the same submission; only one can be.",
            )
        # Of equal times the later line wins, so the last comes first.
        latest = max(reversed(marked or candidates), key=lambda each: each.start_time)
        current.add(latest.id)
    return tuple(
        each if each.is_current == (each.id in current) else replace(each, is_current=False)
        for each in judgements
    )
