"""What a contest takes of a participant, as pure functions."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

NO_PAUSE = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionRules:
    """Rules for each participant; the last two are for each problem by itself.

    Without `languages` all may be used.
    """

    languages: tuple[str, ...] = ()
    code_bytes_max: int | None = None
    submissions_max: int | None = None
    cooldown: timedelta = NO_PAUSE

    @property
    def looks_back(self) -> bool:
        """Whether earlier submissions matter."""
        return self.submissions_max is not None or self.cooldown > NO_PAUSE

    def faults_of(self, *, language: str, code: str) -> dict[str, list[str]]:
        """Say by field what is wrong with a program; empty if nothing is."""
        faults = {}
        if self.languages and language not in self.languages:
            names = ", ".join(self.languages)
            faults["language"] = [f"The contest takes no {language}. Use one of {names}."]
        size = len(code.encode())
        if self.code_bytes_max is not None and size > self.code_bytes_max:
            most = f"The contest takes programs of at most {self.code_bytes_max} bytes"
            faults["code"] = [f"{most}; this one has {size}."]
        return faults

    def are_used_up(self, count: int) -> bool:
        """Tell whether so many earlier submissions to the problem were all."""
        return self.submissions_max is not None and count >= self.submissions_max

    def pause_s(self, *, newest: datetime | None, now: datetime) -> int:
        """Say how many seconds to wait since the newest submission to the problem; 0: none."""
        # Of two at the same time the newest may have come later than `now`: without a cool-down
        # that is no reason to wait.
        if newest is None or self.cooldown <= NO_PAUSE:
            return 0
        return max(0, math.ceil((newest + self.cooldown - now).total_seconds()))
