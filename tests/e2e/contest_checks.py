"""What is held against the rules while a contest is played: of the product, and by its people."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx

from apps.archives.contest_archive.reading import read_file
from tests.e2e.contest_play import API, Match, Move, Player, check_refused
from tests.e2e.ioi_contest import ACCESS_CODE
from tests.e2e.stack import Stack, wait_for
from tests.support.board_lines import lines_of
from tests.support.contest_boards import MINUTE_MS, Task
from tests.support.contest_programs import Kind
from tests.support.official_board import official_board

REJUDGED_WITHIN_S = 240


def check_freeze(match: Match, anybody: Player, hidden_from: timedelta) -> None:
    """See to it that of the verdicts in the freeze all but the jury know their own at most."""
    alice = match.accounts["alice"]
    true = match.check_board(match.manager)
    for viewer in (anybody, alice, match.accounts["mallory"]):
        assert match.check_board(viewer, hidden_from) != true
    public = match.worked_out(hidden_from)
    led = {each["username"]: each["rank"] for each in alice.rows(f"{match.path}leaderboard/")}
    assert {name: led[name] for name in public} == {name: row.rank for name, row in public.items()}

    hidden = [each for each in match.tries if timedelta(milliseconds=each.at_ms) >= hidden_from]
    of_dana = next(each.id for each in hidden if each.player == "dana")
    own = match.accounts["dana"].do("GET", f"submissions/{of_dana}/")
    assert (own["verdict"], own["disclosure"]) == ("AC", "tests")
    seen = alice.do("GET", f"submissions/{of_dana}/")
    assert (seen["verdict"], seen["status"], seen["code"]) == (None, "pending", None)
    others = {each.id for each in hidden if each.player in match.players - {"alice"}}
    listed = {each["id"]: each for each in match.submissions(alice)}
    assert {(listed[key]["verdict"], listed[key]["score"]) for key in others} == {(None, None)}
    check_statistics(match, alice, hidden_from)


def check_statistics(match: Match, viewer: Player, hidden_from: timedelta) -> None:
    """Compare how many are said to have solved each task with the board that others see."""
    told = viewer.do("GET", f"{match.path}statistics/")
    cells = [
        (label, cell)
        for row in match.worked_out(hidden_from).values()
        for label, cell in row.cells.items()
    ]

    assert {each["label"]: each["solved_by"] for each in told} == {
        label: sum(each == label and cell.solved_after_ms is not None for each, cell in cells)
        for label in match.tasks
    }


def check_clarifications(match: Match, anybody: Player) -> None:
    """Ask and answer, and see who reads what."""
    path = f"{match.path}clarifications/"
    alice, dana = match.accounts["alice"], match.accounts["dana"]
    of_alice = {"problem": match.problems["A"], "text": "Can they be negative?"}
    of_dana = {"problem": match.problems["C"], "text": "How large are they?"}
    asked_by_alice = alice.do("POST", path, of_alice)["id"]
    asked_by_dana = dana.do("POST", path, of_dana)["id"]

    def read_by(name: str) -> set[tuple[str, str]]:
        return {(each["kind"], each["text"]) for each in match.accounts[name].rows(path)}

    questions = {("question", of_alice["text"]), ("question", of_dana["text"])}
    assert {(each["kind"], each["text"]) for each in match.manager.rows(path)} == questions
    check_refused(anybody, "GET", path)
    check_refused(dana, "POST", f"{path}{asked_by_alice}/answer/", {"text": "Yes."})
    match.act(f"clarifications/{asked_by_alice}/answer", {"text": "No."})
    to_all = {"text": "At most 100,000.", "to_all": True}
    match.act(f"clarifications/{asked_by_dana}/answer", to_all)
    match.act("clarifications", {"text": "There is one hour more."})
    for_all = {("answer", "At most 100,000."), ("announcement", "There is one hour more.")}
    assert read_by("alice") == for_all | {("question", of_alice["text"]), ("answer", "No.")}
    assert read_by("dana") == for_all | {("question", of_dana["text"])}
    assert read_by("heidi") == for_all


def disqualify(match: Match, name: str) -> None:
    """Take somebody off the board, who submits no more."""
    reason = {"reason": "Two people at one account."}
    match.act(f"participants/{match.participants()[name]}/disqualify", reason)
    match.players.remove(name)
    check_closed(match, name)


def undo_disqualification(match: Match, name: str) -> None:
    match.act(f"participants/{match.participants()[name]}/reinstate")
    match.players.add(name)


def end_now(match: Match) -> None:
    match.manager.do("PATCH", match.path, {"end_time": datetime.now(UTC).isoformat()})


def check_closed(match: Match, name: str) -> None:
    """See to it that somebody can't submit."""
    task = next(iter(match.tasks))
    move = Move(player=name, task=task, kind=Kind.RIGHT, language="python")
    check_refused(match.accounts[name], "POST", "submissions/", match.body(move))


def rejudge_corrected(match: Match, label: str, corrected: Task) -> None:
    """Correct a test, judge again beside the old results, look, and apply."""
    old, old_board = match.tasks[label], match.check_board(match.manager)
    problem_id = match.problems[label]
    tests = match.manager.do("GET", f"problems/{problem_id}/")["test_cases"]
    for row, test in zip(tests, corrected.tests, strict=True):
        row["expected_output"] = f"{test.expected}\n"
    match.manager.do("PATCH", f"problems/{problem_id}/", {"test_cases": tests})
    scope = {"contest": match.id, "problem": problem_id, "reason": "A test of B was wrong."}
    rejudging = start_rejudging(match, scope)
    assert match.check_board(match.manager) == old_board, "nothing changes before it is applied"

    match.tasks[label] = corrected
    new_board = match.worked_out()
    tried = [each for each in match.tries if each.task == label]
    verdicts = {
        each.id: (old.verdict_of(each.kind), corrected.verdict_of(each.kind)) for each in tried
    }
    told = match.manager.do("GET", rejudging)["comparison"]
    differences = {
        each["submission"]: (each["old_verdict"], each["new_verdict"])
        for each in told["differences"]
    }
    assert differences == {key: pair for key, pair in verdicts.items() if pair[0] != pair[1]}
    assert (told["total"], told["judged"], told["changed"]) == (
        len(tried),
        len(tried),
        len(differences),
    )
    assert {each["name"]: (each["old_rank"], each["new_rank"]) for each in told["affected"]} == {
        name: (old_board[name].rank, row.rank)
        for name, row in new_board.items()
        if (row.rank, row.order) != (old_board[name].rank, old_board[name].order)
    }
    assert match.manager.do("POST", f"{rejudging}apply/")["state"] == "applied"
    match.check_verdicts()


def start_rejudging(match: Match, scope: dict[str, Any]) -> str:
    """Have submissions judged once more, wait for it, and say where the result is."""
    path = f"rejudgings/{match.manager.do('POST', 'rejudgings/', scope)['id']}/"
    wait_for(
        lambda: match.manager.do("GET", path)["state"] == "ready",
        what="the rejudging",
        timeout_s=REJUDGED_WITHIN_S,
    )
    return path


def cancel_rejudging(match: Match, anybody: Player) -> None:
    """Judge a few again, for nothing."""
    scope = {"submissions": [each.id for each in match.tries[:3]]}
    rejudging = start_rejudging(match, scope)
    told = match.manager.do("GET", rejudging)["comparison"]

    assert (told["judged"], told["changed"], told["affected"]) == (3, 0, [])
    assert match.manager.do("POST", f"{rejudging}cancel/")["state"] == "cancelled"
    match.check_board(anybody)


def check_waiting_list(match: Match, *, leaver: str, first: str, second: str) -> None:
    """Let two wait for the place of one who leaves."""
    join = f"{match.path}join/"
    code = {"access_code": ACCESS_CODE}
    waiting = [match.accounts[name].do("POST", join, code) for name in (first, second)]
    assert [(each["state"], each["place_in_line"]) for each in waiting] == [
        ("waiting", 1),
        ("waiting", 2),
    ]

    match.accounts[leaver].do("POST", f"{match.path}leave/")
    match.players = match.players - {leaver} | {first}
    (entered,) = match.accounts[first].do("GET", f"{match.path}participation/")
    assert entered["state"] == "registered"
    check_closed(match, second)


def check_cooldown(match: Match, name: str) -> None:
    """Hand in two programs at once: the second has to wait, and both make one score."""
    one_off = Move(player=name, task="Q", kind=Kind.ONE_OFF, language="rust")
    modular = Move(player=name, task="Q", kind=Kind.MODULAR, language="java")
    match.hand_in(one_off)
    at_once = match.accounts[name].http.post(f"{API}submissions/", json=match.body(modular))

    assert at_once.status_code == httpx.codes.TOO_MANY_REQUESTS
    match.play([modular])
    board = match.check_board(match.manager)
    # Half of the near sums by the first, two thirds of the far ones by the second.
    assert board[name].cells["Q"].score == Fraction(35, 2) + 30


def check_secrets_of_others(match: Match) -> None:
    """See to it that while the contest runs nobody reads others' programs or verdicts."""
    of_dana = next(each.id for each in match.tries if each.player == "dana")
    seen = match.accounts["alice"].do("GET", f"submissions/{of_dana}/")

    assert (seen["verdict"], seen["code"], seen["test_results"]) == (None, None, None)


def check_final(match: Match, anybody: Player, name: str) -> None:
    """See to it that nothing changes any more, whoever tries."""
    bob = match.manager
    board, submissions = match.board(anybody), match.submissions(bob)
    some = next(each.id for each in match.tries if each.player == name)
    participant = f"{match.path}participants/{match.participants()[name]}/"

    check_refused(bob, "POST", "rejudgings/", {"contest": match.id})
    check_refused(bob, "POST", f"submissions/{some}/rerun/")
    check_refused(bob, "POST", f"{match.path}extend/", {"minutes": 10})
    check_refused(bob, "PATCH", match.path, {"problems": []})
    check_refused(bob, "POST", f"{participant}disqualify/", {"reason": "Late."})
    check_refused(bob, "PATCH", participant, {"kind": "unofficial"})
    check_refused(bob, "DELETE", participant)
    check_refused(bob, "POST", f"{match.path}participants/", {"username": "bob"})
    check_closed(match, "alice")
    question = {"text": "Why?"}
    check_refused(match.accounts["alice"], "POST", f"{match.path}clarifications/", question)

    assert match.board(anybody) == board
    assert match.submissions(bob) == submissions
    match.check_board(anybody)


def check_archive(stack: Stack, match: Match, path: Path) -> None:
    """Compare the board with what the rules of the ICPC make of the exported contest."""
    stack.run("backend", "manage.py", "export_contest", str(match.id), str(path))
    with path.open("rb") as file:
        archive = read_file(file).archive
    assert archive is not None
    names = {team.id: team.name for team in archive.teams}
    labels = {problem.id: problem.label for problem in archive.problems}

    assert {
        names[row.team_id]: (
            row.rank,
            Fraction(row.solved),
            row.penalty_minutes,
            {
                labels[key]: (cell.judged, cell.rejected, cell.solved_minute)
                for key, cell in row.cells.items()
                if cell.judged
            },
        )
        for row in official_board(archive)
    } == {
        name: (
            rank,
            score,
            penalty,
            {
                label: (judged, rejected, None if solved is None else solved // MINUTE_MS)
                for label, (_, judged, rejected, _, solved) in cells.items()
            },
        )
        for name, (rank, score, penalty, cells) in lines_of(match.worked_out()).items()
    }
