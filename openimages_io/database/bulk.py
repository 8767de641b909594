"""Rows into the database at its own speed: the one place that goes around model instances.

`bulk_create` manages under 20 thousand rows a second, the statements here 150 to 500 thousand. Everything above hands
over columns. On SQLite many rows go into one INSERT; on PostgreSQL they go by COPY, in its binary form.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from functools import cached_property, lru_cache, partial
from itertools import chain, islice
from typing import Any, Final, TypeVar

from django.db import connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import OperationalError, ProgrammingError

from openimages_io.database.binary_copy import HEADER, TRAILER, RowEncoder
from openimages_io.database.commit import Commit
from openimages_io.database.foreign_keys import check_foreign_keys
from openimages_io.exceptions import Failure

Columns = Mapping[str, Sequence[Any]]
"""Values by database column, all of one length: int, float, str, bytes, bool or None; JSON as text."""
Constants = Mapping[str, int | str | datetime | None]
"""The same value for every row."""

M = TypeVar("M", bound=models.Model)

_PARAMETERS: Final = 960
"""Of one statement. SQLite may take no more than 999 of them; measured, more rows a statement gain nothing."""
_WORTH_REBUILDING: Final = 20_000
"""New rows from which on making indexes afterwards pays."""
_FLAG_TYPES: Final = frozenset({bool, type(None)})
_FLAG_NUMBERS: Final[Mapping[Any, int | None]] = {True: 1, False: 0, None: None}
_SHORT: Final = 16
"""Characters of a text that is written into a statement."""
_LOCK_TIMEOUT: Final = "2s"


def plain(model: type[M], using: str) -> "models.QuerySet[M]":
    """The rows of a model without its own verbs: they raise revisions, and a load does that once, at its end."""
    return models.QuerySet(model, using=using)


@contextmanager
def loading(
    using: str,
    tables: Sequence[type[models.Model]],
    last: Callable[[], None] | None = None,
    commit: Commit | None = None,
) -> Iterator["Loader"]:
    """One transaction in which rows are loaded; what was postponed is made and the foreign keys checked before it ends.

    `last` is called in it when nothing but the COMMIT is left to do; if it raises, nothing is written. `commit` is the
    transaction, for those who want to know its outcome. On SQLite
    foreign keys are checked once at the end rather than for each row, unless the caller is in a transaction.
    """
    connection = connections[using]
    loader = Loader(using)
    with (
        connection.constraint_checks_disabled(),
        commit or Commit(using),
        connection.execute_wrapper(loader.before_statement),
    ):
        try:
            yield loader
            loader.finish()
        except BaseException:
            loader.abandon()
            raise
        if not loader.postgresql:
            check_foreign_keys(connection, [model._meta.db_table for model in tables])
        if last is not None:
            if loader.postgresql:
                connection.check_constraints()  # else it is the COMMIT that takes the time for it
            last()


class Loader:
    """Inserts and updates rows of one database within the caller's transaction."""

    def __init__(self, using: str) -> None:
        self.connection: BaseDatabaseWrapper = connections[using]
        self.postgresql = self.connection.vendor == "postgresql"
        self.postponed: list[str] = []
        """Statements that make again what was taken away for the load."""
        self.inserted = 0
        self._models: set[type[models.Model]] = set()
        self._copying = ""
        """The COPY that is going on: the server takes rows in while the next are prepared."""
        self._sink: Any = None
        self._stack = ExitStack()
        self._encoders: dict[type[models.Model], RowEncoder] = {}
        self._literals: dict[tuple[str, str], int | str | datetime] = {}
        """The first constant of each column that was written into a statement."""

    def insert(self, model: type[models.Model], columns: Columns, constants: Constants | None = None) -> int:
        """Inserts rows in their order; columns that are not given take the database's default. Returns their number."""
        constants = constants or {}
        rows = len(next(iter(columns.values()), ()))
        if not rows:
            return 0
        table = model._meta.db_table
        self.inserted += rows
        self._models.add(model)
        if self._copies:
            self._copy(model, columns, constants)
        else:
            self._insert_many(table, columns, constants, rows)
        return rows

    def update(self, model: type[models.Model], keys: Sequence[int], columns: Columns) -> int:
        """Updates the rows with these keys. Returns their number."""
        if not keys:
            return 0
        quote, meta = self.connection.ops.quote_name, model._meta
        assert meta.pk is not None
        assert meta.pk.column is not None
        sets = ", ".join(f"{quote(name)} = {self._placeholder(model, name)}" for name in columns)
        sql = f"UPDATE {quote(meta.db_table)} SET {sets} WHERE {quote(meta.pk.column)} = %s"
        with self._raw_cursor() as cursor:
            cursor.executemany(sql, list(zip(*columns.values(), keys, strict=True)))
        return len(keys)

    def delete(self, model: type[models.Model], keys: Sequence[int]) -> None:
        """Deletes the rows with these keys."""
        quote, meta = self.connection.ops.quote_name, model._meta
        assert meta.pk is not None
        assert meta.pk.column is not None
        with self._raw_cursor() as cursor:
            for start in range(0, len(keys), _PARAMETERS):
                batch = keys[start : start + _PARAMETERS]
                marks = ", ".join(["%s"] * len(batch))
                cursor.execute(f"DELETE FROM {quote(meta.db_table)} WHERE {quote(meta.pk.column)} IN ({marks})", batch)

    def reserve(self, model: type[models.Model], number: int) -> list[int]:
        """Keys for rows that other rows of the same load point to; insert them as the column `id`."""
        if self.postgresql:
            sequence = f"pg_get_serial_sequence('{self.connection.ops.quote_name(model._meta.db_table)}', 'id')"
            with self.connection.cursor() as cursor:
                cursor.execute(f"SELECT nextval({sequence}) FROM generate_series(1, %s)", [number])
                return [row[0] for row in cursor.fetchall()]
        table = model._meta.db_table
        with self.connection.cursor() as cursor:
            # Nobody else can write meanwhile: SQLite has one writer, and this is within its transaction.
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
            row = cursor.fetchone()
            cursor.execute(f"SELECT MAX(id) FROM {self.connection.ops.quote_name(table)}")
            highest = cursor.fetchone()[0]
        start = max((row[0] if row else 0) or 0, highest or 0) + 1
        return list(range(start, start + number))

    def postpone_indexes(self, model: type[models.Model], expected: int, *, may_lock: bool = True) -> None:
        """Takes the table's indexes away until `finish`, where building them once is quicker than keeping them.

        On PostgreSQL this, and the foreign keys with them, is done for an empty table alone, because it locks readers
        out of the table, and out of those that it points to; without `may_lock`, or if the locks cannot be had at once,
        rows are loaded the slower way.
        """
        if expected < _WORTH_REBUILDING:
            return
        with self.connection.cursor() as cursor:
            cursor.execute(f"SELECT MAX(id) FROM {self.connection.ops.quote_name(model._meta.db_table)}")
            highest = cursor.fetchone()[0] or 0
        if self.postgresql:
            if highest == 0 and may_lock:
                self._take_away_on_postgresql(model._meta.db_table)
        elif highest < expected:
            self._take_away_on_sqlite(model._meta.db_table)

    def finish(self) -> None:
        """Makes what was postponed, and has the planner know the new rows: without, it would read whole tables."""
        self.end_copy()
        if self.postponed and self.postgresql:
            self.connection.check_constraints()  # a table with checks still to be made cannot be altered
        with self.connection.cursor() as cursor:
            for statement in self.postponed:
                cursor.execute(statement)
            if self.postgresql and self.inserted >= _WORTH_REBUILDING:
                for model in sorted(self._models, key=lambda model: model._meta.db_table):
                    cursor.execute(self._analyze(model))
        self.postponed.clear()

    def _analyze(self, model: type[models.Model]) -> str:
        """The statement that has the planner know a table.

        Of long texts and JSON, which no query compares, autovacuum tells it sooner or later: for images they would
        take two thirds of the time.
        """
        quote, texts = self.connection.ops.quote_name, models.TextField | models.JSONField | models.BinaryField
        columns = [str(field.column) for field in model._meta.concrete_fields if not isinstance(field, texts)]
        return f"ANALYZE {quote(model._meta.db_table)} ({', '.join(map(quote, columns))})"

    def _take_away_on_sqlite(self, table: str) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = %s AND sql IS NOT NULL",
                [table],
            )
            for name, sql in cursor.fetchall():
                cursor.execute(f"DROP INDEX {self.connection.ops.quote_name(name)}")
                self.postponed.append(sql)

    def _take_away_on_postgresql(self, table: str) -> None:
        quote = self.connection.ops.quote_name
        postponed = []
        self.connection.check_constraints()  # a table with checks still to be made cannot be altered
        try:
            with transaction.atomic(using=self.connection.alias), self.connection.cursor() as cursor:
                cursor.execute("SHOW lock_timeout")
                usual = cursor.fetchone()[0]
                cursor.execute(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
                cursor.execute(f"LOCK TABLE {quote(table)} IN ACCESS EXCLUSIVE MODE")
                cursor.execute(
                    "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND schemaname = current_schema()"
                    " AND indexname NOT IN (SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass)",
                    [table, quote(table)],
                )
                for name, definition in cursor.fetchall():
                    cursor.execute(f"DROP INDEX {quote(name)}")
                    postponed.append(definition)
                cursor.execute(
                    "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
                    " WHERE conrelid = %s::regclass AND contype = 'f'",
                    [quote(table)],
                )
                for name, definition in cursor.fetchall():
                    cursor.execute(f"ALTER TABLE {quote(table)} DROP CONSTRAINT {quote(name)}")
                    postponed.append(f"ALTER TABLE {quote(table)} ADD CONSTRAINT {quote(name)} {definition}")
                cursor.execute("SELECT set_config('lock_timeout', %s, true)", [usual])
        except (OperationalError, ProgrammingError):  # somebody holds a lock, or the table belongs to another role
            return
        self.postponed.extend(postponed)

    @cached_property
    def _copies(self) -> bool:
        with self.connection.cursor() as cursor:
            return self.postgresql and hasattr(cursor.cursor, "copy")  # with psycopg 2 rows go by INSERT

    def _insert_many(self, table: str, columns: Columns, constants: Constants, rows: int) -> None:
        if not self.postgresql:
            columns, constants = _quick_to_bind(columns, constants)
        columns, constants = self._bind_what_varies(table, columns, constants, rows)
        per_statement = max(1, _PARAMETERS // len(columns))
        mark = "%s" if self.postgresql else "?"
        sql = partial(
            _insert_sql, self.connection.ops.quote_name, table, tuple(columns), tuple(constants.items()), mark
        )
        each = zip(*columns.values(), strict=True)
        together = chain.from_iterable(islice(each, rows // per_statement * per_statement))
        with self._raw_cursor() as cursor:
            # Django's cursor of SQLite would look through the statement for its marks each time.
            executemany = cursor.executemany if self.postgresql else self.connection.connection.executemany
            if rows >= per_statement:
                executemany(sql(per_statement), zip(*[together] * (per_statement * len(columns)), strict=True))
            if rows % per_statement:
                executemany(sql(1), each)

    def _bind_what_varies(
        self, table: str, columns: Columns, constants: Constants, rows: int
    ) -> tuple[Columns, Constants]:
        """Makes a constant that was another one in an earlier insert a column, and leaves the others in the statement.

        A connection keeps the last 128 statements compiled, those of many rows in 0.3 MB each, so that a moment or an
        author in each of them took 36 MB.
        """
        varied = {
            name: [value.isoformat(" ") if isinstance(value, datetime) else value] * rows
            for name, value in constants.items()
            if value is not None and self._literals.setdefault((table, name), value) != value
        }
        if not varied:
            return columns, constants
        return {**columns, **varied}, {name: value for name, value in constants.items() if name not in varied}

    def _copy(self, model: type[models.Model], columns: Columns, constants: Constants) -> None:
        quote = self.connection.ops.quote_name
        encoder = self._encoder(model)
        names = ", ".join(map(quote, encoder.order([*constants, *columns])))
        rows = encoder.encode(columns, constants)
        sql = f"COPY {quote(model._meta.db_table)} ({names}) FROM STDIN (FORMAT binary)"
        if sql != self._copying:
            self.end_copy()
            with self._raw_cursor() as cursor:
                self._sink = self._stack.enter_context(cursor.copy(sql))
            self._copying = sql
            rows = HEADER + rows
        with self.connection.wrap_database_errors:
            self._sink.write(rows)

    def _encoder(self, model: type[models.Model]) -> RowEncoder:
        if model not in self._encoders:
            types = {str(field.column): field.db_type(self.connection) or "" for field in model._meta.concrete_fields}
            self._encoders[model] = RowEncoder(types, self.connection.timezone_name)
        return self._encoders[model]

    def end_copy(self) -> None:
        """Ends the COPY that is going on, if there is one; what is wrong with its rows is raised here."""
        if self._copying:
            sink = self._sink
            self._copying, self._sink = "", None
            with self.connection.wrap_database_errors, self._stack:
                sink.write(TRAILER)

    def abandon(self) -> None:
        """Breaks off the COPY that is going on, so that the transaction can be rolled back."""
        if self._copying:
            self._copying, self._sink = "", None
            with suppress(Exception):  # what led here is what is raised
                self._stack.__exit__(Failure, Failure("broken-off"), None)

    def before_statement(self, execute: Callable[..., Any], *args: Any) -> Any:
        """Lets a statement of anybody's through when no COPY is in its way."""
        self.end_copy()
        return execute(*args)

    @contextmanager
    def _raw_cursor(self) -> Iterator[Any]:
        """A cursor below Django's log of queries, which in DEBUG would render and keep every row."""
        self.end_copy()
        with self.connection.cursor() as cursor, self.connection.wrap_database_errors:
            yield cursor.cursor

    def _placeholder(self, model: type[models.Model], column: str) -> str:
        fields = {field.column: field for field in model._meta.concrete_fields}
        return "%s::jsonb" if self.postgresql and isinstance(fields[column], models.JSONField) else "%s"


@lru_cache(maxsize=64)
def _insert_sql(
    quote: Any, table: str, columns: tuple[str, ...], constants: tuple[tuple[str, Any], ...], mark: str, rows: int
) -> str:
    names = ", ".join(map(quote, (*(name for name, _ in constants), *columns)))
    row = ", ".join([*(_literal(value, mark) for _, value in constants), *([mark] * len(columns))])
    return f"INSERT INTO {quote(table)} ({names}) VALUES " + ", ".join([f"({row})"] * rows)


def _quick_to_bind(columns: Columns, constants: Constants) -> tuple[Columns, Constants]:
    """The same rows as the sqlite3 module binds them soonest: it takes 0.45 µs for a bool or None, 0.05 for a number.

    Flags become numbers, and columns that hold nothing, or the same short text throughout, become constants.
    """
    left: dict[str, Sequence[Any]] = {}
    same: dict[str, int | str | datetime | None] = dict(constants)
    for name, values in columns.items():
        first = values[0]
        is_short = first is None or (isinstance(first, str) and len(first) <= _SHORT and first.isprintable())
        if is_short and values.count(first) == len(values):
            same[name] = first
        elif (first is None or isinstance(first, bool)) and set(map(type, values)) <= _FLAG_TYPES:
            left[name] = list(map(_FLAG_NUMBERS.__getitem__, values))
        else:
            left[name] = values
    return (left, same) if left else (columns, constants)


def _literal(value: int | str | datetime | None, mark: str) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, datetime):
        return f"'{value.isoformat(' ')}'"
    if isinstance(value, str):
        text = value.replace("'", "''")
        return f"'{text.replace('%', '%%') if mark == '%s' else text}'"
    return str(int(value))
