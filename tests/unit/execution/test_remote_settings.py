"""Who runs the programs is a decision of its own, and needs a real key where it is a provider."""

import os
from pathlib import Path

import pytest

from app.config import Settings, SettingsError, load_settings
from app.engines.onlinecompiler.engine import OnlineCompilerEngine
from app.engines.sandbox.engine import SandboxEngine
from app.languages import load_languages
from app.wiring import create_engine


def read(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    monkeypatch.setenv("EXECUTION_ENV_FILE", os.devnull)
    monkeypatch.setenv("BACKEND_WEBHOOK_SECRET", "a-secret")
    for name, value in variables.items():
        monkeypatch.setenv(f"CODE_EXECUTION_{name}", value)
    return load_settings()


@pytest.mark.parametrize("key", ["", "your-api-key", "a-real-key"])
def test_a_key_alone_does_not_make_the_engine_remote(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    engine, results = create_engine(read(monkeypatch, API_KEY=key), load_languages())

    assert isinstance(engine, SandboxEngine)
    assert results is None


@pytest.mark.parametrize("key", ["", "your-api-key", "change-me", "two words", "späß", "a\nb"])
def test_remote_without_a_real_key_is_refused_without_showing_it(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    with pytest.raises(SettingsError, match="CODE_EXECUTION_API_KEY: is not set") as error:
        read(monkeypatch, DRIVER="remote", API_KEY=key)

    assert not key or key not in str(error.value).replace("CODE_EXECUTION", "")


def test_remote_with_a_key_runs_at_the_provider_and_hides_the_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = read(monkeypatch, DRIVER="remote", API_KEY="a-real-key")
    engine, results = create_engine(settings, load_languages())

    assert isinstance(engine, OnlineCompilerEngine)
    assert results is None
    assert "a-real-key" not in repr(settings) + repr(engine)


def test_results_are_awaited_only_where_they_can_be_posted_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = "https://judge.example.org"
    settings = read(monkeypatch, DRIVER="remote", API_KEY="a-key", CALLBACK_URL=address)

    assert create_engine(settings, load_languages())[1] is not None


@pytest.mark.parametrize(
    ("url", "is_good"),
    [
        ("https://api.onlinecompiler.io/api/run-code-sync/", True),
        ("http://127.0.0.1:9000/run", True),
        ("http://onlinecompiler.io/api/v2/run-code/", False),
        ("ftp://localhost/", False),
        ("onlinecompiler.io", False),
    ],
)
def test_the_key_never_crosses_a_network_in_the_clear(
    monkeypatch: pytest.MonkeyPatch, url: str, is_good: bool
) -> None:
    if is_good:
        assert read(monkeypatch, API_URL=url).code_execution_api_url == url
        return
    with pytest.raises(SettingsError, match="CODE_EXECUTION_API_URL: must start with https://"):
        read(monkeypatch, API_URL=url)


def test_an_unknown_driver_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="CODE_EXECUTION_DRIVER"):
        read(monkeypatch, DRIVER="cloud")


def test_the_file_of_names_starts_at_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, COMPILERS_FILE="names.toml")

    assert settings.code_execution_compilers_file is not None
    assert (
        settings.code_execution_compilers_file.parent
        == Path(load_languages.__code__.co_filename).parents[2]
    )
