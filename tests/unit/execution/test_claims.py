"""What verified tokens say of whom, and until when."""

from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain.claims import (
    ClaimsError,
    check,
    firebase_caller,
    openid_caller,
    platform_caller,
)

NOW_S = 1_800_000_000
NOW = datetime.fromtimestamp(NOW_S, tz=UTC)
LATER = datetime.fromtimestamp(NOW_S + 3600, tz=UTC)
GOOD = {"iss": "us", "aud": "them", "sub": "alice", "iat": NOW_S, "exp": NOW_S + 3600}
NO_TIMES: list[Any] = [None, "tomorrow", True, -1, 1e300, float("inf"), float("nan"), 10**400, []]
FIREBASE = {"sub": "fX2aPq0b", "auth_time": NOW_S}


def check_now(**changes: Any) -> datetime:
    return check(GOOD | changes, issuer="us", audience="them", now=NOW)


def test_a_good_token_tells_when_it_expires() -> None:
    assert check_now() == LATER
    assert check_now(exp=NOW_S + 0.5).timestamp() == NOW_S + 0.5


def test_a_token_may_be_for_several_audiences() -> None:
    assert check_now(aud=["somebody", "them"]) == LATER


def test_an_issuers_clock_may_be_a_little_ahead() -> None:
    assert check_now(iat=NOW_S + 10, nbf=NOW_S + 10) == LATER


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "us too"},
        {"iss": ["us"]},
        {"aud": "somebody"},
        {"aud": ["somebody"]},
        {"aud": []},
        {"aud": {"them": 1}},
        {"aud": None},
        {"aud": "them, somebody"},
        {"exp": NOW_S},
        {"exp": NOW_S - 1},
        {"iat": NOW_S + 11},
        {"nbf": NOW_S + 11},
        *({"exp": value} for value in NO_TIMES),
        *({"iat": value} for value in NO_TIMES),
        {"nbf": None},
    ],
    ids=str,
)
def test_refuses_what_is_anothers_too_old_or_from_the_future(changes: dict[str, Any]) -> None:
    with pytest.raises(ClaimsError):
        check_now(**changes)


class TestFirebase:
    """ID tokens of Firebase Authentication."""

    def test_the_subject_is_the_uid(self) -> None:
        caller = firebase_caller(
            FIREBASE | {"email": "a@example.org", "email_verified": True, "name": "Alice"}, LATER
        )

        assert (caller.uid, caller.owner) == ("fX2aPq0b", "firebase:fX2aPq0b")
        assert (caller.email, caller.name, caller.is_email_verified) == (
            "a@example.org",
            "Alice",
            True,
        )
        assert caller.expires_at == LATER
        assert not caller.is_guest

    def test_an_anonymous_account_has_neither_name_nor_address(self) -> None:
        caller = firebase_caller(FIREBASE, LATER)

        assert (caller.email, caller.name, caller.is_email_verified) == (None, None, False)

    @pytest.mark.parametrize("uid", ["user:1", "guest:1", "https://login.example.org#1"])
    def test_a_uid_that_looks_like_anothers_owns_nothing_of_it(self, uid: str) -> None:
        assert firebase_caller(FIREBASE | {"sub": uid}, LATER).owner == f"firebase:{uid}"

    @pytest.mark.parametrize(
        "changes",
        [{"sub": ""}, {"sub": None}, {"sub": 7}, {"sub": "x" * 129}, {"auth_time": None}],
        ids=str,
    )
    def test_refuses_a_token_of_nobody(self, changes: dict[str, Any]) -> None:
        with pytest.raises(ClaimsError):
            firebase_caller(FIREBASE | changes, LATER)

    def test_shows_only_texts_and_no_long_ones(self) -> None:
        claims = FIREBASE | {"email": 7, "name": "x" * 5000, "email_verified": "yes"}

        caller = firebase_caller(claims, LATER)

        assert (caller.email, caller.is_email_verified) == (None, False)
        assert caller.name == "x" * 320


class TestPlatform:
    """Tokens of the backend."""

    def test_an_account_owns_by_its_number(self) -> None:
        claims = {"sub": "alice", "token_use": "access", "user_id": 7, "uid": None}

        caller = platform_caller(claims, LATER)

        assert (caller.owner, caller.uid, caller.name) == ("user:7", "user:7", "alice")

    def test_an_account_that_is_linked_to_firebase_is_the_same_person_there(self) -> None:
        claims = {"sub": "alice", "token_use": "access", "user_id": 7, "uid": "fX2aPq0b"}

        assert platform_caller(claims, LATER).owner == firebase_caller(FIREBASE, LATER).owner

    def test_a_guest_is_known_as_one(self) -> None:
        claims = {"sub": "guest:1", "token_use": "guest", "user_id": None, "uid": "guest:1"}

        caller = platform_caller(claims, LATER)

        assert (caller.owner, caller.is_guest) == ("guest:1", True)

    @pytest.mark.parametrize(
        "claims",
        [
            {"token_use": "refresh", "user_id": 7},
            {"user_id": 7},
            {"token_use": "access"},
            {"token_use": "access", "user_id": "7"},
            {"token_use": "access", "user_id": True},
            {"token_use": "access", "user_id": None, "uid": ""},
            {"token_use": "access", "user_id": None, "uid": "guest:1"},
            {"token_use": "guest", "user_id": 7, "uid": "user:7"},
            {"token_use": "guest", "user_id": 7},
            {"token_use": "access", "user_id": 7, "sub": ""},
        ],
        ids=str,
    )
    def test_refuses_what_is_no_access_token(self, claims: dict[str, Any]) -> None:
        with pytest.raises(ClaimsError):
            platform_caller({"sub": "alice", **claims}, LATER)


class TestOpenId:
    """ID tokens of further issuers."""

    def test_the_same_subject_at_two_issuers_is_two_people(self) -> None:
        owners = {openid_caller({"iss": iss, "sub": "1"}, LATER).owner for iss in ("a", "b")}

        assert owners == {"a#1", "b#1"}

    @pytest.mark.parametrize("subject", ["", None, "x" * 256])
    def test_refuses_a_token_of_nobody(self, subject: str | None) -> None:
        with pytest.raises(ClaimsError):
            openid_caller({"iss": "a", "sub": subject}, LATER)
