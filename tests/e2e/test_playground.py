"""The page at `/` in a real browser, against a whole installation."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect

from tests.e2e.stack import Installation, Person, Stack
from tests.support.browser import watch_for_faults

pytestmark = [pytest.mark.e2e, pytest.mark.sandbox]
TIMEOUT_MS = 30_000
MORE_THAN_A_POLL_MS = 1_200
PHONE: ViewportSize = {"width": 360, "height": 740}
RIGHT = "a, b = map(int, input().split())\nprint(a + b)\n"
WRONG = "print(3)\n"
TWO_STEPS = "import time\nprint('first', flush=True)\ntime.sleep({seconds})\nprint('second')\n"
FOR_EVER_IN_C = "int main(void) { for (;;) ; }\n"
FLOOD = "while True:\n    print('flood ' * 100)\n"


@pytest.fixture
def page(browser: Browser, stack: Installation) -> Iterator[Page]:
    with browser.new_context(base_url=stack.backend_url) as context:
        page = context.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        expect.set_options(timeout=TIMEOUT_MS)
        yield page


def open_playground(page: Page) -> None:
    page.goto("/")
    expect(page.locator(".cm-content")).to_be_visible()


def write(page: Page, code: str) -> None:
    """Replace the program at once, as pasting does: typing would complete brackets."""
    page.locator(".cm-content").focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(code)


def run(page: Page, code: str, *, language: str = "python", given: str = "") -> None:
    page.locator("#language").select_option(language)
    write(page, code)
    page.get_by_label("Input", exact=True).fill(given)
    page.get_by_role("button", name="Run").click()


def is_over(page: Page, verdict: str) -> None:
    expect(page.locator("#verdict strong")).to_have_text(verdict)
    expect(page.get_by_role("button", name="Run")).to_be_visible()


def sign_in(page: Page, person: Person) -> None:
    page.get_by_role("banner").get_by_role("button", name="Sign in").click()
    page.get_by_label("User name").fill(person.username)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("dialog").get_by_role("button", name="Sign in").click()
    expect(page.locator("#who")).to_have_text(person.username)


def open_problem(page: Page, problem: dict[str, int]) -> None:
    page.goto(f"/#/contests/{problem['contest']}/problems/{problem['problem']}")
    expect(page.get_by_role("heading", name="A. Sum")).to_be_visible()


def test_a_visitor_runs_a_program_and_sees_what_it_took(page: Page) -> None:
    faults = watch_for_faults(page)
    open_playground(page)
    expect(page.locator("#who")).to_have_text("Guest")
    page.get_by_role("button", name="Run").click()

    is_over(page, "Finished")
    expect(page.locator("#output")).to_have_text("Hello, world!\n")
    expect(page.locator("#verdict .facts")).to_have_text(re.compile(r"\d+ ms · [\d.]+ MiB"))
    assert not faults


def test_output_is_there_before_the_program_ends(page: Page) -> None:
    open_playground(page)
    run(page, TWO_STEPS.format(seconds=2))

    expect(page.locator("#output")).to_have_text("first\n")
    expect(page.locator("#verdict strong")).to_have_text("Running")
    expect(page.locator("#connection")).to_have_text("Live")
    is_over(page, "Finished")
    expect(page.locator("#output")).to_have_text("first\nsecond\n")


@pytest.mark.parametrize(
    ("language", "code", "verdict", "shown"),
    [
        ("python", "print('before')\n1 / 0\n", "Runtime error", "ZeroDivisionError"),
        ("python", "print(1\n", "Compile error", "SyntaxError"),
        ("c", FOR_EVER_IN_C, "Time limit exceeded", ""),
        ("python", FLOOD, "Output limit exceeded", "flood flood"),
    ],
)
def test_what_goes_wrong_is_said(
    page: Page, language: str, code: str, verdict: str, shown: str
) -> None:
    open_playground(page)
    run(page, code, language=language)
    is_over(page, verdict)
    expect(page.locator("#output")).to_contain_text(shown)
    # However much was printed, the page still answers.
    write(page, "print('again')\n")
    page.locator("#language").select_option("python")
    run(page, "print('again')\n")
    is_over(page, "Finished")
    expect(page.locator("#output")).to_have_text("again\n")


def test_a_program_that_runs_is_stopped(page: Page) -> None:
    open_playground(page)
    run(page, "print('on', flush=True)\nwhile True:\n    pass\n")
    expect(page.locator("#output")).to_have_text("on\n")
    page.get_by_role("button", name="Stop").click()
    is_over(page, "Stopped")


def test_who_leaves_a_run_hears_no_more_of_it(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    sent: list[Route] = []
    page.route("**/executions/execute", lambda route: sent.append(route))  # noqa: PLW0108

    def leave_and_come_back() -> None:
        page.get_by_role("link", name="Contests", exact=True).click()
        page.get_by_role("link", name="Playground", exact=True).click()
        expect(page.locator("#verdict strong")).to_have_text("Ready")

    open_playground(page)
    run(page, FOR_EVER_IN_C, language="c")
    expect(page.locator("#verdict strong")).to_have_text("Sending")
    leave_and_come_back()
    with page.expect_response("**/executions/execute"):
        sent[0].continue_()
    page.unroute("**/executions/execute")
    run(page, FOR_EVER_IN_C, language="c")
    expect(page.locator("#verdict .hint")).to_have_text(re.compile(r"\d s"))
    asked.clear()
    leave_and_come_back()
    page.wait_for_timeout(MORE_THAN_A_POLL_MS)

    expect(page.locator("#verdict .hint")).to_have_text("Press Run to see what it prints.")
    assert not [url for url in asked if "/executions/" in url]


def test_a_lost_socket_is_made_up_for_by_asking(page: Page) -> None:
    open_playground(page)
    page.route_web_socket(re.compile(r"/executions/ws/"), lambda socket: socket.close())
    run(page, TWO_STEPS.format(seconds=2))
    expect(page.locator("#connection")).to_have_text("Asking every second")
    is_over(page, "Finished")
    expect(page.locator("#output")).to_have_text("first\nsecond\n")


def test_a_rate_limit_and_a_server_that_is_away_are_told_in_words(page: Page) -> None:
    open_playground(page)
    door = "**/api/v1/executions/execute"

    def refuse(route: Route) -> None:
        route.fulfill(status=429, headers={"Retry-After": "7"}, json={"detail": "Too many"})

    page.route(door, refuse)
    page.get_by_role("button", name="Run").click()
    is_over(page, "Not run")
    expect(page.locator("#verdict .hint")).to_contain_text("Try again in 7 s.")
    page.unroute(door)
    page.route(door, lambda route: route.abort())
    page.get_by_role("button", name="Run").click()
    expect(page.locator("#verdict .hint")).to_contain_text("The server can't be reached.")
    page.unroute(door)
    page.get_by_role("button", name="Run").click()
    is_over(page, "Finished")


def test_a_page_that_finds_no_server_goes_on_when_it_is_there(page: Page) -> None:
    languages = "**/api/v1/languages"
    page.route(languages, lambda route: route.abort())
    page.goto("/")
    expect(page.get_by_role("alert")).to_contain_text("The server can't be reached.")
    page.unroute(languages)
    expect(page.locator(".cm-content")).to_be_visible()
    expect(page.get_by_role("alert")).to_be_hidden()


def test_where_guests_run_nothing_a_visitor_is_asked_to_sign_in(page: Page) -> None:
    open_playground(page)
    refused = {"detail": "Guests may not run programs here: sign in.", "code": "forbidden"}
    page.route("**/api/auth/guest/", lambda route: route.fulfill(status=403, json=refused))
    page.get_by_role("button", name="Run").click()
    is_over(page, "Not run")
    expect(page.locator("#verdict .hint")).to_contain_text("Sign in, or register.")


@pytest.mark.only_processes("processes are ended")
def test_a_run_whose_service_dies_ends_in_words(page: Page, stack: Stack) -> None:
    open_playground(page)
    run(page, "print('on', flush=True)\nwhile True:\n    pass\n")
    expect(page.locator("#output")).to_have_text("on\n")
    stack.kill("execution")
    expect(page.locator("#connection")).to_have_text("No connection; trying again")
    stack.start("execution")
    stack.wait_until_ready()
    # What was kept in the memory of that process is gone with it.
    is_over(page, "Not run")
    expect(page.locator("#verdict .hint")).to_contain_text("There is no such run any more.")


def test_a_participant_reads_tries_submits_and_sees_the_board_move(
    page: Page, stack: Installation, alice: Person, bob: Person, problem: dict[str, int]
) -> None:
    faults = watch_for_faults(page)
    open_playground(page)
    page.get_by_role("link", name="Contests", exact=True).click()
    page.locator("main").get_by_role("button", name="Sign in").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    sign_in(page, alice)
    page.get_by_role("link", name="Cup").click()
    page.get_by_role("button", name="Join").click()
    row = page.get_by_role("row", name="alice")
    expect(row.locator(".score")).to_have_text("0")
    page.get_by_role("link", name="A Sum").click()
    expect(page.locator("#problem")).to_contain_text("Add two numbers.")

    write(page, WRONG)
    page.get_by_role("button", name="Test on samples").click()
    samples = page.get_by_role("tabpanel", name="Samples")
    expect(samples.locator(".verdict strong")).to_have_text("Accepted")
    page.get_by_role("button", name="Submit").click()
    submissions = page.get_by_role("tabpanel", name="Submissions")
    expect(submissions.locator(".verdict strong")).to_have_text("Wrong answer")
    write(page, RIGHT)
    page.get_by_role("button", name="Submit").click()
    expect(submissions.locator(".verdict strong").first).to_have_text("Accepted")

    page.get_by_role("link", name="← Cup").click()
    expect(row.locator(".score")).to_have_text("100")
    expect(page.get_by_role("link", name="A Sum")).to_contain_text("Accepted")
    assert not faults

    # Somebody else's verdict arrives while one looks, and nobody touches the page.
    charlie = Person(stack, "charlie", "charlies-long-password").register()
    expect(page.locator("#view")).to_contain_text("Live")
    charlie.submit(language="python", code=RIGHT, **problem)
    expect(page.get_by_role("row", name="charlie").locator(".score")).to_have_text("100")

    messages = page.get_by_role("region", name="Messages")
    messages.get_by_label("Question").fill("May a and b be negative?")
    messages.get_by_role("button", name="Ask the jury").click()
    expect(messages.get_by_role("listitem")).to_contain_text(["May a and b be negative?"])
    said = f"/api/code-execution/contests/{problem['contest']}/clarifications/"
    bob.post(said, {"text": "They are not negative."})
    expect(messages.get_by_role("listitem").first).to_contain_text("They are not negative.")


def test_a_wrong_sample_shows_what_was_expected_and_what_was_printed(
    page: Page, alice: Person, problem: dict[str, int]
) -> None:
    open_playground(page)
    sign_in(page, alice)
    open_problem(page, problem)
    write(page, "print(input())\n")
    page.get_by_role("button", name="Test on samples").click()
    comparison = page.locator("#panel-samples .comparison dd")
    expect(comparison).to_have_text(["1 2\n", "3\n", "1 2\n"])


def test_a_participant_sees_which_test_is_being_judged(
    page: Page, alice: Person, bob: Person
) -> None:
    cases = [
        {"input": f"{number}\n", "expected_output": f"{number}\n", "is_sample": number == 1}
        for number in range(1, 9)
    ]
    fields = {"title": "Sum", "statement": "Echo.", "time_limit_ms": 2000, "test_cases": cases}
    made = bob.post("/api/code-execution/problems/", fields)
    order = [{"problem": made["id"], "order": 1, "points": 100}]
    contest = bob.post("/api/code-execution/contests/", {"title": "Slow", "problems": order})
    open_playground(page)
    sign_in(page, alice)
    open_problem(page, {"contest": contest["id"], "problem": made["id"]})
    write(page, "import time\ntime.sleep(0.5)\nprint(input())\n")
    page.get_by_role("button", name="Submit").click()
    verdict = page.locator("#panel-submissions .verdict strong")
    expect(verdict).to_have_text(re.compile(r"Test \d of 8"))
    expect(verdict).to_have_text("Accepted")


def test_who_leaves_while_a_submission_is_sent_watches_nothing(
    page: Page, alice: Person, bob: Person, problem: dict[str, int]
) -> None:
    order = [{"problem": problem["problem"], "order": 1, "points": 100}]
    contest = bob.post("/api/code-execution/contests/", {"title": "Left", "problems": order})
    sent: list[Route] = []
    watched: list[str] = []
    open_playground(page)
    sign_in(page, alice)
    open_problem(page, problem | {"contest": contest["id"]})
    page.on("websocket", lambda socket: watched.append(socket.url))
    page.route("**/submissions/", lambda route: sent.append(route))  # noqa: PLW0108
    write(page, RIGHT)
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("#panel-submissions")).to_contain_text("Sending")
    page.get_by_role("link", name="Playground", exact=True).click()
    with page.expect_response("**/submissions/"):
        sent[0].continue_()
    page.wait_for_timeout(MORE_THAN_A_POLL_MS)

    assert not [url for url in watched if "/submissions/" in url]


def test_an_address_of_nothing_is_said_to_be_one(page: Page, alice: Person) -> None:
    open_playground(page)
    sign_in(page, alice)
    page.goto("/#/contests/987654")
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()
    page.get_by_role("link", name="Playground").click()
    expect(page.locator(".cm-content")).to_be_visible()


def test_a_visitor_registers_and_is_told_what_is_wrong_first(page: Page) -> None:
    open_playground(page)
    page.get_by_role("banner").get_by_role("button", name="Sign in").click()
    dialog = page.get_by_role("dialog")
    page.get_by_role("button", name="No account yet? Register").click()
    page.get_by_label("User name").fill("dora")
    page.get_by_label("E-mail address").fill("dora@example.org")
    page.get_by_label("Password").fill("1234")
    dialog.get_by_role("button", name="Register", exact=True).click()
    expect(page.locator("#password-wrong")).to_contain_text("short")
    page.get_by_label("Password").fill("doras-long-password")
    dialog.get_by_role("button", name="Register", exact=True).click()
    expect(page.locator("#who")).to_have_text("dora")
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("#who")).to_have_text("Guest")


def test_tokens_are_forgotten_with_the_tab_and_programs_are_not(page: Page, alice: Person) -> None:
    open_playground(page)
    sign_in(page, alice)
    write(page, "print('kept')\n")
    page.reload()
    expect(page.locator("#who")).to_have_text("alice")
    expect(page.locator(".cm-content")).to_contain_text("kept")
    assert "session" not in page.evaluate("Object.keys(localStorage)")

    other = page.context.new_page()
    open_playground(other)
    expect(other.locator("#who")).to_have_text("Guest")
    expect(other.locator(".cm-content")).not_to_contain_text("kept")
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("#who")).to_have_text("Guest")
    assert not [key for key in page.evaluate("Object.keys(localStorage)") if "program" in key]


def test_who_signs_in_goes_on_with_what_they_wrote_before(page: Page, alice: Person) -> None:
    open_playground(page)
    write(page, "print('written as a guest')\n")
    sign_in(page, alice)
    expect(page.locator(".cm-content")).to_contain_text("written as a guest")


def test_the_keyboard_alone_is_enough(page: Page) -> None:
    open_playground(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    # A link, two lists to choose from, a button.
    for _ in range(5):
        page.keyboard.press("Tab")
    expect(page.locator(".cm-content")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("print('by keyboard')")
    page.keyboard.press("Control+Enter")
    is_over(page, "Finished")
    expect(page.locator("#output")).to_have_text("by keyboard\n")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Run")).to_be_focused()
    page.keyboard.press("Enter")
    # The focus stays where Run was, whatever the button is called meanwhile.
    is_over(page, "Finished")
    expect(page.get_by_role("button", name="Run")).to_be_focused()


def test_everything_fits_a_phone(
    browser: Browser,
    stack: Installation,
    alice: Person,
    problem: dict[str, int],
) -> None:
    with browser.new_context(
        base_url=stack.backend_url, viewport=PHONE, is_mobile=True, has_touch=True
    ) as context:
        page = context.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        open_playground(page)
        page.get_by_role("button", name="Run").tap()
        is_over(page, "Finished")
        expect(page.locator("#output")).to_be_in_viewport()
        assert_no_sideways_scrolling(page)
        sign_in(page, alice)
        open_problem(page, problem)
        assert_no_sideways_scrolling(page)
        page.goto(f"/#/contests/{problem['contest']}")
        expect(page.get_by_role("heading", name="Scoreboard")).to_be_visible()
        assert_no_sideways_scrolling(page)


def assert_no_sideways_scrolling(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_first_visit_is_light(page: Page) -> None:
    sizes: list[int] = []
    page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    page.goto("/", wait_until="networkidle")
    expect(page.locator(".cm-content")).to_be_visible()
    assert sum(sizes) < 300_000, f"{sum(sizes)} bytes in {len(sizes)} answers"
