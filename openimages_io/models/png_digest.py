"""A digest of masks' PNGs, made by the database, so that no PNG travels only to be told from another."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import CharField, Func
from django.db.models.sql.compiler import SQLCompiler


class PngDigest(Func):
    """64 hexadecimal digits that differ where the bytes do, and null where there are none.

    The digits are of the database: SQLite has functions of texts only, and digests the bytes as such.
    """

    arity = 1
    output_field = CharField()
    template = "ENCODE(SHA256(%(expressions)s), 'hex')"

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        """By the function that Django brings along, in Python, so that it is not called where there is no mask."""
        template = "CASE WHEN %(expressions)s IS NOT NULL THEN SHA256(HEX(%(expressions)s)) END"
        return self.as_sql(compiler, connection, template=template, **context)
