"""A second factor in a real browser: set up in the admin, asked for there and at the page `/`."""

import pytest
from playwright.sync_api import Page, expect

from apps.users.models import User
from tests.support.browser import watch_for_faults
from tests.support.people import PASSWORD
from tests.support.second_factors import AuthenticatorApp, give_second_factor

pytestmark = pytest.mark.django_db(transaction=True)


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
    page.get_by_role("textbox", name="Code").fill(app.code())
    page.get_by_role("button", name="Set it up").click()

    expect(page.locator(".recovery-codes li")).to_have_count(10)
    page.get_by_role("button", name="Log out").click()
    sign_in_at_the_admin(page)
    page.get_by_role("textbox", name="Code").fill(app.code(steps=1))
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
