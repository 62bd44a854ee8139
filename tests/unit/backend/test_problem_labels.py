"""What problems are called on boards."""

import pytest

from apps.contests.domain import problem_label


@pytest.mark.parametrize(
    ("place", "label"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ")]
)
def test_problems_are_called_by_letters(place: int, label: str) -> None:
    assert problem_label(place) == label


def test_a_label_of_ones_own_wins() -> None:
    assert problem_label(0, "X1") == "X1"
