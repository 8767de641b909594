"""Images are found by name, and by when they changed, without looking at all of the task."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('openimages_io', '0008_deletion'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='image',
            index=models.Index(fields=['task', 'name', 'id'], name='openimages_image_by_name'),
        ),
        migrations.AddIndex(
            model_name='image',
            index=models.Index(fields=['task', 'updated', 'id'], name='openimages_image_by_update'),
        ),
    ]
