"""Problem packages that wait for somebody to look at them and to decide."""

from dataclasses import dataclass
from io import BytesIO

from django.db import transaction

from apps.audit.services import record
from apps.core.errors import ClientError
from apps.problems.exchange import examine_package, store_definition
from apps.problems.models import PackageUpload, Problem
from apps.problems.packages.definition import Definition
from apps.problems.packages.report import Report
from apps.users.models import User


class PackageRefusedError(ClientError):
    """A package can't become a problem."""

    code = "package-refused"
    title = "The package can't become a problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a package holds, and what was found in it; without a definition it can't be taken."""

    definition: Definition | None
    report: Report
    replaces: Problem | None


def preview_upload(upload: PackageUpload) -> Preview | None:
    """Look at a package; `None` when it is not kept any more."""
    if upload.content is None:
        return None
    definition, report = examine_package(BytesIO(upload.content), file_name=upload.file_name)
    name = definition and definition.short_name
    replaces = Problem.objects.filter(short_name=name).first() if name else None
    return Preview(definition=definition, report=report, replaces=replaces)


@transaction.atomic
def import_upload(*, upload_id: int, actor: User) -> Problem:
    """Make a problem of a package, once.

    Raises:
        PackageRefusedError: It became one already, or has errors.
    """
    upload = PackageUpload.objects.select_for_update().get(pk=upload_id)
    preview = preview_upload(upload)
    if preview is None:
        raise PackageRefusedError("This package has become a problem already.")
    if preview.definition is None:
        count = len(preview.report.errors)
        raise PackageRefusedError(f"The package has {count} errors; correct them first.")
    definition = preview.definition
    problem = import_definition(definition, file_name=upload.file_name, owner=actor, actor=actor)
    upload.problem = problem
    upload.content = None
    upload.save(update_fields=["problem", "content"])
    return problem


@transaction.atomic
def import_definition(
    definition: Definition, *, file_name: str, owner: User | None, actor: User | None
) -> Problem:
    """Make a problem of what a package says, or replace the one of its name.

    `actor` is `None` for a command. A problem that is there keeps its owner.
    """
    is_known = Problem.objects.filter(short_name=definition.short_name).exists()
    problem = store_definition(definition, owner=owner)
    record(
        actor=actor,
        act="problem.import",
        of=problem,
        after={"package": file_name, "replaced": is_known},
    )
    return problem
