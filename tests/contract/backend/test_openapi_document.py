"""What clients that are generated from the document rely on."""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from apps.core import openapi
from apps.core.errors import ClientError
from apps.core.openapi import api_document
from apps.core.problems import OTHER_CODES
from apps.problems.rules import SWITCHES, TOLERANCES
from tests.support.threads import run_at_once

REFUSAL = "#/components/schemas/Refusal"
ERRORS_BY_FIELD = "#/components/schemas/Invalid"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return api_document()


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in document["paths"].values():
        yield from item.values()


def answers(document: dict[str, Any]) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Give every answer with its references looked up."""
    for operation in operations(document):
        for status, answer in operation["responses"].items():
            name = answer.get("$ref", "").rpartition("/")[2]
            found = document["components"]["responses"][name] if name else answer
            yield operation["operationId"], int(status.replace("default", "500")), found


def test_operations_are_named_by_what_they_do(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for operation in operations(document)]

    assert {
        "auth_sign_in",
        "contests_list",
        "contests_join",
        "contests_freeze",
        "contests_scoreboard",
        "contests_clarifications_list",
        "contests_clarifications_create",
        "contests_clarifications_answer",
        "submissions_create",
    } <= set(names)
    assert [
        name for name in names if re.search(r"^api_(?!tokens)|code_execution|_\d+$", name)
    ] == []
    assert len(names) == len(set(names))


def test_every_error_has_a_form(document: dict[str, Any]) -> None:
    shapeless = [
        (name, status)
        for name, status, answer in answers(document)
        if status >= 400 and "content" not in answer
    ]

    assert shapeless == []


def test_only_what_is_sent_wrong_is_answered_by_field(document: dict[str, Any]) -> None:
    forms = {
        (status, answer["content"]["application/json"]["schema"]["$ref"])
        for _name, status, answer in answers(document)
        if status >= 400
    }

    assert {status for status, form in forms if form == ERRORS_BY_FIELD} == {400}
    assert {401, 403, 404, 422, 429} <= {status for status, form in forms if form == REFUSAL}


def test_every_endpoint_says_that_it_has_a_rate_limit(document: dict[str, Any]) -> None:
    assert all("429" in operation["responses"] for operation in operations(document))


def test_whoever_must_sign_in_is_told_so(document: dict[str, Any]) -> None:
    for_somebody = [each for each in operations(document) if {} not in each["security"]]

    assert for_somebody
    assert all({"401", "403"} <= set(each["responses"]) for each in for_somebody)


def test_every_code_of_an_error_is_told(document: dict[str, Any]) -> None:
    told = set(document["components"]["schemas"]["ErrorCodeEnum"]["enum"])

    assert {each.code for each in ClientError.__subclasses__()} | OTHER_CODES <= told


def test_an_answer_has_every_field_and_a_request_only_what_is_needed(
    document: dict[str, Any],
) -> None:
    schemas = document["components"]["schemas"]

    assert set(schemas["Contest"]["required"]) == set(schemas["Contest"]["properties"])
    assert schemas["ContestRequest"]["required"] == ["title"]


def test_a_group_of_tests_is_sent_with_those_that_it_requires(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    for name in ("TestGroup", "TestGroupRequest"):
        assert schemas[name]["properties"]["requires"]["items"]["type"] == "string"
    assert "requires" not in schemas["TestGroupRequest"]["required"]


def test_the_options_of_a_checker_have_a_form(document: dict[str, Any]) -> None:
    options = document["components"]["schemas"]["ManagedProblemRequest"]["properties"]

    assert set(options["checker_options"]["properties"]) == {*SWITCHES, *TOLERANCES}


def test_a_stream_is_described_beside_what_it_tells_of(document: dict[str, Any]) -> None:
    path = "/api/code-execution/contests/{id}/scoreboard/"
    board, stream = (document["paths"][each]["get"] for each in (path, f"{path}events/"))

    assert stream["operationId"] == "contests_scoreboard_events"
    assert list(stream["responses"]["200"]["content"]) == ["text/event-stream"]
    assert {"404", "429"} <= set(stream["responses"])
    assert stream["security"] == board["security"]
    assert {each["name"] for each in stream["parameters"]} == {"id", "public", "Last-Event-ID"}
    assert "x-stream" not in board


def test_the_forms_of_errors_take_no_other_form_s_name(document: dict[str, Any]) -> None:
    assert "statement" in document["components"]["schemas"]["Problem"]["properties"]


def test_pages_that_can_only_be_turned_over_have_a_form_of_their_own(
    document: dict[str, Any],
) -> None:
    schemas = document["components"]["schemas"]

    assert set(schemas["SubmissionSummaryPage"]["properties"]) == {
        "count",
        "next",
        "previous",
        "results",
    }
    assert set(schemas["SubmissionSummaryCursorPage"]["properties"]) == {
        "next",
        "previous",
        "results",
    }


def test_no_choice_has_a_name_that_was_made_up_by_a_hash(document: dict[str, Any]) -> None:
    names = set(document["components"]["schemas"])

    assert [name for name in names if re.search(r"[0-9a-f]{3}Enum$", name)] == []


@pytest.mark.parametrize(
    ("method", "path", "content_type", "status", "code"),
    [
        ("GET", "/api/auth/me/", "", 401, "unauthenticated"),
        ("PATCH", "/api/health/", "application/json", 405, "method-not-allowed"),
        ("POST", "/api/auth/token/", "text/plain", 415, "unsupported-media-type"),
        ("POST", "/api/auth/token/", "application/json", 400, "parse-error"),
    ],
)
@pytest.mark.django_db
def test_what_the_framework_refuses_has_a_code_too(
    method: str, path: str, content_type: str, status: int, code: str
) -> None:
    answer = Client().generic(method, path, "{", content_type)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_token_that_is_not_good_has_a_code_too() -> None:
    answer = Client(headers={"Authorization": "Bearer no"}).get("/api/auth/me/")

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("path", ["/api/nowhere/", "/api/code-execution/contests/0.85/end/"])
def test_an_unknown_address_is_a_problem_for_whoever_posts_to_it(path: str) -> None:
    answer = Client(enforce_csrf_checks=True).post(path, {}, "application/json")

    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


def test_first_readers_at_once_wait_for_one_document(monkeypatch: pytest.MonkeyPatch) -> None:
    makings = []
    make: Any = SchemaGenerator.get_schema  # not typed by its package

    def noted(generator: Any, **details: Any) -> Any:
        makings.append(generator)
        return make(generator, **details)

    monkeypatch.setattr(SchemaGenerator, "get_schema", noted)
    openapi._made_document.cache_clear()

    answers = run_at_once([partial(Client().get, "/api/schema/?format=json")] * 4)

    assert len(makings) == 1
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.content for answer in answers}) == 1
