"""Foreign keys on SQLite where many rows come or go: asked once for all rows, and not for each.

After a load, SQLite's own check reads every row of a table and looks each key up, 0.25 s for 900 thousand shapes. Asked
for keys that are not among those of the other table it reads an index in order instead, which takes 0.1 s.
"""

from collections.abc import Sequence
from typing import Any, Final

from django.db.backends.base.base import BaseDatabaseWrapper

_INTEGER: Final = "integer"
"""The type, as declared, of a primary key that is the row's own number."""


def check_foreign_keys(connection: BaseDatabaseWrapper, tables: Sequence[str]) -> None:
    """Raises `IntegrityError` if a row of one of these tables points to one that is not there."""
    if doubtful := [table for table in tables if not _all_there(connection, table)]:
        connection.check_constraints(table_names=doubtful)


def nothing_else_points_to(connection: BaseDatabaseWrapper, tables: Sequence[str]) -> bool:
    """Whether, in this SQLite database, rows of these tables concern no row but each other's when they go.

    No other table's foreign keys point to them, a site's own among them, nothing is done to what points to a row that
    goes (CASCADE, SET NULL), and no trigger tells anybody of it.
    """
    with connection.cursor() as cursor:
        names = ", ".join(["%s"] * len(tables))
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM sqlite_master AS own, pragma_foreign_key_list(own.name) AS key"
            f" WHERE own.type = 'table' AND key.\"table\" COLLATE NOCASE IN ({names})"
            f" AND (own.name COLLATE NOCASE NOT IN ({names}) OR key.on_delete <> 'NO ACTION'))"
            " OR EXISTS (SELECT 1 FROM sqlite_master"
            f" WHERE type = 'trigger' AND tbl_name COLLATE NOCASE IN ({names}))",
            [*tables] * 3,
        )
        return bool(cursor.fetchone()[0] == 0)


def _all_there(connection: BaseDatabaseWrapper, table: str) -> bool:
    """Whether all rows that the table's point to are there; False also where only SQLite's own check can tell."""
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:

        def rows(sql: str) -> list[tuple[Any, ...]]:
            cursor.execute(sql)
            return list(cursor.fetchall())

        keys = rows(f"PRAGMA foreign_key_list({quote(table)})")
        for _, _, other, column, other_column, *_ in keys:
            numbers = [name for _, name, kind, _, _, place in rows(f"PRAGMA table_info({quote(other)})") if place]
            declared = {name: kind.lower() for _, name, kind, *_ in rows(f"PRAGMA table_info({quote(other)})")}
            if numbers != [other_column] or declared[other_column] != _INTEGER:
                return False
            there = f"SELECT {quote(other_column)} FROM {quote(other)}"
            if rows(f"SELECT 1 FROM {quote(table)} WHERE {quote(column)} NOT IN ({there}) LIMIT 1"):
                return False
    return True
