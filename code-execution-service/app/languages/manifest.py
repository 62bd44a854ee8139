"""One language from its TOML text."""

import re
import tomllib
from typing import Any

from app.domain.language import Language, OptionGroup
from app.domain.limits import MIB

OPTIONS = "{options}"
_OPTION = re.compile(r"-[A-Za-z0-9][A-Za-z0-9=+:._-]*|--[a-z][A-Za-z0-9=+:._-]*")


class InvalidManifestError(Exception):
    """A manifest in `app/languages/` is wrong: ours to mend, at start-up."""


def parse_manifest(file: str, text: str) -> Language:
    """Read one manifest; `file` is its name for error texts.

    Raises:
        InvalidManifestError: the text is no TOML, or a key is missing, unknown or of a wrong type.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidManifestError(f"{file}: {error}") from error
    keys = _Keys(file, table)
    language = Language(
        id=keys.text("id"),
        name=keys.text("name"),
        aliases=keys.texts("aliases"),
        source_file=keys.file_name("source_file"),
        compile_command=keys.command("compile_command"),
        run_command=keys.command("run_command"),
        live_run_command=keys.command("live_run_command", default=()),
        prepare_command=keys.command("prepare_command", default=()),
        environment=keys.environment("environment"),
        version_command=keys.command("version_command"),
        host_files=keys.texts("host_files"),
        debian_packages=keys.texts("debian_packages"),
        time_multiplier=keys.multiplier("time_multiplier"),
        memory_multiplier=keys.multiplier("memory_multiplier"),
        option_groups=keys.option_groups("compile_options"),
        extra_memory_bytes=keys.count("extra_memory_mib") * MIB,
        extra_processes=keys.count("extra_processes"),
        memory_refusals=keys.texts("memory_refusals", default=()),
        reference_source=keys.text("reference_source").lstrip("\n"),
        third_party_name=keys.text("third_party_name"),
    )
    keys.expect_no_more()
    if language.compile_command.count(OPTIONS) != bool(language.option_groups):
        raise InvalidManifestError(
            f"{file}: compile_command must have {OPTIONS} once if there are compile_options"
        )
    return language


class _Keys:
    """The keys of one manifest, each taken once and checked."""

    def __init__(self, file: str, table: dict[str, Any]) -> None:
        self._file = file
        self._table = dict(table)

    def text(self, key: str) -> str:
        value = self._take(key)
        if not isinstance(value, str) or not value:
            raise self._wrong(key, "a text that is not empty")
        return value

    def file_name(self, key: str) -> str:
        value = self.text(key)
        if "/" in value:
            raise self._wrong(key, "the name of a file, without a folder")
        return value

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        if default is not None and key not in self._table:
            return default
        value = self._take(key)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._wrong(key, "a list of texts")
        return tuple(value)

    def command(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        if default is not None and key not in self._table:
            return default
        value = self.texts(key)
        if not value or "/" not in value[0]:
            raise self._wrong(key, "a list of texts that starts with the path of a program")
        return value

    def count(self, key: str) -> int:
        value = self._take(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self._wrong(key, "an integer of 0 or more")
        return value

    def multiplier(self, key: str) -> float:
        value = self._table.pop(key, 1)
        if not isinstance(value, int | float) or isinstance(value, bool) or value < 1:
            raise self._wrong(key, "a number of 1 or more")
        return float(value)

    def option_groups(self, key: str) -> tuple[OptionGroup, ...]:
        table = self._table.pop(key, {})
        if not isinstance(table, dict):
            raise self._wrong(key, "a table of lists")
        groups = tuple(
            OptionGroup(name=name, options=self._options(f"{key}.{name}", options))
            for name, options in table.items()
        )
        options = [option for group in groups for option in group.options if option]
        if len(set(options)) < len(options):
            raise self._wrong(key, "options that differ")
        return groups

    def _options(self, key: str, value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or len(value) < 2:  # noqa: PLR2004  # else no choice
            raise self._wrong(key, "a list of at least two options")
        for position, option in enumerate(value):
            is_none = position == 0 and option == ""
            if not is_none and (not isinstance(option, str) or not _OPTION.fullmatch(option)):
                raise self._wrong(key, "a list of options; the first may be empty")
        return tuple(value)

    def environment(self, key: str) -> tuple[tuple[str, str], ...]:
        value = self._table.pop(key, {})
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise self._wrong(key, "a table of texts")
        return tuple(value.items())

    def expect_no_more(self) -> None:
        for key in self._table:
            raise InvalidManifestError(f"{self._file}: {key} is not a key of a manifest")

    def _take(self, key: str) -> Any:
        try:
            return self._table.pop(key)
        except KeyError:
            raise InvalidManifestError(f"{self._file}: {key} is missing") from None

    def _wrong(self, key: str, wanted: str) -> InvalidManifestError:
        return InvalidManifestError(f"{self._file}: {key} must be {wanted}")
