"""The engine of a host on which no keeper can be built takes the place of the usual one."""

from collections.abc import Iterator

import pytest

from app.engines.sandbox.cgroups.none import NoCgroups
from app.engines.sandbox.engine import SandboxEngine
from app.languages import load_languages
from tests.support.sandbox import Sandbox, no_keeper, started


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    languages = load_languages()
    folder = tmp_path_factory.mktemp("plain-engine")
    engine = SandboxEngine(languages.languages, folder, lanes=3, build_keeper=no_keeper)
    yield from started(Sandbox(engine, languages))


@pytest.fixture(scope="session")
def either_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Start it without cgroups: the limits are harder to hold there."""
    languages = load_languages()
    engine = SandboxEngine(
        languages.languages,
        tmp_path_factory.mktemp("plain-engine-without-cgroups"),
        find_cgroups=lambda: NoCgroups("for a test"),
        build_keeper=no_keeper,
    )
    yield from started(Sandbox(engine, languages))
