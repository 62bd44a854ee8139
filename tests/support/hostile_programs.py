"""The corpus of hostile programs: source files whose first lines say what they try and what holds.

The lines of comment that a file starts with are TOML. Keys:

`tries`         what the program tries, one sentence
`verdicts`      every verdict that is right
`because`       why more than one is; only then
`says`          texts that stdout, stderr or the compiler's message has to contain
`limits`        what differs from `LIMITS`; the wall limit only where TLE is right
`runs`          how often the program runs in one submission
`answer`        the expected output; without it nothing that a program could know
`stdin_bytes`   the size of its input
`wall_factor`   the part of its wall limit that each run may take
`as_compiler`   the program is what the compile step runs, as a compiler that was taken over would
`beside`        an honest program runs beside it and must not notice
`machine`       the one architecture that it is made for

In the source, `@name@` stands for the place of a secret on the host; see `host_secrets.py`.
"""

import tomllib
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import Any

from app.domain.limits import MIB, Limits
from app.domain.verdicts import Verdict

FOLDER = Path(__file__).parents[1] / "sandbox" / "hostile"
ESCAPED = "ESCAPED"
"""What a program prints, with a word on how, when it managed what no program may."""
LIMITS = Limits(
    cpu_time_ms=1_000,
    wall_time_ms=2_000,
    memory_bytes=64 * MIB,
    output_bytes=64 * 1024,
    file_bytes=4 * MIB,
    processes=16,
)
_LANGUAGES = {
    ".c": "c",
    ".cpp": "cpp",
    ".cs": "csharp",
    ".go": "go",
    ".java": "java",
    ".js": "javascript",
    ".py": "python",
    ".rs": "rust",
}
_PATIENT_WALL_TIME_MS = 30_000
"""For a run that ends in another way, and that no busy host shall keep from it."""
_KILLING_MS = 5_000
"""What killing may take on a busy host; who escapes it stays for minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileProgram:
    """One file of the corpus; the fields are the keys of its header."""

    path: Path
    language: str
    source: str
    tries: str
    verdicts: frozenset[Verdict]
    because: str = ""
    says: tuple[str, ...] = ()
    limits: Limits = LIMITS
    runs: int = 1
    answer: str | None = None
    stdin_bytes: int = 0
    wall_factor: float | None = None
    as_compiler: bool = False
    beside: bool = False
    machine: str | None = None

    @property
    def longest_run_ms(self) -> float:
        """How much wall time each run may take."""
        if self.wall_factor is None:
            return self.limits.wall_time_ms + _KILLING_MS
        return self.wall_factor * self.limits.wall_time_ms

    @property
    def theme(self) -> str:
        return self.path.parent.name

    @property
    def id(self) -> str:
        return f"{self.theme}/{self.path.name}"


def load_hostile_programs() -> list[HostileProgram]:
    """Read the corpus, in order of theme and name."""
    paths = (path for path in FOLDER.glob("*/*") if path.suffix in _LANGUAGES)
    return [_load(path) for path in sorted(paths)]


def _load(path: Path) -> HostileProgram:
    source = path.read_text()
    header = _header(path, source)
    verdicts = frozenset(Verdict(verdict) for verdict in header.pop("verdicts"))
    limits = header.pop("limits", {})
    if Verdict.TLE not in verdicts and "wall_time_ms" in limits:
        raise ValueError(f"{path}: a wall limit that is not to be met")
    if Verdict.TLE not in verdicts:
        limits["wall_time_ms"] = _PATIENT_WALL_TIME_MS
    program = HostileProgram(
        path=path,
        language=_LANGUAGES[path.suffix],
        source=source,
        verdicts=verdicts,
        limits=replace(LIMITS, **limits),
        says=tuple(header.pop("says", ())),
        **header,
    )
    if not verdicts or Verdict.IE in verdicts:
        raise ValueError(f"{program.id}: a program is never the platform's fault")
    if (len(verdicts) > 1) != bool(program.because):
        raise ValueError(f"{program.id}: more than one verdict needs a reason, and only then")
    return program


def _header(path: Path, source: str) -> dict[str, Any]:
    mark = "#" if path.suffix == ".py" else "//"
    lines = takewhile(lambda line: line.startswith(mark), source.splitlines())
    try:
        return tomllib.loads("\n".join(line.removeprefix(mark) for line in lines))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path}: {error}") from error
