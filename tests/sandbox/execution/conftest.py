from collections.abc import Iterator

import pytest

from app.engines.sandbox.cgroups.none import NoCgroups
from app.engines.sandbox.engine import SandboxEngine
from app.languages import load_languages
from tests.support.sandbox import Sandbox, started


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Start the real engine once; it holds nothing of an event loop between two calls."""
    languages = load_languages()
    engine = SandboxEngine(languages.languages, tmp_path_factory.mktemp("engine"))
    yield from started(Sandbox(engine, languages))


@pytest.fixture(scope="session")
def sandbox_without_cgroups(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Start it as on a host that gives us no cgroup."""
    languages = load_languages()
    engine = SandboxEngine(
        languages.languages,
        tmp_path_factory.mktemp("engine-without-cgroups"),
        find_cgroups=lambda: NoCgroups("for a test"),
    )
    yield from started(Sandbox(engine, languages))


@pytest.fixture(params=["host's cgroups", "no cgroups"])
def either_sandbox(request: pytest.FixtureRequest) -> Sandbox:
    """Hold what has to be the same with cgroups and without."""
    if request.param == "no cgroups":
        without: Sandbox = request.getfixturevalue("sandbox_without_cgroups")
        return without
    with_them: Sandbox = request.getfixturevalue("sandbox")
    if not with_them.engine.cgroup_support.controllers:
        pytest.skip("this host gives us no cgroups; the other case is the same then")
    return with_them
