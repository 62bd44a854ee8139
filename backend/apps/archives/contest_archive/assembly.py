"""Make a contest archive of raw documents: every object read, every reference good."""

from dataclasses import dataclass
from typing import Any

from apps.archives.contest_archive.checks import check
from apps.archives.contest_archive.current_judgements import with_one_current
from apps.archives.contest_archive.documents import DocumentReader, Shape, document_of
from apps.archives.contest_archive.judgement_types import KNOWN_JUDGEMENT_TYPES
from apps.archives.contest_archive.model import (
    COLLECTIONS,
    Contest,
    ContestArchive,
    Scoreboard,
    State,
)
from apps.archives.contest_archive.raw import RawContest, RawObject
from apps.archives.contest_archive.report import Place, Report
from apps.archives.contest_archive.versions import put_as_known


def assemble(raw: RawContest, report: Report) -> ContestArchive | None:
    """Make the archive, or report why that can't be done."""
    put_as_known(raw)
    _add_judgement_types(raw, report)
    return _Assembly(raw, report).archive()


def _add_judgement_types(raw: RawContest, report: Report) -> None:
    named = [
        each.document.get("judgement_type_id")
        for name in ("judgements", "runs")
        for each in raw.collections.get(name, {}).values()
    ]
    used = {each for each in named if isinstance(each, str)}
    if "judgement-types" in raw.collections or not used:
        return
    place = Place(file_name="judgement-types.json")
    report.add_warning(place, "The archive has no judgement types; the usual ones are taken.")
    raw.collections["judgement-types"] = {
        each.id: RawObject(document=document_of(each), place=place)
        for each in KNOWN_JUDGEMENT_TYPES.values()
        if each.id in used
    }


@dataclass(slots=True)
class _Assembly:
    """The documents of one archive and what is said about them."""

    raw: RawContest
    report: Report

    def archive(self) -> ContestArchive | None:
        contest = self._single("contest", Contest)
        if contest is None and "contest" not in self.raw.singles:
            place = Place(file_name="contest.json")
            self.report.add_error(place, "There is no contest in the archive; add this file.")
        read = {each.attribute: self._collection(each.name, each.shape) for each in COLLECTIONS}
        state = self._single("state", State) or State()
        scoreboard = self._single("scoreboard", Scoreboard)
        # What follows looks at objects together, so all of them have to be there.
        if contest is None or self.report.error_count:
            return None
        read["judgements"] = with_one_current(
            read["judgements"], self._stated_current(), self.place_of, self.report
        )
        archive = ContestArchive(contest=contest, state=state, scoreboard=scoreboard, **read)
        check(archive, self.place_of, self.report)
        return archive

    def place_of(self, collection: str, object_id: str) -> Place:
        found = self.raw.collections.get(collection, {}).get(object_id)
        found = found or self.raw.singles.get(collection)
        return found.place if found else Place(file_name=f"{collection}.json")

    def _single(self, name: str, shape: type[Shape]) -> Shape | None:
        raw = self.raw.singles.get(name)
        return None if raw is None else self._reader().find(shape, raw.document, raw.place)

    def _collection(self, name: str, shape: type) -> Any:
        reader = self._reader()
        objects = self.raw.collections.get(name, {}).values()
        read = (reader.find(shape, each.document, each.place) for each in objects)
        return tuple(filter(None, read))

    def _reader(self) -> DocumentReader:
        return DocumentReader(known_ids=self.raw.collections, report=self.report)

    def _stated_current(self) -> dict[str, object]:
        judgements = self.raw.collections.get("judgements", {})
        return {each_id: each.document.get("current") for each_id, each in judgements.items()}
