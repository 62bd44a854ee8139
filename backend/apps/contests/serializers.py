"""The JSON forms of contests and problems."""

from typing import Any

from django.utils import timezone
from rest_framework import serializers
from typing_extensions import override

from apps.contests import services
from apps.contests.models import (
    PROBLEM_FILES_MAX,
    TEST_CASE_CHARS_MAX,
    Contest,
    ContestParticipant,
    ContestProblem,
    Problem,
    ProblemFile,
    ProblemLanguage,
    TestCase,
)
from apps.users.permissions import is_manager

TEST_CASES_MAX = 500


class ContestProblemSerializer(serializers.ModelSerializer[ContestProblem]):
    """A problem in a contest."""

    title = serializers.CharField(source="problem.title", read_only=True)

    class Meta:
        model = ContestProblem
        fields = ["problem", "title", "order", "points"]


class ContestSerializer(serializers.ModelSerializer[Contest]):
    """A contest. Its problems are kept back from participants until it starts."""

    problems = ContestProblemSerializer(many=True, source="contest_problems", required=False)
    participant_count = serializers.IntegerField(read_only=True, default=0)

    class Meta:
        model = Contest
        fields = [
            "id",
            "title",
            "description",
            "created_at",
            "is_active",
            "start_time",
            "end_time",
            "max_participants",
            "participant_count",
            "problems",
        ]

    @override
    def to_representation(self, instance: Contest) -> dict[str, Any]:
        """Leave the problems out for whom they are kept back."""
        body = super().to_representation(instance)
        is_open = instance.is_active and instance.has_started(timezone.now())
        if not is_open and not is_manager(self.context["request"]):
            body["problems"] = []
        return body

    @override
    def create(self, validated_data: dict[str, Any]) -> Contest:
        """Store a new contest."""
        return self.update(Contest(), validated_data)

    @override
    def update(self, instance: Contest, validated_data: dict[str, Any]) -> Contest:
        """Store a changed contest."""
        problems = validated_data.pop("contest_problems", None)
        saved = services.save_contest(contest=instance, fields=validated_data, problems=problems)
        return services.list_contests().get(pk=saved.pk)


class SampleSerializer(serializers.ModelSerializer[TestCase]):
    """A test case that participants may see."""

    class Meta:
        model = TestCase
        fields = ["id", "position", "input", "expected_output"]


class TestCaseSerializer(serializers.ModelSerializer[TestCase]):
    """A test case, as managers write it."""

    __test__ = False

    id = serializers.IntegerField(
        required=False, help_text="Changes this test case; else it is new."
    )
    input = serializers.CharField(
        default="", allow_blank=True, trim_whitespace=False, max_length=TEST_CASE_CHARS_MAX
    )
    expected_output = serializers.CharField(
        default="", allow_blank=True, trim_whitespace=False, max_length=TEST_CASE_CHARS_MAX
    )

    class Meta:
        model = TestCase
        fields = ["id", "position", "input", "expected_output", "is_sample", "points"]
        extra_kwargs = {"position": {"help_text": "By default the place in the list, from 1."}}


class ProblemLanguageSerializer(serializers.ModelSerializer[ProblemLanguage]):
    """What a problem allows one language in place of the language's own multipliers."""

    class Meta:
        model = ProblemLanguage
        fields = ["language", "time_multiplier", "memory_multiplier"]


class ProblemFileSerializer(serializers.ModelSerializer[ProblemFile]):
    """A file that lies beside every program; with `language` empty, of every language."""

    class Meta:
        model = ProblemFile
        fields = ["name", "language", "content"]
        extra_kwargs = {"content": {"trim_whitespace": False}}


class ProblemSerializer(serializers.ModelSerializer[Problem]):
    """A problem, as participants see it."""

    samples = SampleSerializer(many=True, read_only=True)

    class Meta:
        model = Problem
        fields = [
            "id",
            "title",
            "statement",
            "time_limit_ms",
            "memory_limit_bytes",
            "checker",
            "allows_compile_options",
            "samples",
        ]


class ProblemDetailSerializer(ProblemSerializer):
    """A problem with what lies beside every program."""

    files = ProblemFileSerializer(many=True, read_only=True)

    class Meta(ProblemSerializer.Meta):
        fields = [*ProblemSerializer.Meta.fields, "files"]


class ManagedProblemSerializer(ProblemSerializer):
    """A problem with all that belongs to it, for managers only."""

    samples = None  # type: ignore[assignment]  # DRF's way to drop an inherited field
    test_cases = TestCaseSerializer(many=True, required=False)
    languages = ProblemLanguageSerializer(many=True, required=False)
    files = ProblemFileSerializer(many=True, required=False)

    class Meta(ProblemSerializer.Meta):
        fields = [
            *(name for name in ProblemSerializer.Meta.fields if name != "samples"),
            "test_cases",
            "languages",
            "files",
        ]

    def validate_test_cases(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Bound what one submission may cost.

        Raises:
            ValidationError: There are too many test cases.
        """
        if len(items) > TEST_CASES_MAX:
            raise serializers.ValidationError(f"At most {TEST_CASES_MAX} test cases.")
        return items

    def validate_files(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Bound what goes along with every submission.

        Raises:
            ValidationError: There are too many files.
        """
        if len(items) > PROBLEM_FILES_MAX:
            raise serializers.ValidationError(f"At most {PROBLEM_FILES_MAX} files.")
        return items

    @override
    def create(self, validated_data: dict[str, Any]) -> Problem:
        """Store a new problem."""
        return self.update(Problem(), validated_data)

    @override
    def update(self, instance: Problem, validated_data: dict[str, Any]) -> Problem:
        """Store a changed problem."""
        return services.save_problem(
            problem=instance,
            test_cases=validated_data.pop("test_cases", None),
            languages=validated_data.pop("languages", None),
            files=validated_data.pop("files", None),
            fields=validated_data,
        )


class ParticipantSerializer(serializers.ModelSerializer[ContestParticipant]):
    """A participant, as everybody sees them."""

    username = serializers.CharField(source="user.username", read_only=True)

    class Meta:
        model = ContestParticipant
        fields = [
            "id",
            "contest",
            "user",
            "username",
            "joined_at",
            "final_score",
            "rank",
            "last_improved_at",
        ]
        read_only_fields = fields
