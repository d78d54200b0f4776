from django.db import migrations, models


def mark_existing(apps, schema_editor):
    """Groups that are there were in every token: services may depend on them."""
    Group = apps.get_model('auth', 'Group')
    GroupPolicy = apps.get_model('policy', 'GroupPolicy')
    rows = GroupPolicy.objects.using(schema_editor.connection.alias)
    rows.update(in_tokens=True)
    without = Group.objects.using(schema_editor.connection.alias).filter(policy=None)
    rows.bulk_create(
        [GroupPolicy(group_id=pk, in_tokens=True) for pk in without.values_list('pk', flat=True)],
        batch_size=500,
    )


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('policy', '0004_ended_by_owner'),
    ]

    operations = [
        migrations.AddField(
            model_name='grouppolicy',
            name='in_tokens',
            field=models.BooleanField(default=False, help_text='Tokens and /api/me/ name this group, so every service that the members sign in to can see it.', verbose_name='in tokens'),
        ),
        migrations.RunPython(mark_existing, migrations.RunPython.noop),
    ]
