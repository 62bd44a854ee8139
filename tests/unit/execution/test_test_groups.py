"""Which tests are run, and that it depends on verdicts alone."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.test_groups import TestGroup, TestPlan, check_groups
from app.errors import InvalidRequestError

NAMES = ("a", "b", "c", "d")


@st.composite
def group_lists(draw: st.DrawFn) -> list[TestGroup]:
    """Draw groups of which each requires only others that come before it in the alphabet."""
    groups = [
        TestGroup(
            name=name,
            stop_at_first_failure=draw(st.booleans()),
            requires=tuple(draw(st.sets(st.sampled_from(NAMES[:position])))) if position else (),
        )
        for position, name in enumerate(NAMES)
    ]
    return draw(st.permutations(groups))


TESTS = st.lists(st.tuples(st.sampled_from([None, *NAMES]), st.booleans()), min_size=1, max_size=20)


def run(tests: Sequence[tuple[str | None, bool]], groups: Sequence[TestGroup]) -> list[int]:
    """Run tests, given by group and whether they fail; return the positions of those that ran."""
    plan = TestPlan([group for group, _ in tests], groups)
    ran = []
    while plan.remaining:
        position = plan.remaining[0]
        before = list(plan.remaining)
        are_fewer = plan.note(has_failed=tests[position][1])
        assert are_fewer == (plan.remaining != before[1:])
        ran.append(position)
    return ran


@given(st.lists(st.booleans(), min_size=1))
def test_without_groups_all_tests_run_in_order(failures: list[bool]) -> None:
    ran = run([(None, has_failed) for has_failed in failures], [])

    assert ran == list(range(len(failures)))


def test_a_group_stops_at_its_first_failure_and_others_go_on() -> None:
    groups = [TestGroup(name="a", stop_at_first_failure=True), TestGroup(name="b")]
    tests = [("a", False), ("a", True), ("a", False), ("b", True), ("b", False)]

    assert run(tests, groups) == [0, 1, 3, 4]


def test_a_group_is_not_run_if_a_required_one_has_failed_even_indirectly() -> None:
    groups = [
        TestGroup(name="c", requires=("b",)),
        TestGroup(name="b", requires=("a",)),
        TestGroup(name="a"),
        TestGroup(name="free"),
    ]
    tests = [("a", False), ("a", True), ("a", False), ("b", False), ("c", False), ("free", False)]

    assert run(tests, groups) == [0, 1, 2, 5]


def test_required_groups_run_first_wherever_their_tests_stand() -> None:
    groups = [TestGroup(name="a"), TestGroup(name="b", requires=("a",))]

    assert run([("b", False), (None, False), ("a", True), ("b", False)], groups) == [1, 2]
    assert run([("b", False), (None, False), ("a", False), ("b", False)], groups) == [1, 2, 0, 3]


@given(TESTS, group_lists())
def test_what_is_skipped_follows_from_what_failed(
    tests: list[tuple[str | None, bool]], groups: list[TestGroup]
) -> None:
    ran = run(tests, groups)

    failed = {tests[position][0] for position in ran if tests[position][1]}
    by_name = {group.name: group for group in groups}

    def has_failed_below(name: str) -> bool:
        return any(
            required in failed or has_failed_below(required) for required in by_name[name].requires
        )

    for position, (name, _) in enumerate(tests):
        if name is None:
            assert position in ran
            continue
        earlier_failed = any(tests[other] == (name, True) for other in ran if other < position)
        is_stopped = by_name[name].stop_at_first_failure and earlier_failed
        assert (position not in ran) == (is_stopped or has_failed_below(name))


@pytest.mark.parametrize(
    ("groups", "complaint"),
    [
        ([TestGroup(name="a"), TestGroup(name="a")], "Two test groups have the same name"),
        ([TestGroup(name="a", requires=("x",))], "Group 'a' requires unknown group 'x'"),
        ([TestGroup(name="a", requires=("a",))], "Group 'a' requires itself"),
        (
            [TestGroup(name="a", requires=("b",)), TestGroup(name="b", requires=("a",))],
            "Group 'a' requires itself",
        ),
        ([TestGroup(name="b")], "Test group 'a' is not among the groups"),
        ([], "Test group 'a' is not among the groups"),
    ],
)
def test_contradicting_groups_are_refused(groups: list[TestGroup], complaint: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        check_groups(["a", None], groups)

    assert refused.value.detail == complaint


def test_a_long_chain_of_groups_is_no_trouble() -> None:
    groups = [TestGroup(name="0")]
    groups += [TestGroup(name=str(n), requires=(str(n - 1),)) for n in range(1, 100)]

    check_groups(["99"], groups)

    assert run([(str(n), n == 0) for n in range(100)], groups) == [0]
