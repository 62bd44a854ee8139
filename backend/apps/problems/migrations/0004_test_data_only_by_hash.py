"""Drop the texts that are kept as test data now."""

import django.db.models.deletion
from django.db import migrations, models


def _data():
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="problems.testdata"
    )


class Migration(migrations.Migration):

    dependencies = [("problems", "0003_keep_test_data_by_hash")]

    operations = [
        migrations.RemoveField(model_name="testcase", name="input"),
        migrations.RemoveField(model_name="testcase", name="expected_output"),
        migrations.AlterField(model_name="testcase", name="input_data", field=_data()),
        migrations.AlterField(model_name="testcase", name="expected_data", field=_data()),
    ]
