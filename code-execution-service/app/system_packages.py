"""The Debian packages that this host lacks: `python -m app.system_packages`.

Scripts ask each time they start, so it loads next to nothing.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from app.domain.language import Language
from app.engines.sandbox.host import COMPILER, needed_tools
from app.languages import load_languages


def missing_packages(languages: Iterable[Language]) -> list[str]:
    """Name the Debian packages that would complete engine and languages, in no double."""
    wanted = [
        package
        for tool in (*needed_tools(), COMPILER)
        if shutil.which(tool.name) is None
        for package in tool.debian_packages
    ]
    for language in languages:
        if not all(Path(file).exists() for file in language.host_files):
            wanted += language.debian_packages
    return [package for package in dict.fromkeys(wanted) if not _is_installed(package)]


def _is_installed(package: str) -> bool:
    """Ask dpkg; on a host without it nothing is known to be installed."""
    if shutil.which("dpkg-query") is None:
        return False
    done = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout == "installed"


if __name__ == "__main__":
    packages = missing_packages(load_languages().languages)
    sys.stdout.write("".join(f"{package}\n" for package in packages))
