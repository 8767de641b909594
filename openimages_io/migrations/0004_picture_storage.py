from django.db import migrations, models

import openimages_io.models.image


class Migration(migrations.Migration):

    dependencies = [
        ('openimages_io', '0003_job_summary'),
    ]

    operations = [
        # In the state alone: SQLite would write the whole table again.
        migrations.SeparateDatabaseAndState(state_operations=[
            migrations.AlterField(
                model_name='image',
                name='file',
                field=models.FileField(blank=True, max_length=255, storage=openimages_io.models.image.chosen_storage, upload_to=openimages_io.models.image.picture_place, verbose_name='file'),
            ),
        ]),
    ]
