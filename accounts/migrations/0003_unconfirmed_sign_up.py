"""Accounts that an earlier release created before their address was confirmed.

Those that nobody can miss are deleted; the others are marked, so that administrators
can tell them and `manage.py prune` deletes them once they are old enough.
"""

from datetime import timedelta

from django.db import migrations, models
from django.db.models import Exists, OuterRef
from django.utils import timezone

AGE = timedelta(days=7)


def settle(apps, schema_editor):
    """Delete or mark. People without any address row were not made by a sign-up."""
    User = apps.get_model("accounts", "User")
    EmailAddress = apps.get_model("account", "EmailAddress")
    mine = EmailAddress.objects.filter(user=OuterRef("pk"))
    unconfirmed = User.objects.filter(
        Exists(mine), ~Exists(mine.filter(verified=True))
    )
    deletable = unconfirmed.filter(
        last_login=None,
        is_active=True,
        is_staff=False,
        is_superuser=False,
        groups=None,
        user_permissions=None,
        date_joined__lt=timezone.now() - AGE,
    )
    going = list(deletable.values_list("pk", flat=True))
    for start in range(0, len(going), 500):
        User.objects.filter(pk__in=going[start : start + 500]).delete()
    left = list(unconfirmed.values_list("pk", flat=True))
    for start in range(0, len(left), 500):
        User.objects.filter(pk__in=left[start : start + 500]).update(
            unconfirmed_sign_up=True
        )


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0002_language_and_closing"),
        # Whose rows go with a person, or are asked for one.
        ("account", "0009_emailaddress_unique_primary_email"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("audit", "0004_session_refused"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("policy", "0005_groups_in_tokens"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
        ("tokens", "0002_guided_rotation"),
        ("usersessions", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="unconfirmed_sign_up",
            field=models.BooleanField(
                default=False,
                editable=False,
                help_text=(
                    "From an earlier release, which created accounts before their "
                    "email address was confirmed. Deleted after 7 days without a "
                    "sign-in; gone once the address is confirmed."
                ),
                verbose_name="unconfirmed sign-up",
            ),
        ),
        migrations.RunPython(settle, migrations.RunPython.noop),
    ]
