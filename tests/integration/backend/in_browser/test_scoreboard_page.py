"""The scoreboard's page in a real browser, as people of many kinds get to see it."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from rest_framework.test import APIClient

from apps.contests.models import Contest, ContestParticipant
from apps.users.models import User
from apps.users.tokens import start_session
from tests.integration.backend.conftest import client_of
from tests.support.browser import PATIENCE_MS, watch_for_faults
from tests.support.scoreboards import bring, fill_cup, hand_in, make_cup

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)
TEXT_CONTRAST_MIN, SHAPE_CONTRAST_MIN = 4.5, 3.0
"""Source: WCAG 2.2, success criteria 1.4.3 and 1.4.11."""
DEFICIENCIES = ("protanopia", "deuteranopia", "tritanopia", "achromatopsia")
NO_RANK = "\u2013"
KINDS_OF_CELLS = ("solved", "first", "partial", "wrong", "pending")
Teams = Mapping[str, ContestParticipant]


def path_of(contest: Contest) -> str:
    return f"/contests/{contest.pk}/scoreboard/"


@pytest.fixture
def icpc() -> Contest:
    return make_cup(title="Winter <i>Cup</i> 2026")


@pytest.fixture
def teams(icpc: Contest) -> Teams:
    return fill_cup(icpc)


class Visit:
    """A look at a page."""

    def __init__(self, page: Page, faults: list[str]) -> None:
        self.page = page
        self.faults = faults

    def row(self, name: str) -> Any:
        return self.page.locator("tbody tr", has_text=name)

    def colors_of(self, selector: str) -> tuple[str, str]:
        """Give the colour of the text and of what is behind it."""
        script = "each => [getComputedStyle(each).color, getComputedStyle(each).backgroundColor]"
        front, back = self.page.locator(selector).evaluate(script)
        return front, back

    def see_with(self, deficiency: str) -> None:
        """See the page as somebody does who sees other colours."""
        session = self.page.context.new_cdp_session(self.page)
        session.send("Emulation.setEmulatedVisionDeficiency", {"type": deficiency})

    def picture(self, path: Path) -> Path:
        self.page.screenshot(path=path, full_page=True)
        return path


@pytest.fixture
def visit(browser: Browser, address: str, settings: Any) -> Iterator[Callable[..., Visit]]:
    contexts: list[BrowserContext] = []

    def open_page(path: str, *, user: User | None = None, **options: Any) -> Visit:
        context = browser.new_context(base_url=address, **options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        if user is not None:
            token = start_session(user).access_token
            context.add_cookies([{"name": "access_token", "value": token, "url": address}])
        page = context.new_page()
        faults = watch_for_faults(page)
        page.goto(path)
        return Visit(page, faults)

    yield open_page
    for context in contexts:
        context.close()


def test_shows_the_board_of_an_icpc_contest(
    visit: Callable[..., Visit], icpc: Contest, teams: Teams, tmp_path: Path
) -> None:
    seen = visit(path_of(icpc))

    rows = seen.page.locator("tbody tr")
    assert rows.count() == len(teams)
    first = rows.nth(0)
    assert first.locator(".rank").inner_text() == "1"
    assert first.locator(".name").inner_text() == "Null Pointers"
    assert first.locator(".cell").nth(0).inner_text().split() == [
        "★",
        "7",
        "solved",
        "first",
        "of",
        "all",
        "in",
        "minute",
        "7",
        "1",
        "try",
    ]
    assert first.locator(".cell").nth(3).inner_text().split()[:1] == ["?"]
    assert seen.row("Greedy but Wrong").locator(".rank").inner_text() == NO_RANK
    assert "Frozen." in seen.page.locator("#state").inner_text()
    expect(seen.page.locator("#connection")).to_have_text("Live")
    seen.picture(tmp_path / "icpc-light.png")
    assert seen.faults == []


def test_shows_text_as_text(visit: Callable[..., Visit], icpc: Contest, teams: Teams) -> None:
    seen = visit(path_of(icpc))

    assert seen.page.locator("h1").inner_text() == "Winter <i>Cup</i> 2026"
    assert seen.row("<script>alert('team')</script>").count() == 1
    assert seen.page.locator("tbody script").count() == 0
    assert seen.page.locator(".problems li").nth(0).inner_text() == "A Problem <b>0</b>"


def test_shows_points_of_an_ioi_contest(visit: Callable[..., Visit], tmp_path: Path) -> None:
    contest = make_cup(format="ioi", title="Olympiad", freeze_time=None)
    fill_cup(contest)

    seen = visit(path_of(contest))

    row = seen.row("Segmentation Fault")
    assert row.locator(".score").inner_text() == "170"
    assert row.locator(".cell.partial").inner_text().split()[:2] == ["◐", "70"]
    assert seen.row("線形計画法").locator(".score").inner_text() == "33.5"
    assert seen.page.locator("thead .penalty").count() == 0
    seen.picture(tmp_path / "ioi-light.png")
    assert seen.faults == []


def test_a_verdict_comes_by_push_without_loading_the_page_anew(
    visit: Callable[..., Visit], tmp_path: Path
) -> None:
    contest = make_cup(HOUR)
    teams = fill_cup(contest)
    problems = list(contest.contest_problems.values_list("problem", flat=True))
    seen = visit(path_of(contest))
    expect(seen.page.locator("#connection")).to_have_text("Live")
    seen.page.evaluate("window.isSamePage = true")
    seen.page.locator("#find").fill("off by")

    for problem in problems[:5]:
        hand_in(teams["Off by one"], problem, at=timedelta(minutes=3), verdict="AC")

    expect(seen.page.locator("tbody tr").first).to_contain_text("Off by one")
    expect(seen.page.locator("tbody tr").first).to_contain_class("found")
    expect(seen.page.locator("#announcement")).to_have_text("Leading: Off by one.")
    assert seen.page.evaluate("window.isSamePage")
    assert seen.faults == []


def test_without_a_stream_it_asks_by_itself(
    visit: Callable[..., Visit], icpc: Contest, browser: Browser, address: str
) -> None:
    contest = make_cup(HOUR)
    teams = fill_cup(contest)
    problem = contest.contest_problems.values_list("problem", flat=True)[0]
    context = browser.new_context(base_url=address)
    page = context.new_page()
    page.clock.install()
    page.route("**/events", lambda route: route.fulfill(status=503))
    page.goto(path_of(contest))
    expect(page.locator("#connection")).to_have_text("Asks every 15 s")

    hand_in(teams["線形計画法"], problem, at=timedelta(minutes=3), verdict="AC")
    page.clock.run_for(16_000)

    expect(page.locator("tbody tr", has_text="線形計画法").locator(".cell").first).to_contain_text(
        "3"
    )
    context.close()


def test_works_without_scripts(visit: Callable[..., Visit], icpc: Contest, teams: Teams) -> None:
    seen = visit(path_of(icpc), java_script_enabled=False)

    assert seen.page.locator("tbody tr").count() == len(teams)
    assert not seen.page.locator("#tools").is_visible()


def test_finds_a_team(visit: Callable[..., Visit], icpc: Contest, teams: Teams) -> None:
    seen = visit(path_of(icpc))

    seen.page.get_by_label("Find a team").fill("OSLO")

    assert seen.page.locator("#found").inner_text() == "2 found"
    assert seen.page.locator("tr.found .name").all_inner_texts() == [
        "Greedy but Wrong",
        "Late Binding",
    ]


def test_the_jury_sees_the_true_board_and_what_others_see(
    visit: Callable[..., Visit], icpc: Contest, teams: Teams, bob: User
) -> None:
    seen = visit(path_of(icpc), user=bob)
    true = seen.row("Null Pointers").locator(".score").inner_text()

    seen.page.get_by_role("link", name="What others see").click()

    assert true == "4"
    expect(seen.row("Null Pointers").locator(".score")).to_have_text("3")
    expect(seen.page.locator("#connection")).to_have_text("Live")
    assert seen.faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_can_be_read_without_seeing_colours(
    scheme: Literal["light", "dark"], visit: Callable[..., Visit], tmp_path: Path
) -> None:
    contest = make_cup(format="ioi", title="Olympiad")
    fill_cup(contest)
    seen = visit(path_of(contest), color_scheme=scheme)
    colors = {kind: seen.colors_of(f".legend .{kind}") for kind in KINDS_OF_CELLS}
    symbols = {
        seen.page.locator(f".legend .{kind} .symbol").inner_text() for kind in KINDS_OF_CELLS
    }
    seen.picture(tmp_path / f"ioi-{scheme}.png")
    for deficiency in DEFICIENCIES:
        seen.see_with(deficiency)
        seen.picture(tmp_path / f"ioi-{scheme}-{deficiency}.png")

    assert len(symbols) == len(KINDS_OF_CELLS)
    for front, back in [*colors.values(), seen.colors_of("body")]:
        assert contrast(front, back) >= TEXT_CONTRAST_MIN, (front, back)
    for good in ("solved", "first"):
        for bad in ("wrong", "pending"):
            assert contrast(colors[good][1], colors[bad][1]) >= SHAPE_CONTRAST_MIN, (good, bad)


def test_fits_a_phone(
    visit: Callable[..., Visit], icpc: Contest, teams: Teams, tmp_path: Path
) -> None:
    seen = visit(path_of(icpc), viewport={"width": 360, "height": 740}, device_scale_factor=2)

    width = seen.page.evaluate("document.documentElement.scrollWidth")
    seen.picture(tmp_path / "icpc-phone.png")
    seen.page.locator(".scroll").evaluate("each => each.scrollLeft = 300")
    name = seen.row("Null Pointers").locator(".name").bounding_box()

    assert width <= 360
    assert name is not None
    assert name["x"] >= 0


def test_prints_without_what_is_for_the_screen(
    visit: Callable[..., Visit], icpc: Contest, teams: Teams, tmp_path: Path
) -> None:
    seen = visit(path_of(icpc), color_scheme="dark")
    seen.page.emulate_media(media="print", color_scheme="light")
    seen.picture(tmp_path / "icpc-print.png")
    seen.page.pdf(path=tmp_path / "icpc.pdf", prefer_css_page_size=True)

    assert not seen.page.locator("#tools").is_visible()
    assert seen.page.locator("tbody tr").first.is_visible()


def test_keeps_still_for_who_asks_for_it(
    visit: Callable[..., Visit], icpc: Contest, teams: Teams
) -> None:
    seen = visit(path_of(icpc), reduced_motion="reduce")
    seen.page.locator("tbody tr").first.evaluate("each => each.classList.add('changed')")

    name = seen.page.locator("tbody tr .team").first.evaluate(
        "each => getComputedStyle(each).animationName"
    )

    assert name == "none"


def test_is_a_table_that_can_be_heard_and_reached_by_keys(
    visit: Callable[..., Visit], icpc: Contest, teams: Teams
) -> None:
    seen = visit(path_of(icpc))
    table = seen.page.get_by_role("table")

    assert "Scoreboard as of" in table.locator("caption").inner_text()
    assert seen.page.get_by_role("rowheader", name="Null Pointers").count() == 1
    assert seen.page.get_by_role("columnheader", name="A Problem <b>0</b>").count() == 1
    seen.page.keyboard.press("Tab")
    seen.page.keyboard.press("Tab")
    assert seen.page.evaluate("document.activeElement.className") == "scroll"


def test_says_the_times_in_the_contests_zone(as_nobody: APIClient) -> None:
    start = datetime(2026, 7, 4, 22, 30, tzinfo=UTC)
    contest = make_cup(start_time=start, time_zone="Asia/Kolkata")
    elsewhere = make_cup(start_time=start, time_zone="America/New_York")

    page = as_nobody.get(path_of(contest)).content.decode()
    other = as_nobody.get(path_of(elsewhere)).content.decode()

    assert (
        "From Sun 5 Jul 2026 04:00, to 09:00, frozen from 08:00 (Asia/Kolkata, UTC+05:30)" in page
    )
    assert "From Sat 4 Jul 2026 18:30, to 23:30, frozen from 22:30" in other
    assert "(America/New_York, UTC-04:00)" in other


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"since_start": -HOUR}, "Not started."),
        ({"since_start": HOUR}, "all verdicts so far"),
        ({"since_start": 4.5 * HOUR}, "Frozen."),
        ({"since_start": 6 * HOUR}, "are not shown"),
        ({"since_start": 6 * HOUR, "freeze_time": None}, "The results are not final yet."),
        (
            {"since_start": 6 * HOUR, "unfrozen_at": datetime(2026, 1, 1, tzinfo=UTC)},
            "All verdicts are shown",
        ),
        (
            {"since_start": 6 * HOUR, "finalized_at": datetime(2026, 1, 1, tzinfo=UTC)},
            "These are the final results.",
        ),
        ({"is_active": False}, "Not active."),
    ],
)
def test_says_in_words_where_the_contest_is(
    fields: dict[str, Any], expected: str, as_nobody: APIClient
) -> None:
    page = as_nobody.get(path_of(make_cup(**fields))).content.decode()

    state = re.search(r'<p id="state".*?</p>', page)
    assert state is not None
    assert expected in state[0]


def test_is_not_sent_again_to_who_has_it(as_nobody: APIClient, icpc: Contest, teams: Teams) -> None:
    first = as_nobody.get(path_of(icpc))
    again = as_nobody.get(path_of(icpc), HTTP_IF_NONE_MATCH=first.headers["ETag"])

    assert "script-src 'self'" in first.headers["Content-Security-Policy"]
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"is_published": False}, (404, "Not found.")),
        ({"board_access": "jury"}, (403, "does not show you")),
    ],
)
def test_says_why_there_is_nothing_to_see(
    fields: dict[str, Any], expected: tuple[int, str], charlie: User
) -> None:
    answer = client_of(charlie).get(path_of(make_cup(**fields)))

    assert answer.status_code == expected[0]
    assert expected[1] in answer.content.decode()


def test_a_row_is_shown_anew_when_it_changes_and_only_then(
    as_nobody: APIClient, icpc: Contest, teams: Teams
) -> None:
    before = rows_of(as_nobody.get(path_of(icpc)).content.decode())
    problem = icpc.contest_problems.values_list("problem", flat=True)[7]

    late = hand_in(teams["Null Pointers"], problem, at=timedelta(minutes=100), verdict=None)
    bring(late, "AC")

    after = rows_of(as_nobody.get(path_of(icpc)).content.decode())
    changed = {key for key, row in after.items() if row != before[key]}
    assert changed == {teams["Null Pointers"].pk}


def rows_of(page: str) -> dict[int, str]:
    """Give the rows by participant, without their ranks."""
    found = re.findall(r'<tr data-participant="(\d+)"><td class="rank">[^<]*</td>(.*?)</tr>', page)
    return {int(participant): row for participant, row in found}


def contrast(front: str, back: str) -> float:
    """Give the contrast ratio of two colours (source: WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((luminance(front), luminance(back)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(color: str) -> float:
    channels = [int(each) / 255 for each in re.findall(r"\d+", color)[:3]]
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
