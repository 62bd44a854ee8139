"""What the platform does not keep of an archive, said before it is taken over."""

from collections.abc import Iterator
from datetime import timedelta

from apps.archives.contest_archive.model import ContestArchive
from apps.archives.languages import language_of

NAME_CHARS_MAX = 200
CLARIFICATION_CHARS_MAX = 8 * 1024
_MINUTE = timedelta(minutes=1)


def losses(archive: ContestArchive) -> Iterator[str]:
    """Name everything that will be missing or different, a sentence each."""
    yield from _counted(archive)
    for language in archive.languages:
        used = sum(each.language_id == language.id for each in archive.submissions)
        if used and language_of(language.id) is None:
            yield f"{used} submissions in {language.name} can't be judged again: unknown here."
    if archive.contest.penalty_time % _MINUTE:
        yield "The penalty time is cut to whole minutes."
    if archive.state.removed_intervals:
        yield "Removed intervals are kept in the contest times of submissions only."
    if hides_results(archive) and archive.state.finalized is not None:
        yield "The contest is not finalised here as long as its board is frozen."


def hides_results(archive: ContestArchive) -> bool:
    """Tell whether the board is frozen and was not thawed."""
    return bool(archive.contest.scoreboard_freeze_duration) and archive.state.thawed is None


def _counted(archive: ContestArchive) -> Iterator[str]:
    names = [each.name for each in archive.teams]
    names += [archive.contest.name, *(each.name for each in archive.problems)]
    ended = {each.submission_id for each in archive.judgements if each.end_time is not None}
    counts = {
        "persons are": len(archive.persons),
        "accounts are": len(archive.accounts),
        "awards are": len(archive.awards),
        "submissions without a team are": sum(not each.team_id for each in archive.submissions),
        "judgements that did not end are": sum(not each.end_time for each in archive.judgements),
        "files beside the main one of a submission are": sum(
            len(each) - 1 for each in archive.sources.values() if each
        ),
        "ends of long names are": sum(len(name) > NAME_CHARS_MAX for name in names),
        "ends of long clarifications are": sum(
            len(each.text) > CLARIFICATION_CHARS_MAX for each in archive.clarifications
        ),
    }
    for what, count in counts.items():
        if count:
            yield f"{count} {what} not kept."
    pending = sum(each.id not in ended for each in archive.submissions)
    if pending:
        yield f"{pending} submissions have no verdict and will not be judged."
