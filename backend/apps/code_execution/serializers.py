"""The JSON forms of submissions; the only place where times and sizes become texts."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from typing_extensions import override

from apps.code_execution.disclosure import disclosed
from apps.code_execution.domain import (
    CODE_BYTES_MAX,
    COMPILE_OPTION_CHARS_MAX,
    COMPILE_OPTIONS_MAX,
    INPUT_CHARS_MAX,
    INT64_MAX,
    Stage,
    display_duration,
    display_memory,
    language_id_of,
)
from apps.code_execution.languages import LanguageRules
from apps.code_execution.models import VERDICT_CHOICES, CodeSubmission
from apps.code_execution.reading import Disclosure, ProblemStatistics, disclosure_of
from apps.contests.visibility import Detail
from apps.problems.domain import LANGUAGES

Purpose = CodeSubmission.Purpose
PURPOSES_TO_CHOOSE = [Purpose.CONTEST.value, Purpose.PRACTICE.value]
# What whoever hands a program in is told at once: to a contest, and to none.
AT_FIRST = Disclosure(detail=Detail.SAMPLES, has_code=True)
AT_FIRST_OUTSIDE = Disclosure(detail=Detail.TESTS, has_code=True)


class TestResultSerializer(serializers.Serializer[Any]):
    """How a submission did on one test case.

    `output` is there for samples only, and `judge_message` for the jury.
    """

    __test__ = False

    test_case_id = serializers.CharField(allow_null=True)
    test_case_number = serializers.IntegerField()
    is_sample = serializers.BooleanField()
    verdict = serializers.ChoiceField(VERDICT_CHOICES, allow_null=True)
    passed = serializers.BooleanField()
    is_skipped = serializers.BooleanField(default=False)
    score = serializers.FloatField(allow_null=True, default=None)
    execution_time_ms = serializers.IntegerField(allow_null=True)
    cpu_time_ms = serializers.IntegerField(allow_null=True)
    memory_usage_bytes = serializers.IntegerField(allow_null=True)
    exit_code = serializers.IntegerField(allow_null=True)
    signal = serializers.IntegerField(allow_null=True)
    output = serializers.CharField(allow_null=True)
    error = serializers.CharField(allow_null=True)
    judge_message = serializers.CharField(allow_null=True, default=None)


class ProgressSerializer(serializers.Serializer[CodeSubmission]):
    """How far judging is; the counts are for whoever may know the results of all tests."""

    stage = serializers.ChoiceField([each.value for each in Stage], source="judging_stage")
    tests_done = serializers.IntegerField(allow_null=True)
    tests_total = serializers.IntegerField(allow_null=True)


class SubmissionSummarySerializer(serializers.ModelSerializer[CodeSubmission]):
    """A submission in a list: without the texts, which may be long.

    What the caller may not know is `null`; `disclosure` says how much that is. Of a submission
    that merely `exists` for the caller, `status` is always `pending`.
    `context["rights"]` says who that is, and `context["is_on_board"]` whether the list has only
    what is on the board.
    """

    username = serializers.CharField(source="user.username", read_only=True)
    disclosure = serializers.SerializerMethodField()
    progress = ProgressSerializer(read_only=True, allow_null=True)
    execution_time = serializers.SerializerMethodField()
    memory_usage = serializers.SerializerMethodField()

    class Meta:
        model = CodeSubmission
        fields = [
            "id",
            "microservice_submission_id",
            "user",
            "username",
            "contest",
            "problem",
            "participant",
            "purpose",
            "language",
            "disclosure",
            "status",
            "progress",
            "verdict",
            "execution_time",
            "memory_usage",
            "execution_time_ms",
            "memory_usage_bytes",
            "score",
            "is_correct",
            "contest_time_ms",
            "created_at",
            "updated_at",
            "submitted_at",
            "completed_at",
        ]
        read_only_fields = fields
        extra_kwargs = {"updated_at": {"allow_null": True}}

    @override
    def to_representation(self, instance: CodeSubmission) -> dict[str, Any]:
        """Keep back what the caller may not know."""
        disclosure = self._disclosure(instance)
        body = super().to_representation(instance)
        return disclosed(body, disclosure.detail, has_code=disclosure.has_code)

    @extend_schema_field(serializers.ChoiceField([each.name.lower() for each in Detail]))
    def get_disclosure(self, submission: CodeSubmission) -> str:
        """Say how much of it is shown."""
        return self._disclosure(submission).detail.name.lower()

    def _disclosure(self, submission: CodeSubmission) -> Disclosure:
        if "disclosure" in self.context:
            found: Disclosure = self.context["disclosure"]
            return found
        if "rights" not in self.context:
            return AT_FIRST_OUTSIDE if submission.contest_id is None else AT_FIRST
        is_on_board = self.context.get("is_on_board", False)
        return disclosure_of(self.context["rights"], submission, is_on_board=is_on_board)

    def get_execution_time(self, submission: CodeSubmission) -> str | None:
        """Write the time as `0.045s`."""
        return display_duration(submission.execution_time_ms)

    def get_memory_usage(self, submission: CodeSubmission) -> str | None:
        """Write the peak of memory as `8.2MB`."""
        return display_memory(submission.memory_usage_bytes)


class SubmissionSerializer(SubmissionSummarySerializer):
    """A submission with its texts."""

    compile_options = serializers.ListField(
        child=serializers.CharField(), read_only=True, allow_null=True
    )
    test_results = TestResultSerializer(many=True, read_only=True, allow_null=True)

    class Meta(SubmissionSummarySerializer.Meta):
        fields = [
            *SubmissionSummarySerializer.Meta.fields,
            "code",
            "input_data",
            "compile_options",
            "output",
            "error_output",
            "exit_code",
            "test_results",
        ]
        read_only_fields = fields
        extra_kwargs = {
            **SubmissionSummarySerializer.Meta.extra_kwargs,
            "code": {"allow_null": True},
            "input_data": {"allow_null": True},
        }


class WatchedSubmissionSerializer(SubmissionSerializer):
    """A submission as streams tell it: without the program, which whoever watches has."""

    class Meta(SubmissionSerializer.Meta):
        fields = [
            name for name in SubmissionSerializer.Meta.fields if name not in {"code", "input_data"}
        ]
        read_only_fields = fields


class ProgramSerializer(serializers.Serializer[Any]):
    """A program to run; whose it is, the credential says."""

    code = serializers.CharField(trim_whitespace=False, help_text="At most 100 KiB.")
    language = serializers.CharField(
        max_length=32, help_text=f"One of {', '.join(LANGUAGES)}, or a usual alias."
    )
    input_data = serializers.CharField(
        default="", allow_blank=True, trim_whitespace=False, max_length=INPUT_CHARS_MAX
    )
    compile_options = serializers.ListField(
        child=serializers.CharField(max_length=COMPILE_OPTION_CHARS_MAX),
        default=list,
        max_length=COMPILE_OPTIONS_MAX,
        help_text="Such as `-std=c++17`; the problem's `languages/` has the allowed ones.",
    )

    def validate_code(self, code: str) -> str:
        """Bound the program.

        Raises:
            ValidationError: It is too long.
        """
        if len(code.encode()) > CODE_BYTES_MAX:
            raise serializers.ValidationError(f"The code may have {CODE_BYTES_MAX} bytes.")
        return code

    def validate_language(self, name: str) -> str:
        """Find the language that is meant.

        Raises:
            ValidationError: There is none of that name.
        """
        language = language_id_of(name)
        if language is None:
            raise serializers.ValidationError(
                f"There is no language '{name}'. Use one of {', '.join(LANGUAGES)}."
            )
        return language


def _id_field(*, source: str, help_text: str | None = None) -> serializers.IntegerField:
    return serializers.IntegerField(
        min_value=1,
        max_value=INT64_MAX,
        required=False,
        allow_null=True,
        default=None,
        source=source,
        help_text=help_text,
    )


class NewSubmissionSerializer(ProgramSerializer):
    """A program to judge."""

    contest = _id_field(source="contest_id")
    problem = _id_field(source="problem_id")
    purpose = serializers.ChoiceField(
        PURPOSES_TO_CHOOSE,
        default=Purpose.CONTEST.value,
        help_text="`practice`: after the contest's end, without counting.",
    )


class NewTrialSerializer(ProgramSerializer):
    """A program to try out, on the problem's samples, or on `input_data` if there is any."""

    problem = _id_field(source="problem_id", help_text="Without one, it is run on `input_data`.")


class ProblemLanguageRulesSerializer(serializers.Serializer[LanguageRules]):
    """What holds for programs in one language; `null` until the execution service has told it."""

    language = serializers.ChoiceField(LANGUAGES)
    time_limit_ms = serializers.IntegerField(allow_null=True)
    memory_limit_bytes = serializers.IntegerField(allow_null=True)
    compile_options = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField(allow_blank=True)),
        allow_null=True,
        help_text="Of each kind one may choose one; the first is taken by default.",
    )


class ServiceHealthSerializer(serializers.Serializer[Any]):
    """The execution service's own account of its health."""

    status = serializers.CharField()
    timestamp = serializers.DateTimeField()
    service = serializers.CharField()
    version = serializers.CharField()


class PlatformHealthSerializer(serializers.Serializer[Any]):
    """Whether this server, and what it works with, is alive."""

    status = serializers.CharField()
    timestamp = serializers.DateTimeField()
    service = serializers.CharField()
    version = serializers.CharField()
    replica = serializers.CharField()
    cornflow_status = serializers.CharField(help_text="`healthy` or `unhealthy`.")
    backend_status = serializers.CharField(help_text="`healthy` or `unhealthy`.")
    cornflow_version = serializers.CharField()


class ProblemStatisticsSerializer(serializers.Serializer[ProblemStatistics]):
    """How a contest's problem does; behind a freeze nobody is known to solve one."""

    problem = serializers.IntegerField()
    label = serializers.CharField()  # type: ignore[assignment]  # DRF has a `label` of its own
    attempts = serializers.IntegerField()
    tried_by = serializers.IntegerField(help_text="Participants who tried it.")
    solved_by = serializers.IntegerField(help_text="Participants who are known to have solved it.")
