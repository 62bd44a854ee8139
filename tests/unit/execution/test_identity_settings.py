"""Whose tokens are taken, as an operator says it."""

import json
from pathlib import Path

import pytest

from app.config import SettingsError
from tests.unit.execution.conftest import Load


@pytest.fixture(autouse=True)
def no_service_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Let no file of this installation have a say."""
    path = tmp_path / "service-account.json"
    monkeypatch.setattr("app.config.SERVICE_ACCOUNT_FILE", path)
    return path


def test_nobody_but_the_platform_is_trusted_unless_named(load: Load) -> None:
    settings = load()

    assert settings.firebase_project_id == ""
    assert settings.openid_issuers == ()


def test_the_project_is_read_from_the_service_account(
    load: Load, no_service_account: Path, tmp_path: Path
) -> None:
    no_service_account.write_text(json.dumps({"project_id": "uyren", "private_key": "secret"}))
    other = tmp_path / "other.json"
    other.write_text(json.dumps({"project_id": "another"}))

    assert load().firebase_project_id == "uyren"
    assert load(f"FIREBASE_SERVICE_ACCOUNT_PATH={other}").firebase_project_id == "another"
    assert load("FIREBASE_PROJECT_ID=mine").firebase_issuer == (
        "https://securetoken.google.com/mine"
    )


def test_a_service_accounts_secrets_stay_in_its_file(load: Load, no_service_account: Path) -> None:
    no_service_account.write_text(json.dumps({"project_id": "uyren", "private_key": "secret"}))

    assert "secret" not in repr(load().model_dump(exclude={"backend_webhook_secret"}))


def test_further_issuers_have_an_audience_each(load: Load) -> None:
    settings = load("OPENID_ISSUERS=https://a.example app, http://localhost:8080/realms/b  other")

    assert [tuple(issuer) for issuer in settings.openid_issuers] == [
        ("https://a.example", "app"),
        ("http://localhost:8080/realms/b", "other"),
    ]


def test_the_emulator_is_for_development(load: Load) -> None:
    lines = ("FIREBASE_AUTH_EMULATOR_HOST=localhost:9099", "FIREBASE_PROJECT_ID=demo")

    assert load(*lines, "DEBUG=true").firebase_auth_emulator_host == "localhost:9099"
    with pytest.raises(SettingsError, match="FIREBASE_AUTH_EMULATOR_HOST: anybody can write"):
        load(*lines, "DEBUG=false")
    with pytest.raises(SettingsError, match="FIREBASE_AUTH_EMULATOR_HOST: anybody can write"):
        load(*lines)


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (["OPENID_ISSUERS=https://a.example"], "OPENID_ISSUERS: must look like"),
        (["OPENID_ISSUERS=https://a.example app more"], "OPENID_ISSUERS: must look like"),
        (["OPENID_ISSUERS=http://a.example app"], "OPENID_ISSUERS: must start with https://"),
        (["OPENID_ISSUERS=https://a.example x,https://a.example y"], "names an issuer twice"),
        (["OPENID_ISSUERS=http://localhost:8000 x"], "names an issuer twice"),
        (
            ["FIREBASE_PROJECT_ID=p", "OPENID_ISSUERS=https://securetoken.google.com/p p"],
            "names an issuer twice",
        ),
        (["FIREBASE_PROJECT_ID=p/../q"], "FIREBASE_PROJECT_ID: "),
        (["FIREBASE_CERTS_URL=http://keys.example"], "FIREBASE_CERTS_URL: must start with https"),
        (["FIREBASE_SERVICE_ACCOUNT_PATH=missing.json"], "FIREBASE_SERVICE_ACCOUNT_PATH: "),
        (
            ["DEBUG=true", "FIREBASE_AUTH_EMULATOR_HOST=localhost:9099"],
            "FIREBASE_PROJECT_ID: is not set",
        ),
    ],
)
def test_a_wrong_value_is_named_together_with_the_rule(
    load: Load, lines: list[str], complaint: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(*lines)

    assert complaint in str(caught.value)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"project_id": 7}', '{"project_id": "a/b"}'])
def test_a_service_account_without_a_project_is_refused(
    load: Load, no_service_account: Path, content: str
) -> None:
    no_service_account.write_text(content)

    with pytest.raises(SettingsError, match="FIREBASE_SERVICE_ACCOUNT_PATH"):
        load()
