"""The JSON forms of problems."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from typing_extensions import override

from apps.problems import services
from apps.problems.domain import (
    PROBLEM_FILES_MAX,
    PROGRAM_ARGUMENT_CHARS_MAX,
    PROGRAM_ARGUMENTS_MAX,
    PROGRAM_BYTES_MAX,
    PROGRAM_FILES_MAX,
    TEST_CASE_CHARS_MAX,
    TEST_CASES_MAX,
    TEST_GROUPS_MAX,
)
from apps.problems.models import (
    Problem,
    ProblemFile,
    ProblemLanguage,
    ProblemProgram,
    TestCase,
    TestGroup,
)
from apps.problems.rendering import render_statement
from apps.problems.rules import SWITCHES, TOLERANCES, token_options_fault

GROUP_NAME_CHARS_MAX = 64
# The address of a file beside a statement, by the problem's id and the file's path.
FILE_VIEW = "problem-file"


class SampleSerializer(serializers.ModelSerializer[TestCase]):
    """A test case that participants may see."""

    input = serializers.CharField(read_only=True)
    expected_output = serializers.CharField(read_only=True)

    class Meta:
        model = TestCase
        fields = ["id", "position", "input", "expected_output"]


class RequiredGroupsField(serializers.ListField):
    """Groups by their names, of which the service looks whether they are there."""

    child = serializers.CharField(max_length=GROUP_NAME_CHARS_MAX)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=TEST_GROUPS_MAX, **kwargs)

    @override
    def to_representation(self, data: Any) -> list[str]:
        """Name the groups."""
        return [group.name for group in data.all()]


class TestGroupSerializer(serializers.ModelSerializer[TestGroup]):
    """A group of test cases: a subtask."""

    __test__ = False

    requires = RequiredGroupsField(
        required=False, help_text="Names of groups that must be full for this one to count."
    )

    class Meta:
        model = TestGroup
        fields = ["name", "points", "scoring", "stop_at_first_failure", "requires"]


class TestCaseSerializer(serializers.ModelSerializer[TestCase]):
    """A test case, as managers write it."""

    __test__ = False

    id = serializers.IntegerField(
        required=False, help_text="Changes this test case; else it is new."
    )
    group = serializers.CharField(
        source="group.name",
        required=False,
        allow_null=True,
        max_length=GROUP_NAME_CHARS_MAX,
        help_text="The name of its group.",
    )
    input = serializers.CharField(
        default="", allow_blank=True, trim_whitespace=False, max_length=TEST_CASE_CHARS_MAX
    )
    expected_output = serializers.CharField(
        default="", allow_blank=True, trim_whitespace=False, max_length=TEST_CASE_CHARS_MAX
    )

    class Meta:
        model = TestCase
        fields = ["id", "position", "group", "input", "expected_output", "is_sample", "points"]
        extra_kwargs = {"position": {"help_text": "By default the place in the list, from 1."}}

    @override
    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Give the group's name as it is."""
        value: dict[str, Any] = super().to_internal_value(data)
        if "group" in value:
            value["group"] = value["group"]["name"]
        return value


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


class ProblemProgramSerializer(serializers.ModelSerializer[ProblemProgram]):
    """A checker or an interactor."""

    files = serializers.DictField(
        child=serializers.CharField(
            allow_blank=True, trim_whitespace=False, max_length=PROGRAM_BYTES_MAX
        ),
        default=dict,
    )
    arguments = serializers.ListField(
        child=serializers.CharField(max_length=PROGRAM_ARGUMENT_CHARS_MAX),
        default=list,
        max_length=PROGRAM_ARGUMENTS_MAX,
    )

    class Meta:
        model = ProblemProgram
        fields = ["role", "protocol", "language", "source", "files", "arguments"]
        extra_kwargs = {"source": {"trim_whitespace": False}}

    def validate_files(self, files: dict[str, str]) -> dict[str, str]:
        """Bound what goes along with every submission.

        Raises:
            ValidationError: There are too many files.
        """
        if len(files) > PROGRAM_FILES_MAX:
            raise serializers.ValidationError(f"At most {PROGRAM_FILES_MAX} files.")
        return files


class ProblemSerializer(serializers.ModelSerializer[Problem]):
    """A problem, as participants see it."""

    samples = SampleSerializer(many=True, read_only=True)

    class Meta:
        model = Problem
        fields = [
            "id",
            "short_name",
            "title",
            "statement",
            "statement_format",
            "time_limit_ms",
            "memory_limit_bytes",
            "checker",
            "allows_compile_options",
            "samples",
        ]


class _RenderedProblemSerializer(ProblemSerializer):
    statement_html = serializers.SerializerMethodField(
        help_text="The statement as safe HTML; `.math` holds TeX for KaTeX."
    )

    def get_statement_html(self, problem: Problem) -> str:
        """Render the statement."""
        return render_statement(
            problem.statement, problem.statement_format, files_url=self._files_url(problem)
        )

    def _files_url(self, problem: Problem) -> str:
        return self._url_of(problem, "-").removesuffix("-")

    def _url_of(self, problem: Problem, path: str) -> str:
        url = reverse(FILE_VIEW, args=[problem.pk, path])
        request: Request | None = self.context.get("request")
        return request.build_absolute_uri(url) if request else url


class AttachmentSerializer(serializers.Serializer[Any]):
    """A file to download, such as a starter program or a tool for testing."""

    name = serializers.CharField(help_text="Its path among the attachments.")
    size_bytes = serializers.IntegerField()
    url = serializers.URLField()


class ProblemDetailSerializer(_RenderedProblemSerializer):
    """A problem with what lies beside every program, and what there is to download."""

    files = ProblemFileSerializer(many=True, read_only=True)
    attachments = serializers.SerializerMethodField()

    class Meta(ProblemSerializer.Meta):
        fields = [*ProblemSerializer.Meta.fields, "statement_html", "files", "attachments"]

    @extend_schema_field(AttachmentSerializer(many=True))
    def get_attachments(self, problem: Problem) -> list[dict[str, Any]]:
        """Give name, size and address of each."""
        return [
            {
                "name": each.path.partition("/")[2],
                "size_bytes": each.data.size_bytes,
                "url": self._url_of(problem, each.path),
            }
            for each in services.list_attachments(problem)
        ]


@extend_schema_field({
    "type": "object",
    "properties": {
        **{name: {"type": "boolean"} for name in SWITCHES},
        **{
            name: {"type": "number", "minimum": 0, "maximum": 1, "nullable": True}
            for name in TOLERANCES
        },
    },
    "additionalProperties": False,
})
class CheckerOptionsField(serializers.JSONField):
    """The options that the checker of tokens has."""

    @override
    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Refuse what it does not have.

        Raises:
            ValidationError: There is no option of that name, or its value is wrong.
        """
        options = super().to_internal_value(data)
        if not isinstance(options, Mapping):
            raise serializers.ValidationError("Give an object of options.")
        fault = token_options_fault(options)
        if fault is not None:
            raise serializers.ValidationError(fault)
        return dict(options)


class ManagedProblemSerializer(_RenderedProblemSerializer):
    """A problem with all that belongs to it, for managers only."""

    samples = None  # type: ignore[assignment]  # DRF's way to drop an inherited field
    test_groups = TestGroupSerializer(  # type: ignore[call-arg]  # lists take it too
        many=True, required=False, max_length=TEST_GROUPS_MAX
    )
    test_cases = TestCaseSerializer(  # type: ignore[call-arg]  # lists take it too
        many=True, required=False, max_length=TEST_CASES_MAX
    )
    languages = ProblemLanguageSerializer(many=True, required=False)
    files = ProblemFileSerializer(  # type: ignore[call-arg]  # lists take it too
        many=True, required=False, max_length=PROBLEM_FILES_MAX
    )
    programs = ProblemProgramSerializer(many=True, required=False)
    checker_options = CheckerOptionsField(
        required=False, help_text="For the checker of tokens alone."
    )

    class Meta(ProblemSerializer.Meta):
        fields = [
            *(name for name in ProblemSerializer.Meta.fields if name != "samples"),
            "statement_html",
            "checker_options",
            "test_groups",
            "test_cases",
            "languages",
            "files",
            "programs",
        ]

    @override
    def create(self, validated_data: dict[str, Any]) -> Problem:
        """Store a new problem."""
        return self.update(Problem(), validated_data)

    @override
    def update(self, instance: Problem, validated_data: dict[str, Any]) -> Problem:
        """Store a changed problem."""
        parts = {
            name: validated_data.pop(name) for name in services.PARTS if name in validated_data
        }
        return services.save_problem(problem=instance, fields=validated_data, parts=parts)
