"""The objects of an archive as documents, before anybody asks what they mean.

They come from JSON files, one per collection, or from an event feed whose last state wins.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from apps.archives.contest_archive.json_text import JsonError, decode_text, items_of, read_value
from apps.archives.contest_archive.model import COLLECTIONS
from apps.archives.contest_archive.report import Place, Report

SINGLES = ("contest", "state", "scoreboard")
_OBJECTS_MAX = {each.name: each.objects_max for each in COLLECTIONS}


@dataclass(frozen=True, slots=True)
class RawObject:
    """A document and where it stands."""

    document: dict[str, Any]
    place: Place


@dataclass(slots=True)
class RawContest:
    """All documents; a collection that the archive does not mention has no key."""

    singles: dict[str, RawObject] = field(default_factory=dict)
    collections: dict[str, dict[str, RawObject]] = field(default_factory=dict)


def read_single(file_name: str, content: bytes, report: Report) -> RawObject | None:
    """Read a file with one object, or report why that can't be done."""
    try:
        value = read_value(decode_text(content))
    except JsonError as error:
        report.add_error(Place(file_name=file_name, line=error.line), f"The file {error}.")
        return None
    if not isinstance(value, dict):
        report.add_error(Place(file_name=file_name), "The file has to hold one JSON object.")
        return None
    return RawObject(document=value, place=Place(file_name=file_name))


def read_collection(
    name: str, file_name: str, content: bytes, report: Report
) -> dict[str, RawObject]:
    """Read a file with a list of objects, and report what can't be read."""
    try:
        return _gathered(name, file_name, items_of(decode_text(content)), report)
    except JsonError as error:
        report.add_error(Place(file_name=file_name, line=error.line), f"The file {error}.")
        return {}


def read_feed(file_name: str, content: bytes, report: Report) -> RawContest:
    """Read an event feed, one event a line, and report what can't be read."""
    raw = RawContest()
    ignored: dict[str, int] = {}
    for line, text in enumerate(content.split(b"\n"), start=1):
        if not text.strip():
            continue
        place = Place(file_name=file_name, line=line)
        try:
            event = read_value(decode_text(text), line=line)
        except JsonError as error:
            report.add_error(place, f"The event {error}.")
            continue
        reason = _reason_against(event)
        if reason is not None:
            report.add_error(place, reason)
        elif not _apply(raw, event, place, report):
            ignored[event["type"]] = ignored.get(event["type"], 0) + 1
    for kind, count in ignored.items():
        report.add_warning(
            Place(file_name=file_name), f"{count} events of type '{kind[:50]}' are not kept."
        )
    return raw


def _reason_against(event: object) -> str | None:
    if not isinstance(event, dict) or not isinstance(event.get("type"), str):
        return "An event is an object with 'type', 'id' and 'data'."
    if "op" in event:
        return "This event is in the form of 2020-03; export the feed as 2022-07 or newer."
    if "data" not in event:
        return "The event has no 'data'; a deletion has null there."
    if event.get("id") is not None and not isinstance(event["id"], str):
        return "The event's id is a text in quotes, or null."
    return None


def _apply(raw: RawContest, event: dict[str, Any], place: Place, report: Report) -> bool:
    """Take an event in; `False` if nothing here knows its type."""
    kind, data = event["type"], event["data"]
    if kind in {*SINGLES, "contests"}:
        _apply_single(raw, kind.replace("contests", "contest"), data, place, report)
        return True
    if kind not in _OBJECTS_MAX:
        return False
    objects = raw.collections.setdefault(kind, {})
    object_id = event.get("id")
    if data is None and object_id is not None:
        objects.pop(object_id, None)
    elif data is None:
        objects.clear()
    elif isinstance(data, list):
        raw.collections[kind] = _gathered(
            kind, place.file_name, ((place.line or 1, item) for item in data), report
        )
    else:
        _put(kind, objects, data, place, report, expected_id=object_id)
    return True


def _apply_single(raw: RawContest, kind: str, data: Any, place: Place, report: Report) -> None:
    if data is None:
        raw.singles.pop(kind, None)
    elif isinstance(data, dict):
        raw.singles[kind] = RawObject(document=data, place=place)
    else:
        report.add_error(place, f"The data of a '{kind}' event is one object.")


def _put(
    kind: str,
    objects: dict[str, RawObject],
    data: Any,
    place: Place,
    report: Report,
    *,
    expected_id: str | None,
) -> None:
    object_id = _id_of(data)
    if object_id is None or (expected_id is not None and object_id != expected_id):
        report.add_error(place, "The data of an event is an object with the id of the event.")
    elif object_id not in objects and len(objects) >= _OBJECTS_MAX[kind]:
        report.add_error(place, f"There are more than {_OBJECTS_MAX[kind]} {kind}.")
    else:
        objects[object_id] = _raw_object(data, object_id, place)


def _gathered(
    name: str, file_name: str, items: Iterable[tuple[int, Any]], report: Report
) -> dict[str, RawObject]:
    objects: dict[str, RawObject] = {}
    for line, document in _limited(name, file_name, items, report):
        place = Place(file_name=file_name, line=line)
        object_id = _id_of(document)
        if object_id is None:
            report.add_error(place, "This is no object with an 'id' in quotes.")
        elif object_id in objects:
            first = objects[object_id].place.line
            report.add_error(
                place, f"The id '{object_id}' is taken by line {first}; ids have to differ."
            )
        else:
            objects[object_id] = _raw_object(document, object_id, place)
    return objects


def _limited(
    name: str, file_name: str, items: Iterable[tuple[int, Any]], report: Report
) -> Iterator[tuple[int, Any]]:
    for count, (line, document) in enumerate(items, start=1):
        if count > _OBJECTS_MAX[name]:
            place = Place(file_name=file_name, line=line)
            report.add_error(place, f"There are more than {_OBJECTS_MAX[name]} {name}.")
            return
        yield line, document


def _id_of(document: object) -> str | None:
    if not isinstance(document, dict):
        return None
    object_id = document.get("id")
    return object_id if isinstance(object_id, str) else None


def _raw_object(document: dict[str, Any], object_id: str, place: Place) -> RawObject:
    return RawObject(
        document=document,
        place=Place(file_name=place.file_name, line=place.line, object_id=object_id[:100]),
    )
