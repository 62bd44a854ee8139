"""When traces are made, what that takes, and that it costs nothing where they are not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OF_TRACES = ("opentelemetry.sdk.trace", "opentelemetry.exporter", "google.protobuf")
COLLECTOR = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
STARTS = {
    "code-execution-service": "from app.wiring import start_tracing_or_exit",
    "backend": "import config.celery; from config.startup import start_tracing_or_exit",
}
WITHOUT_SDK = "import sys; sys.modules['opentelemetry.sdk'] = None; "
"""As if the package were not installed."""
services = pytest.mark.parametrize("service", STARTS)


def python(service: str, code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    settings = {
        "PATH": os.environ["PATH"],
        "BACKEND_ENV_FILE": str(ROOT / "backend" / ".env.example"),
        "EXECUTION_ENV_FILE": os.devnull,
    }
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT / service,
        env=settings | environment,
        check=False,
        capture_output=True,
        text=True,
    )


def start(service: str, *, then: str) -> str:
    return f"{STARTS[service]}; start_tracing_or_exit('tests'); import sys; {then}"


@services
@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": ""},
        COLLECTOR | {"OTEL_SDK_DISABLED": "true"},
        COLLECTOR | {"OTEL_TRACES_EXPORTER": "none"},
    ],
    ids=str,
)
def test_loads_nothing_that_makes_or_sends_traces_unless_traces_are_asked_for(
    service: str, environment: dict[str, str]
) -> None:
    then = f"sys.exit(next((name for name in sys.modules if name.startswith({OF_TRACES})), 0))"

    ended = python(service, start(service, then=then), **environment)

    assert (ended.returncode, ended.stderr) == (0, "")


@services
@pytest.mark.parametrize(
    "variable", ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]
)
def test_makes_traces_where_an_address_for_them_is_set(service: str, variable: str) -> None:
    module = {"backend": "apps.core.tracing", "code-execution-service": "app.tracing"}[service]
    then = f"import {module} as tracing; print(tracing.is_on()); sys.stdout.flush()"

    ended = python(service, start(service, then=then), **{variable: "http://127.0.0.1:9"})

    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "True\n", "")


@services
def test_says_in_one_sentence_what_to_install(service: str) -> None:
    code = WITHOUT_SDK + start(service, then="pass")

    ended = python(service, code, **COLLECTOR)

    assert ended.returncode == 2
    assert ended.stderr == (
        "error: OTEL_EXPORTER_OTLP_ENDPOINT asks for traces, but OpenTelemetry's SDK is not"
        " installed: install requirements-otel.txt, or unset the variable\n"
    )
