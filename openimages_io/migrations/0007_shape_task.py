"""Shapes lose the foreign key of their task, which their image implies; the column stays.

A third of what PostgreSQL's checks of loaded rows cost was spent on it. The check of a task finds shapes of another one.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('openimages_io', '0006_flags'),
    ]

    operations = [
        migrations.AlterField(
            model_name='shape',
            name='task',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='shapes', to='openimages_io.task', verbose_name='task'),
        ),
    ]
