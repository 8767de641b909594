"""Four flags of a shape become columns. What stands among the attributes moves there if it is true or false.

So do texts and numbers that an export writes as a flag (`"yes"`, `1`), unless the label's spec has made the flag another
type, which then rules what it may be. All else stays an attribute and is exported as before, so that nothing is lost:
`"unknown"`, -1, an empty text and null too, which a file has as -1. Neither revisions nor times change.
"""

import json
from collections import defaultdict
from typing import Any

from django.db import migrations, models

FLAGS = ('truncated', 'is_group_of', 'is_depiction', 'is_inside')
YES, NO = {'true', 'yes', '1'}, {'false', 'no', '0'}
PAGE = 10_000
KEYS = 500
LONGEST = 100
"""Characters of a value that are looked at: a text of a flag is short, whatever else stands there may be anything."""


def _flag(text: str | None, is_of_another_type: bool) -> bool | None:
    """The flag that JSON says; None for what stays an attribute."""
    if text is None or len(text) >= LONGEST:
        return None
    value: Any = json.loads(text)
    if isinstance(value, bool):
        return value
    if is_of_another_type or not isinstance(value, str | int | float):
        return None
    word = value.strip().lower() if isinstance(value, str) else {0.0: '0', 1.0: '1'}.get(value)
    return True if word in YES else False if word in NO else None


def _pages(connection: Any, table: str, columns: str, condition: str) -> Any:
    last = 0
    while True:
        with connection.cursor() as cursor:
            sql = f'SELECT id, {columns} FROM {table} WHERE id > %s AND {condition} ORDER BY id LIMIT {PAGE}'
            cursor.execute(sql, [last])
            rows = cursor.fetchall()
        if not rows:
            return
        yield rows
        last = rows[-1][0]


def _update(connection: Any, table: str, sets: str, keys: list[int]) -> None:
    with connection.cursor() as cursor:
        for start in range(0, len(keys), KEYS):
            batch = keys[start : start + KEYS]
            cursor.execute(f'UPDATE {table} SET {sets} WHERE id IN ({", ".join(["%s"] * len(batch))})', batch)


def move_to_columns(apps: Any, schema_editor: Any) -> None:
    connection = schema_editor.connection
    is_postgresql = connection.vendor == 'postgresql'
    table = connection.ops.quote_name(apps.get_model('openimages_io', 'Shape')._meta.db_table)
    specs = apps.get_model('openimages_io', 'AttributeSpec').objects.using(connection.alias)
    of_another_type = set(
        specs.filter(name__in=FLAGS).exclude(input_type='checkbox').values_list('label_id', 'name').iterator()
    )
    if is_postgresql:
        values = [f"substr((attributes -> '{name}')::text, 1, {LONGEST})" for name in FLAGS]
    else:
        values = [
            f"CASE json_type(attributes, '$.{name}') WHEN 'true' THEN 'true' WHEN 'false' THEN 'false'"
            f" ELSE substr(json_quote(json_extract(attributes, '$.{name}')), 1, {LONGEST}) END"
            for name in FLAGS
        ]
    for rows in _pages(connection, table, f'label_id, {", ".join(values)}', "CAST(attributes AS text) <> '{}'"):
        alike = defaultdict(list)
        for key, label, *texts in rows:
            said = zip(FLAGS, texts, strict=True)
            flags = tuple(_flag(text, (label, name) in of_another_type) for name, text in said)
            if any(flag is not None for flag in flags):
                alike[flags].append(key)
        for flags, keys in alike.items():
            moved = {name: flag for name, flag in zip(FLAGS, flags, strict=True) if flag is not None}
            sets = [f'{name} = {str(flag).upper() if is_postgresql else int(flag)}' for name, flag in moved.items()]
            if is_postgresql:
                names = ', '.join(f"'{name}'" for name in moved)
                sets.append(f'attributes = attributes - ARRAY[{names}]')
            else:
                paths = ', '.join(f"'$.{name}'" for name in moved)
                sets.append(f'attributes = json_remove(attributes, {paths})')
            _update(connection, table, ', '.join(sets), keys)


def move_to_attributes(apps: Any, schema_editor: Any) -> None:
    connection = schema_editor.connection
    is_postgresql = connection.vendor == 'postgresql'
    table = connection.ops.quote_name(apps.get_model('openimages_io', 'Shape')._meta.db_table)
    condition = ' OR '.join(f'{name} IS NOT NULL' for name in FLAGS)
    kind = 'jsonb_typeof(attributes)' if is_postgresql else 'json_type(attributes)'
    for rows in _pages(connection, table, f'{kind}, {", ".join(FLAGS)}', f'({condition})'):
        alike = defaultdict(list)
        for key, kind_of_value, *flags in rows:
            alike[kind_of_value == 'object', *flags].append(key)
        for (is_object, *flags), keys in alike.items():
            said = {name: bool(flag) for name, flag in zip(FLAGS, flags, strict=True) if flag is not None}
            if is_postgresql:
                stored = 'attributes' if is_object else "jsonb_build_object('attributes', attributes)"
                sets = f"attributes = {stored} || '{json.dumps(said)}'::jsonb"
            else:
                stored = 'attributes' if is_object else "json_object('attributes', json(attributes))"
                given = ', '.join(f"'$.{name}', json('{json.dumps(flag)}')" for name, flag in said.items())
                sets = f'attributes = json_set({stored}, {given})'
            _update(connection, table, sets, keys)


class Migration(migrations.Migration):

    dependencies = [
        ('openimages_io', '0005_job_outcome'),
    ]

    operations = [
        migrations.AddField(
            model_name='shape',
            name='truncated',
            field=models.BooleanField(blank=True, null=True, verbose_name='IsTruncated'),
        ),
        migrations.AddField(
            model_name='shape',
            name='is_group_of',
            field=models.BooleanField(blank=True, null=True, verbose_name='IsGroupOf'),
        ),
        migrations.AddField(
            model_name='shape',
            name='is_depiction',
            field=models.BooleanField(blank=True, null=True, verbose_name='IsDepiction'),
        ),
        migrations.AddField(
            model_name='shape',
            name='is_inside',
            field=models.BooleanField(blank=True, null=True, verbose_name='IsInside'),
        ),
        migrations.RunPython(move_to_columns, move_to_attributes),
    ]
