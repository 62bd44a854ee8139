"""The production stack as a whole, and what nginx does by itself."""

import json
import ssl
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from tests.container.deployment import (
    CALL_TIMEOUT_S,
    REQUESTS_PER_MINUTE,
    START_TIMEOUT_S,
    Deployment,
)
from tests.e2e.stack import wait_for

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1_800)]

MIB = 1024 * 1024


@pytest.fixture
def nginx(deployment: Deployment) -> httpx.Client:
    return deployment.open_client()


def test_every_part_says_that_it_is_well(deployment: Deployment) -> None:
    steps = {"backend-migrate", "code-execution-migrate", "database-roles"}

    def is_well() -> bool:  # who was just started anew says so within seconds
        states = deployment.states()
        unwell = {name for name, state in states.items() if state != "healthy"}
        return unwell == steps and {states[name] for name in steps} == {"exited 0"}

    wait_for(is_well, what="every part to be well")


def test_no_container_has_a_secret_in_its_environment(deployment: Deployment) -> None:
    secrets = [path.read_text().strip() for path in deployment.secrets.iterdir() if path.is_file()]
    known = json.dumps([deployment.inspect(name) for name in deployment.states()])

    assert len(secrets) > 5
    assert [secret for secret in secrets if secret in known] == []


def test_every_container_is_walled_in(deployment: Deployment) -> None:
    for name in deployment.states():
        container = deployment.inspect(name)
        host = container["HostConfig"]
        assert host["ReadonlyRootfs"], name
        assert host["CapDrop"] == ["ALL"], name
        assert "no-new-privileges:true" in host["SecurityOpt"], name
        assert host["Memory"] > 0, name
        assert host["PidsLimit"] > 0, name
        assert container["Config"]["User"] not in {"", "root", "0"}, name
        assert host["LogConfig"]["Config"]["max-file"], name


@pytest.mark.parametrize("path", ["/metrics", "/api/webhooks/code-execution/", "/metrics/x"])
def test_what_is_for_insiders_is_not_there(nginx: httpx.Client, path: str) -> None:
    answer = nginx.post(path, json={})

    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


def test_a_client_that_claims_another_address_is_still_counted_by_its_own(
    nginx: httpx.Client,
) -> None:
    def left(address: str) -> int:
        headers = {"X-Forwarded-For": address, "X-Real-IP": address}
        answer = nginx.get("/api/health/ready/", headers=headers)
        return int(answer.headers["RateLimit"].split("r=")[1].split(";")[0])

    for number in range(20):
        left(f"203.0.113.{number}")

    # Less than all of them: what an earlier minute counts grows less meanwhile.
    assert left("203.0.113.99") <= REQUESTS_PER_MINUTE - 10


def test_a_requests_id_goes_through_and_a_strange_one_is_replaced(nginx: httpx.Client) -> None:
    given = nginx.get("/api/health/", headers={"X-Request-Id": "from-a-browser-1"})
    strange = nginx.get("/api/health/", headers={"X-Request-Id": "<script>"})

    assert given.headers["X-Request-Id"] == "from-a-browser-1"
    assert len(strange.headers["X-Request-Id"]) == 32


def test_a_body_that_is_too_large_is_refused_before_it_is_read(nginx: httpx.Client) -> None:
    answer = nginx.post("/api/auth/token/", content=b" " * (16 * MIB + 1))

    assert answer.status_code == 413
    assert answer.json()["code"] == "payload_too_large"


def test_static_files_come_from_the_cache(nginx: httpx.Client) -> None:
    first, second = (nginx.get("/static/admin/css/base.css") for _ in range(2))

    assert first.status_code == second.status_code == 200
    assert first.content == second.content
    assert "max-age" in second.headers["Cache-Control"]


def test_with_a_certificate_there_is_only_https(deployment: Deployment, tmp_path: Path) -> None:
    folder = tmp_path / "tls"
    folder.mkdir(mode=0o755)
    certificate, key = folder / "fullchain.pem", folder / "privkey.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    output = ["-out", str(certificate), "-keyout", str(key)]
    subprocess.run([*make, *subject, *output], check=True, capture_output=True)
    key.chmod(0o444)

    with deployment.second_nginx(tls=folder) as ports:
        http, https = (f"127.0.0.1:{ports[port]}/api/health/" for port in (8080, 8443))
        plain = httpx.get(f"http://{http}?x=1", timeout=CALL_TIMEOUT_S)
        trust = ssl.create_default_context(cafile=str(certificate))
        safe = httpx.get(f"https://{https}", verify=trust, timeout=CALL_TIMEOUT_S)

    assert plain.status_code == 308
    assert plain.headers["Location"] == "https://127.0.0.1/api/health/?x=1"
    assert safe.status_code == 200


def test_while_the_backend_is_away_clients_are_told_to_come_back(
    deployment: Deployment, nginx: httpx.Client
) -> None:
    deployment.pause("backend", stop=True)
    try:
        away = nginx.get("/api/health/")
    finally:
        deployment.pause("backend", stop=False)
    deadline = time.monotonic() + START_TIMEOUT_S
    while (back := nginx.get("/api/health/ready/")).status_code != 200:
        assert time.monotonic() < deadline, back.text
        time.sleep(0.2)

    assert away.status_code == 503
    assert away.headers["Retry-After"] == "2"
    assert away.json()["code"] == "unavailable"
