"""What the execution service tells about its languages, kept for when it does not answer."""

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from django.conf import settings

from apps.code_execution.client import ServiceUnavailableError, get_client
from apps.code_execution.documents import PublishedLanguage, ResultError, parse_languages
from apps.code_execution.domain import effective_memory_bytes, effective_time_ms
from apps.problems.domain import LANGUAGES
from apps.problems.models import Problem, ProblemLanguage

logger = logging.getLogger(__name__)

FRESH_S = 60.0
RETRY_S = 5.0
# A participant waits for it, at most once in `RETRY_S`.
TIMEOUT_S = 1.0

Published = Mapping[str, PublishedLanguage]


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageRules:
    """What holds for programs in one language; `None` where only the execution service knows."""

    language: str
    time_limit_ms: int | None
    memory_limit_bytes: int | None
    compile_options: Mapping[str, Sequence[str]] | None


class PublishedLanguages:
    """The execution service's list; the one that was told last, when it does not answer."""

    def __init__(self, fetch: Callable[[], object]) -> None:
        self._fetch = fetch
        self._known: Published = {}
        self._due_s = 0.0
        self._lock = threading.Lock()

    def get(self, *, now_s: float) -> Published:
        """Give the languages by id; none of them until the service has told them once."""
        # Whoever does not get the lock takes what is known: somebody else is asking.
        if now_s >= self._due_s and self._lock.acquire(blocking=False):
            try:
                self._ask(now_s)
            finally:
                self._lock.release()
        return self._known

    def _ask(self, now_s: float) -> None:
        self._due_s = now_s + RETRY_S
        try:
            self._known = parse_languages(self._fetch())
        except (ServiceUnavailableError, ResultError) as error:
            logger.warning("the execution service does not tell its languages: %s", error)
        else:
            self._due_s = now_s + FRESH_S


def published_languages() -> Published:
    """Give the languages as the execution service publishes them, at most a minute old."""
    published = _languages_of(os.getpid(), settings.CODE_EXECUTION_SERVICE_URL)
    return published.get(now_s=time.monotonic())


def rules_of(problem: Problem) -> list[LanguageRules]:
    """Give the limits and compile options of a problem for every language."""
    published = published_languages()
    own = {each.language: each for each in problem.languages.all()}
    return [_rules(problem, name, own.get(name), published.get(name)) for name in LANGUAGES]


def _rules(
    problem: Problem, name: str, own: ProblemLanguage | None, usual: PublishedLanguage | None
) -> LanguageRules:
    time_multiplier = usual.time_multiplier if usual else None
    memory_multiplier = usual.memory_multiplier if usual else None
    if own is not None:
        time_multiplier = own.time_multiplier or time_multiplier
        memory_multiplier = own.memory_multiplier or memory_multiplier
    options = usual.compile_options if usual else None
    return LanguageRules(
        language=name,
        time_limit_ms=effective_time_ms(problem.time_limit_ms, time_multiplier),
        memory_limit_bytes=effective_memory_bytes(problem.memory_limit_bytes, memory_multiplier),
        compile_options=options if problem.allows_compile_options else {},
    )


@cache
def _languages_of(pid: int, base_url: str) -> PublishedLanguages:
    return PublishedLanguages(lambda: get_client().languages(timeout_s=TIMEOUT_S))
