"""Made-up requests to the execution service: none makes it fail, all are answered as documented."""

import shutil
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from pydantic import SecretStr

from app.config import Settings
from app.domain.signature import sign
from app.engines.fake import FakeEngine
from app.languages import load_languages
from app.main import create_app
from tests.integration.execution.conftest import sqlite_template
from tests.integration.execution.executions import ALICE, GUEST, make_backend
from tests.support.api_fuzzing import Case, faults
from tests.support.asgi_servers import serving_in_thread

__all__ = ["sqlite_template"]
SECRET = "a-shared-secret"
MANY = "1000000/minute"
# It examines the whole host.
LEFT_OUT = frozenset({"GET /api/v1/doctor"})


def as_the_backend(request: Any) -> Any:
    """Sign a request that is ready to be sent."""
    body = request.body or b""
    content = body.encode() if isinstance(body, str) else body
    request.headers.update(
        sign(content, message_id="m", timestamp_s=int(time.time()), secrets=[SECRET])
    )
    return request


def as_alice(request: Any) -> Any:
    request.headers.update(ALICE)
    return request


def as_a_guest(request: Any) -> Any:
    request.headers.update(GUEST)
    return request


@pytest.mark.parametrize("caller", [as_the_backend, as_alice, as_a_guest])
def test_every_request_is_answered_as_the_document_says(
    caller: Any, sqlite_template: Path, tmp_path: Path
) -> None:
    shutil.copy(sqlite_template, tmp_path / "service.sqlite3")
    settings = Settings(
        database_url=f"sqlite:///{tmp_path}/service.sqlite3",
        data_directory=tmp_path,
        logs_directory=tmp_path,
        judge_run_rate_limit=MANY,
        judge_submit_rate_limit=MANY,
        execution_rate_limit=MANY,
        guest_execution_rate_limit=MANY,
        BACKEND_WEBHOOK_SECRET=SecretStr(SECRET),
    )
    languages = load_languages()
    service = create_app(
        settings,
        engine=FakeEngine(languages.languages),
        languages=languages,
        backend_transport=httpx.MockTransport(make_backend().answer),
    )

    with serving_in_thread(service) as address:

        def send(case: Case) -> schemathesis.Response:
            case.cookies = {}
            for name in [each for each in case.headers if each.lower() == "authorization"]:
                del case.headers[name]
            return case.call(base_url=f"http://{address}", auth=caller)

        ids = {"submission_id": 1, "contest_id": 1, "event_id": 1}
        found = list(faults(service.openapi(), send, ids=ids, leave_out=LEFT_OUT))

    assert found == []
