"""A second factor in a real browser: set up in the admin, asked for there and at the page `/`."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from apps.users.models import User
from config.asgi import make_front_door
from live.hub import Hub
from live.limits import StreamLimits
from tests.support.asgi_servers import serving_in_thread
from tests.support.browser import chromium, watch_for_faults
from tests.support.people import PASSWORD
from tests.support.second_factors import AuthenticatorApp, give_second_factor
from tests.support.servers import ServerMissingError

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def address() -> Iterator[str]:
    """The front door's."""
    with serving_in_thread(make_front_door(Hub(), StreamLimits())) as address:
        yield f"http://{address}"


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch, address: str) -> Iterator[Page]:
    # Playwright's loop does not run while the test asks the database.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    try:
        with chromium() as browser, browser.new_context(base_url=address) as context:
            page = context.new_page()
            page.set_default_timeout(10_000)
            # Django's own pages name no icon.
            page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
            yield page
    except ServerMissingError as error:
        pytest.skip(str(error))


def sign_in_at_the_admin(page: Page) -> None:
    page.goto("/admin/")
    page.get_by_label("Username").fill("bob")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def test_a_manager_sets_one_up_by_its_picture_and_signs_in_with_it(page: Page, bob: User) -> None:
    faults = watch_for_faults(page)
    sign_in_at_the_admin(page)
    page.get_by_role("link", name="Second factor").click()
    expect(page.get_by_role("img", name="The key as a QR code")).to_be_visible()
    app = AuthenticatorApp(page.locator("code").inner_text())
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("textbox", name="Code").fill(app.code(steps=-1))
    page.get_by_role("button", name="Set it up").click()

    expect(page.locator(".recovery-codes li")).to_have_count(10)
    page.get_by_role("button", name="Log out").click()
    sign_in_at_the_admin(page)
    page.get_by_role("textbox", name="Code").fill(app.code())
    page.get_by_role("button", name="Go on").click()

    expect(page.get_by_role("heading", name="Administration")).to_be_visible()
    assert not faults


def test_the_page_for_participants_asks_for_the_code_too(page: Page, bob: User) -> None:
    app, _ = give_second_factor(bob)
    page.goto("/")
    page.get_by_role("banner").get_by_role("button", name="Sign in").click()
    dialog = page.get_by_role("dialog")
    expect(page.get_by_label("Code of your authenticator app")).to_be_hidden()
    page.get_by_label("User name").fill("bob")
    page.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Sign in").click()
    expect(page.locator("#one-time-code-wrong")).to_have_text("Your account asks for it.")
    page.get_by_label("Code of your authenticator app").fill(app.wrong_code())
    dialog.get_by_role("button", name="Sign in").click()
    expect(page.locator("#one-time-code-wrong")).to_contain_text("wrong, or was used before")

    page.get_by_label("Code of your authenticator app").fill(app.code())
    dialog.get_by_role("button", name="Sign in").click()

    expect(page.locator("#who")).to_have_text("bob")
