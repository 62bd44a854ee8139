"""Note how many participants each contest has."""

from typing import Any

from django.db import migrations, models
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce


def count_participants(apps: Any, _schema_editor: Any) -> None:
    """Count those that are there."""
    participants = apps.get_model("contests", "ContestParticipant").objects
    counts = participants.filter(contest=OuterRef("pk")).order_by().values("contest")
    counted = counts.annotate(count=Count("pk")).values("count")
    contests = apps.get_model("contests", "Contest").objects
    contests.update(board_row_count=Coalesce(Subquery(counted), 0))


class Migration(migrations.Migration):
    dependencies = [("contests", "0009_boards_in_a_rush")]

    operations = [
        migrations.AddField(
            model_name="contest",
            name="board_row_count",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.RunPython(count_participants, migrations.RunPython.noop),
    ]
