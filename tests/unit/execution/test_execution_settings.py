from pathlib import Path

import pytest

from app.config import Settings, SettingsError, load_settings

DEFAULT = "sqlite:///data/code_execution.sqlite3"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Name an `.env` file that is empty but for the secret; tests write into it."""
    file = tmp_path / ".env"
    monkeypatch.setenv("EXECUTION_ENV_FILE", str(file))
    monkeypatch.setenv("BACKEND_WEBHOOK_SECRET", "a-secret")
    monkeypatch.delenv("DATABASE_URL", raising=False)
    return file


def test_an_execution_lives_an_hour_and_is_called_completed_unless_told_otherwise(
    file: Path,
) -> None:
    settings = load_settings()

    assert settings.execution_ttl == 3600
    assert settings.execution_completed_status == "completed"
    assert settings.frontend_service_url == ("http://localhost:3000",)


@pytest.mark.parametrize(
    ("in_environment", "in_file", "url"),
    [
        (None, None, DEFAULT),
        (None, "", ""),
        ("", None, ""),
        ("", "sqlite:///file.sqlite3", ""),
        ("sqlite:///environment.sqlite3", "", "sqlite:///environment.sqlite3"),
    ],
)
def test_an_empty_database_url_stands_for_no_database(
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    in_environment: str | None,
    in_file: str | None,
    url: str,
) -> None:
    if in_file is not None:
        file.write_text(f"DATABASE_URL={in_file}\n")
    if in_environment is not None:
        monkeypatch.setenv("DATABASE_URL", in_environment)

    assert load_settings().database_url == url


def test_any_other_variable_that_is_empty_counts_as_not_set(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text("DATABASE_URL=\nPORT=\nREDIS_URL=redis://localhost:6379/1\n")
    monkeypatch.setenv("REDIS_URL", "")

    settings = load_settings()

    assert settings.port == 8001
    assert settings.redis_url == "redis://localhost:6379/1"


def test_frontends_are_origins(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTEND_SERVICE_URL", "https://one.example.org/, http://localhost:3000")

    assert load_settings().frontend_service_url == (
        "https://one.example.org",
        "http://localhost:3000",
    )


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("FRONTEND_SERVICE_URL", "localhost:3000", "is no origin"),
        ("FRONTEND_SERVICE_URL", "https://example.org/path", "is no origin"),
        ("EXECUTION_COMPLETED_STATUS", "done", "EXECUTION_COMPLETED_STATUS"),
        ("EXECUTION_TTL", "0", "EXECUTION_TTL"),
        ("EXECUTION_RATE_LIMIT", "often", "must look like 50/minute"),
        ("DATABASE_URL", "mysql://localhost", "or be empty"),
    ],
)
def test_a_bad_value_is_named_with_the_rule(
    file: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError, match=message) as raised:
        load_settings()
    assert name in str(raised.value)


def test_settings_can_be_made_without_a_file() -> None:
    assert Settings(database_url="", BACKEND_WEBHOOK_SECRET="a-secret").database_url == ""


@pytest.mark.usefixtures("file")
@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"CODE_EXECUTION_QUEUE_URL": "kafka://localhost"}, "must start with amqp://"),
        (
            {
                "CODE_EXECUTION_QUEUE_URL": "redis://localhost",
                "CODE_EXECUTION_CALLBACK_URL": "https://judge.example.org",
            },
            "set either this or CODE_EXECUTION_CALLBACK_URL",
        ),
        ({"STOP_DELAY_SECONDS": "61"}, "STOP_DELAY_SECONDS"),
    ],
)
def test_settings_that_judge_workers_can_not_live_with_are_told(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], complaint: str
) -> None:
    for name, value in changes.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError, match=complaint):
        load_settings()
