"""Two contests as people have them, with every board held against one that is worked out apart."""

from datetime import datetime
from pathlib import Path

import pytest

from tests.e2e.contest_checks import (
    cancel_rejudging,
    check_archive,
    check_clarifications,
    check_closed,
    check_cooldown,
    check_final,
    check_freeze,
    check_secrets_of_others,
    check_waiting_list,
    disqualify,
    end_now,
    rejudge_corrected,
    undo_disqualification,
)
from tests.e2e.contest_play import Move, Player, check_refused, register
from tests.e2e.icpc_contest import ACCOUNTS, CORRECTED_B, icpc_moves, start_icpc
from tests.e2e.ioi_contest import ioi_moves, join_all, start_ioi
from tests.e2e.stack import Stack
from tests.support.contest_boards import Board
from tests.support.contest_programs import Kind

pytestmark = [pytest.mark.e2e, pytest.mark.only_processes("hundreds of programs take minutes")]


@pytest.fixture(scope="module")
def accounts(stack: Stack) -> dict[str, Player]:
    return register(stack, ACCOUNTS)


@pytest.fixture(scope="module")
def manager(stack: Stack) -> Player:
    return Player(stack, "bob", "bobs-long-password").sign_in()


@pytest.fixture(scope="module")
def anybody(stack: Stack) -> Player:
    """Somebody who has no account."""
    return Player(stack, "", "")


def test_an_icpc_contest_whose_winner_changes_by_a_rejudging(
    stack: Stack,
    accounts: dict[str, Player],
    manager: Player,
    anybody: Player,
    tmp_path: Path,
) -> None:
    match = start_icpc(manager, accounts)
    before_freeze, in_freeze = icpc_moves()

    match.play(before_freeze)
    assert match.check_board(anybody) == match.check_board(manager)
    check_clarifications(match, anybody)

    frozen_at = datetime.fromisoformat(match.act("freeze")["freeze_time"])
    hidden_from = frozen_at - match.start
    match.play(in_freeze)
    disqualify(match, "mallory")
    disqualify(match, "oscar")
    undo_disqualification(match, "oscar")
    check_freeze(match, anybody, hidden_from)
    assert winner(match.check_board(manager)) == "alice"

    end_now(match)
    check_closed(match, "heidi")
    rejudge_corrected(match, "B", CORRECTED_B)
    check_freeze(match, anybody, hidden_from)
    assert winner(match.check_board(manager)) == "dana"

    match.act("unfreeze")
    assert winner(match.check_board(anybody)) == "dana"
    match.act("finalize")
    check_final(match, anybody, "oscar")
    check_archive(stack, match, tmp_path / "contest.zip")


def test_an_ioi_contest_with_subtasks_and_partial_points(
    accounts: dict[str, Player], manager: Player, anybody: Player
) -> None:
    players = [name for name in ACCOUNTS if name not in {"ursula", "victor"}]
    match = start_ioi(manager, accounts, places=len(players))
    check_refused(accounts["alice"], "POST", f"{match.path}join/", {"access_code": "seal"})
    join_all(match, players)
    check_waiting_list(match, leaver=players.pop(), first="ursula", second="victor")

    drawn = [name for name in players if name not in {"alice", "heidi"}]
    match.play(ioi_moves([*drawn, "ursula"]))
    check_cooldown(match, "alice")
    assert match.check_board(anybody) == match.check_board(manager)
    check_secrets_of_others(match)
    cancel_rejudging(match, anybody)

    participant = f"{match.path}participants/{match.participants()['heidi']}/"
    manager.do("PATCH", participant, {"extra_time_s": 600})
    end_now(match)
    check_closed(match, "dana")
    match.play([Move(player="heidi", task="P", kind=Kind.RIGHT, language="javascript")])
    assert match.check_board(anybody)["heidi"].score == 100
    check_refused(manager, "POST", f"{match.path}finalize/")
    manager.do("PATCH", participant, {"extra_time_s": 0})
    match.act("finalize")
    check_final(match, anybody, "oscar")


def winner(board: Board) -> str:
    (name,) = (row.player for row in board.values() if row.rank == 1)
    return name
