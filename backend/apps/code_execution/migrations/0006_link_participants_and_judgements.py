"""Tell each submission whose attempt it is and which judgement is in force."""

from django.db import migrations
from django.db.models import OuterRef, Subquery

OUTCOME = (
    "output",
    "error_output",
    "exit_code",
    "execution_time_ms",
    "memory_usage_bytes",
    "completed_at",
    "test_results",
)


def link(apps, schema_editor):
    submissions = apps.get_model("code_execution", "CodeSubmission").objects
    judgements = apps.get_model("code_execution", "Judgement").objects
    participants = apps.get_model("contests", "ContestParticipant").objects
    mine = participants.filter(contest=OuterRef("contest"), user=OuterRef("user"), kind="official")
    submissions.filter(contest__isnull=False).update(participant=Subquery(mine.values("pk")[:1]))
    newest = judgements.filter(submission=OuterRef("pk"), finished_at__isnull=False)
    submissions.update(judgement=Subquery(newest.order_by("-finished_at").values("pk")[:1]))
    for submission in submissions.exclude(judgement=None).iterator(chunk_size=100):
        judgements.filter(pk=submission.judgement_id).update(
            **{name: getattr(submission, name) for name in OUTCOME}
        )
    for submission in submissions.exclude(participant=None).select_related("contest").iterator():
        start = submission.contest.start_time or submission.contest.created_at
        duration = submission.created_at - start
        submission.contest_time_ms = round(duration.total_seconds() * 1000)
        submission.save(update_fields=["contest_time_ms"])


class Migration(migrations.Migration):

    dependencies = [("code_execution", "0005_participants_rejudgings")]

    operations = [migrations.RunPython(link, migrations.RunPython.noop, elidable=True)]
