"""`python tests/postgres.py`: says in one line whether the PostgreSQL of the tests answers."""

import os
import sys

import psycopg


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


if __name__ == "__main__":
    sys.exit(main())
