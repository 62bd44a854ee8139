"""What a package's groups mean here: groups of tests with points, and which needs which."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from apps.problems.packages.package import (
    DATA,
    SAMPLE,
    SECRET,
    OnReject,
    Package,
    ProblemType,
    ScoreMode,
    TestCase,
    TestGroup,
    VerdictMode,
)
from apps.problems.packages.report import Report
from apps.problems.packages.test_data import SETTINGS_FILE


class GroupScoring(StrEnum):
    """What a group is worth when not all of its tests are passed."""

    ALL = "all"
    MIN = "min"
    SUM = "sum"


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedGroup:
    """A group with points; its tests are named by their paths below `data`.

    A group in `requires` has to be passed in full, or this one is not judged.
    """

    name: str
    points: int
    scoring: GroupScoring
    stops_at_first_failure: bool
    requires: tuple[str, ...]
    cases: tuple[TestCase, ...]


def graded_groups(package: Package, report: Report) -> tuple[GradedGroup, ...]:
    """Give the groups in the order of judging; what can't be graded here goes into the report.

    A pass-fail problem has none. Samples are a group only where they count for something.
    """
    groups = {group.path: group for group in package.groups}
    if package.problem_type is ProblemType.PASS_FAIL:
        return ()
    if package.validation.has_score:
        report.warning(
            "problem.yaml",
            "validation: The checker's score has to be from 0 to 1; accept_score is its factor.",
        )
    grading = _Grading(package, report)
    secret = list(grading.below(groups[SECRET]))
    root = groups[DATA].settings
    if SAMPLE in groups:
        samples = list(grading.below(groups[SAMPLE]))
        if root.ignores_sample:
            samples = [replace(group, points=0) for group in samples]
        secret = _after(secret, samples) if root.on_reject is OnReject.BREAK else secret
        required = {name for group in secret for name in group.requires}
        secret = [each for each in samples if each.points or each.name in required] + secret
    return tuple(secret)


class _Grading:
    """Walks through the groups of a scoring problem."""

    def __init__(self, package: Package, report: Report) -> None:
        self._groups = package.groups
        self._has_score = package.validation.has_score
        self._report = report

    def below(self, group: TestGroup) -> Iterator[GradedGroup]:
        """Give what a group with its subgroups is, in the order of judging."""
        match group.settings.score_mode:
            case ScoreMode.SUM:
                yield from self._sum(group)
            case ScoreMode.MINIMUM:
                yield self._minimum(group)
            case ScoreMode.AVERAGE | ScoreMode.MAXIMUM as mode:
                self._error(
                    group, f"grader_flags: '{mode.value}' is not graded here; use sum or min."
                )

    def _sum(self, group: TestGroup) -> Iterator[GradedGroup]:
        if group.cases:
            points = group.settings.accept_score * len(group.cases)
            yield self._graded(group, GroupScoring.SUM, points, [group])
        earlier: list[GradedGroup] = []
        for child in self._children(group):
            found = list(self.below(child))
            yield from _after(found, earlier)
            if group.settings.on_reject is OnReject.BREAK and _can_be_rejected(child):
                earlier += found

    def _minimum(self, group: TestGroup) -> GradedGroup:
        below = [each for each in self._groups if each.path.startswith(f"{group.path}/")]
        for each in below:
            if (each.settings.score_mode, each.settings.accept_score) != (
                ScoreMode.MINIMUM,
                group.settings.accept_score,
            ):
                self._error(each, f"Within {group.path} it needs 'min' and the same accept_score.")
        scoring = GroupScoring.MIN if self._has_score else GroupScoring.ALL
        return self._graded(group, scoring, group.settings.accept_score, [group, *below])

    def _graded(
        self,
        group: TestGroup,
        scoring: GroupScoring,
        points: Decimal,
        members: Sequence[TestGroup],
    ) -> GradedGroup:
        if points < 0 or points != int(points):
            self._error(group, f"It is worth {points:f} points; make that a whole number.")
        if group.settings.reject_score:
            self._error(group, "reject_score: What is rejected gives no points here; use 0.")
        return GradedGroup(
            name=_name(group),
            points=int(points),
            scoring=scoring,
            stops_at_first_failure=group.settings.on_reject is OnReject.BREAK,
            requires=(),
            cases=tuple(
                replace(case, name=f"{each.path}/{case.name}".removeprefix(f"{DATA}/"))
                for each in members
                for case in each.cases
            ),
        )

    def _children(self, group: TestGroup) -> Iterator[TestGroup]:
        return (each for each in self._groups if each.path.rpartition("/")[0] == group.path)

    def _error(self, group: TestGroup, message: str) -> None:
        self._report.error(f"{group.path}/{SETTINGS_FILE}", message)


def _after(groups: Sequence[GradedGroup], earlier: Sequence[GradedGroup]) -> list[GradedGroup]:
    """Give groups that are judged only when earlier ones are passed."""
    names = tuple(group.name for group in earlier)
    return [replace(group, requires=(*names, *group.requires)) for group in groups]


def _can_be_rejected(group: TestGroup) -> bool:
    is_always_accepted = group.settings.verdict_mode is VerdictMode.ALWAYS_ACCEPT
    return not (is_always_accepted or group.settings.accepts_if_any_accepted)


def _name(group: TestGroup) -> str:
    return group.path.removeprefix(f"{SECRET}/").removeprefix(f"{DATA}/")
