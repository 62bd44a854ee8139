"""Drop the results of tests that each judgement has now."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [("code_execution", "0006_link_participants_and_judgements")]

    operations = [migrations.RemoveField(model_name="codesubmission", name="test_results")]
