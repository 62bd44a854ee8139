"""What reading a package found out, for the person who has to mend the package."""

from dataclasses import dataclass, field

FINDINGS_MAX = 200
PATH_CHARS_MAX = 255
MESSAGE_CHARS_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to know about one file; an empty path means the package as a whole."""

    path: str
    message: str


@dataclass(slots=True)
class Report:
    """Errors keep a package from being taken, warnings don't; each list keeps its first 200."""

    errors: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)

    def error(self, path: str, message: str) -> None:
        """Note what has to be changed before the package can be taken."""
        _add(self.errors, path, message)

    def warning(self, path: str, message: str) -> None:
        """Note what is lost or differs when the package is taken as it is."""
        _add(self.warnings, path, message)


def _add(findings: list[Finding], path: str, message: str) -> None:
    if len(findings) < FINDINGS_MAX:
        findings.append(
            Finding(path=_shown(path[:PATH_CHARS_MAX]), message=_shown(message[:MESSAGE_CHARS_MAX]))
        )


def _shown(text: str) -> str:
    """Give a text that is safe on a terminal, whatever the package made it quote."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
