import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.doctor import examine
from app.languages import load_languages

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(300)]

SERVICE_DIRECTORY = Path(__file__).parents[3] / "code-execution-service"
PYTHON = load_languages().get("python")


@pytest.mark.asyncio
@pytest.mark.usefixtures("sandbox")
async def test_a_working_language_is_told_with_version_and_time(tmp_path: Path) -> None:
    report = await examine([PYTHON], tmp_path)

    (finding,) = report.languages
    assert report.is_usable
    assert finding.is_ok
    assert finding.detail.startswith("Python 3.")
    assert "right in" in finding.detail


@pytest.mark.asyncio
@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        (
            {"version_command": ("/usr/bin/nothing",), "host_files": ("/usr/bin/nothing",)},
            "not installed: apt-get install python3",
        ),
        ({"version_command": ("/usr/bin/false",)}, "installed, but does not start in a box"),
        ({"reference_source": "print("}, "the reference program does not compile: "),
        ({"reference_source": "print(41)"}, "the reference program fails (ok): b'41"),
        ({"reference_source": "raise SystemExit('oh')"}, "the reference program fails (nonzero"),
    ],
    ids=["missing", "broken", "not compiling", "wrong", "failing"],
)
async def test_a_language_that_does_not_work_is_told_with_the_reason(
    tmp_path: Path, changes: dict[str, Any], detail: str
) -> None:
    report = await examine([replace(PYTHON, **changes)], tmp_path)

    (finding,) = report.languages
    assert not report.is_usable
    assert detail in finding.detail


@pytest.mark.usefixtures("sandbox")
def test_the_command_line_answers_for_every_language() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app.doctor", "--json"],
        cwd=SERVICE_DIRECTORY,
        capture_output=True,
        check=False,
    )

    report = json.loads(done.stdout)
    names = {language.name for language in load_languages().languages}
    assert {finding["name"] for finding in report["languages"]} == names
    assert done.returncode == (0 if report["is_usable"] else 1)
