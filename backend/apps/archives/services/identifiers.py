"""Ids for an archive."""

from collections.abc import Iterable

from apps.archives.contest_archive.codecs import ID, ValueRefusedError


def identifiers(kind: str, rows: Iterable[tuple[int, str]]) -> dict[int, str]:
    """Give each row its own id: the one it had elsewhere, or its number here."""
    given: dict[int, str] = {}
    taken: set[str] = set()
    without: list[int] = []
    for key, external_id in rows:
        if _is_id(external_id) and external_id not in taken:
            given[key] = external_id
            taken.add(external_id)
        else:
            without.append(key)
    for key in without:
        number = f"{kind}-{key}"
        while number in taken:
            number = f"{number}_"
        given[key] = number
        taken.add(number)
    return given


def _is_id(text: str) -> bool:
    try:
        ID.read(text)
    except ValueRefusedError:
        return False
    return True
