"""What holds for every endpoint: the document describes it, and its errors are JSON."""

import re
from typing import Any

import jwt
import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from openapi_spec_validator import validate
from rest_framework.test import APIClient

from apps.core.openapi import api_document

PROMISED = {
    "/api/auth/register/": {"post"},
    "/api/auth/token/": {"post"},
    "/api/auth/token/refresh/": {"post"},
    "/api/auth/guest/": {"post"},
    "/api/auth/logout/": {"post"},
    "/api/auth/me/": {"get"},
    "/api/code-execution/contests/": {"get", "post"},
    "/api/code-execution/contests/{id}/": {"get", "put", "patch", "delete"},
    "/api/code-execution/contests/{id}/join/": {"post"},
    "/api/code-execution/contests/{id}/leave/": {"post"},
    "/api/code-execution/contests/{id}/start/": {"post"},
    "/api/code-execution/contests/{id}/virtual/": {"post"},
    "/api/code-execution/contests/{id}/participation/": {"get"},
    "/api/code-execution/contests/{id}/leaderboard/": {"get"},
    "/api/code-execution/contests/{id}/participants/": {"get", "post"},
    "/api/code-execution/contests/{id}/end/": {"post"},
    "/api/code-execution/contests/{id}/participants/import/": {"post"},
    "/api/code-execution/contests/{id}/participants/import/report/": {"post"},
    "/api/code-execution/contests/{id}/participants/{participant_id}/": {"patch", "delete"},
    "/api/code-execution/contests/{id}/participants/{participant_id}/disqualify/": {"post"},
    "/api/code-execution/contests/{id}/participants/{participant_id}/reinstate/": {"post"},
    "/api/code-execution/contests/{id}/clarifications/": {"get", "post"},
    "/api/code-execution/contests/{id}/clarifications/{clarification_id}/answer/": {"post"},
    "/api/code-execution/contests/{id}/publish/": {"post"},
    "/api/code-execution/contests/{id}/unpublish/": {"post"},
    "/api/code-execution/contests/{id}/freeze/": {"post"},
    "/api/code-execution/contests/{id}/unfreeze/": {"post"},
    "/api/code-execution/contests/{id}/extend/": {"post"},
    "/api/code-execution/contests/{id}/finalize/": {"post"},
    "/api/code-execution/contests/{id}/clone/": {"post"},
    "/api/code-execution/contests/{id}/scoreboard/": {"get"},
    "/api/code-execution/contests/{id}/submissions/": {"get"},
    "/api/code-execution/contests/{id}/statistics/": {"get"},
    "/api/code-execution/problems/": {"get", "post"},
    "/api/code-execution/problems/{id}/": {"get", "put", "patch", "delete"},
    "/api/code-execution/problems/{id}/files/{path}": {"get"},
    "/api/code-execution/problems/{id}/languages/": {"get"},
    "/api/code-execution/submissions/": {"get", "post"},
    "/api/code-execution/submissions/{id}/": {"get"},
    "/api/code-execution/submissions/{id}/rerun/": {"post"},
    "/api/code-execution/trials/": {"post"},
    "/api/code-execution/rejudgings/": {"get", "post"},
    "/api/code-execution/rejudgings/{id}/": {"get"},
    "/api/code-execution/rejudgings/{id}/apply/": {"post"},
    "/api/code-execution/rejudgings/{id}/cancel/": {"post"},
    "/api/code-execution/health/": {"get"},
    "/api/code-execution/deliveries/": {"get"},
    "/api/code-execution/deliveries/{id}/": {"get"},
    "/api/code-execution/deliveries/{id}/resend/": {"post"},
    "/api/code-execution/deliveries/receiver/": {"get"},
    "/api/code-execution/deliveries/receiver/enable/": {"post"},
    "/api/code-execution/deliveries/resend/": {"post"},
    "/api/auth/api-tokens/": {"get", "post"},
    "/api/auth/api-tokens/exchange/": {"post"},
    "/api/auth/api-tokens/{id}/": {"delete"},
    "/api/endpoints/": {"get", "post"},
    "/api/endpoints/{id}/": {"get", "patch", "delete"},
    "/api/endpoints/{id}/secret/rotate/": {"post"},
    "/api/endpoints/{id}/enable/": {"post"},
    "/api/endpoints/{id}/disable/": {"post"},
    "/api/endpoints/{id}/ping/": {"post"},
    "/api/endpoints/{id}/deliveries/": {"get"},
    "/api/endpoints/{id}/deliveries/resend/": {"post"},
    "/api/endpoints/{id}/deliveries/{delivery_id}/": {"get"},
    "/api/endpoints/{id}/deliveries/{delivery_id}/resend/": {"post"},
    "/api/operations/": {"get"},
    "/api/health/": {"get"},
    "/api/health/ready/": {"get"},
    "/api/webhooks/code-execution/": {"post"},
    "/api/webhooks/code-execution/progress/": {"post"},
    "/health/": {"get"},
}


def with_ids(path: str) -> str:
    return re.sub(r"\{\w+\}", "1", path)


# What is told of as it changes; the front door answers these, and Django knows nothing of them.
STREAMS = {"/api/code-execution/contests/{id}/scoreboard/events/"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return api_document()


def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    validate(document)


def test_the_document_describes_exactly_what_is_promised(document: dict[str, Any]) -> None:
    described = {path: set(item) for path, item in document["paths"].items()}

    assert described == PROMISED | {path: {"get"} for path in STREAMS}


def test_the_document_is_made_without_warnings(tmp_path: Any) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema"))


def test_only_public_endpoints_are_described_without_a_credential(
    document: dict[str, Any],
) -> None:
    public = {
        path
        for path, item in document["paths"].items()
        for operation in item.values()
        if {} in operation.get("security", [{}])
    }

    assert public == {
        path
        for path in PROMISED
        if path.startswith(("/api/auth/", "/api/health/", "/api/webhooks/"))
        and not path.startswith(("/api/auth/me/", "/api/auth/logout/", "/api/auth/api-tokens/"))
    } | {
        "/api/code-execution/contests/{id}/scoreboard/",
        "/api/code-execution/contests/{id}/scoreboard/events/",
        "/api/code-execution/health/",
        "/health/",
    }


@pytest.mark.parametrize("path", sorted(PROMISED))
@pytest.mark.django_db
def test_every_path_is_served_without_its_slash_and_without_a_redirect(path: str) -> None:
    answer = APIClient().options(with_ids(path.rstrip("/")))

    assert answer.status_code in {200, 401}, answer.content


@pytest.mark.parametrize("path", sorted(PROMISED))
@pytest.mark.django_db
def test_a_wrong_method_is_answered_in_json(path: str) -> None:
    answer = Client().delete(with_ids(path))

    assert answer.status_code in {401, 405}
    assert "detail" in answer.json()


@pytest.mark.parametrize("path", ["/api/", "/api/nothing", "/api/auth/nothing/", "/api/%00"])
def test_an_unknown_path_is_answered_with_problem_details(path: str) -> None:
    answer = Client().get(path)

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == 404


def test_an_unknown_path_is_json_with_debug_too(settings: Any) -> None:
    settings.DEBUG = True

    answer = Client().get("/api/nothing/")

    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_path_outside_the_api_is_not_answered_in_json() -> None:
    answer = Client().get("/nothing/")

    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("is_debug", [False, True])
def test_a_crash_is_answered_in_json_and_tells_nothing(settings: Any, *, is_debug: bool) -> None:
    settings.DEBUG = is_debug
    settings.JWT_KEY_FILES = None  # not even a list: the key lookup crashes
    token = jwt.encode({}, "k" * 32, headers={"kid": "1"})

    answer = Client(headers={"Authorization": f"Bearer {token}"}).get("/api/auth/me/")

    assert answer.status_code == 500
    assert answer.json()["code"] == "server-error"
    assert "NoneType" not in answer.content.decode()


def test_a_host_that_is_not_ours_is_answered_in_json() -> None:
    answer = Client(headers={"Host": "evil.example"}).get("/api/health/")

    assert answer.status_code == 400
    assert answer.json()["code"] == "bad-request"


def test_a_body_over_the_limit_is_answered_in_json() -> None:
    answer = Client().post(
        "/api/auth/token/", b"x" * (settings.API_BODY_BYTES_MAX + 1), "application/json"
    )

    assert answer.status_code == 413
    assert answer.json()["code"] == "too-large"


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"\xff", b'{"a": 1e400}', b"null"])
def test_a_body_that_is_not_readable_is_a_client_error(body: bytes) -> None:
    answer = Client().post("/api/auth/token/", body, "application/json")

    assert answer.status_code == 400, answer.content


def test_a_form_is_not_json() -> None:
    answer = Client().post("/api/auth/token/", {"username": "alice"})

    assert answer.status_code == 415
    assert "detail" in answer.json()


@pytest.mark.django_db
def test_the_page_of_the_document_needs_no_other_host() -> None:
    page = Client().get("/api/docs/").content.decode()

    assert "/static/drf_spectacular_sidecar/" in page
    assert "cdn." not in page


def test_a_page_of_an_allowed_origin_may_call_the_api_and_read_its_errors() -> None:
    origin = {"Origin": "http://localhost:3000"}
    asking = {**origin, "Access-Control-Request-Method": "POST"}

    allowed = Client(headers=asking).options("/api/code-execution/submissions")
    refused = Client(headers={**asking, "Origin": "http://evil.example"}).options("/api/auth/me/")
    error = Client(headers=origin).get("/api/nothing/")

    assert allowed.headers["Access-Control-Allow-Origin"] == origin["Origin"]
    assert "Access-Control-Allow-Origin" not in refused.headers
    assert error.headers["Access-Control-Allow-Origin"] == origin["Origin"]
