"""`python -m benchmarks.bare URL`: how long the driver alone takes for the shapes of a database that has some.

Reads the rows of the table of shapes as tuples, empties the table, and puts the same tuples into it again, with every
column given, in one transaction: by `executemany` of sqlite3, or by COPY with `write_row` of psycopg. The table, its
indexes and its constraints are the same as those that an import meets, and other tables stay as they are. What sqlite3
does by default holds: it checks no foreign keys. Then the same once more without indexes, which are made after the rows
and within the time. Prints rows and seconds as JSON.
"""

import json
import sqlite3
import sys
import time
from typing import Any

import psycopg

TABLE = "openimages_io_shape"
BESIDE = "openimages_io_mask"


Rows = list[tuple[Any, ...]]


def main(url: str) -> None:
    """Measures one database."""
    rows, kept, after = _sqlite(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else _postgresql(url)
    sys.stdout.write(json.dumps({"rows": rows, "indexes kept": kept, "indexes after": after}) + "\n")


def _sqlite(path: str) -> tuple[int, float, float]:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = NORMAL")
    cursor = connection.execute(f"SELECT * FROM {TABLE} ORDER BY id")
    marks = ", ".join("?" * len(cursor.description))
    rows = cursor.fetchall()
    indexes = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", [TABLE]
    ).fetchall()
    seconds = []
    for making in ([], indexes):
        connection.execute(f"DELETE FROM {BESIDE}")
        connection.execute(f"DELETE FROM {TABLE}")
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        start = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        for name, _ in making:
            connection.execute(f"DROP INDEX {name}")
        connection.executemany(f"INSERT INTO {TABLE} VALUES ({marks})", rows)
        for _, statement in making:
            connection.execute(statement)
        connection.execute("COMMIT")
        seconds.append(time.perf_counter() - start)
    connection.close()
    return len(rows), seconds[0], seconds[1]


def _postgresql(url: str) -> tuple[int, float, float]:
    with psycopg.connect(url, autocommit=True) as connection:
        columns = [
            f'"{name}"::text' if kind == "jsonb" else f'"{name}"'
            for name, kind in connection.execute(
                "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s"
                " AND table_schema = current_schema() ORDER BY ordinal_position",
                [TABLE],
            )
        ]
        rows: Rows = connection.execute(f"SELECT {', '.join(columns)} FROM {TABLE} ORDER BY id").fetchall()
        indexes = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND schemaname = current_schema()"
            " AND indexname NOT IN (SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass)",
            [TABLE, TABLE],
        ).fetchall()
        seconds = []
        for making in ([], indexes):
            connection.execute(f"TRUNCATE {TABLE}, {BESIDE}")
            connection.execute("CHECKPOINT")
            start = time.perf_counter()
            with connection.transaction():
                # Foreign keys are checked after the rows either way; an index can be made once that is done.
                connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
                for name, _ in making:
                    connection.execute(f'DROP INDEX "{name}"')
                with connection.cursor().copy(f"COPY {TABLE} FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
                for _, statement in making:
                    connection.execute(statement)
            seconds.append(time.perf_counter() - start)
        return len(rows), seconds[0], seconds[1]


if __name__ == "__main__":
    main(*sys.argv[1:])
