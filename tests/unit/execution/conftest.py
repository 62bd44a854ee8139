from pathlib import Path
from typing import Protocol

import pytest

from app.config import Settings, load_settings


class Load(Protocol):
    def __call__(self, *lines: str) -> Settings: ...


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Load settings from a file with the given lines."""

    def load_lines(*lines: str) -> Settings:
        file = tmp_path / "settings"
        file.write_text("\n".join(["BACKEND_WEBHOOK_SECRET=a secret", *lines]))
        monkeypatch.setenv("EXECUTION_ENV_FILE", str(file))
        return load_settings()

    return load_lines
