"""`python -m tests.postgres`: says in one line whether the PostgreSQL of the tests answers."""

import os
import sys
from typing import Any

import psycopg
from django.db import connection


def main() -> int:
    """Returns the exit status: 0 when the server answers, 1 when not."""
    try:
        with psycopg.connect(os.environ["OPENIMAGES_TEST_POSTGRES"], connect_timeout=10) as connection:
            version = connection.info.server_version
    except psycopg.Error as error:
        sys.stderr.write(f"The PostgreSQL that OPENIMAGES_TEST_POSTGRES names does not answer: {error}\n")
        return 1
    sys.stdout.write(f"PostgreSQL: the tests that need a database, on version {version // 10_000}.\n")
    return 0


def hurry() -> None:
    """Has PostgreSQL, if that is what is tested on, acknowledge commits early and empty tables without new files.

    TRUNCATE of every table after every test that commits took most of the time of all tests.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        name = connection.ops.quote_name(connection.settings_dict["NAME"])
        cursor.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        cursor.execute("SET synchronous_commit = off")
    truncate = type(connection.ops).sql_flush

    def sql_flush(style: Any, tables: list[str], *, reset_sequences: bool = False, allow_cascade: bool = False) -> Any:
        if reset_sequences:
            return truncate(connection.ops, style, tables, reset_sequences=True, allow_cascade=allow_cascade)
        return [f"DELETE FROM {connection.ops.quote_name(table)};" for table in tables]  # keys are checked at the end

    connection.ops.sql_flush = sql_flush  # type: ignore[method-assign,assignment]


if __name__ == "__main__":
    sys.exit(main())
