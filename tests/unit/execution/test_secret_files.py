from pathlib import Path

import pytest

from app.config import SettingsError, load_settings
from app.secret_files import with_password


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for secrets' files; there is no other setting."""
    monkeypatch.setenv("EXECUTION_ENV_FILE", "/dev/null")
    monkeypatch.setenv("BACKEND_WEBHOOK_SECRET_FILE", str(tmp_path / "webhook_secret"))
    (tmp_path / "webhook_secret").write_text("a secret of ours\n")
    return tmp_path


def test_a_secret_is_read_from_the_file_that_is_named(folder: Path) -> None:
    assert load_settings().webhook_secrets == ("a secret of ours",)


def test_the_backends_name_of_the_secret_may_name_a_file_too(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BACKEND_WEBHOOK_SECRET_FILE")
    monkeypatch.setenv("CODE_EXECUTION_WEBHOOK_SECRET_FILE", str(folder / "webhook_secret"))

    assert load_settings().webhook_secrets == ("a secret of ours",)


def test_passwords_from_files_are_put_into_the_addresses(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "password").write_text("p@ss/word")
    for name in ("DATABASE", "REDIS"):
        monkeypatch.setenv(f"{name}_PASSWORD_FILE", str(folder / "password"))
    monkeypatch.setenv("DATABASE_URL", "postgresql://judge@db:5432/runs")
    monkeypatch.setenv("REDIS_URL", "redis://redis:6379/2")

    settings = load_settings()

    assert settings.database_url == "postgresql://judge:p%40ss%2Fword@db:5432/runs"
    assert settings.redis_url == "redis://:p%40ss%2Fword@redis:6379/2"


@pytest.mark.parametrize("written", ["postgres:theirs@", "postgres:@", ""])
def test_a_user_of_its_own_takes_the_place_of_the_addresss_with_its_password(
    folder: Path, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    (folder / "password").write_text("ours")
    monkeypatch.setenv("DATABASE_PASSWORD_FILE", str(folder / "password"))
    monkeypatch.setenv("DATABASE_USER", "judge")
    monkeypatch.setenv("DATABASE_URL", f"postgresql://{written}db:5432/runs")

    assert load_settings().database_url == "postgresql://judge:ours@db:5432/runs"


def test_nothing_is_put_where_there_is_a_password_or_no_server() -> None:
    assert with_password("redis://:theirs@redis/1", "ours") == "redis://:theirs@redis/1"
    assert with_password("sqlite:///data/runs.sqlite3", "ours") == "sqlite:///data/runs.sqlite3"


@pytest.mark.parametrize("content", ["", "\n", "one\ntwo\n", "x" * 20_000])
def test_a_file_that_holds_no_single_line_is_refused(folder: Path, content: str) -> None:
    (folder / "webhook_secret").write_text(content)

    with pytest.raises(SettingsError, match=r"BACKEND_WEBHOOK_SECRET_FILE: .* on one line"):
        load_settings()


def test_a_file_that_is_missing_is_refused(folder: Path) -> None:
    (folder / "webhook_secret").unlink()

    with pytest.raises(SettingsError, match=r"BACKEND_WEBHOOK_SECRET_FILE: .* can't be read"):
        load_settings()


def test_a_secret_and_a_file_for_it_are_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKEND_WEBHOOK_SECRET", "another secret")

    with pytest.raises(SettingsError, match="are both set"):
        load_settings()


@pytest.mark.parametrize("password", ["postgres123", "change-me", "guest", ""])
@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL"])
def test_passwords_that_everybody_knows_are_refused_in_production(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, password: str
) -> None:
    scheme = "postgresql" if name == "DATABASE_URL" else "redis"
    monkeypatch.setenv(name, f"{scheme}://judge:{password}@server/1")

    with pytest.raises(SettingsError, match=f"{name}: its password is empty or one that everybody"):
        load_settings()

    monkeypatch.setenv("DEBUG", "true")
    load_settings()
