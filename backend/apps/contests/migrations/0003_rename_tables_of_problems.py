"""Give the tables of problems the names that they have in their own app."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [("contests", "0002_problem_allows_compile_options_and_more")]

    operations = [
        migrations.AlterModelTable(name=name, table=f"problems_{name}")
        for name in ("problem", "testcase", "problemlanguage", "problemfile")
    ]
