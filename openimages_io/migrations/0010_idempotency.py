"""Keys of requests that may be sent again."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('openimages_io', '0009_image_orders'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='IdempotencyKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('route', models.CharField(max_length=100, verbose_name='route')),
                ('key', models.CharField(max_length=255, verbose_name='key')),
                ('digest', models.CharField(max_length=64, verbose_name='SHA-256 of the request')),
                ('job', models.UUIDField(verbose_name='job')),
                ('created', models.DateTimeField(db_index=True, verbose_name='created')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'idempotency key',
                'verbose_name_plural': 'idempotency keys',
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('user', 'route', 'key'), name='openimages_idempotency_key_unique')],
            },
        ),
    ]
