"""Every endpoint, as everybody, at every point of a contest's life: who gets in, who learns what.

An endpoint without a row here fails the first test: whoever adds one decides who may use it.
"""

import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
import time_machine
from django.contrib import admin
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from limits import parse
from rest_framework.test import APIClient

from apps.code_execution.models import CodeSubmission
from apps.contests.models import Contest
from tests.integration.backend.conftest import client_of
from tests.support.backend_endpoints import OUTSIDE_OF_CONTESTS, endpoints
from tests.support.contest_world import (
    ATTACHMENT,
    JURY,
    VALIDATOR,
    Moment,
    Secret,
    Who,
    World,
    make_world,
)

pytestmark = pytest.mark.django_db
API = "api/code-execution/"
FROZEN = (Moment.FROZEN, Moment.ENDED)
STAFF = JURY | {Who.TESTER}
SIGNED_IN_PEOPLE: list[Who] = [who for who in Who if who is not Who.NOBODY]
OTHERS = [who for who in Who if who not in JURY]

# What everybody gets, in the order of `Who`:
#           nobody, stranger, alice, charlie, tester, judge, manager, other manager, superuser
EVERYBODYS = "200 200 200 200 200 200 200 200 200"
SIGNED_IN = "401 200 200 200 200 200 200 200 200"
OF_OPEN_PROBLEM = "401 404 404 404 200 200 200 404 200"
MADE_BY_ALL = "401 201 201 201 201 201 201 201 201"
JUDGED = "401 403 403 403 403 200 200 403 200"
ANSWERED = "401 403 403 403 403 201 201 403 201"
OF_OWN_JURY = "401 403 403 403 403 200 200 404 200"
MANAGED = "401 403 403 403 403 403 200 403 200"
ADDED = "401 403 403 403 403 403 201 403 201"
NOT_NOW = "401 403 403 403 403 403 409 403 409"
REMOVED = "401 403 403 403 403 403 204 403 204"
MADE_BY_GLOBAL_MANAGERS = "401 403 403 403 403 403 403 403 201"
OF_OWNER = "401 404 200 404 404 404 404 404 200"
OF_OWNER_LATER = "401 404 202 404 404 404 404 404 202"
# 503, as there is no execution service to ask.
OF_GLOBAL_MANAGERS = "401 403 403 403 403 403 403 403 503"
ABSENT = "401 404 404 404 404 404 404 404 404"

# Whoever may not make contests is refused before anybody looks which contest is meant.
FOR_ONES_WHO_MAKE = {"DELETE contests/{id}/", "POST contests/{id}/clone/"}
Rows = dict[str, str]
DECISIONS: dict[str, Rows] = {
    "GET contests/": {"": SIGNED_IN},
    "POST contests/": {"": MADE_BY_GLOBAL_MANAGERS},
    "GET contests/{id}/": {"": SIGNED_IN},
    "PUT contests/{id}/": {"": MANAGED},
    "PATCH contests/{id}/": {"": MANAGED},
    "DELETE contests/{id}/": {"": "401 403 403 403 403 403 403 403 204"},
    "GET contests/{id}/participation/": {"": SIGNED_IN},
    "POST contests/{id}/join/": {
        "": SIGNED_IN,
        "ended unfrozen": "401 400 200 200 200 200 200 400 200",
    },
    "POST contests/{id}/leave/": {"": "401 204 400 400 204 204 204 204 204"},
    "POST contests/{id}/start/": {"": "401 400 400 400 400 400 400 400 400"},
    "POST contests/{id}/virtual/": {
        "": "401 400 400 400 400 400 400 400 400",
        "ended unfrozen": SIGNED_IN,
    },
    "GET contests/{id}/leaderboard/": {"": SIGNED_IN},
    "GET contests/{id}/participants/": {"": SIGNED_IN},
    "POST contests/{id}/participants/": {"": ADDED},
    "POST contests/{id}/participants/import/report/": {"": MANAGED},
    "POST contests/{id}/participants/import/": {"": NOT_NOW},
    "PATCH contests/{id}/participants/{participant_id}/": {"": MANAGED},
    "DELETE contests/{id}/participants/{participant_id}/": {"": REMOVED},
    "POST contests/{id}/participants/{participant_id}/disqualify/": {"": MANAGED},
    "POST contests/{id}/participants/{participant_id}/reinstate/": {"": MANAGED},
    "GET contests/{id}/clarifications/": {"": SIGNED_IN},
    "POST contests/{id}/clarifications/": {"": "401 403 201 201 403 201 201 403 201"},
    "POST contests/{id}/clarifications/{clarification_id}/answer/": {"": ANSWERED},
    "GET contests/{id}/submissions/": {"": SIGNED_IN},
    "GET contests/{id}/scoreboard/": {"": EVERYBODYS},
    "GET /contests/{id}/scoreboard/": {"": EVERYBODYS},
    "GET /": {"": EVERYBODYS},
    "POST contests/{id}/clone/": {"": MADE_BY_GLOBAL_MANAGERS},
    "POST contests/{id}/publish/": {"": MANAGED},
    "POST contests/{id}/unpublish/": {"": MANAGED},
    "POST contests/{id}/extend/": {"": MANAGED, "ended unfrozen": NOT_NOW},
    "POST contests/{id}/end/": {"": NOT_NOW, "running": MANAGED, "frozen": MANAGED},
    "POST contests/{id}/freeze/": {"": NOT_NOW, "running": MANAGED},
    "POST contests/{id}/unfreeze/": {"": NOT_NOW, "ended": MANAGED},
    "POST contests/{id}/finalize/": {"": NOT_NOW, "ended unfrozen": MANAGED},
    "GET /api/operations/": {"": "401 403 403 403 403 403 403 403 200"},
    "GET rejudgings/": {"": "401 403 403 403 403 200 200 200 200"},
    "POST rejudgings/": {
        "": "401 403 403 403 403 201 201 400 201",
        "before": "401 403 403 403 403 400 400 400 400",
    },
    "GET rejudgings/{id}/": {"": OF_OWN_JURY},
    "POST rejudgings/{id}/apply/": {"": OF_OWN_JURY},
    "POST rejudgings/{id}/cancel/": {"": OF_OWN_JURY},
    "GET deliveries/": {"": OF_GLOBAL_MANAGERS},
    "POST deliveries/resend/": {"": OF_GLOBAL_MANAGERS},
    "GET deliveries/{id}/": {"": OF_GLOBAL_MANAGERS},
    "POST deliveries/{id}/resend/": {"": OF_GLOBAL_MANAGERS},
    "GET deliveries/receiver/": {"": OF_GLOBAL_MANAGERS},
    "POST deliveries/receiver/enable/": {"": OF_GLOBAL_MANAGERS},
    "GET contests/{id}/statistics/": {
        "": SIGNED_IN,
        "before": "401 403 403 403 200 200 200 403 200",
    },
    "GET problems/": {"": SIGNED_IN},
    "POST problems/": {"": MADE_BY_GLOBAL_MANAGERS},
    "GET problems/{id}/": {"": SIGNED_IN, "before": OF_OPEN_PROBLEM},
    "PUT problems/{id}/": {
        "": "401 403 403 403 403 403 403 403 200",
        "before": "401 404 404 404 403 403 403 404 200",
    },
    "PATCH problems/{id}/": {
        "": "401 403 403 403 403 403 403 403 200",
        "before": "401 404 404 404 403 403 403 404 200",
    },
    "DELETE problems/{id}/": {"": "401 403 403 403 403 403 403 403 409"},
    "GET problems/{id}/languages/": {"": SIGNED_IN, "before": OF_OPEN_PROBLEM},
    "GET problems/{id}/files/{path}": {"": SIGNED_IN, "before": OF_OPEN_PROBLEM},
    "GET submissions/": {"": SIGNED_IN},
    "POST submissions/": {
        "": MADE_BY_ALL,
        "before ended unfrozen": "401 400 400 400 201 201 201 400 201",
    },
    "GET submissions/{id}/": {"": SIGNED_IN, "before": ABSENT},
    "POST submissions/{id}/rerun/": {
        "": JUDGED,
        "before": "401 403 403 403 403 404 404 404 404",
    },
    "POST trials/": {"": MADE_BY_ALL, "before": "401 404 404 404 201 201 201 404 201"},
    "GET /api/endpoints/": {"": SIGNED_IN},
    "POST /api/endpoints/": {"": MADE_BY_ALL},
    "GET /api/endpoints/{id}/": {"": OF_OWNER},
    "PATCH /api/endpoints/{id}/": {"": OF_OWNER},
    "DELETE /api/endpoints/{id}/": {"": "401 404 204 404 404 404 404 404 204"},
    "POST /api/endpoints/{id}/secret/rotate/": {"": OF_OWNER},
    "POST /api/endpoints/{id}/enable/": {"": OF_OWNER},
    "POST /api/endpoints/{id}/disable/": {"": OF_OWNER},
    "POST /api/endpoints/{id}/ping/": {"": OF_OWNER_LATER},
    "GET /api/endpoints/{id}/deliveries/": {"": OF_OWNER},
    "POST /api/endpoints/{id}/deliveries/resend/": {"": OF_OWNER_LATER},
    "GET /api/endpoints/{id}/deliveries/{delivery_id}/": {"": OF_OWNER},
    "POST /api/endpoints/{id}/deliveries/{delivery_id}/resend/": {"": OF_OWNER_LATER},
}
BODIES: dict[str, dict[str, Any]] = {
    "POST contests/": {"title": "Spring cup"},
    "PUT contests/{id}/": {"title": "Spring cup"},
    "PATCH contests/{id}/": {"title": "Spring cup"},
    "POST contests/{id}/participants/": {"username": "stranger"},
    "POST contests/{id}/participants/import/report/": {"table": "username\ndora\n"},
    "POST contests/{id}/participants/import/": {
        "table": "username\ndora\n",
        "fingerprint": "of no report",
    },
    "PATCH contests/{id}/participants/{participant_id}/": {"extra_time_s": 60},
    "POST contests/{id}/participants/{participant_id}/disqualify/": {"reason": "Copied."},
    "POST contests/{id}/clarifications/": {"text": "May n be 0?"},
    "POST contests/{id}/clarifications/{clarification_id}/answer/": {"text": "No."},
    "POST contests/{id}/clone/": {"title": "Spring cup"},
    "POST contests/{id}/extend/": {"minutes": 10},
    "POST problems/": {"title": "Sum", "statement": "Add."},
    "PUT problems/{id}/": {"title": "Sum", "statement": "Add."},
    "PATCH problems/{id}/": {"title": "Sum"},
    "POST /api/endpoints/": {
        "url": "https://hooks.example.org/",
        "event_types": ["submission.completed"],
    },
    "PATCH /api/endpoints/{id}/": {"description": "Ours."},
    "POST deliveries/resend/": {"status": "failed"},
    "POST submissions/": {"code": "print(42)", "language": "python"},
    "POST trials/": {"code": "print(42)", "language": "python"},
}
# A list may be narrowed, and no answer to that may tell what the list itself would not.
NARROWED = (
    "submissions/?verdict=AC",
    "submissions/?verdict=WA",
    "submissions/?status=error",
    "submissions/?is_correct=true",
    "submissions/?contest={id}",
    "problems/?contest={id}",
    "contests/?search=cup",
    "contests/{id}/submissions/?page_size=1",
    "contests/{id}/scoreboard/?public=1",
    f"problems/{{id}}/files/{VALIDATOR}",
)


@pytest.fixture(autouse=True)
def no_rate_limits(settings: Any) -> None:
    """Ask as often as it takes."""
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, parse("1000000/minute"))


@pytest.fixture
def standing_clock() -> Iterator[None]:
    """Let pages that tell the time tell the same."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


def test_somebody_has_decided_who_may_use_each_endpoint() -> None:
    decided = {_endpoint(each) for each in DECISIONS}

    assert {each.name for each in endpoints()} == decided | OUTSIDE_OF_CONTESTS


def _endpoint(row: str) -> str:
    method, path = row.split(" ", 1)
    return f"{method} {_address(path)}"


def _address(path: str) -> str:
    return path[1:] if path.startswith("/") else f"{API}{path}"


def url_of(path: str, world: World) -> str:
    """Put the world's ids into a path; without a submission there is none of its id."""
    ids = {
        "problems/{id}/": world.problem.pk,
        "rejudgings/{id}/": world.rejudging.pk,
        "submissions/{id}/": world.early.pk if world.early else 0,
        "/api/endpoints/{id}/": world.delivery.endpoint_id,
    }
    found = [own_id for start, own_id in ids.items() if path.startswith(start)]
    return f"/{_address(path)}".format(
        id=found[0] if found else world.contest.pk,
        participant_id=world.alice.pk,
        clarification_id=world.question.pk,
        delivery_id=world.delivery.pk,
        path=ATTACHMENT,
    )


def call(client: APIClient, row: str, world: World) -> int:
    """Send a request, and undo what it has done."""
    method, path = row.split(" ", 1)
    body = BODIES.get(row, {})
    if path in {"submissions/", "trials/"}:
        body = {**body, "problem": world.problem.pk}
    if path in {"submissions/", "rejudgings/"}:
        body = {**body, "contest": world.contest.pk}
    send = getattr(client, method.lower())
    with transaction.atomic():
        answer = send(url_of(path, world)) if method == "GET" else send(url_of(path, world), body)
        transaction.set_rollback(True)
    status: int = answer.status_code
    return status


def expected(rows: Rows, moment: Moment) -> str:
    found = [statuses for moments, statuses in rows.items() if moment in moments.split()]
    return found[0] if found else rows[""]


@pytest.mark.parametrize("moment", Moment)
def test_everybody_gets_in_where_they_may_and_nowhere_else(moment: Moment) -> None:
    world = make_world(moment)
    clients = [client_of(world.people[who]) for who in Who]

    got = {row: " ".join(str(call(client, row, world)) for client in clients) for row in DECISIONS}

    assert got == {row: expected(rows, moment) for row, rows in DECISIONS.items()}


NONCE = re.compile(r'data-nonce="[\w-]{22}"')


def reads(world: World) -> list[str]:
    """Give the address of everything that can be read."""
    paths = [row.removeprefix("GET ") for row in DECISIONS if row.startswith("GET ")]
    urls = [url_of(path, world) for path in (*paths, *NARROWED)]
    submissions = CodeSubmission.objects.order_by("pk").values_list("pk", flat=True)
    return [*urls, *(f"/{API}submissions/{pk}/" for pk in submissions)]


def read_all(world: World, who: Who) -> dict[str, str]:
    """Give what is read, by its address, but for what is another one each time."""
    client = client_of(world.people[who])
    texts = {url: client.get(url).content.decode() for url in reads(world)}
    return {url: NONCE.sub("", text) for url, text in texts.items()}


def those_who_may_know(moment: Moment) -> dict[Secret, set[Who]]:
    """Say who may come to know of what, as the documents promise it."""
    has_started = moment is not Moment.BEFORE
    readers = {*SIGNED_IN_PEOPLE} if has_started else STAFF
    participants = {Who.ALICE, Who.CHARLIE}
    known: dict[Secret, set[Who]] = {
        Secret.PROBLEM: readers,
        Secret.STATEMENT: readers,
        Secret.SAMPLE: readers,
        Secret.ATTACHMENT: readers,
        Secret.HIDDEN_INPUT: JURY,
        Secret.HIDDEN_ANSWER: JURY,
        Secret.CHECKER: JURY,
        Secret.ACCESS_CODE: {Who.MANAGER, Who.SUPERUSER},
        Secret.CHARLIES_QUESTION: {*JURY, Who.CHARLIE},
        Secret.ANSWER_TO_CHARLIE: {*JURY, Who.CHARLIE},
        Secret.ANNOUNCEMENT: readers | participants,
    }
    if has_started:
        known |= {
            Secret.ALICES_CODE: {*JURY, Who.ALICE},
            Secret.CHARLIES_CODE: {*JURY, Who.CHARLIE},
            Secret.HIDDEN_OUTPUT: JURY,
            Secret.JUDGE_MESSAGE: JURY,
            Secret.EARLY_SCORE: set(Who),
        }
        # The public board has the problem's name, too.
        known[Secret.PROBLEM] = set(Who)
    if moment in FROZEN:
        known[Secret.LATE_SCORE] = {*JURY, Who.CHARLIE}
    if moment is Moment.UNFROZEN:
        known[Secret.LATE_SCORE] = set(Who)
        # The better score has taken its place on the board, which is all that nobody sees.
        known[Secret.EARLY_SCORE] = set(SIGNED_IN_PEOPLE)
    return known


@pytest.mark.parametrize(("moment", "who"), list(product(Moment, Who)))
def test_everybody_learns_what_they_may_and_nothing_else(moment: Moment, who: Who) -> None:
    world = make_world(moment)

    text = "".join(read_all(world, who).values())

    learned = {secret for secret in Secret if secret in text}
    allowed = those_who_may_know(moment)
    assert learned == {secret for secret, people in allowed.items() if who in people}


OUTCOMES = (
    {"verdict": "AC", "score": Secret.LATE_SCORE.value, "status": "completed"},
    {"verdict": "WA", "score": "0", "status": "completed"},
    {"verdict": "RTE", "score": "17", "status": "error"},
)


@pytest.mark.parametrize("moment", FROZEN)
@pytest.mark.parametrize("who", [who for who in OTHERS if who is not Who.CHARLIE])
@pytest.mark.usefixtures("standing_clock")
def test_whatever_a_frozen_verdict_is_others_read_the_same(moment: Moment, who: Who) -> None:
    world = make_world(moment)
    read = []

    for outcome in OUTCOMES:
        world.judge_late(**outcome)
        read.append(read_all(world, who))

    assert read[0] == read[1] == read[2]


@pytest.mark.parametrize("moment", FROZEN)
def test_boards_tell_participants_nothing_of_their_own_frozen_verdicts(moment: Moment) -> None:
    world = make_world(moment)
    client = client_of(world.people[Who.CHARLIE])
    boards = [
        url_of(path, world)
        for path in (
            "contests/{id}/leaderboard/",
            "contests/{id}/participants/",
            "contests/{id}/statistics/",
        )
    ]
    read = []

    for outcome in OUTCOMES:
        world.judge_late(**outcome)
        read.append([client.get(url).json() for url in boards])

    assert read[0] == read[1] == read[2]


@pytest.mark.parametrize("who", OTHERS)
@pytest.mark.usefixtures("standing_clock")
def test_whatever_a_verdict_is_who_sees_samples_only_reads_the_same(who: Who) -> None:
    world = make_world(Moment.FROZEN, feedback=Contest.Feedback.SAMPLES, freeze_time=None)
    read = []

    for outcome in OUTCOMES:
        world.judge_late(**outcome)
        read.append(read_all(world, who))

    assert read[0] == read[1] == read[2]


@pytest.mark.parametrize(
    ("rules", "insiders"),
    [
        ({"is_published": False}, STAFF),
        ({"access": Contest.Access.PRIVATE}, {*STAFF, Who.ALICE, Who.CHARLIE}),
    ],
    ids=["not published", "private"],
)
@pytest.mark.parametrize("moment", Moment)
def test_a_hidden_contest_is_not_there_for_others(
    moment: Moment, rules: dict[str, Any], insiders: set[Who]
) -> None:
    world = make_world(moment, **rules)
    inside = [row for row in DECISIONS if "contests/{id}/" in row and row not in FOR_ONES_WHO_MAKE]

    for who in set(SIGNED_IN_PEOPLE) - insiders:
        client = client_of(world.people[who])
        assert {row: call(client, row, world) for row in inside} == dict.fromkeys(inside, 404), who
        assert client.get(f"/{API}contests/").json()["count"] == 1  # the other contest
        assert client.get(f"/{API}problems/").json()["count"] == 0


def admin_pages() -> list[str]:
    """Give the admin's lists, and the page of every row that is in them."""
    pages = [reverse("admin:index")]
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        pages.append(reverse(f"{name}_changelist"))
        rows = model._default_manager.values_list("pk", flat=True)
        if model._meta.proxy:
            continue  # it has no rows of its own
        pages += [reverse(f"{name}_change", args=[pk]) for pk in rows]
    return pages


@pytest.mark.parametrize("who", OTHERS)
def test_the_admin_tells_nothing_of_a_contest_to_who_is_not_of_its_jury(who: Who) -> None:
    world = make_world(Moment.FROZEN)
    client = client_of(None)
    user = world.people[who]
    if user is not None:
        client.force_login(user)

    answers = {page: client.get(page) for page in admin_pages()}

    text = "".join(answer.content.decode() for answer in answers.values())
    assert {secret for secret in Secret if secret in text} == set()
    if who is not Who.OTHER_MANAGER:
        assert {answer.status_code for answer in answers.values()} == {302}


def test_the_admin_shows_the_jury_what_it_judges() -> None:
    world = make_world(Moment.FROZEN)
    assert world.late is not None
    client = client_of(None)
    judge = world.people[Who.JUDGE]
    assert judge is not None
    client.force_login(judge)

    text = "".join(client.get(page).content.decode() for page in admin_pages())

    assert Secret.CHARLIES_CODE in text
    assert Secret.ACCESS_CODE not in text
