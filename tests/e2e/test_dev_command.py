import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.stack import ROOT, wait_for
from tests.support.patience import PATIENCE_S
from tests.support.servers import free_port

pytestmark = [pytest.mark.e2e, pytest.mark.only_processes("it starts them")]
START_TIMEOUT_S = 120
SERVICES = ("backend", "code-execution-service")


class Checkout:
    """A copy of the working tree with no settings and no data; it shares the Python environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True).stdout
        for name in filter(None, names.decode().split("\0")):
            if (ROOT / name).exists():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        (folder / ".venv").symlink_to(Path(sys.prefix))
        backend, execution = free_port(), free_port()
        self.environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "BACKEND_PORT": str(backend),
            "PORT": str(execution),
            "BACKEND_SERVICE_URL": f"http://127.0.0.1:{backend}",
            "CODE_EXECUTION_SERVICE_URL": f"http://127.0.0.1:{execution}",
        }
        self.execution_port = execution
        self._running: list[subprocess.Popen[str]] = []

    def start(self, *command: str) -> subprocess.Popen[str]:
        # Whoever runs the tests in the background has Ctrl-C ignored, and a shell can't undo that.
        heeding = ["env", "--default-signal=INT"]
        process = subprocess.Popen(
            [*heeding, "./manage-code-execution.sh", *command],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._running.append(process)
        return process

    def run(self, *command: str) -> tuple[int, str]:
        process = self.start(*command)
        output, _ = process.communicate(timeout=START_TIMEOUT_S)
        return process.returncode, output

    def settings_files(self) -> list[Path]:
        return [self.folder / service / ".env" for service in SERVICES]

    def processes(self) -> list[str]:
        """List what runs in this checkout."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if (entry / "cwd").readlink().is_relative_to(self.folder):
                    found.append((entry / "cmdline").read_text())
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue  # it has just ended, or is none of ours
        return found

    def close(self) -> None:
        for process in self._running:
            if process.poll() is None:
                process.terminate()
            process.wait(PATIENCE_S)
            assert process.stdout is not None
            process.stdout.close()


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    checkout = Checkout(tmp_path)
    yield checkout
    checkout.close()


@pytest.fixture(scope="module")
def set_up_checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """One that `setup` has been called in; who breaks something mends it."""
    checkout = Checkout(tmp_path_factory.mktemp("checkout"))
    exit_code, said = checkout.run("setup", "--no-system")
    assert exit_code == 0, said
    yield checkout
    checkout.close()


def read_until(process: subprocess.Popen[str], text: str) -> str:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if text in line:
            return "".join(lines)
    raise AssertionError(f"never said {text!r}: {''.join(lines)}")


def test_one_command_ends_with_two_verdicts_and_leaves_nothing(checkout: Checkout) -> None:
    first = checkout.start("dev", "--no-system")
    said_first = read_until(first, "Ctrl-C stops everything")
    first.send_signal(signal.SIGINT)
    exit_code = first.wait(PATIENCE_S)
    left_over = checkout.processes()
    settings = [path.read_text() for path in checkout.settings_files()]
    second = checkout.start("dev", "--no-system", "--reload")
    said_second = read_until(second, "Ctrl-C stops everything")
    change_a_file(checkout)
    stopped, _ = checkout.run("stop")

    assert "A right program: verdict AC" in said_first
    assert "A wrong program: verdict WA" in said_first
    assert "PARTICIPANT_PASSWORD=" in said_first
    assert exit_code == 130
    assert left_over == []
    assert all("=change-me" not in text for text in settings)
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in checkout.settings_files())
    assert "A right program: verdict AC" in said_second
    assert "PASSWORD" not in said_second
    assert [path.read_text() for path in checkout.settings_files()] == settings
    assert stopped == 0
    assert second.wait(PATIENCE_S) == 143
    assert checkout.processes() == []


def change_a_file(checkout: Checkout) -> None:
    """Change a file of a service that was started with --reload; return when it has restarted."""
    log = checkout.folder / ".run" / "execution.log"
    with (checkout.folder / "code-execution-service/app/main.py").open("a") as source:
        source.write("# changed\n")
    wait_for(lambda: log.read_text().count("startup complete") == 2, what="the second start")


def test_a_script_that_is_killed_takes_all_along(set_up_checkout: Checkout) -> None:
    process = set_up_checkout.start("dev", "--no-system")
    read_until(process, "Ctrl-C stops everything")

    process.kill()
    process.wait(PATIENCE_S)

    wait_for(lambda: set_up_checkout.processes() == [], what="every process to end")


def test_a_port_in_use_is_one_sentence(set_up_checkout: Checkout) -> None:
    with socket.create_server(("127.0.0.1", set_up_checkout.execution_port)):
        exit_code, said = set_up_checkout.run("dev", "--no-system")

    assert exit_code == 1
    assert f"error: port {set_up_checkout.execution_port} is in use" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("service", "line", "complaint"),
    [
        ("backend", "what is this", "expected NAME=value"),
        ("code-execution-service", "DATABASE_URL=nowhere", "DATABASE_URL"),
    ],
)
def test_a_broken_settings_file_is_one_sentence(
    set_up_checkout: Checkout, service: str, line: str, complaint: str
) -> None:
    settings = set_up_checkout.folder / service / ".env"
    good = settings.read_text()
    settings.write_text(f"{good}\n{line}\n")

    exit_code, said = set_up_checkout.run("dev", "--no-system")

    settings.write_text(good)

    assert exit_code == 1
    assert "error: " in said
    assert complaint in said
    assert "Traceback" not in said


def test_an_unknown_command_or_option_says_what_there_is(set_up_checkout: Checkout) -> None:
    exit_code, said = set_up_checkout.run("fly")
    option_code, option_said = set_up_checkout.run("dev", "--faster")

    assert exit_code == 2
    assert 'there is no command "fly"' in said
    assert "Usage:" in said
    assert option_code == 1
    assert "unknown option --faster" in option_said
