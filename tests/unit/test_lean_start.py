"""What a process has no use for is not loaded: it would cost every start, and memory for ever."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BACKEND_VIEWS = """
import os, sys, django
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()
import config.urls
sys.exit("celery" in sys.modules)
"""
EXECUTION_SERVICE = """
import sys
import app.main
sys.exit(not {"celery", "alembic"}.isdisjoint(sys.modules))
"""


@pytest.mark.parametrize(
    ("directory", "program"),
    [("backend", BACKEND_VIEWS), ("code-execution-service", EXECUTION_SERVICE)],
)
def test_what_answers_requests_starts_without_what_others_use(directory: str, program: str) -> None:
    example = ROOT / directory / ".env.example"
    settings = {"PATH": os.environ["PATH"], "BACKEND_ENV_FILE": str(example)}

    started = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT / directory,
        env=settings,
        check=False,
        capture_output=True,
        text=True,
    )

    assert started.returncode == 0, started.stderr
