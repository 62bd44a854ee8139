"""What the execution service is told about a judgement: the program, and how to judge it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.db.models import BinaryField, Case, F, When

from apps.code_execution.models import CodeSubmission, Judgement
from apps.problems.models import Problem, ProblemProgram, TestCase, TestData

# What is smaller goes along with every order; the rest is sent once and named by its hash.
INLINE_BYTES_MAX = 4 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The document for the execution service; `texts` are those that it names by their hash."""

    document: dict[str, Any]
    texts: dict[str, bytes]

    def find_content(self, hash_hex: str) -> bytes | None:
        """Give what the document names by this hash, unless it has been deleted since."""
        if hash_hex in self.texts:
            return self.texts[hash_hex]
        data = TestData.objects.filter(pk=hash_hex).first()
        return None if data is None else bytes(data.content)


@dataclass(frozen=True, slots=True)
class _Kind:
    """What judgements have in common that are judged alike."""

    problem_id: int | None
    language: str
    is_trial: bool
    has_own_input: bool


def orders_of(judgements: Sequence[Judgement]) -> list[Order]:
    """Write the orders for judgements; what several have in common is read once."""
    common: dict[_Kind, Order] = {}
    orders = []
    for judgement in judgements:
        kind = _kind_of(judgement.submission)
        if kind not in common:
            common[kind] = _judging_of(judgement.submission.problem, kind)
        document = _program_of(judgement) | common[kind].document
        orders.append(Order(document=document, texts=common[kind].texts))
    return orders


def _kind_of(submission: CodeSubmission) -> _Kind:
    is_trial = submission.purpose == CodeSubmission.Purpose.TRIAL
    return _Kind(
        problem_id=submission.problem_id,
        language=submission.language,
        is_trial=is_trial,
        has_own_input=is_trial and bool(submission.input_data),
    )


def _program_of(judgement: Judgement) -> dict[str, Any]:
    submission = judgement.submission
    document: dict[str, Any] = {
        "idempotency_key": str(judgement.pk),
        "code": submission.code,
        "language": submission.language,
        "user_id": submission.user_id,
        "input_data": submission.input_data,
        "reference": str(judgement.pk),
        "priority": _priority_of(judgement),
    }
    if judgement.request_id:
        document["request_id"] = judgement.request_id
    if submission.compile_options:
        document["compile_options"] = submission.compile_options
    return document


def _priority_of(judgement: Judgement) -> str:
    """Tell whom others wait for: first a contest's participants, last a rejudging."""
    if judgement.rejudging_id is not None:
        return "rejudge"
    is_counting = judgement.submission.purpose == CodeSubmission.Purpose.CONTEST
    return "contest" if is_counting else "practice"


def _judging_of(problem: Problem | None, kind: _Kind) -> Order:
    """Give what the problem says; what is not said is as the execution service has it.

    A trial run is on the samples, each by itself, or on an own input and then without tests.
    """
    texts: dict[str, bytes] = {}
    if problem is None:
        return Order(document={}, texts=texts)
    parts: dict[str, Any] = {
        "limits": _limits_of(problem, kind.language),
        "files": _files_of(problem, kind.language),
    }
    if kind.has_own_input:
        document = {name: part for name, part in parts.items() if part}
        return Order(document=document, texts=texts)
    tests = list(_tests_of(problem, is_trial=kind.is_trial))
    parts["test_cases"] = tests
    parts["groups"] = _groups_of(problem) if any("group" in test for test in tests) else []
    if problem.checker in {Problem.Checker.PROGRAM, Problem.Checker.INTERACTOR}:
        parts |= _programs_of(problem, texts)
    if problem.checker in {Problem.Checker.TOKENS, Problem.Checker.SORTED_LINES}:
        parts["checker"] = {"kind": problem.checker, **problem.checker_options}
    document = {name: part for name, part in parts.items() if part or name == "test_cases"}
    return Order(document=document, texts=texts)


def _limits_of(problem: Problem, language: str) -> dict[str, Any]:
    own = problem.languages.filter(language=language).first()
    limits = {
        "cpu_time_ms": problem.time_limit_ms,
        "memory_bytes": problem.memory_limit_bytes,
        "time_multiplier": own and own.time_multiplier,
        "memory_multiplier": own and own.memory_multiplier,
    }
    return {name: value for name, value in limits.items() if value is not None}


def _files_of(problem: Problem, language: str) -> dict[str, str]:
    """Give the contents by name; a file for the language wins over one for all."""
    files = problem.files.filter(language__in=["", language]).order_by("language")
    return {file.name: file.content for file in files}


def _tests_of(problem: Problem, *, is_trial: bool) -> Iterator[dict[str, Any]]:
    tests = TestCase.objects.filter(problem=problem)
    if is_trial:
        tests = tests.filter(is_sample=True)
    rows = tests.values(
        "pk",
        "is_sample",
        "group__name",
        "input_data_id",
        "expected_data_id",
        small_input=_small("input_data"),
        small_answer=_small("expected_data"),
    )
    for row in rows:
        test = {"id": str(row["pk"]), "is_sample": row["is_sample"]}
        if not is_trial and row["group__name"] is not None:
            test["group"] = row["group__name"]
        test |= _content("input", row["small_input"], row["input_data_id"])
        test |= _content("expected_output", row["small_answer"], row["expected_data_id"])
        yield test


def _small(data: str) -> Case:
    """Leave large contents in the database."""
    is_small = When(**{f"{data}__size_bytes__lte": INLINE_BYTES_MAX}, then=F(f"{data}__content"))
    return Case(is_small, output_field=BinaryField())


def _content(name: str, small: bytes | memoryview | None, hash_hex: str) -> dict[str, str]:
    """Give a small text as it is, and the hash of what is large or no text."""
    try:
        text = None if small is None else bytes(small).decode()
    except UnicodeDecodeError:
        text = None
    # The execution service takes no NUL in texts.
    if text is None or "\x00" in text:
        return {f"{name}_sha256": hash_hex}
    return {name: text}


def _groups_of(problem: Problem) -> list[dict[str, Any]]:
    return [
        {
            "name": group.name,
            "stop_at_first_failure": group.stop_at_first_failure,
            "requires": [each.name for each in group.requires.all()],
        }
        for group in problem.test_groups.prefetch_related("requires")
    ]


def _programs_of(problem: Problem, texts: dict[str, bytes]) -> dict[str, Any]:
    """Give the problem's checker and interactor, their texts by hash."""
    programs = {each.role: _program(each, texts) for each in problem.programs.all()}
    parts: dict[str, Any] = {}
    if "checker" in programs:
        parts["checker"] = {"kind": "program", **programs["checker"]}
    if "interactor" in programs:
        parts["interactor"] = programs["interactor"]
    return parts


def _program(program: ProblemProgram, texts: dict[str, bytes]) -> dict[str, Any]:
    def hashed(text: str) -> str:
        content = text.encode()
        hash_hex = sha256(content).hexdigest()
        texts[hash_hex] = content
        return hash_hex

    return {
        "protocol": program.protocol,
        "language": program.language,
        "source_sha256": hashed(program.source),
        "files": {name: {"sha256": hashed(text)} for name, text in program.files.items()},
        "arguments": program.arguments,
    }
