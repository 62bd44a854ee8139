"""What a judgement type of an archive is called here, and the other way round."""

from collections.abc import Iterable

from apps.archives.contest_archive.judgement_types import BIG_FIVE, KNOWN_JUDGEMENT_TYPES
from apps.archives.contest_archive.model import JudgementType
from apps.code_execution.domain import Verdict

# The format calls our fault a judging error.
_OWN_FAULT = "JE"
_SAME_NAME = frozenset(verdict.value for verdict in Verdict) - {Verdict.IE.value}


def verdict_of(judgement_type: JudgementType) -> Verdict:
    """Name the verdict that counts on a board as this type does.

    A type that nobody knows is a wrong answer, or a compilation error if it costs nothing.
    """
    type_id = judgement_type.id
    if judgement_type.is_solved:
        return Verdict.AC
    if type_id in _SAME_NAME - {Verdict.AC.value}:
        return Verdict(type_id)
    if type_id in BIG_FIVE:
        equivalent = BIG_FIVE[type_id]
        return Verdict.IE if equivalent is None else Verdict(equivalent)
    return Verdict.WA if judgement_type.is_penalised else Verdict.CE


def judgement_type_id_of(verdict: Verdict) -> str:
    """Name the judgement type of a verdict."""
    return _OWN_FAULT if verdict is Verdict.IE else verdict.value


def judgement_types(*, compile_errors_are_free: bool) -> Iterable[JudgementType]:
    """Give a judgement type for every verdict."""
    for verdict in Verdict:
        known = KNOWN_JUDGEMENT_TYPES[judgement_type_id_of(verdict)]
        is_free = compile_errors_are_free or verdict is not Verdict.CE
        yield JudgementType(
            id=known.id,
            name=known.name,
            is_penalised=known.is_penalised or not is_free,
            is_solved=known.is_solved,
        )
