"""Leave the problems to their own app."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("contests", "0004_set_problems_of_their_own_app"),
        ("code_execution", "0004_problems_of_their_own_app"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.DeleteModel(name=name)
                for name in ("TestCase", "ProblemLanguage", "ProblemFile", "Problem")
            ]
        )
    ]
