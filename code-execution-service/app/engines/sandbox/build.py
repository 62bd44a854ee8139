"""Build the keeper: `python -m app.engines.sandbox.build [DATA_DIRECTORY]`."""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from app.engines.sandbox.host import COMPILER, find_tool
from app.errors import EngineUnavailableError

DATA_DIRECTORY = Path(__file__).parents[3] / "data"
"""Where a service that is told nothing else keeps what it makes."""

_SOURCE_DIRECTORY = Path(__file__).parent / "keeper"
_APP = Path(__file__).resolve().parents[2]
_PLAIN_DIRECTORY = Path(__file__).parent / "plain_keeper"
_PLAIN_MAIN = "from app.engines.sandbox.plain_keeper.box import main\n\nmain()\n"
_COMPILE_TIMEOUT_S = 120
_FLAGS = ("-O2", "-s", "-std=gnu17", "-Wall", "-Wextra")
_LINKING = (("-static",), ())
"""Static starts faster and is smaller in memory; dynamic where the static C library is missing."""


def keeper_path(data_directory: Path) -> Path:
    """Tell where the keeper of the present sources lies once it is built."""
    digest = hashlib.sha256()
    for source in _sources():
        digest.update(source.read_bytes())
    return data_directory / f"keeper-{digest.hexdigest()[:16]}"


def build_keeper(data_directory: Path) -> Path:
    """Build the keeper, unless it is already there, and tell where it lies.

    Raises:
        EngineUnavailableError: no C compiler, or it fails.
    """
    path = keeper_path(data_directory)
    if not path.exists():
        data_directory.mkdir(parents=True, exist_ok=True)
        _compile(path)
    return path


def pack_plain_keeper(data_directory: Path) -> Path:
    """Pack the keeper that needs no building, and tell where the archive of its modules lies."""
    sources = [Path(_APP, name, "__init__.py") for name in (".", "engines", "engines/sandbox")]
    sources += sorted(_PLAIN_DIRECTORY.glob("*.py"))
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources))
    path = data_directory / f"plain-keeper-{digest.hexdigest()[:16]}"
    if path.exists():
        return path
    data_directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=data_directory) as directory:
        packed = Path(directory, "keeper")
        with zipfile.ZipFile(packed, "w") as archive:
            for source in sources:
                archive.write(source, source.resolve().relative_to(_APP.parent))
            archive.writestr("__main__.py", _PLAIN_MAIN)
        os.replace(packed, path)  # noqa: PTH105 - atomic, as below
    return path


def _sources() -> list[Path]:
    return sorted(path for path in _SOURCE_DIRECTORY.iterdir() if path.suffix in {".c", ".h"})


def _compile(path: Path) -> None:
    compiler = find_tool(COMPILER)
    units = [str(source) for source in _sources() if source.suffix == ".c"]
    complaint = ""
    with tempfile.TemporaryDirectory(dir=path.parent) as directory:
        built = Path(directory, "keeper")
        for linking in _LINKING:
            done = subprocess.run(
                [compiler, *_FLAGS, *linking, "-o", str(built), *units],
                capture_output=True,
                text=True,
                timeout=_COMPILE_TIMEOUT_S,
                check=False,
            )
            if done.returncode == 0:
                os.replace(built, path)  # noqa: PTH105 - atomic: another process may build it too
                return
            complaint = done.stderr.strip()
    raise EngineUnavailableError(
        f"The keeper can't be built (apt-get install gcc libc6-dev): {complaint}"
    )


def main(arguments: list[str]) -> int:
    """Build into the folder given, else into the service's data folder."""
    try:
        path = build_keeper(Path(arguments[0]) if arguments else DATA_DIRECTORY)
    except EngineUnavailableError as error:
        sys.stderr.write(f"{error.detail}\n")
        return 1
    sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
