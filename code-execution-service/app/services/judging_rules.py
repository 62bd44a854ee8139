"""Judging rules as they are stored with a submission."""

from typing import Any

from pydantic import TypeAdapter

from app.domain.judging_rules import DEFAULT_RULES, JudgingRules

_RULES = TypeAdapter(JudgingRules)


def to_document(rules: JudgingRules) -> dict[str, Any] | None:
    """Make what is stored; nothing for the default."""
    if rules == DEFAULT_RULES:
        return None
    document: dict[str, Any] = _RULES.dump_python(rules, mode="json")
    return document


def from_document(document: dict[str, Any] | None) -> JudgingRules:
    """Read what has been stored."""
    return DEFAULT_RULES if document is None else _RULES.validate_python(document)
