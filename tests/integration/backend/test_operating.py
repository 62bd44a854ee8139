"""What keeps the backend running: health, limits, migrations, the demo, and how it starts."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from limits import parse
from rest_framework.test import APIClient

from apps.contests.models import Contest
from apps.users.models import User
from tests.support.execution_service import FakeExecutionService

BACKEND = Path(__file__).parents[3] / "backend"
SUBMISSIONS = "/api/code-execution/submissions/"


class TestHealth:
    """Alive, ready, and the execution service's own."""

    def test_alive_needs_no_database(self) -> None:
        answer = Client().get("/api/health/")

        assert answer.status_code == 200
        assert answer.json()["status"] == "healthy"

    @pytest.mark.django_db
    def test_ready_when_the_database_is_migrated(self) -> None:
        assert Client().get("/api/health/ready").json() == {"status": "ready"}

    @pytest.mark.django_db
    def test_not_ready_while_a_migration_is_missing(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE app = 'webhooks'")

        answer = Client().get("/api/health/ready/")

        assert answer.status_code == 503
        assert answer.json()["detail"] == "not ready: migrations are not applied: webhooks"

    def test_passes_on_the_health_of_the_execution_service(
        self, execution_service: FakeExecutionService
    ) -> None:
        answer = Client().get("/api/code-execution/health/")

        assert answer.status_code == 200
        assert answer.json()["service"] == "Code Execution Service"

    def test_says_when_the_execution_service_does_not_answer(self, settings: Any) -> None:
        settings.CODE_EXECUTION_SERVICE_URL = "http://127.0.0.1:9"

        answer = Client().get("/api/code-execution/health/")

        assert answer.status_code == 503
        assert answer.json()["status"] == "unhealthy"

    @pytest.mark.parametrize("path", ["/health", "/health/"])
    def test_tells_of_the_platform_in_everybodys_words(
        self, execution_service: FakeExecutionService, settings: Any, path: str
    ) -> None:
        settings.REPLICA_NAME = "replica-1"

        answer = Client().get(path)

        body = answer.json()
        assert answer.status_code == 200
        assert body.pop("timestamp").endswith("Z")
        assert body == {
            "status": "healthy",
            "service": "Backend",
            "version": settings.API_VERSION,
            "replica": "replica-1",
            "cornflow_status": "healthy",
            "backend_status": "healthy",
            "cornflow_version": settings.API_VERSION,
        }

    def test_stays_alive_without_the_execution_service_and_says_so(self, settings: Any) -> None:
        settings.CODE_EXECUTION_SERVICE_URL = "http://127.0.0.1:9"

        answer = Client().get("/health")

        assert answer.status_code == 200
        assert answer.json()["status"] == "healthy"
        assert answer.json()["backend_status"] == "unhealthy"

    def test_asks_the_execution_service_seldom(
        self, execution_service: FakeExecutionService, settings: Any
    ) -> None:
        first = Client().get("/health").json()
        settings.CODE_EXECUTION_SERVICE_URL = "http://127.0.0.1:9"
        second = Client().get("/health").json()

        assert first["backend_status"] == second["backend_status"] == "healthy"


@pytest.mark.django_db
class TestRateLimits:
    """Each caller has so many requests."""

    def test_counts_submissions_by_user(
        self, as_alice: APIClient, as_charlie: APIClient, settings: Any
    ) -> None:
        settings.RATE_LIMITS = {**settings.RATE_LIMITS, "submission": parse("2/minute")}

        statuses = [as_alice.post(SUBMISSIONS, {}).status_code for _ in range(3)]
        refused = as_alice.post(SUBMISSIONS, {})

        assert statuses == [400, 400, 429]
        assert int(refused.headers["Retry-After"]) > 0
        assert "detail" in refused.json()
        assert as_alice.get(SUBMISSIONS).status_code == 200
        assert as_charlie.post(SUBMISSIONS, {}).status_code == 400

    @pytest.mark.parametrize(("proxies", "last_status"), [(0, 429), (1, 401)])
    def test_believes_the_address_that_a_trusted_proxy_names_and_no_other(
        self, settings: Any, proxies: int, last_status: int
    ) -> None:
        settings.RATE_LIMITS = {**settings.RATE_LIMITS, "api": parse("1/minute")}
        settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": proxies}

        for address in ("10.0.0.1", "10.0.0.2"):
            headers = {"X-Forwarded-For": address}
            answer = APIClient().post(
                "/api/auth/token/refresh/", {"refresh_token": "x"}, headers=headers
            )

        assert answer.status_code == last_status


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db
def test_the_tables_have_the_names_that_were_promised() -> None:
    assert {
        "code_execution_contest",
        "code_execution_codesubmission",
        "code_execution_contestparticipant",
    } <= set(connection.introspection.table_names())


@pytest.mark.django_db
class TestDemo:
    """`seed_demo` makes what is missing."""

    @pytest.fixture
    def credentials(self, settings: Any, tmp_path: Path) -> Path:
        settings.DATA_DIR = tmp_path
        return tmp_path / "demo-credentials.env"

    def test_makes_a_contest_and_two_accounts_that_can_sign_in(self, credentials: Path) -> None:
        call_command("seed_demo", verbosity=0)

        values = dict(line.split("=", 1) for line in credentials.read_text().splitlines())
        assert credentials.stat().st_mode & 0o777 == 0o600
        contest = Contest.objects.get(pk=values["CONTEST_ID"])
        assert contest.contest_problems.count() == 2
        assert contest.problems.filter(pk=values["PROBLEM_ID"]).exists()
        for person in ("MANAGER", "PARTICIPANT"):
            body = {
                "username": values[f"{person}_USERNAME"],
                "password": values[f"{person}_PASSWORD"],
            }
            assert APIClient().post("/api/auth/token/", body).status_code == 200
        assert User.objects.get(username="manager").is_contest_manager
        assert not User.objects.get(username="participant").is_contest_manager

    def test_a_second_time_changes_nothing(self, credentials: Path) -> None:
        call_command("seed_demo", verbosity=0)
        first = credentials.read_text()

        call_command("seed_demo", verbosity=0)

        assert credentials.read_text() == first
        assert Contest.objects.count() == 1
        assert User.objects.count() == 2


SOUND = {
    "SECRET_KEY": "a secret of the tests",
    "CODE_EXECUTION_WEBHOOK_SECRET": "a shared secret",
    "ALLOWED_HOSTS": "localhost",
    "DATABASE_URL": "sqlite:///data/never-made.sqlite3",
}

FOR_PRODUCTION = {
    "SECRET_KEY": "as long as a secret has to be so that nobody ever guesses it",
    "HTTPS_ONLY": "true",
}


class TestStart:
    """A broken configuration is one sentence that names the variable."""

    def start(self, *arguments: str, env_file: Path | str = os.devnull, **env: Any) -> Any:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=BACKEND,
            env={
                "PATH": os.environ["PATH"],
                "BACKEND_ENV_FILE": str(env_file),
                **SOUND,
                **env,
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def test_starts_with_a_sound_one(self) -> None:
        assert self.start("manage.py", "check").returncode == 0

    def test_django_finds_nothing_to_mend_in_settings_for_production(self) -> None:
        ended = self.start("manage.py", "check", "--deploy", **FOR_PRODUCTION)

        assert ended.returncode == 0
        assert "System check identified no issues" in ended.stdout, ended.stderr

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("HTTPS_ONLY", "false"),
            ("SECRET_KEY", "a short one"),
            ("CODE_EXECUTION_WEBHOOK_ALLOW_PLAIN_SECRET", "true"),
        ],
    )
    def test_warns_in_one_sentence_of_what_is_for_development(self, name: str, value: str) -> None:
        weak = FOR_PRODUCTION | {name: value}
        program = "from config.startup import *; load_settings_or_exit(); warn_of_weak_settings()"

        sound = self.start("-c", program, **FOR_PRODUCTION)
        ended = self.start("-c", program, **weak)
        developing = self.start("-c", program, **weak, DEBUG="true")

        assert (sound.stderr, developing.stderr) == ("", "")
        [line] = ended.stderr.splitlines()
        assert line.startswith(f"{name} ")

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("SECRET_KEY", ""),
            ("SECRET_KEY", "change-me"),
            ("CODE_EXECUTION_WEBHOOK_SECRET", "change-me"),
            ("CODE_EXECUTION_WEBHOOK_SECRET", "good,your-secret"),
            ("CODE_EXECUTION_WEBHOOK_SECRET", "whsec_*"),
            ("ALLOWED_HOSTS", ""),
            ("DEBUG", "maybe"),
            ("DATABASE_URL", "nonsense"),
            ("DATABASE_URL", "mysql://localhost/db"),
            ("CODE_EXECUTION_TIMEOUT", "abc"),
            ("CODE_EXECUTION_TIMEOUT", "-1"),
            ("CODE_EXECUTION_TIMEOUT", "nan"),
            ("CODE_EXECUTION_SERVICE_URL", "localhost:8001"),
            ("SUBMISSION_RATE_LIMIT", "many"),
            ("TRUSTED_PROXIES", "some"),
            ("REDIS_URL", "nonsense"),
            ("LOG_LEVEL", "LOUD"),
        ],
    )
    def test_names_the_broken_variable(self, name: str, value: str) -> None:
        ended = self.start("manage.py", "check", **{name: value})

        assert ended.returncode == 2, ended.stderr
        [line] = ended.stderr.splitlines()
        assert line.startswith(f"error: {name} ")

    @pytest.mark.parametrize(
        "arguments",
        [("manage.py", "migrate"), ("-m", "celery", "--app", "config.celery", "report")],
    )
    def test_every_process_says_it_in_the_same_way(self, arguments: tuple[str, ...]) -> None:
        ended = self.start(*arguments, SECRET_KEY="change-me")

        assert ended.returncode == 2
        assert ended.stderr.splitlines() == [ended.stderr.strip()]
        assert ended.stderr.startswith("error: SECRET_KEY ")

    def test_the_server_says_when_the_signing_key_is_missing(self, tmp_path: Path) -> None:
        ended = self.start(
            "-c", "import config.wsgi", JWT_PRIVATE_KEY_FILE=str(tmp_path / "none.pem")
        )

        assert ended.returncode == 2
        assert "create_signing_key" in ended.stderr
        assert len(ended.stderr.splitlines()) == 1

    @pytest.mark.parametrize("content", [b"not a key", b""])
    def test_the_server_says_when_the_signing_key_is_broken(
        self, tmp_path: Path, content: bytes
    ) -> None:
        path = tmp_path / "key.pem"
        path.write_bytes(content)

        ended = self.start("-c", "import config.wsgi", JWT_PRIVATE_KEY_FILE=str(path))

        assert ended.returncode == 2
        assert str(path) in ended.stderr
        assert "Traceback" not in ended.stderr

    @pytest.mark.parametrize("line", ["CODE_EXECUTION_TIMEOUT 30", "= 3", "SECRET KEY=x"])
    def test_names_a_line_that_is_no_setting(self, tmp_path: Path, line: str) -> None:
        env_file = tmp_path / ".env"
        env_file.write_text(f"# settings\n\n{line}\n")

        ended = self.start("manage.py", "check", env_file=env_file)

        assert ended.returncode == 2
        assert ended.stderr == f"error: {env_file}, line 3: expected NAME=value.\n"

    def test_the_process_wins_over_the_file(self, tmp_path: Path) -> None:
        env_file = tmp_path / ".env"
        env_file.write_text("SECRET_KEY=change-me\nDEBUG=maybe\n")

        assert self.start("manage.py", "check", env_file=env_file, DEBUG="false").returncode == 0

    def test_the_example_works_as_it_is_with_debug(self) -> None:
        names = {*SOUND, "DJANGO_SETTINGS_MODULE"}
        ended = subprocess.run(
            [sys.executable, "manage.py", "check"],
            cwd=BACKEND,
            env={
                **{k: v for k, v in os.environ.items() if k not in names},
                "BACKEND_ENV_FILE": str(BACKEND / ".env.example"),
            },
            capture_output=True,
            text=True,
            check=False,
        )

        assert ended.returncode == 0, ended.stderr

    def test_the_secret_has_a_second_name(self) -> None:
        ended = self.start(
            "manage.py",
            "check",
            CODE_EXECUTION_WEBHOOK_SECRET="",
            BACKEND_WEBHOOK_SECRET="a shared secret",
        )

        assert ended.returncode == 0, ended.stderr
