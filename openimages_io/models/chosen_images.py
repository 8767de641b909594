"""Some images of a task: those that somebody has selected, or those that a filter has."""

import json
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Self, cast

from django.db import connections
from django.db.models import BooleanField, F, Func, Q
from django.db.models.lookups import Exact

from openimages_io.models.image import Image
from openimages_io.models.image_filters import keys_asked, unindexed
from openimages_io.models.shape import Shape

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models import QuerySet
    from django.db.models.sql.compiler import SQLCompiler

    from openimages_io.models.image import ImageQuerySet
    from openimages_io.models.image_filters import ImageFilter

MOST_KEYS: Final = 500
"""Images that may be named one by one; of more a filter says which."""
_MOMENT: Final = "updated_since"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenImages:
    """The images with these keys, or, where there are none, those that a filter of the task's images has."""

    keys: tuple[int, ...] = ()
    asked: Mapping[str, Any] = field(default_factory=dict)
    """What `ImageQuerySet.annotated` takes; nothing asks for all images of the task."""

    @property
    def are_all(self) -> bool:
        """Whether every image of the task is among them."""
        return not self.keys and not self.asked

    def found(self, task_id: int, using: str) -> "FoundImages":
        """The images, as they are now; of keys those that are the task's."""
        if self.are_all:
            return FoundImages(task_id, using, None)
        if self.keys:
            own = Image.objects.using(using).filter(task=task_id, pk__in=self.keys)
            return FoundImages(task_id, using, array("q", own.order_by("pk").values_list("pk", flat=True)))
        return FoundImages(task_id, using, keys_asked(task_id, using, cast("ImageFilter", self.asked)))

    def as_json(self) -> dict[str, Any]:
        """For a job's row."""
        if self.keys:
            return {"keys": list(self.keys)}
        asked = dict(self.asked)
        if _MOMENT in asked:
            asked[_MOMENT] = asked[_MOMENT].isoformat()
        return {"filter": asked}

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> Self:
        """What `as_json` has written; nothing is all images."""
        asked = dict(stored.get("filter", {}))
        if _MOMENT in asked:
            asked[_MOMENT] = datetime.fromisoformat(asked[_MOMENT])
        return cls(keys=tuple(stored.get("keys", ())), asked=asked)


@dataclass(frozen=True, slots=True)
class FoundImages:
    """Images of a task that were looked for once, so that what is read of them later need not ask for them again.

    A query that looks for them while it reads their shapes is a join, and a database that knows nothing of its tables
    yet takes one that doesn't end. Memory: 8 bytes an image.
    """

    task_id: int
    using: str
    keys: "array[int] | None"
    """Ascending; None for all images of the task."""

    def count(self) -> int:
        """How many they are."""
        return self.images().order_by().count() if self.keys is None else len(self.keys)

    def images(self) -> "ImageQuerySet":
        """Their rows."""
        images = Image.objects.using(self.using).filter(task=self.task_id)
        return images if self.keys is None else images.filter(among("pk", self.keys))

    def shapes(self) -> "QuerySet[Shape]":
        """The shapes on them."""
        shapes = Shape.objects.using(self.using).order_by()
        if self.keys is None:
            return shapes.filter(task=self.task_id)
        task = Q(Exact(unindexed("task"), self.task_id)) if self._are_few_for_sqlite() else Q(task=self.task_id)
        return shapes.filter(task, among("image_id", self.keys))

    def _are_few_for_sqlite(self) -> bool:
        """Whether shapes are to be looked up by image: SQLite takes few to be of one task, and would walk through."""
        if self.keys is None or connections[self.using].vendor == "postgresql":
            return False
        return 2 * len(self.keys) < Image.objects.using(self.using).filter(task=self.task_id).count()

    def within(self, subsets: "frozenset[str]") -> "FoundImages":
        """Those of them that are of these subsets."""
        images = self.images().filter(subset__in=subsets).order_by("pk")
        return FoundImages(self.task_id, self.using, array("q", images.values_list("pk", flat=True)))


def among(column: str, keys: "array[int]") -> "Func":
    """Whether a column has one of these keys, however many: they are one parameter, and looked up by their hash."""
    return _Among(F(column), keys=keys)


class _Among(Func):
    output_field = BooleanField()

    def as_sql(  # type: ignore[override]  # we need none of what else a template may be given
        self, compiler: "SQLCompiler", connection: "BaseDatabaseWrapper"
    ) -> tuple[str, list[Any]]:
        (source,) = self.get_source_expressions()
        column, params = compiler.compile(source)
        text = json.dumps(self.extra["keys"].tolist())
        if connection.vendor == "postgresql":  # of the column's type: it hashes no other
            return f"{column} = ANY (%s::bigint[])", [*params, f"{{{text[1:-1]}}}"]
        return f"{column} IN (SELECT value FROM json_each(%s))", [*params, text]
