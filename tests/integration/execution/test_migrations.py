import os
import subprocess
import sys

from app.config import SERVICE_DIRECTORY
from tests.integration.execution.conftest import SECRET


def alembic(database_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "alembic", *arguments],
        cwd=SERVICE_DIRECTORY,
        env={
            "DATABASE_URL": database_url,
            "BACKEND_WEBHOOK_SECRET": SECRET,
            "EXECUTION_ENV_FILE": os.devnull,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_migrations_and_models_agree(database_url: str) -> None:
    checked = alembic(database_url, "check")

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_migrations_can_be_taken_back(database_url: str) -> None:
    down = alembic(database_url, "downgrade", "base")
    up = alembic(database_url, "upgrade", "head")

    assert down.returncode == 0, down.stderr
    assert up.returncode == 0, up.stderr
