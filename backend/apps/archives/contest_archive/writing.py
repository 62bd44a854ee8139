"""Write a contest archive: a zip of JSON files, or an event feed that can be replayed."""

import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from typing import Any, BinaryIO

from apps.archives.contest_archive.documents import document_of
from apps.archives.contest_archive.model import (
    COLLECTIONS,
    ContestArchive,
    Judgement,
    SourceFile,
    State,
)
from apps.archives.contest_archive.sources import source_path

API_VERSION = "2023-06"
_LIVE = ("submissions", "judgements", "runs", "clarifications", "awards")
_STEPS = ("started", "frozen", "ended", "thawed", "finalized", "end_of_updates")
# The same archive gives the same bytes, so no entry tells when it was written.
_ENTRY_TIME = (1980, 1, 1, 0, 0, 0)


def write_zip(archive: ContestArchive, file: BinaryIO) -> None:
    """Write a zip of JSON files, with the files of submissions."""
    with zipfile.ZipFile(file, "w") as packed:
        _add_json(packed, "api.json", _api())
        _add_json(packed, "contest.json", document_of(archive.contest))
        _add_json(packed, "state.json", document_of(archive.state))
        for collection in COLLECTIONS:
            documents = [document_of(each) for each in getattr(archive, collection.attribute)]
            _add_json(packed, f"{collection.name}.json", documents)
        if archive.scoreboard is not None:
            _add_json(packed, "scoreboard.json", document_of(archive.scoreboard))
        for submission in archive.submissions:
            path = source_path(submission)
            sources = archive.sources.get(submission.id)
            if path is not None and sources is not None:
                _add(packed, path, _packed(sources))


def feed_lines(archive: ContestArchive) -> Iterator[str]:
    """Give the events of a feed in the order in which they happened, a line each.

    A board and the files of submissions are no part of a feed.
    """
    events = [*_configuration_events(archive), *_live_events(archive)]
    for token, (kind, object_id, data) in enumerate(events, start=1):
        event = {"type": kind, "id": object_id, "data": data, "token": str(token)}
        yield f"{_json(event)}\n"


_Event = tuple[str, str | None, Any]


def _configuration_events(archive: ContestArchive) -> Iterator[_Event]:
    yield "contest", None, document_of(archive.contest)
    yield "state", None, document_of(State())
    for collection in COLLECTIONS:
        if collection.name not in _LIVE:
            for each in getattr(archive, collection.attribute):
                yield collection.name, each.id, document_of(each)


def _live_events(archive: ContestArchive) -> Iterable[_Event]:
    """Sort what happened by time; nothing comes before what it refers to."""
    timed: list[tuple[datetime, int, _Event]] = []

    def add(at: datetime, event: _Event) -> None:
        timed.append((at, len(timed), event))

    submitted = {}
    for submission in archive.submissions:
        submitted[submission.id] = submission.time
        add(submission.time, ("submissions", submission.id, document_of(submission)))
    started = {}
    for judgement in archive.judgements:
        at = max(judgement.start_time, submitted[judgement.submission_id])
        started[judgement.id] = at
        add(at, ("judgements", judgement.id, document_of(_without_outcome(judgement))))
    for run in archive.runs:
        at = max(run.time, started[run.judgement_id])
        add(at, ("runs", run.id, document_of(run)))
    for judgement in archive.judgements:
        at = max(judgement.end_time or judgement.start_time, started[judgement.id])
        add(at, ("judgements", judgement.id, document_of(judgement)))
    asked: dict[str | None, datetime] = {}
    for clarification in archive.clarifications:
        at = max(clarification.time, asked.get(clarification.reply_to_id, clarification.time))
        asked[clarification.id] = at
        add(at, ("clarifications", clarification.id, document_of(clarification)))
    for at, state in _states(archive.state):
        add(at, ("state", None, document_of(state)))
    awards = [("awards", each.id, document_of(each)) for each in archive.awards]
    # The last word on the state comes at the very end, as `end_of_updates` demands.
    final = ("state", None, document_of(archive.state))
    return [*(event for _, _, event in sorted(timed, key=lambda each: each[:2])), *awards, final]


def _without_outcome(judgement: Judgement) -> Judgement:
    return replace(
        judgement,
        judgement_type_id=None,
        score=None,
        end_time=None,
        end_contest_time=None,
        max_run_time_ms=None,
    )


def _states(state: State) -> Iterator[tuple[datetime, State]]:
    """Give the state after each step but the last, when only the final one is still to be told."""
    steps = [(name, at) for name in _STEPS if (at := getattr(state, name)) is not None]
    so_far = State()
    for name, at in sorted(steps, key=lambda each: each[1])[:-1]:
        so_far = replace(so_far, **{name: at})
        yield at, so_far


def _api() -> dict[str, Any]:
    return {
        "version": API_VERSION,
        "version_url": f"https://ccs-specs.icpc.io/{API_VERSION}/contest_api",
    }


def _packed(sources: Iterable[SourceFile]) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for source in sources:
            _add(packed, source.name, source.content)
    return buffer.getvalue()


def _add_json(packed: zipfile.ZipFile, path: str, document: object) -> None:
    _add(packed, path, f"{_json(document)}\n".encode())


def _add(packed: zipfile.ZipFile, path: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(path, date_time=_ENTRY_TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    packed.writestr(entry, content)


def _json(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
