"""Revocations are numbered by transaction."""

from django.db import migrations, models


def number_what_is_there(apps, schema_editor):
    """0: committed before any process that reads by number has started."""
    families = apps.get_model("tokens", "Family").objects
    families.filter(revoked_at__isnull=False).update(revoked_tx=0)
    keys = apps.get_model("tokens", "SigningKey").objects
    keys.filter(removed_at__isnull=False).update(removed_tx=0)


class Migration(migrations.Migration):

    dependencies = [("tokens", "0002_guided_rotation")]

    operations = [
        migrations.AddField(
            model_name="family",
            name="revoked_tx",
            field=models.BigIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="signingkey",
            name="removed_tx",
            field=models.BigIntegerField(editable=False, null=True),
        ),
        migrations.RunPython(number_what_is_there, migrations.RunPython.noop),
    ]
