"""Prepare the toolchains ahead: `python -m app.prepare [--without-walls] [DATA_DIRECTORY]`.

The service does the same in the background when it has started. `--without-walls` is for the making
of a container's image, where no box can be built.
"""

import argparse
import asyncio
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from app.domain.language import Language
from app.engines.sandbox.build import DATA_DIRECTORY
from app.engines.sandbox.engine import SandboxEngine
from app.engines.sandbox.prepare import Preparer, WithoutWalls
from app.engines.sandbox.prepared import PreparedDirectory, prepared_directory
from app.errors import EngineUnavailableError
from app.languages import load_languages


async def _prepare_behind_walls(
    languages: Sequence[Language], data_directory: Path
) -> Mapping[str, str]:
    engine = SandboxEngine(languages, data_directory)
    try:
        await engine.start()
        return await engine.prepared()
    finally:
        await engine.close()


async def _prepare_without_walls(
    languages: Sequence[Language], data_directory: Path
) -> Mapping[str, str]:
    path = prepared_directory(data_directory)
    directory = PreparedDirectory(path)
    return await Preparer(directory, WithoutWalls(path)).prepare(_installed(languages))


def _installed(languages: Sequence[Language]) -> list[Language]:
    return [
        language
        for language in languages
        if all(Path(file).exists() for file in language.host_files)
    ]


def main(arguments: Sequence[str]) -> int:
    """Prepare all; 1 if not every toolchain that is there could be prepared."""
    parser = argparse.ArgumentParser(prog="python -m app.prepare", description=__doc__)
    parser.add_argument("--without-walls", action="store_true", help="where no box can be built")
    parser.add_argument("data_directory", nargs="?", type=Path, default=DATA_DIRECTORY)
    options = parser.parse_args(arguments)
    prepare = _prepare_without_walls if options.without_walls else _prepare_behind_walls
    try:
        complaints = asyncio.run(prepare(load_languages().languages, options.data_directory))
    except (EngineUnavailableError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    for language_id, complaint in complaints.items():
        sys.stderr.write(f"{language_id}: {complaint}\n")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
