"""The programs of the page about live updates, in a real browser."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from apps.users.models import User
from apps.users.tokens import start_session
from tests.integration.backend.in_browser.conftest import Server
from tests.support.browser import PATIENCE_MS, watch_for_faults
from tests.support.contests import make_submission
from tests.support.live_submissions import finish
from tests.support.scoreboards import HOUR, enter, make_cup

pytestmark = pytest.mark.django_db(transaction=True)
TEXT = (Path(__file__).parents[4] / "docs" / "live-updates.md").read_text()
PROGRAMS = "\n".join(re.findall(r"```js\n(.+?)```", TEXT, re.DOTALL))
FOLLOW = """([path, token]) => {
    const onEvent = (event) => told.push(event);
    follow(path, { token, onEvent, onRefused: (code) => refused.push(code) });
}"""
READ = """([path, token]) => {
    const onEvent = (event) => told.push(event);
    const { signal } = new AbortController();
    read(path, { token, onEvent, signal }).catch((error) => refused.push(error.message));
}"""


@pytest.fixture
def page(browser: Browser, server: Server) -> Iterator[Page]:
    # It stands for a page of somebody else's at this address, with rules of its own.
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    faults = watch_for_faults(page)
    page.goto(f"{server.address}/api/health/")
    page.add_script_tag(content=f"{PROGRAMS}\nwindow.told = []; window.refused = [];")
    yield page
    context.close()
    assert [each for each in faults if each.startswith("script:")] == []


def wait_until(page: Page, condition: str) -> None:
    page.wait_for_function(condition, timeout=PATIENCE_MS)


@pytest.mark.parametrize("program", [FOLLOW, READ], ids=["WebSocket", "fetch"])
def test_follows_submissions_and_comes_back(
    program: str, page: Page, server: Server, alice: User
) -> None:
    first = make_submission(alice)
    second = make_submission(alice, microservice_submission_id=8)
    token = start_session(alice).access_token

    page.evaluate(program, ["/api/code-execution/submissions/", token])
    wait_until(page, "told.length === 1")
    finish(first)
    wait_until(page, "told.at(-1).data.results.some((each) => each.verdict === 'AC')")
    server.end_streams()
    finish(second)
    wait_until(page, f"told.at(-1).data.results.some((each) => each.id === {second.pk})")

    told: list[dict[str, Any]] = page.evaluate("told")
    assert {each["type"] for each in told} == {"submissions"}
    assert page.evaluate("refused") == []


@pytest.mark.parametrize(
    ("program", "expected"),
    [(FOLLOW, 4001), (READ, "401: It answers 401.")],
    ids=["WebSocket", "fetch"],
)
def test_is_told_that_the_token_is_not_good(program: str, expected: object, page: Page) -> None:
    page.evaluate(program, ["/api/code-execution/submissions/", "bad"])
    wait_until(page, "refused.length === 1")

    assert page.evaluate("refused") == [expected]


def test_follows_a_board_without_signing_in(page: Page, server: Server, alice: User) -> None:
    cup = make_cup(HOUR)

    page.evaluate("(id) => followBoard(id, (board) => told.push(board))", cup.pk)
    wait_until(page, "told.length === 1")
    enter(cup, alice)
    wait_until(page, "told.at(-1).rows.length === 1")
