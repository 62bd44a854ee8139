"""What a submission is worth: shares of tests, groups with points, and groups that need others."""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from apps.contests.subtasks import GradedTest, GroupScoring, Subtask, score_of_tests
from tests.support.contract_scoring import TestOutcome, score_of

NAMES = ("one", "two", "three", "four")
SHARES = st.sampled_from([Decimal(0), Decimal(1)]) | st.decimals(0, 1, places=3)
POINTS = st.integers(0, 1_000_000)
FULL_POINTS = st.none() | POINTS
OUTCOMES = st.dictionaries(st.integers(0, 11).map(str), SHARES)


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[Subtask], list[GradedTest]]:
    """Give groups with any requirements, also of themselves and unknown ones, and tests in some."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True))
    groups = [
        Subtask(
            name=name,
            points=draw(POINTS),
            scoring=draw(st.sampled_from(GroupScoring)),
            requires=tuple(draw(st.lists(st.sampled_from(NAMES), max_size=2))),
        )
        for name in names
    ]
    tests = [
        GradedTest(
            id=str(number),
            points=draw(POINTS),
            group=draw(st.sampled_from([None, *names])),
        )
        for number in range(draw(st.integers(0, 12)))
    ]
    return groups, tests


def group(
    name: str, points: int, scoring: GroupScoring = GroupScoring.ALL, requires: tuple[str, ...] = ()
) -> Subtask:
    return Subtask(name=name, points=points, scoring=scoring, requires=requires)


def weighed(name: str, *points: int) -> list[GradedTest]:
    return [
        GradedTest(id=f"{name}{number}", points=each, group=name)
        for number, each in enumerate(points)
    ]


def shares(**outcomes: str) -> dict[str, Decimal]:
    return {test: Decimal(share) for test, share in outcomes.items()}


@pytest.mark.parametrize(
    ("scoring", "points"),
    [(GroupScoring.ALL, "0"), (GroupScoring.MIN, "10"), (GroupScoring.SUM, "25")],
)
def test_a_group_scores_all_or_nothing_its_worst_test_or_the_sum(
    scoring: GroupScoring, points: str
) -> None:
    score, by_group = score_of_tests(
        [group("a", 40, scoring)], weighed("a", 1, 1), shares(a0="1", a1="0.25"), None
    )

    assert score == by_group["a"] == Decimal(points)


def test_the_points_of_tests_weigh_them_in_a_group_that_sums() -> None:
    score, _ = score_of_tests(
        [group("a", 40, GroupScoring.SUM)], weighed("a", 1, 3), shares(a0="1", a1="0.25"), None
    )

    assert score == Decimal("17.5")


def test_scales_groups_to_the_full_points_of_the_contest() -> None:
    groups = [group("a", 10), group("b", 30)]
    tests = [*weighed("a", 1), *weighed("b", 1, 1)]

    score, by_group = score_of_tests(groups, tests, shares(a0="1", b0="1"), 200)

    assert (score, by_group) == (Decimal(50), {"a": Decimal(50), "b": Decimal(0)})


def test_parts_that_can_not_be_equal_still_add_up_to_the_full_points() -> None:
    # Each part is rounded by itself, as at the IOI: https://github.com/cms-dev/cms/pull/1690
    groups = [group("a", 1), group("b", 1), group("c", 1)]
    tests = [*weighed("a", 1), *weighed("b", 1), *weighed("c", 1)]

    score, by_group = score_of_tests(groups, tests, shares(a0="1", b0="1", c0="1"), 100)

    assert score == Decimal(100)
    assert list(by_group.values()) == [Decimal("33.33"), Decimal("33.34"), Decimal("33.33")]


@pytest.mark.parametrize(
    ("outcomes", "score"),
    [
        (shares(a0="1", b0="1", c0="1"), 100),
        (shares(a0="0.99", b0="1", c0="1"), 0),
        (shares(b0="1", c0="1"), 0),
        (shares(a0="1", b0="0", c0="1"), 20),
    ],
)
def test_a_group_counts_only_when_what_it_requires_is_passed_also_by_way_of_others(
    outcomes: dict[str, Decimal], score: int
) -> None:
    groups = [group("a", 20), group("b", 30, requires=("a",)), group("c", 50, requires=("b",))]
    tests = [*weighed("a", 1), *weighed("b", 1), *weighed("c", 1)]

    assert score_of_tests(groups, tests, outcomes, None)[0] == score


def test_groups_that_require_each_other_count_together() -> None:
    groups = [group("a", 50, requires=("b",)), group("b", 50, requires=("a",))]
    tests = [*weighed("a", 1), *weighed("b", 1)]

    assert score_of_tests(groups, tests, shares(a0="1", b0="1"), None)[0] == 100
    assert score_of_tests(groups, tests, shares(a0="1"), None)[0] == 0


def test_samples_outside_of_the_groups_give_no_points() -> None:
    tests = [GradedTest(id="sample", points=50), *weighed("a", 1)]

    assert score_of_tests([group("a", 50)], tests, shares(sample="1"), 100)[0] == 0
    assert score_of_tests([group("a", 50)], tests, shares(a0="1"), 100)[0] == 100


def test_a_group_without_tests_takes_no_points_from_the_others() -> None:
    groups = [group("empty", 50), group("a", 50, requires=("empty",))]

    assert score_of_tests(groups, weighed("a", 1), shares(a0="1"), 100) == (
        Decimal(100),
        {"a": Decimal(100)},
    )


def test_groups_that_are_all_worth_nothing_are_passed_together_or_not_at_all() -> None:
    groups = [group("a", 0), group("b", 0)]
    tests = [*weighed("a", 1), *weighed("b", 1)]

    assert score_of_tests(groups, tests, shares(a0="1", b0="1"), 100)[0] == 100
    assert score_of_tests(groups, tests, shares(a0="1"), 100)[0] == 0


@pytest.mark.parametrize("share", ["-0.01", "1.01", "NaN", "Infinity"])
def test_refuses_an_outcome_that_is_no_share(share: str) -> None:
    with pytest.raises(ValueError, match="share from 0 to 1"):
        score_of_tests([], weighed("a", 1), shares(a0=share), 100)


@given(st.lists(st.tuples(st.booleans(), POINTS), max_size=20), FULL_POINTS)
@example([(True, 0), (True, 0)], 100)
@example([(True, 0), (False, 0)], 100)
# Exactly 0.625, which a quotient rounded on the way would miss.
@example([(True, 5), (False, 19)], 3)
def test_without_groups_and_parts_of_tests_the_score_is_the_old_one(
    lines: list[tuple[bool, int]], full_points: int | None
) -> None:
    outcomes = [TestOutcome(is_passed=is_passed, points=points) for is_passed, points in lines]
    tests = [GradedTest(id=str(at), points=points) for at, (_, points) in enumerate(lines)]
    passed = {str(at): Decimal(is_passed) for at, (is_passed, _) in enumerate(lines)}

    assert score_of_tests([], tests, passed, full_points) == (score_of(outcomes, full_points), {})


@given(problems(), OUTCOMES, FULL_POINTS)
def test_the_parts_add_up_to_a_score_between_nothing_and_everything(
    problem: tuple[list[Subtask], list[GradedTest]],
    outcomes: dict[str, Decimal],
    full_points: int | None,
) -> None:
    groups, tests = problem
    worth: list[Subtask] | list[GradedTest] = groups or tests
    limit = sum(each.points for each in worth) if full_points is None else full_points

    score, by_group = score_of_tests(groups, tests, outcomes, full_points)

    assert 0 <= score <= limit
    assert all(part >= 0 for part in by_group.values())
    assert not by_group or sum(by_group.values()) == score


@given(problems(), POINTS)
def test_passing_every_test_makes_full_points(
    problem: tuple[list[Subtask], list[GradedTest]], full_points: int
) -> None:
    groups, tests = problem
    counted = [test for test in tests if not groups or test.group is not None]
    outcomes = {test.id: Decimal(1) for test in counted}

    assert score_of_tests(groups, tests, outcomes, full_points)[0] == (
        full_points if counted else 0
    )


@given(problems(), OUTCOMES, FULL_POINTS, st.integers(0, 11), SHARES)
def test_doing_better_at_one_test_never_costs_points_in_any_group(
    problem: tuple[list[Subtask], list[GradedTest]],
    outcomes: dict[str, Decimal],
    full_points: int | None,
    number: int,
    share: Decimal,
) -> None:
    groups, tests = problem
    better = {**outcomes, str(number): max(share, outcomes.get(str(number), Decimal(0)))}

    score, by_group = score_of_tests(groups, tests, outcomes, full_points)
    better_score, better_by_group = score_of_tests(groups, tests, better, full_points)

    assert better_score >= score
    assert all(better_by_group[name] >= part for name, part in by_group.items())
