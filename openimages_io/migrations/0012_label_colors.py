"""Colours that labels have by their names are evenly spaced as people see them; those that somebody has chosen stay."""

import colorsys
import hashlib
from typing import Any

from django.db import migrations

from openimages_io.models.colors import color_of


def color_before(label_name: str) -> str:
    digest = hashlib.blake2b(label_name.encode('utf-8', 'surrogatepass'), digest_size=4).digest()
    hue, light = int.from_bytes(digest[:2]) / 65536, 0.42 + digest[2] / 255 * 0.14
    red, green, blue = colorsys.hls_to_rgb(hue, light, 0.7)
    return f'#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}'


def space_evenly(apps: Any, schema_editor: Any) -> None:
    labels = apps.get_model('openimages_io', 'Label')._base_manager.using(schema_editor.connection.alias)
    changed = []
    for label in labels.only('pk', 'name', 'color').order_by('pk').iterator(1000):
        if label.color == color_before(label.name):
            label.color = color_of(label.name)
            changed.append(label)
    labels.bulk_update(changed, ['color'], batch_size=400)


class Migration(migrations.Migration):

    dependencies = [
        ('openimages_io', '0011_spec_positions'),
    ]

    operations = [
        migrations.RunPython(space_evenly, migrations.RunPython.noop, elidable=True),
    ]
