"""The execution service's documentation works in a browser that reaches nothing else."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from tests.e2e.execution_stack import ExecutionStack
from tests.support.browser import watch_for_faults

pytestmark = [pytest.mark.e2e, pytest.mark.only_processes("nginx leads to the backend alone")]


def test_shows_every_endpoint_and_loads_nothing_from_elsewhere(
    alone: ExecutionStack, browser: Browser
) -> None:
    asked: set[str] = set()
    page = browser.new_page()
    page.on("request", lambda request: asked.add(request.url))
    faults = watch_for_faults(page)
    page.goto(f"{alone.execution_url}/docs")
    page.wait_for_selector("#operations-submissions-create_submission_api_v1_submissions__post")
    shown = page.locator(".opblock").count()

    assert shown > 10
    assert faults == []
    assert {urlsplit(url).netloc for url in asked} == {urlsplit(alone.execution_url).netloc}
