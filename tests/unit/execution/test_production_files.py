"""What `up` makes and reads: secrets, settings, compose files."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

import scripts.write_secrets
from app.main import MAX_BODY_BYTES
from scripts.write_secrets import (
    BYTES_OF_SECRETS,
    refuse_known_secrets,
    site_of,
    write_secrets,
    write_settings,
)

ROOT = Path(__file__).parents[3]
STEPS = {"backend-migrate", "code-execution-migrate", "database-roles"}
OWN_CHECKS = {"backend", "code-execution-service", "nginx"}
"""Services whose image has a health check."""
READ_SECRETS_ONCE = {"db", "rabbitmq", "grafana"}
"""Services whose password is in their data: the file has only its first value."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for secrets, in a checkout that has only the examples of settings."""
    monkeypatch.setattr(scripts.write_secrets, "ROOT", tmp_path)
    for service in ("backend", "code-execution-service"):
        (tmp_path / service).mkdir()
        shutil.copy(ROOT / service / ".env.prod.example", tmp_path / service)
    (tmp_path / "secrets").mkdir(mode=0o755)
    return tmp_path / "secrets"


def compose_services(file: str = "docker-compose.prod.yml") -> dict[str, dict[str, Any]]:
    services: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / file).read_text())["services"]
    return services


def test_secrets_are_random_and_nobody_else_gets_to_them(folder: Path) -> None:
    write_secrets(folder)

    found = [(folder / name).read_text().strip() for name in BYTES_OF_SECRETS]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {(folder / name).stat().st_mode & 0o777 for name in BYTES_OF_SECRETS} == {0o444}
    assert len(set(found)) == len(found)
    assert min(map(len, found)) >= 32


def test_secrets_that_are_there_stay(folder: Path) -> None:
    (folder / "redis_password").write_text("ours for long")

    write_secrets(folder)

    assert (folder / "redis_password").read_text() == "ours for long"


def test_an_administrators_password_of_an_earlier_release_is_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTGRES_PASSWORD", "from an earlier release")

    write_secrets(folder)

    assert (folder / "postgres_password").read_text() == "from an earlier release\n"


@pytest.mark.parametrize("value", ["postgres123", "guest", "change-me", ""])
def test_secrets_that_everybody_knows_are_refused(folder: Path, value: str) -> None:
    write_secrets(folder)
    (folder / "rabbitmq_password").unlink()
    (folder / "rabbitmq_password").write_text(f"{value}\n")

    with pytest.raises(SystemExit, match="rabbitmq_password is empty or a value that everybody"):
        refuse_known_secrets(folder)


def test_settings_get_the_sites_address(folder: Path) -> None:
    write_settings("backend", urlsplit("https://judge.example.com"))

    path = folder.parent / "backend" / ".env.prod"
    lines = path.read_text().splitlines()
    assert "ALLOWED_HOSTS=judge.example.com,backend,127.0.0.1" in lines
    assert "JWT_ISSUER=https://judge.example.com" in lines
    assert "HTTPS_ONLY=true" in lines
    assert "contest.example.org" not in "".join(line for line in lines if line[:1] != "#")
    assert path.stat().st_mode & 0o777 == 0o600


def test_without_tls_cookies_may_go_over_http(folder: Path) -> None:
    write_settings("backend", urlsplit("http://192.0.2.7:8080"))

    text = (folder.parent / "backend" / ".env.prod").read_text()
    assert "HTTPS_ONLY=false" in text
    assert "ALLOWED_HOSTS=192.0.2.7,backend,127.0.0.1" in text
    assert "CSRF_TRUSTED_ORIGINS=http://192.0.2.7:8080" in text


@pytest.mark.parametrize("text", ["contest.example.org", "ftp://a", "https://a/b", "https://u@a"])
def test_an_address_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SystemExit, match="must look like https"):
        site_of(text)


@pytest.mark.parametrize("name", sorted(compose_services()))
def test_every_part_of_production_has_limits_and_checks(name: str) -> None:
    service = compose_services()[name]

    assert service["cap_drop"] == ["ALL"]
    assert service["read_only"]
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["logging"]["options"]["max-size"]
    assert service["stop_grace_period"]
    assert "no-new-privileges:true" in service["security_opt"]
    if name in STEPS:
        assert service["restart"] == "no"
    else:
        assert service["restart"] == "unless-stopped"
        assert name in OWN_CHECKS or service["healthcheck"]["test"]


def test_only_nginx_is_reached_from_outside() -> None:
    ports = {name: service.get("ports", []) for name, service in compose_services().items()}
    outside = {
        name for name in ports if any(not port.startswith("127.0.0.1:") for port in ports[name])
    }

    assert outside == {"nginx"}


def test_nginx_takes_bodies_as_large_as_the_services_do() -> None:
    text = (ROOT / "deploy/nginx/locations.conf").read_text()
    limits = [int(size) for size in re.findall(r"client_max_body_size (\d+)m;", text)]
    settings = (ROOT / "backend/config/settings.py").read_text()

    assert max(limits) * 1024 * 1024 == MAX_BODY_BYTES
    assert f"API_BODY_BYTES_MAX = {limits[0]} * MIB" in settings


def test_only_a_changed_secret_makes_containers_anew(folder: Path) -> None:
    write_secrets(folder)

    def state() -> str:
        script = ". scripts/production.sh && secrets_state"
        environment = os.environ | {"SECRETS_FOLDER": str(folder)}
        return subprocess.check_output(["bash", "-c", script], cwd=ROOT, env=environment, text=True)

    before = state()
    write_secrets(folder)
    assert state() == before
    (folder / "redis_password").unlink()
    write_secrets(folder)
    assert state() != before


def test_whoever_goes_on_with_old_secrets_is_made_anew_for_new_ones() -> None:
    services = compose_services()
    readers = {name for name, service in services.items() if "secrets" in service}
    are_made_anew = {
        name for name, service in services.items() if "SECRETS_STATE" in str(service.get("labels"))
    }

    # The step runs at every `up`, and a container that starts reads what is there then.
    assert readers - READ_SECRETS_ONCE - {"database-roles"} == are_made_anew
