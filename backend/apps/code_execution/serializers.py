"""The JSON forms of submissions; the only place where times and sizes become texts."""

from typing import Any

from rest_framework import serializers

from apps.code_execution.domain import (
    CODE_BYTES_MAX,
    COMPILE_OPTION_CHARS_MAX,
    COMPILE_OPTIONS_MAX,
    INPUT_CHARS_MAX,
    display_duration,
    display_memory,
    language_id_of,
)
from apps.code_execution.languages import LanguageRules
from apps.code_execution.models import VERDICT_CHOICES, CodeSubmission
from apps.contests.models import Contest
from apps.problems.domain import LANGUAGES
from apps.problems.models import Problem


class TestResultSerializer(serializers.Serializer[Any]):
    """How a submission did on one test case; `output` is there for samples only."""

    __test__ = False

    test_case_id = serializers.CharField(allow_null=True)
    test_case_number = serializers.IntegerField()
    is_sample = serializers.BooleanField()
    verdict = serializers.ChoiceField(VERDICT_CHOICES, allow_null=True)
    passed = serializers.BooleanField()
    execution_time_ms = serializers.IntegerField(allow_null=True)
    cpu_time_ms = serializers.IntegerField(allow_null=True)
    memory_usage_bytes = serializers.IntegerField(allow_null=True)
    exit_code = serializers.IntegerField(allow_null=True)
    signal = serializers.IntegerField(allow_null=True)
    output = serializers.SerializerMethodField()
    error = serializers.CharField(allow_null=True)

    def get_output(self, result: dict[str, Any]) -> str | None:
        """Give what the program printed, unless the test case is hidden."""
        output: str | None = result["output"] if result["is_sample"] else None
        return output


class SubmissionSummarySerializer(serializers.ModelSerializer[CodeSubmission]):
    """A submission in a list: without the texts, which may be long."""

    username = serializers.CharField(source="user.username", read_only=True)
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
            "language",
            "status",
            "verdict",
            "execution_time",
            "memory_usage",
            "execution_time_ms",
            "memory_usage_bytes",
            "score",
            "is_correct",
            "created_at",
            "updated_at",
            "submitted_at",
            "completed_at",
        ]
        read_only_fields = fields

    def get_execution_time(self, submission: CodeSubmission) -> str | None:
        """Write the time as `0.045s`."""
        return display_duration(submission.execution_time_ms)

    def get_memory_usage(self, submission: CodeSubmission) -> str | None:
        """Write the peak of memory as `8.2MB`."""
        return display_memory(submission.memory_usage_bytes)


class SubmissionSerializer(SubmissionSummarySerializer):
    """A submission with everything that its owner may know."""

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


class NewSubmissionSerializer(serializers.Serializer[Any]):
    """A program to judge; whose it is, the credential says."""

    contest = serializers.PrimaryKeyRelatedField(
        queryset=Contest.objects.all(), required=False, allow_null=True, default=None
    )
    problem = serializers.PrimaryKeyRelatedField(
        queryset=Problem.objects.all(), required=False, allow_null=True, default=None
    )
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
