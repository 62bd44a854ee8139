"""Point at the problems in their own app; the database has pointed at their tables all along."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("contests", "0003_rename_tables_of_problems"),
        ("problems", "0001_initial"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="contestproblem",
                    name="problem",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contest_problems",
                        to="problems.problem",
                    ),
                ),
                migrations.AlterField(
                    model_name="contest",
                    name="problems",
                    field=models.ManyToManyField(
                        blank=True,
                        related_name="contests",
                        through="contests.ContestProblem",
                        to="problems.problem",
                    ),
                ),
            ]
        )
    ]
