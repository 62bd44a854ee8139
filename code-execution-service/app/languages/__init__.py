"""The languages: one TOML manifest each, loaded into `Language` values."""

from pathlib import Path

from app.languages.manifest import parse_manifest
from app.languages.registry import LanguageRegistry

__all__ = ["LanguageRegistry", "load_languages"]

_DIRECTORY = Path(__file__).parent


def load_languages(directory: Path = _DIRECTORY) -> LanguageRegistry:
    """Read every manifest in the folder.

    Raises:
        InvalidManifestError: a manifest is wrong; the text names file and key.
    """
    manifests = sorted(directory.glob("*.toml"))
    return LanguageRegistry([
        parse_manifest(path.name, path.read_text(encoding="utf-8")) for path in manifests
    ])
