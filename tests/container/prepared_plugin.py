"""pytest's plugin in the container: engines under test use what the image has prepared.

The service finds it in its data folder; a test's engine has a fresh one, and preparing all again
would take a minute and more memory than the container's /tmp has.
"""

from pathlib import Path

import pytest

PREPARED = Path("/prepared")


@pytest.fixture(scope="session", autouse=True)
def engines_with_preparations(tmp_path_factory: pytest.TempPathFactory) -> None:
    make = tmp_path_factory.mktemp

    def make_with_preparations(basename: str, numbered: bool = True) -> Path:  # noqa: FBT002
        folder = make(basename, numbered)
        if basename.startswith("engine"):
            (folder / "prepared").symlink_to(PREPARED.resolve())
        return folder

    tmp_path_factory.mktemp = make_with_preparations  # type: ignore[method-assign]
