"""What one submission is worth, from its tests and their groups (subtasks): pure rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from itertools import accumulate, pairwise
from typing import assert_never

from apps.contests.domain import NO_SCORE, POINT_STEP

PASSED = Decimal(1)


class GroupScoring(StrEnum):
    """What a group of tests is worth when not all of them are passed.

    Source: CMS, score types GroupMin, GroupMul and Sum,
    https://cms.readthedocs.io/en/v1.4/Score%20types.html
    """

    ALL = "all"
    MIN = "min"
    SUM = "sum"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subtask:
    """A group of tests: its points, and the groups that have to be passed for it to count."""

    name: str
    points: int
    scoring: GroupScoring = GroupScoring.ALL
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedTest:
    """A test: its group, and its points, which weigh it within a group that sums."""

    id: str
    points: int
    group: str | None = None


def score_of_tests(
    groups: Sequence[Subtask],
    tests: Sequence[GradedTest],
    outcomes: Mapping[str, Decimal],
    full_points: int | None,
) -> tuple[Decimal, dict[str, Decimal]]:
    """Add up the points reached, and give each group's part of them.

    `outcomes` are shares from 0 to 1 by test; a test that did not run is left out. Points are
    scaled so that all tests passed make `full_points`, or their own sum where that is `None`.
    Points that are all nothing still make full points when every test is passed.

    With groups only they give points: a test outside of them, such as a sample, and a group without
    tests give nothing. A group counts for nothing while a test of a group that it requires, or that
    one requires in turn, is not passed in full. The parts add up to the score.

    Raises:
        ValueError: An outcome is not from 0 to 1.
    """
    if not all(share.is_finite() and 0 <= share <= PASSED for share in outcomes.values()):
        raise ValueError("A test's outcome is a share from 0 to 1.")
    if not groups:
        full = sum(test.points for test in tests) if full_points is None else full_points
        return _rounded(_weighted(Decimal(full), tests, outcomes)), {}
    members = {group.name: [test for test in tests if test.group == group.name] for group in groups}
    counted = [group for group in groups if members[group.name]]
    own_points = sum(group.points for group in counted)
    full = own_points if full_points is None else full_points
    if not own_points:
        grouped = [test for group in counted for test in members[group.name]]
        return (_rounded(Decimal(full)) if _is_full(grouped, outcomes) else NO_SCORE), {}
    requirements = {group.name: group.requires for group in groups}
    scores = {}
    for group, points in zip(counted, _parts(full, counted), strict=True):
        required = _closure(group.name, requirements)
        is_open = all(_is_full(members[name], outcomes) for name in required if members.get(name))
        reached = _reached(group.scoring, points, members[group.name], outcomes)
        scores[group.name] = _rounded(reached) if is_open else NO_SCORE
    return sum(scores.values(), start=NO_SCORE), scores


def _reached(
    scoring: GroupScoring,
    points: Decimal,
    tests: Sequence[GradedTest],
    outcomes: Mapping[str, Decimal],
) -> Decimal:
    match scoring:
        case GroupScoring.ALL:
            return points if _is_full(tests, outcomes) else NO_SCORE
        case GroupScoring.MIN:
            return points * min(_share(test, outcomes) for test in tests)
        case GroupScoring.SUM:
            return _weighted(points, tests, outcomes)
        case _:
            assert_never(scoring)


def _weighted(
    points: Decimal, tests: Sequence[GradedTest], outcomes: Mapping[str, Decimal]
) -> Decimal:
    """Give the part of the points that the tests earn, each by its own weight."""
    if _is_full(tests, outcomes):
        return points
    total = sum(test.points for test in tests)
    reached = sum((test.points * _share(test, outcomes) for test in tests), start=NO_SCORE)
    return points * reached / total if total else NO_SCORE


def _share(test: GradedTest, outcomes: Mapping[str, Decimal]) -> Decimal:
    return outcomes.get(test.id, NO_SCORE)


def _is_full(tests: Sequence[GradedTest], outcomes: Mapping[str, Decimal]) -> bool:
    return bool(tests) and all(_share(test, outcomes) == PASSED for test in tests)


def _parts(full: int, groups: Sequence[Subtask]) -> list[Decimal]:
    """Cut the full points in proportion to the groups' own, so that the rounded parts add up."""
    total = sum(group.points for group in groups)
    marks = accumulate((group.points for group in groups), initial=0)
    rounded = [_rounded(Decimal(full * mark) / total) for mark in marks]
    return [end - start for start, end in pairwise(rounded)]


def _closure(name: str, requirements: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Give the names that a group requires, directly or by way of others; circles end."""
    found: set[str] = set()
    open_names = list(requirements.get(name, ()))
    while open_names:
        each = open_names.pop()
        if each not in found:
            found.add(each)
            open_names.extend(requirements.get(each, ()))
    return found


def _rounded(score: Decimal) -> Decimal:
    return score.quantize(POINT_STEP, rounding=ROUND_HALF_UP)
