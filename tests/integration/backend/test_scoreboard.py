"""The scoreboard over HTTP: who gets which board when, and that nobody gets it twice."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient

from apps.contests.models import Contest, ContestParticipant, ContestRole
from apps.contests.services import standings
from apps.core import live
from apps.users.models import User
from live.wire import Tick
from tests.integration.backend.conftest import client_of
from tests.support.contests import make_contest, make_problem
from tests.support.scoreboards import bring, enter, hand_in, make_cup, path_of

HOUR = timedelta(hours=1)


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> list[Tick]:
    """What those who watch are told."""
    told: list[Tick] = []
    monkeypatch.setattr(live, "_listeners", [told.append])
    return told


def test_everybody_gets_the_board_and_during_the_freeze_without_newer_verdicts(
    as_nobody: APIClient, alice: User
) -> None:
    contest = make_cup()
    problem = make_problem(contest)
    participant = enter(contest, alice)
    hand_in(participant, problem.pk, at=HOUR, verdict="WA")
    hand_in(participant, problem.pk, at=4.2 * HOUR, verdict="AC")

    answer = as_nobody.get(path_of(contest))

    board = answer.json()
    assert answer.headers["Content-Type"] == "application/json"
    assert board["is_frozen"] is True
    assert [row["name"] for row in board["rows"]] == ["alice"]
    assert board["rows"][0]["cells"] == [
        {
            "problem": problem.pk,
            "score": 0.0,
            "is_solved": False,
            "judged": 1,
            "rejected": 1,
            "pending": 1,
            "solved_after_ms": None,
            "improved_after_ms": None,
        }
    ]


@pytest.mark.parametrize("role", ["judge", "manager"])
def test_the_jury_gets_the_true_board_and_may_ask_for_the_public_one(
    role: str, charlie: User, alice: User
) -> None:
    contest = make_cup()
    problem = make_problem(contest)
    hand_in(enter(contest, alice), problem.pk, at=4.2 * HOUR, verdict="AC")
    ContestRole.objects.create(contest=contest, user=charlie, role=role)

    true = client_of(charlie).get(path_of(contest))
    public = client_of(charlie).get(path_of(contest), {"public": "true"})

    assert true.json()["rows"][0]["score"] == 1
    assert public.json()["rows"][0]["score"] == 0
    assert true.headers["ETag"] != public.headers["ETag"]


@pytest.mark.parametrize("who", ["alice", "charlie", None])
def test_nobody_else_gets_the_true_board_whatever_they_ask(
    who: str | None, alice: User, charlie: User
) -> None:
    contest = make_cup()
    problem = make_problem(contest)
    hand_in(enter(contest, alice), problem.pk, at=4.2 * HOUR, verdict="AC")
    client = client_of({"alice": alice, "charlie": charlie, None: None}[who])

    board = client.get(path_of(contest), {"public": "false"}).json()

    assert board["rows"][0]["score"] == 0


def test_a_contest_that_the_caller_may_not_know_of_is_not_there(as_nobody: APIClient) -> None:
    unpublished = make_cup(is_published=False)

    assert as_nobody.get(path_of(unpublished)).status_code == 404
    assert as_nobody.get("/api/code-execution/contests/999999/scoreboard/").status_code == 404


@pytest.mark.parametrize(("who", "expected"), [("alice", 200), ("charlie", 403), (None, 403)])
def test_a_board_for_participants_is_for_them(
    who: str | None, expected: int, alice: User, charlie: User
) -> None:
    contest = make_cup(board_access="participants")
    enter(contest, alice)
    client = client_of({"alice": alice, "charlie": charlie, None: None}[who])

    answer = client.get(path_of(contest))

    assert answer.status_code == expected
    if expected == 403:
        assert answer.json() == {
            "detail": "The contest does not show you its scoreboard now",
            "code": "board-hidden",
        }


def test_titles_of_problems_are_for_who_may_see_the_problems(
    as_nobody: APIClient, as_bob: APIClient
) -> None:
    before, running = make_cup(-HOUR), make_cup(access="code", access_code="sesame")
    for contest in (before, running):
        make_problem(contest, title="Secret sum")

    assert as_nobody.get(path_of(before)).json()["problems"] == []
    assert as_nobody.get(path_of(running)).json()["problems"][0]["title"] is None
    assert as_nobody.get(path_of(running)).json()["problems"][0]["label"] == "A"
    assert as_bob.get(path_of(before)).json()["problems"][0]["title"] == "Secret sum"


def test_who_has_the_board_already_gets_nothing_and_nothing_is_read(
    as_nobody: APIClient, alice: User, django_assert_num_queries: Any
) -> None:
    contest = make_cup()
    enter(contest, alice)
    first = as_nobody.get(path_of(contest))

    with django_assert_num_queries(1) as queries:
        again = as_nobody.get(path_of(contest), HTTP_IF_NONE_MATCH=first.headers["ETag"])
    sql = queries.captured_queries[0]["sql"]
    weak = as_nobody.get(path_of(contest), HTTP_IF_NONE_MATCH=f'"x", W/{first.headers["ETag"]}')

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "Cookie"} <= set(again.headers["Vary"].split(", "))
    assert "description" not in sql
    assert weak.status_code == 304


def test_pages_of_the_frontend_may_read_the_tag_and_send_it(as_nobody: APIClient) -> None:
    origin = "http://localhost:3000"
    path = path_of(make_cup())

    answer = as_nobody.get(path, HTTP_ORIGIN=origin)
    preflight = as_nobody.options(
        path,
        HTTP_ORIGIN=origin,
        HTTP_ACCESS_CONTROL_REQUEST_METHOD="GET",
        HTTP_ACCESS_CONTROL_REQUEST_HEADERS="if-none-match",
    )

    assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
    assert "if-none-match" in preflight.headers["Access-Control-Allow-Headers"]


def test_a_new_verdict_makes_a_new_tag(as_nobody: APIClient, alice: User) -> None:
    contest = make_cup(HOUR)
    problem = make_problem(contest)
    participant = enter(contest, alice)
    first = as_nobody.get(path_of(contest))

    hand_in(participant, problem.pk, at=timedelta(minutes=5), verdict="AC")

    again = as_nobody.get(path_of(contest), HTTP_IF_NONE_MATCH=first.headers["ETag"])
    assert again.status_code == 200
    assert again.json()["rows"][0]["score"] == 1


def test_a_contest_without_a_start_freezes_by_its_making(as_nobody: APIClient, alice: User) -> None:
    now = timezone.now()
    contest = make_contest(format="icpc", format_config={}, freeze_time=now - HOUR)
    Contest.objects.filter(pk=contest.pk).update(created_at=now - 2 * HOUR)
    problem = make_problem(contest)
    hand_in(enter(contest, alice), problem.pk, at=1.5 * HOUR, verdict="AC")

    assert as_nobody.get(path_of(contest)).json()["rows"][0]["score"] == 0


@pytest.mark.django_db(transaction=True)
def test_who_watches_is_told_of_what_changed_on_their_board(
    ticks: list[Tick], alice: User, as_nobody: APIClient
) -> None:
    contest = make_cup(HOUR)
    problem = make_problem(contest)
    participant = enter(contest, alice)
    ticks.clear()

    hand_in(participant, problem.pk, at=timedelta(minutes=5), verdict="AC")

    assert [tick.channels for tick in ticks] == [
        (f"board/{contest.pk}/{kind}",) for kind in ("true", "public")
    ]
    assert ticks[1].tag == as_nobody.get(path_of(contest)).headers["ETag"]


@pytest.mark.django_db(transaction=True)
def test_during_the_freeze_others_are_told_of_tries_and_not_of_verdicts(
    ticks: list[Tick], alice: User
) -> None:
    contest = make_cup()
    problem = make_problem(contest)
    participant = enter(contest, alice)
    submission = hand_in(participant, problem.pk, at=4.2 * HOUR, verdict=None)
    told_of_try = {tick.channels for tick in ticks}
    ticks.clear()

    bring(submission, "AC")

    assert told_of_try == {(f"board/{contest.pk}/{kind}",) for kind in ("true", "public")}
    assert [tick.channels for tick in ticks] == [(f"board/{contest.pk}/true",)]


@pytest.mark.django_db(transaction=True)
def test_nobody_is_told_of_what_was_rolled_back(ticks: list[Tick], alice: User) -> None:
    contest = make_cup(HOUR)
    participant = ContestParticipant.objects.create(contest=contest, user=alice)

    with transaction.atomic():
        standings.enter(contest=contest, participant=participant)
        transaction.set_rollback(True)

    assert ticks == []


def test_who_joins_leaves_or_gets_a_free_place_is_on_the_board_or_off_it_at_once(
    as_alice: APIClient, as_charlie: APIClient, as_nobody: APIClient
) -> None:
    contest = make_cup(-HOUR, max_participants=1, has_waiting_list=True)
    join, leave = (path_of(contest).replace("scoreboard", act) for act in ("join", "leave"))

    def names() -> list[str]:
        return [row["name"] for row in as_nobody.get(path_of(contest)).json()["rows"]]

    assert as_alice.post(join).status_code == 200
    after_joining = names()
    assert as_charlie.post(join).status_code == 200
    while_waiting = names()
    assert as_alice.post(leave).status_code < 300
    assert (after_joining, while_waiting, names()) == (["alice"], ["alice"], ["charlie"])
