"""Entering contests and trying programs out, with every process running."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.stack import Person, wait_for

pytestmark = pytest.mark.e2e
CONTESTS = "/api/code-execution/contests/"
TRIALS = "/api/code-execution/trials/"
SUBMISSIONS = "/api/code-execution/submissions/"
ADD = "print(sum(map(int, input().split())))"
SUBTRACT = "first, second = map(int, input().split())\nprint(first - second)"


def add_contest(bob: Person, problem: dict[str, int], **fields: Any) -> int:
    problems = [{"problem": problem["problem"], "order": 1, "points": 100}]
    contest_id: int = bob.post(CONTESTS, {"title": "Cup", "problems": problems, **fields})["id"]
    return contest_id


def test_a_trial_on_the_samples_is_judged_and_not_scored(
    alice: Person, problem: dict[str, int]
) -> None:
    body = {"problem": problem["problem"], "language": "python"}

    right = alice.wait_for_verdict(alice.post(TRIALS, {**body, "code": ADD})["id"])
    wrong = alice.wait_for_verdict(alice.post(TRIALS, {**body, "code": SUBTRACT})["id"])

    assert (right["verdict"], wrong["verdict"]) == ("AC", "WA")
    assert (right["score"], right["is_correct"]) == (None, None)
    [sample] = wrong["test_results"]
    assert (sample["is_sample"], sample["output"]) == (True, "-1\n")


def test_a_trial_on_an_own_input_shows_what_the_program_prints(
    alice: Person, problem: dict[str, int]
) -> None:
    body = {"problem": problem["problem"], "language": "cpp", "input_data": "20 30\n"}
    code = "#include <iostream>\nint main() { int a, b; std::cin >> a >> b; std::cout << a * b; }"

    result = alice.wait_for_verdict(alice.post(TRIALS, {**body, "code": code})["id"])

    assert (result["status"], result["output"]) == ("completed", "600")
    assert result["score"] is None


def test_a_submission_sent_again_with_its_key_is_judged_once(
    alice: Person, problem: dict[str, int]
) -> None:
    body = {**problem, "language": "python", "code": ADD}
    headers = {"Idempotency-Key": "4be2c1a0"}

    first = alice.http.post(SUBMISSIONS, json=body, headers=headers)
    judged = alice.wait_for_verdict(first.json()["id"])
    again = alice.http.post(SUBMISSIONS, json=body, headers=headers)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert (judged["verdict"], judged["score"]) == ("AC", 100)
    assert '"submission";r=' in again.headers["RateLimit"]


def test_an_ended_contest_is_taken_again_and_then_practised(
    bob: Person, alice: Person, problem: dict[str, int]
) -> None:
    now = datetime.now(UTC)
    contest = add_contest(
        bob,
        problem,
        start_time=(now - timedelta(hours=3)).isoformat(),
        end_time=(now - timedelta(hours=1)).isoformat(),
    )
    body = {"contest": contest, "problem": problem["problem"], "language": "python", "code": ADD}

    practised = alice.wait_for_verdict(alice.submit(**body, purpose="practice"))
    started = alice.post(f"{CONTESTS}{contest}/virtual/", {})
    judged = alice.wait_for_verdict(alice.submit(**body))
    refused = alice.http.post(SUBMISSIONS, json={**body, "purpose": "practice"})

    assert (practised["verdict"], practised["participant"]) == ("AC", None)
    assert (judged["verdict"], judged["participant"]) == ("AC", started["id"])
    assert (started["kind"], refused.json()["code"]) == ("virtual", "contest-closed")


def test_a_waiting_participant_gets_in_submits_and_is_disqualified(
    stack: Any, bob: Person, alice: Person, problem: dict[str, int]
) -> None:
    dora = Person(stack, "dora", "doras-long-password").register()
    contest = add_contest(bob, problem, max_participants=1, has_waiting_list=True)
    join, leave = f"{CONTESTS}{contest}/join/", f"{CONTESTS}{contest}/leave/"
    body = {"contest": contest, "problem": problem["problem"], "language": "python", "code": ADD}
    alice.post(join, {})

    waiting = dora.post(join, {})
    refused = dora.http.post(SUBMISSIONS, json=body)
    alice.http.post(leave)
    judged = dora.wait_for_verdict(dora.submit(**body))

    assert (waiting["state"], waiting["place_in_line"]) == ("waiting", 1)
    assert refused.json()["code"] == "waiting"
    assert judged["verdict"] == "AC"

    def rank() -> int | None:
        rows = bob.http.get(f"{CONTESTS}{contest}/leaderboard/").json()["results"]
        found: int | None = next(row["rank"] for row in rows if row["id"] == waiting["id"])
        return found

    wait_for(lambda: rank() == 1, what="the first rank")
    address = f"{CONTESTS}{contest}/participants/{waiting['id']}/"
    bob.post(f"{address}disqualify/", {"reason": "copied"})
    assert rank() is None
    assert dora.http.post(SUBMISSIONS, json=body).json()["code"] == "disqualified"
    bob.post(f"{address}reinstate/", {})
    assert rank() == 1
