"""All languages, found by the names that clients use."""

from collections.abc import Iterable

from app.domain.language import Language
from app.errors import UnsupportedLanguageError
from app.languages.manifest import InvalidManifestError


class LanguageRegistry:
    """The languages in the order given, found by id and alias in any case."""

    def __init__(self, languages: Iterable[Language]) -> None:
        self.languages = tuple(languages)
        self._by_name: dict[str, Language] = {}
        for language in self.languages:
            for name in (language.id, *language.aliases):
                other = self._by_name.setdefault(name.casefold(), language)
                if other is not language:
                    raise InvalidManifestError(f"{name} is both {other.id} and {language.id}")

    def get(self, name: str) -> Language:
        """Find a language by id or alias.

        Raises:
            UnsupportedLanguageError: no language has this name.
        """
        try:
            return self._by_name[name.casefold()]
        except KeyError:
            raise UnsupportedLanguageError(f"Unsupported language: {name}") from None
