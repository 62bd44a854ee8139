"""How a submission's tests are judged; the default is to compare exactly and to run them all."""

from dataclasses import dataclass, field

from app.domain.checkers import Checker, ExactChecker
from app.domain.checking import StoredProgram
from app.domain.test_groups import TestGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgingRules:
    """Who says whether an output is right, and which tests may be skipped.

    With an interactor the program talks to it instead of reading the input. A checker that is a
    program may then still decide, if the interactor's protocol has it so; any other is not asked.
    """

    checker: Checker | StoredProgram = field(default_factory=ExactChecker)
    interactor: StoredProgram | None = None
    groups: tuple[TestGroup, ...] = ()

    @property
    def programs(self) -> tuple[StoredProgram, ...]:
        """The problem's own programs."""
        mentioned = (self.checker, self.interactor)
        return tuple(each for each in mentioned if isinstance(each, StoredProgram))

    @property
    def hashes(self) -> frozenset[str]:
        """What of the kept test data the programs consist of."""
        return frozenset(hash_ for program in self.programs for hash_ in program.hashes)


DEFAULT_RULES = JudgingRules()
