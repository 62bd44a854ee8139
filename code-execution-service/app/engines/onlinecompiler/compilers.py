"""How each language is called at the provider."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from app.domain.language import Language
from app.errors import EngineUnavailableError

MAX_NAME_CHARACTERS = 100


def load_compilers(languages: Sequence[Language], file: Path | None) -> Mapping[str, str]:
    """Return the provider's compiler name per language id; a language it lacks is not in it.

    The names are those of the manifests, unless the TOML file has another, such as
    `python = "python-3.14"`; an empty one stands for a language that the provider does not have.

    Raises:
        EngineUnavailableError: the file can't be read or used; the detail says why.
    """
    names = {language.id: language.third_party_name for language in languages}
    if file is not None:
        names |= _read(file, known=names)
    return {language_id: name for language_id, name in names.items() if name}


def _read(file: Path, *, known: Mapping[str, str]) -> dict[str, str]:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise EngineUnavailableError(f"CODE_EXECUTION_COMPILERS_FILE: {error}") from error
    for language_id, name in table.items():
        if language_id not in known:
            raise EngineUnavailableError(
                f"CODE_EXECUTION_COMPILERS_FILE: {language_id} is no language; "
                f"the languages are {', '.join(sorted(known))}"
            )
        if not isinstance(name, str) or len(name) > MAX_NAME_CHARACTERS:
            raise EngineUnavailableError(
                f"CODE_EXECUTION_COMPILERS_FILE: {language_id} must be a text of at most "
                f"{MAX_NAME_CHARACTERS} characters"
            )
    return table
