"""The OpenAPI document is the service's reference: valid, and true about what is promised."""

from typing import Any

import pytest
from fastapi.openapi.utils import get_openapi
from openapi_spec_validator import validate
from pydantic import SecretStr

from app.config import Settings
from app.engines.fake import FakeEngine
from app.languages import load_languages
from app.main import create_app

PROMISED = {
    "/run": {"post"},
    "/runall": {"post"},
    "/submit": {"post"},
    "/api/v1/submissions/": {"get", "post"},
    "/api/v1/submissions/{submission_id}": {"get"},
    "/api/v1/submissions/{submission_id}/execute": {"post"},
    "/api/v1/contests/": {"get", "post"},
    "/api/v1/contests/{contest_id}": {"get", "put", "delete"},
    "/api/v1/languages": {"get"},
    "/api/v1/doctor": {"get"},
    "/health/": {"get"},
    "/health/ready": {"get"},
}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    languages = load_languages()
    settings = Settings(BACKEND_WEBHOOK_SECRET=SecretStr("a-secret"))
    app = create_app(settings, engine=FakeEngine(languages.languages), languages=languages)
    return get_openapi(title=app.title, version=app.version, routes=app.routes)


def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    validate(document)


def test_the_document_describes_exactly_what_is_promised(document: dict[str, Any]) -> None:
    assert {path: set(item) for path, item in document["paths"].items()} == PROMISED


def test_every_operation_says_what_it_does(document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert operation["summary"], f"{method} {path}"
