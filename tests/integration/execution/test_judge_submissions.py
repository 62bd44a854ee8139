import json
import logging
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from app.config import SERVICE_DIRECTORY, Settings
from app.database import driver_url
from app.domain.runs import CompileResult, RunResult
from app.engines.base import OutputListener, Program
from app.engines.fake import FakeEngine
from app.languages import load_languages
from tests.integration.execution.conftest import alembic
from tests.integration.execution.judge_calls import make_submit, make_test, running


def open_database(database_url: str) -> sa.Engine:
    """Open the database as another team would."""
    url = driver_url(database_url, base_directory=SERVICE_DIRECTORY)
    return sa.create_engine(url.set(drivername=url.drivername.replace("+aiosqlite", "")))


def read_rows(database_url: str) -> list[dict[str, Any]]:
    engine = open_database(database_url)
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT * FROM submissions ORDER BY id")).mappings()
        found = [dict(row) for row in rows]
    engine.dispose()
    for row in found:
        for column in ("test_results", "summary"):
            row[column] = json.loads(row[column]) if isinstance(row[column], str) else row[column]
    return found


def test_the_table_has_the_prescribed_columns(database_url: str) -> None:
    engine = open_database(database_url)
    inspector = sa.inspect(engine)
    columns = {
        column["name"]: (str(column["type"]), column["nullable"])
        for column in inspector.get_columns("submissions")
    }
    is_postgresql = engine.dialect.name == "postgresql"
    unique = [rule["column_names"] for rule in inspector.get_unique_constraints("submissions")]
    engine.dispose()

    json_type = "JSONB" if is_postgresql else "JSON"
    assert columns == {
        "id": ("INTEGER", False),
        "submission_id": ("VARCHAR(255)", True),
        "user_id": ("VARCHAR(255)", False),
        "question_id": ("VARCHAR(255)", False),
        "language": ("VARCHAR(50)", False),
        "code": ("TEXT", False),
        "test_results": (json_type, False),
        "summary": (json_type, False),
        "execution_id": ("VARCHAR(255)", True),
        "created_at": ("TIMESTAMP" if is_postgresql else "DATETIME", True),
    }
    assert unique == [["submission_id"]]


def test_a_table_that_was_there_before_is_taken_over(own_database_url: str) -> None:
    alembic(own_database_url, "downgrade", "0001")
    engine = open_database(own_database_url)
    with engine.begin() as connection:
        is_postgresql = engine.dialect.name == "postgresql"
        row_id = "SERIAL" if is_postgresql else "INTEGER"
        json_type = "JSONB" if is_postgresql else "TEXT"
        connection.execute(
            sa.text(
                f"CREATE TABLE submissions (id {row_id} PRIMARY KEY, "
                "submission_id VARCHAR(255) UNIQUE, user_id VARCHAR(255) NOT NULL, "
                "question_id VARCHAR(255) NOT NULL, language VARCHAR(50) NOT NULL, "
                f"code TEXT NOT NULL, test_results {json_type} NOT NULL, "
                f"summary {json_type} NOT NULL, execution_id VARCHAR(255), "
                "created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)"
            )
        )
        insert_row(connection)
    engine.dispose()

    upgraded = alembic(own_database_url, "upgrade", "head")

    assert upgraded.returncode == 0, upgraded.stderr
    assert [row["user_id"] for row in read_rows(own_database_url)] == ["alice"]


def insert_row(connection: sa.Connection) -> None:
    """Write as another team would: only what has no default."""
    names = "submission_id, user_id, question_id, language, code, test_results, summary"
    values = "'s', 'alice', 'q1', 'python', 'print(42)', '[]', '{}'"
    connection.execute(sa.text(f"INSERT INTO submissions ({names}) VALUES ({values})"))  # noqa: S608  # constants


def test_rows_of_others_get_their_id_and_time(database_url: str) -> None:
    engine = open_database(database_url)
    with engine.begin() as connection:
        insert_row(connection)
    engine.dispose()

    (stored,) = read_rows(database_url)
    assert stored["id"] == 1
    assert stored["created_at"] is not None


@pytest.mark.asyncio
async def test_a_submission_is_stored_as_it_is_answered(
    client: httpx.AsyncClient, database_url: str
) -> None:
    tests = [make_test(), make_test(id="2", expected_output="\N{SNOWMAN}")]
    body = make_submit(language="PY", test_cases=tests, candidate_id="c1")

    answer = (await client.post("/submit", json=body)).json()

    (row,) = read_rows(database_url)
    assert answer["metadata"]["saved_to_db"] is True
    assert row["submission_id"] == answer["metadata"]["submission_id"]
    assert row["execution_id"] == answer["execution_id"]
    assert row["test_results"] == answer["test_results"]
    assert row["summary"] == answer["summary"]
    assert (row["user_id"], row["question_id"]) == ("alice", "q1")
    assert (row["language"], row["code"]) == ("python", "print 42")
    assert str(row["created_at"])[:19] == answer["timestamp"][:19].replace("T", " ")


@pytest.mark.asyncio
async def test_each_submission_is_a_row_and_a_run_is_none(
    client: httpx.AsyncClient, database_url: str
) -> None:
    for _ in range(2):
        await client.post("/submit", json=make_submit())
    await client.post("/runall", json=make_submit())

    assert len(read_rows(database_url)) == 2


class ByteEngine(FakeEngine):
    """Runs every program as if it wrote all the bytes there are, and the compiler too."""

    async def execute(
        self,
        program: Program,
        inputs: Sequence[bytes],
        *,
        on_output: OutputListener | None = None,
    ) -> AsyncGenerator[CompileResult | RunResult, None]:
        async for result in super().execute(program, inputs, on_output=on_output):
            if isinstance(result, CompileResult):
                yield replace(result, message=bytes(range(128)).decode())
            else:
                yield replace(result, stdout=bytes(range(256)), stderr=bytes(range(256)))


@pytest.mark.asyncio
@pytest.mark.parametrize("code", ["print 42", "compile-error x"])
async def test_output_of_any_bytes_can_be_answered_and_stored(
    settings: Settings, database_url: str, code: str
) -> None:
    engine = ByteEngine(load_languages().languages)
    async with running(settings, engine=engine) as client:
        answer = (await client.post("/submit", json=make_submit(code=code))).json()

    (row,) = read_rows(database_url)
    assert answer["metadata"]["saved_to_db"] is True
    assert row["test_results"] == answer["test_results"]
    assert "\0" not in answer["test_results"][0]["error"]
    assert "\N{REPLACEMENT CHARACTER}\x01\x02" in answer["test_results"][0]["error"]


@pytest.mark.asyncio
@pytest.mark.parametrize("database_url", ["postgresql://nobody@127.0.0.1:9/nowhere"])
async def test_results_are_answered_even_if_the_database_is_away(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, logger="app.services.direct_judging"):
        async with running(settings) as client:
            answer = (await client.post("/submit", json=make_submit())).json()

    assert answer["summary"]["all_passed"] is True
    assert answer["metadata"]["saved_to_db"] is False
    assert answer["metadata"]["submission_id"] is None
    assert f"execution {answer['execution_id']} could not be saved" in caplog.text
