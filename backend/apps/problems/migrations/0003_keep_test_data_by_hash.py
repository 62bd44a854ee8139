"""Move the texts of test cases to where every content is kept once."""

import hashlib

from django.db import migrations


def keep(apps, schema_editor):
    test_data = apps.get_model("problems", "TestData").objects
    for test_case in apps.get_model("problems", "TestCase").objects.iterator(chunk_size=100):
        for field, text in (
            ("input_data", test_case.input),
            ("expected_data", test_case.expected_output),
        ):
            content = text.encode()
            row, _created = test_data.get_or_create(
                sha256=hashlib.sha256(content).hexdigest(),
                defaults={"content": content, "size_bytes": len(content)},
            )
            setattr(test_case, field, row)
        test_case.save(update_fields=["input_data", "expected_data"])


class Migration(migrations.Migration):

    dependencies = [("problems", "0002_test_data_groups_programs")]

    operations = [migrations.RunPython(keep, migrations.RunPython.noop, elidable=True)]
