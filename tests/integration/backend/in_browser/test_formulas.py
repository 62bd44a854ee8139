"""Formulas in the admin's previews are drawn, and pages without any fetch nothing for them."""

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect

from apps.users.models import User
from tests.support.browser import watch_for_faults
from tests.support.contests import make_contest, make_problem

pytestmark = pytest.mark.django_db(transaction=True)
TEXT = "Find $x^2$, where\n\n$$\\sum_{i=1}^{n} i = x$$\n"
BROKEN = "Find $\\frac{1$ and <b>nothing</b> else."


def sign_in(page: Page, user: User, address: str) -> None:
    client = Client()
    client.force_login(user)
    page.context.add_cookies([
        {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": address}
    ])


def test_formulas_of_statements_and_descriptions_are_drawn_in_the_admin(
    page: Page, address: str, bob: User
) -> None:
    problem = make_problem(statement=TEXT)
    contest = make_contest(description=TEXT)
    faults = watch_for_faults(page)
    sign_in(page, bob, address)
    for name, pk in (("problems_problem", problem.pk), ("contests_contest", contest.pk)):
        page.goto(f"{address}{reverse(f'admin:{name}_change', args=[pk])}")
        expect(page.locator(".math .katex-html")).to_have_count(2)
        expect(page.locator(".math.display .katex-display")).to_have_count(1)
    assert not faults


def test_a_broken_formula_is_shown_as_it_was_written(page: Page, address: str, bob: User) -> None:
    problem = make_problem(statement=BROKEN)
    sign_in(page, bob, address)
    page.goto(f"{address}{reverse('admin:problems_problem_change', args=[problem.pk])}")
    expect(page.locator(".katex-error")).to_have_text("\\frac{1")


def test_a_page_without_formulas_does_not_fetch_what_draws_them(
    page: Page, address: str, bob: User
) -> None:
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    contest = make_contest(description="Nothing to *draw*.")
    sign_in(page, bob, address)
    page.goto(f"{address}{reverse('admin:contests_contest_change', args=[contest.pk])}")
    page.wait_for_load_state("networkidle")
    expect(page.locator(".field-rendered_description em")).to_have_text("draw")
    assert any("maths_on_page.js" in url for url in fetched)
    assert not [url for url in fetched if "katex" in url]


def test_a_contest_without_a_description_has_no_preview(
    page: Page, address: str, bob: User
) -> None:
    contest = make_contest(description="")
    sign_in(page, bob, address)
    page.goto(f"{address}{reverse('admin:contests_contest_change', args=[contest.pk])}")
    expect(page.locator(".field-description")).to_have_count(1)
    expect(page.locator(".field-rendered_description")).to_have_count(0)
