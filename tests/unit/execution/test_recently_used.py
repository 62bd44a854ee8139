from hypothesis import given
from hypothesis import strategies as st

from app.services.recently_used import RecentlyUsed


def test_what_was_not_used_for_longest_goes_first() -> None:
    kept = RecentlyUsed[str](max_weight=3)
    for name in "abc":
        kept.put(name, name.upper())

    kept.get("a")
    kept.put("d", "D")

    assert [kept.get(name) for name in "abcd"] == ["A", None, "C", "D"]


def test_what_alone_is_too_heavy_drives_nothing_out() -> None:
    kept = RecentlyUsed[str](max_weight=3)
    kept.put("a", "A", weight=2)

    kept.put("b", "B", weight=4)

    assert (kept.get("a"), kept.get("b")) == ("A", None)


def test_a_newer_value_takes_the_place_and_the_weight_of_the_older() -> None:
    kept = RecentlyUsed[str](max_weight=3)
    kept.put("a", "old", weight=3)
    kept.put("a", "new", weight=1)

    kept.put("b", "B", weight=2)

    assert (kept.get("a"), kept.get("b")) == ("new", "B")


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abcdef"), st.sampled_from(["get", "put", "drop"]), st.integers(0, 9)
        )
    )
)
def test_it_never_keeps_more_than_it_may(acts: list[tuple[str, str, int]]) -> None:
    kept = RecentlyUsed[int](max_weight=12)

    for key, act, weight in acts:
        if act == "put":
            kept.put(key, weight, weight=weight)
        elif act == "drop":
            kept.drop(key)
        else:
            kept.get(key)
        values = [kept.get(each) for each in "abcdef"]
        assert sum(value for value in values if value is not None) <= 12
