import asyncio
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.language import Language
from app.engines.sandbox.prepare import Preparer, WithoutWalls
from app.engines.sandbox.prepared import PreparedDirectory, prepared_name, prepared_path
from app.errors import EngineUnavailableError
from app.languages import load_languages


@pytest.fixture
def language(tmp_path: Path) -> Language:
    tool = tmp_path / "tool"
    tool.write_text("one")
    return replace(
        load_languages().get("python"),
        id="toy",
        host_files=(str(tool),),
        prepare_command=("/bin/sh", "-c", "echo ready > $FOLDER/file"),
    )


@pytest.fixture
def directory(tmp_path: Path) -> PreparedDirectory:
    return PreparedDirectory(tmp_path / "prepared")


class Here:
    """A workshop without walls and without the paths of boxes."""

    @contextmanager
    def opened(self, language: Language, folder: Path) -> Iterator[list[str]]:
        yield ["/usr/bin/env", f"FOLDER={folder}", *language.prepare_command]


def prepare(directory: PreparedDirectory, *languages: Language) -> dict[str, str]:
    return asyncio.run(Preparer(directory, Here()).prepare(languages))


def names(directory: PreparedDirectory) -> set[str]:
    return {path.name for path in directory.path.iterdir()}


def edited(language: Language) -> Language:
    return replace(language, prepare_command=("/bin/sh", "-c", "echo other > $FOLDER/file"))


def test_a_preparation_has_the_same_name_as_long_as_nothing_changes(language: Language) -> None:
    assert prepared_name(language) == prepared_name(replace(language, run_command=("/x",)))
    assert prepared_path(language) == f"/prepared/{prepared_name(language)}"
    assert prepared_name(language).startswith("toy-")


def test_an_edited_manifest_gives_another_name(language: Language) -> None:
    assert prepared_name(edited(language)) != prepared_name(language)
    assert prepared_name(replace(language, environment=(("A", "b"),))) != prepared_name(language)


def test_an_upgraded_toolchain_gives_another_name(language: Language) -> None:
    before = prepared_name(language)
    Path(language.host_files[0]).write_text("two!")
    prepared_name.cache_clear()  # as in a new process

    assert prepared_name(language) != before


def test_what_is_made_is_there_for_the_next(
    directory: PreparedDirectory, language: Language
) -> None:
    assert not directory.take(language)

    assert prepare(directory, language) == {}

    assert PreparedDirectory(directory.path).take(language)
    assert (directory.path / prepared_name(language) / "file").read_text() == "ready\n"


def test_nothing_is_made_twice(directory: PreparedDirectory, language: Language) -> None:
    prepare(directory, language)
    made = directory.path / prepared_name(language) / "file"
    made.write_text("kept")

    prepare(PreparedDirectory(directory.path), language)

    assert made.read_text() == "kept"


def test_a_command_that_fails_leaves_nothing_and_its_words(
    directory: PreparedDirectory, language: Language
) -> None:
    broken = replace(language, prepare_command=("/bin/sh", "-c", "echo no luck >&2; exit 3"))

    assert prepare(directory, broken, language) == {"toy": "no luck"}

    assert names(directory) == {prepared_name(language)}


def test_of_two_that_make_the_same_the_first_one_wins(
    directory: PreparedDirectory, language: Language
) -> None:
    with directory.making(language) as slower:
        (slower / "file").write_text("slower")
        (directory.path / prepared_name(language)).mkdir()
        (directory.path / prepared_name(language) / "file").write_text("faster")

    assert names(directory) == {prepared_name(language)}
    assert (directory.path / prepared_name(language) / "file").read_text() == "faster"


def test_a_language_that_wants_no_preparation_gets_none(
    directory: PreparedDirectory, language: Language
) -> None:
    assert prepare(directory, replace(language, prepare_command=())) == {}

    assert names(directory) == set()


def test_what_an_older_manifest_made_is_removed(
    directory: PreparedDirectory, language: Language
) -> None:
    prepare(directory, language)
    prepare(directory, replace(language, id="toys"))
    directory.release()

    prepare(directory, edited(language))

    assert names(directory) == {
        prepared_name(edited(language)),
        prepared_name(replace(language, id="toys")),
    }


def test_what_another_process_uses_is_not_removed(
    directory: PreparedDirectory, language: Language
) -> None:
    prepare(directory, language)

    prepare(PreparedDirectory(directory.path), edited(language))

    assert prepared_name(language) in names(directory)


def test_what_nobody_finishes_is_removed(directory: PreparedDirectory, language: Language) -> None:
    (directory.path / f".making-{prepared_name(language)}-1").mkdir()
    worked_on = directory.path / f".making-{prepared_name(edited(language))}-2"
    worked_on.mkdir()
    lock = os.open(worked_on, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)

    prepare(directory, language)
    os.close(lock)

    assert names(directory) == {prepared_name(language), worked_on.name}


def test_where_no_walls_are_the_paths_of_boxes_must_lead_to_the_folder(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailableError, match=f"ln -s {tmp_path} /prepared"):
        WithoutWalls(tmp_path)
