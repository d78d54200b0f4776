"""A revocation without its number is refused; the index that is read each second.

Apart from 0004: PostgreSQL alters no table in a transaction that has changed its rows.
"""

from django.db import migrations, models
from django.db.models import Q

from accounts.tokens.models import numbered


class Migration(migrations.Migration):

    dependencies = [("tokens", "0004_revocation_numbers")]

    operations = [
        migrations.AddIndex(
            model_name="family",
            index=models.Index(
                condition=Q(("revoked_tx__isnull", False)),
                fields=["revoked_tx"],
                name="tokens_revoked_tx",
            ),
        ),
        migrations.AddConstraint(
            model_name="family",
            constraint=numbered("revoked_at", "revoked_tx", "tokens_revoked_numbered"),
        ),
        migrations.AddConstraint(
            model_name="signingkey",
            constraint=numbered("removed_at", "removed_tx", "tokens_removed_numbered"),
        ),
    ]
