"""What browsers are told that our answers may load."""

import pytest
from django.test import Client

from apps.core.middleware import DATA_POLICY, PAGE_POLICY
from tests.support.people import make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "path", ["/admin/", "/admin/contests/contest/add/", "/api/docs/", "/nowhere/"]
)
def test_pages_load_nothing_from_elsewhere_and_run_no_script_of_their_own(
    path: str,
) -> None:
    client = Client()
    client.force_login(make_user("root", is_superuser=True, is_staff=True))

    page = client.get(path, headers={"Accept": "text/html"})

    assert page.headers["Content-Security-Policy"] == PAGE_POLICY
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "same-origin"
    for script in page.content.decode().split("<script")[1:]:
        opening, _, body = script.partition(">")
        is_data = 'type="application/json"' in opening
        own = body.partition("</script>")[0].strip()
        assert is_data or ("src=" in opening and not own), script


@pytest.mark.parametrize("path", ["/api/health/", "/api/nowhere/", "/.well-known/jwks.json"])
def test_data_loads_nothing_at_all(path: str) -> None:
    assert Client().get(path).headers["Content-Security-Policy"] == DATA_POLICY
