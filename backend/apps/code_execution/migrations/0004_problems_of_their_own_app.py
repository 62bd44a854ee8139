"""Point at the problems in their own app; the database has pointed at their table all along."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("code_execution", "0003_execution_service"),
        ("problems", "0001_initial"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="codesubmission",
                    name="problem",
                    field=models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="submissions",
                        to="problems.problem",
                    ),
                ),
            ]
        )
    ]
