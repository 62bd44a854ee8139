"""Problems in the admin."""

from collections.abc import Mapping, Sequence
from tempfile import TemporaryFile
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import Count, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from typing_extensions import override

from apps.core.errors import InvalidFieldsError
from apps.problems.consistency import check_problem
from apps.problems.domain import PROBLEM_FILES_MAX, TEST_CASE_CHARS_MAX
from apps.problems.exchange import export_problem
from apps.problems.models import (
    Problem,
    ProblemFile,
    ProblemLanguage,
    ProblemProgram,
    ReferenceSubmission,
    TestCase,
    TestData,
    TestGroup,
)
from apps.problems.rendering import render_statement
from apps.problems.serializers import FILE_VIEW

# On a request: what was wrong with its problem, found when everything of it was stored.
_FAULTS = "_problem_faults"


class VerbatimField(forms.CharField):
    """A text that is kept to the last blank; line ends are what programs read and print."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "strip": False})

    @override
    def to_python(self, value: Any) -> str | None:
        """Undo what browsers do to line ends. Source: WHATWG HTML, form submission."""
        text = super().to_python(value)
        return text and text.replace("\r\n", "\n")


class TestCaseForm(forms.ModelForm[TestCase]):
    """A test case, kept as it is typed."""

    __test__ = False

    input = VerbatimField(widget=forms.Textarea, required=False, max_length=TEST_CASE_CHARS_MAX)
    expected_output = VerbatimField(
        widget=forms.Textarea, required=False, max_length=TEST_CASE_CHARS_MAX
    )

    class Meta:
        model = TestCase
        fields = ["position", "group", "points", "is_sample"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is not None:
            self.initial["input"] = self.instance.input
            self.initial["expected_output"] = self.instance.expected_output

    @override
    def save(self, commit: bool = True) -> TestCase:
        """Keep what was typed; what was not touched stays as it is, whatever its bytes."""
        is_new = self.instance.pk is None
        if is_new or "input" in self.changed_data:
            self.instance.input_data = self._data("input")
        if is_new or "expected_output" in self.changed_data:
            self.instance.expected_data = self._data("expected_output")
        return super().save(commit)

    def _data(self, name: str) -> TestData:
        return TestData.objects.keep((self.cleaned_data[name] or "").encode())


class TestCaseInline(admin.StackedInline[TestCase, Problem]):
    """The test cases of a problem."""

    __test__ = False

    model = TestCase
    form = TestCaseForm
    fields = [("position", "group", "points", "is_sample"), ("input", "expected_output")]
    extra = 0

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[TestCase]:
        """Fetch the contents along."""
        return super().get_queryset(request).select_related("input_data", "expected_data")

    @override
    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the problem's own groups."""
        if db_field.name == "group":
            kwargs["queryset"] = _groups_on_page(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class TestGroupInline(admin.TabularInline[TestGroup, Problem]):
    """The groups of test cases of a problem: its subtasks."""

    __test__ = False

    model = TestGroup
    fields = ["position", "name", "points", "scoring", "stop_at_first_failure", "requires"]
    extra = 0

    @override
    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the problem's own groups."""
        kwargs["queryset"] = _groups_on_page(request)
        return super().formfield_for_manytomany(db_field, request, **kwargs)


class ProblemProgramInline(admin.StackedInline[ProblemProgram, Problem]):
    """The problem's own checker and interactor."""

    model = ProblemProgram
    extra = 0


class ReferenceSubmissionInline(admin.StackedInline[ReferenceSubmission, Problem]):
    """Programs whose verdicts are known."""

    model = ReferenceSubmission
    extra = 0
    classes = ["collapse"]


class ProblemLanguageInline(admin.TabularInline[ProblemLanguage, Problem]):
    """Where a problem allows a language more, or less, than usual."""

    model = ProblemLanguage
    extra = 0


class ProblemFileForm(forms.ModelForm[ProblemFile]):
    """A file, kept as it is typed."""

    class Meta:
        model = ProblemFile
        fields = ["language", "name", "content"]
        field_classes = {"content": VerbatimField}


class ProblemFileInline(admin.StackedInline[ProblemFile, Problem]):
    """What lies beside every program for a problem."""

    model = ProblemFile
    form = ProblemFileForm
    fields = [("name", "language"), "content"]
    max_num = PROBLEM_FILES_MAX
    extra = 0


class ProblemForm(forms.ModelForm[Problem]):
    """A problem; `faults` are what was wrong with all that was posted, by field."""

    faults: ClassVar[Mapping[str, Sequence[str]]] = {}

    @override
    def clean(self) -> dict[str, Any] | None:
        """Say what is to be changed."""
        cleaned = super().clean()
        for name, texts in self.faults.items():
            for text in texts:
                self.add_error(name if name in self.fields else None, text)
        return cleaned


class ProblemAdmin(admin.ModelAdmin[Problem]):
    """Problems. Registered by `code_execution.admin`, which can judge their references."""

    form = ProblemForm

    list_display = ["title", "time_limit_ms", "memory_limit_bytes", "test_count"]
    list_filter = ["contests"]
    search_fields = ["title", "short_name"]
    # Said again, as counting along drops the model's own.
    ordering = ["id"]
    actions = ["export_package"]
    inlines = [
        ProblemLanguageInline,
        ProblemFileInline,
        ProblemProgramInline,
        TestGroupInline,
        TestCaseInline,
        ReferenceSubmissionInline,
    ]

    class Media:
        css: ClassVar[dict[str, list[str]]] = {"all": ["admin/problems/statement.css"]}
        js: ClassVar[list[Any]] = [forms.Script("core/maths_on_page.js", type="module")]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Problem]:
        """Count the test cases along."""
        return super().get_queryset(request).annotate(how_many=Count("test_cases", distinct=True))

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: Problem | None = None) -> Any:
        """Show the statement as participants see it, once there is one."""
        own = super().get_readonly_fields(request, obj)
        return own if obj is None else [*own, "rendered_statement"]

    @override
    def get_fields(self, request: HttpRequest, obj: Problem | None = None) -> Any:
        """Put it right below what it was written as."""
        names: list[Any] = list(super().get_fields(request, obj))
        if "rendered_statement" in names:
            names.remove("rendered_statement")
            names.insert(names.index("statement") + 1, "rendered_statement")
        return names

    @admin.display(description="as participants see it")
    def rendered_statement(self, problem: Problem) -> SafeString:
        """Give the stored statement as HTML."""
        files_url = reverse(FILE_VIEW, args=[problem.pk, "-"]).removesuffix("-")
        html = render_statement(problem.statement, problem.statement_format, files_url=files_url)
        return mark_safe(html)  # noqa: S308 - it has been sanitized

    @override
    def get_form(
        self, request: HttpRequest, obj: Problem | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Take along what was found wrong."""
        form = super().get_form(request, obj, change, **kwargs)
        return type(form.__name__, (form,), {"faults": getattr(request, _FAULTS, {})})

    @override
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Store everything that is posted if it fits together; else show it again with why not."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except InvalidFieldsError as error:
            # What had been stored was rolled back.
            setattr(request, _FAULTS, error.fields)
            return super().changeform_view(request, object_id, form_url, extra_context)

    @override
    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Store what stands on the page too, and look at the whole.

        Raises:
            InvalidFieldsError: It does not fit together.
        """
        super().save_related(request, form, formsets, change)
        check_problem(form.instance)

    @admin.display(description="test cases", ordering="how_many")
    def test_count(self, problem: Problem) -> int:
        """Give the number of test cases."""
        count: int = getattr(problem, "how_many", 0)
        return count

    @admin.action(description="Export the selected problem as a package", permissions=["view"])
    def export_package(
        self, request: HttpRequest, queryset: QuerySet[Problem]
    ) -> HttpResponse | FileResponse | None:
        """Download one problem; the package gives the same problem back."""
        problems = list(queryset[:2])
        if len(problems) != 1:
            self.message_user(request, "Select one problem: a package has one.", messages.ERROR)
            return None
        file = TemporaryFile()  # noqa: SIM115 - the answer closes it
        report = export_problem(problems[0], file)
        if report.errors:
            file.close()
            for finding in report.errors:
                self.message_user(request, f"{finding.path}: {finding.message}", messages.ERROR)
            return None
        file.seek(0)
        name = problems[0].short_name or f"problem{problems[0].pk}"
        return FileResponse(file, as_attachment=True, filename=f"{name}.zip")


def _groups_on_page(request: HttpRequest) -> QuerySet[TestGroup]:
    """Give the groups of the problem whose page is asked for; a new one has none yet."""
    match = request.resolver_match
    object_id = match.kwargs.get("object_id") if match else None
    if object_id is None:
        return TestGroup.objects.none()
    return TestGroup.objects.filter(problem_id=unquote(object_id))
