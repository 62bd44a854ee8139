"""What other versions of the Contest API write in another way, put as 2023-06 has it."""

from typing import Any

from apps.archives.contest_archive.raw import RawContest


def put_as_known(raw: RawContest) -> None:
    """Change documents in place to the properties that the model reads."""
    for each in raw.collections.get("clarifications", {}).values():
        _put_recipient(each.document)
    for each in raw.collections.get("judgements", {}).values():
        _put_verdict(each.document)


def _put_recipient(clarification: dict[str, Any]) -> None:
    # One team up to 2023-06, a list afterwards.
    recipient = clarification.get("to_team_id")
    if recipient is not None and clarification.get("to_team_ids") is None:
        clarification["to_team_ids"] = [recipient]


def _put_verdict(judgement: dict[str, Any]) -> None:
    # Before `current` became part of the format, DOMjudge told it as `valid`.
    if judgement.get("current") is None and judgement.get("valid") is not None:
        judgement["current"] = judgement["valid"]
    # From 2026-01 on, a feed for the public may have the simplified verdict only.
    if judgement.get("judgement_type_id") is None:
        judgement["judgement_type_id"] = judgement.get("simplified_judgement_type_id")
