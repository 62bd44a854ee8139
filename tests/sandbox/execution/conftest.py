import asyncio

import pytest

from app.engines.sandbox.engine import SandboxEngine
from app.errors import EngineUnavailableError
from app.languages import load_languages
from tests.support.sandbox import Sandbox


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """Start the real engine once; it holds nothing of an event loop between two calls."""
    languages = load_languages()
    engine = SandboxEngine(languages.languages, tmp_path_factory.mktemp("engine"))
    try:
        asyncio.run(engine.start())
    except EngineUnavailableError as error:
        pytest.skip(f"no sandbox on this host: {error.detail}")
    return Sandbox(engine, languages)
