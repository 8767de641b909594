"""Revisions: the counters of task and image that every change of annotations raises.

ETags, optimistic locking and cached statistics all stand on them, so rows raise them on every way in: `save`, `delete`,
`update`, `bulk_create` and `bulk_update`. The import's bulk path goes around the rows and calls `touch` itself.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar

from django.apps import apps
from django.db import models, router, transaction
from django.db.models import F
from django.utils import timezone

M = TypeVar("M", bound=models.Model)
P = ParamSpec("P")
R = TypeVar("R")

_BATCH = 500

if TYPE_CHECKING:
    _Counter = models.PositiveBigIntegerField[int, int]
else:
    _Counter = models.PositiveBigIntegerField


@dataclass(slots=True)
class Owners:
    """The tasks and images, by key, whose annotations a change reaches."""

    tasks: set[int] = field(default_factory=set)
    images: set[int] = field(default_factory=set)

    def __or__(self, other: "Owners") -> "Owners":
        return Owners(self.tasks | other.tasks, self.images | other.images)

    def __sub__(self, other: "Owners") -> "Owners":
        return Owners(self.tasks - other.tasks, self.images - other.images)

    def touch(self, using: str | None) -> None:
        """Raises revision and updated time of all of them, and so locks them: tasks first, then images.

        It is called before rows are written, because whoever locks in another order may stop everybody.
        """
        touch("Task", self.tasks, using)
        touch("Image", self.images, using)


def touch(model: str, keys: Collection[int], using: str | None = None) -> None:
    """Raises the revision and the updated time of these rows of Task or Image."""
    now = timezone.now()
    rows = apps.get_model("openimages_io", model)._base_manager.using(using)
    ordered = sorted(keys)
    for start in range(0, len(ordered), _BATCH):
        batch = models.QuerySet.filter(rows.all(), pk__in=ordered[start : start + _BATCH])
        models.QuerySet.update(batch, revision=F("revision") + 1, updated=now)


def lock(model: str, using: str | None, **conditions: Any) -> bool:
    """Locks rows of Task or Image against other writers until the transaction ends; False if there is none.

    A task that is being deleted is none.

    An UPDATE takes the lock on SQLite and on PostgreSQL alike, before anything is read.
    """
    rows: models.QuerySet[models.Model] = models.QuerySet(apps.get_model("openimages_io", model), using=using)
    if model == "Task":
        conditions["deleting"] = False
    return rows.filter(**conditions).update(revision=F("revision")) > 0


class RevisionField(_Counter):
    """A counter that `save` leaves as the database has it: a row in memory may hold an old one."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        return super().pre_save(model_instance, add) if add else F(self.attname)

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.PositiveBigIntegerField", args, kwargs


def only_of_querysets(method: Callable[P, R]) -> Callable[P, R]:
    """Keeps a method off the managers, where Django keeps its own `delete` off: `Task.objects.delete()` is a slip."""
    method.queryset_only = True  # type: ignore[attr-defined]  # how Django marks them
    return method


class RevisedQuerySet(models.QuerySet[M]):
    """Rows whose every change raises the revision of their task, and of their image if they have one."""

    task_path = "task_id"
    """The look-up from a row to its task's key."""
    image_path: str | None = None
    """The look-up from a row to its image's key."""

    @only_of_querysets
    def owners(self) -> Owners:
        """The tasks and images that these rows belong to."""
        rows = self.order_by()
        images = set(rows.values_list(self.image_path, flat=True).distinct()) if self.image_path else set()
        return Owners(set(rows.values_list(self.task_path, flat=True).distinct()), images)

    def update(self, **kwargs: Any) -> int:
        """Updates the rows; those that they belonged to before are raised, and those after."""
        self._for_write = True
        with transaction.atomic(using=self.db):
            keys = {f.name for f in self.model._meta.concrete_fields if f.is_relation}
            moved = list(self.values_list("pk", flat=True)) if keys & {k.removesuffix("_id") for k in kwargs} else []
            owners = self.owners()
            owners.touch(self.db)
            count = super().update(**kwargs)
            (self._owners_of(moved) - owners).touch(self.db)
        return count

    @only_of_querysets
    def delete(self) -> tuple[int, dict[str, int]]:
        """Deletes the rows and raises those that they belonged to."""
        self._for_write = True
        with transaction.atomic(using=self.db):
            self.owners().touch(self.db)
            return super().delete()

    def bulk_create(self, objs: Iterable[M], *args: Any, **kwargs: Any) -> list[M]:
        """Creates the rows and raises those that they belong to."""
        self._for_write = True
        rows = list(objs)
        with transaction.atomic(using=self.db):
            self.owners_of_new(rows).touch(self.db)
            return super().bulk_create(rows, *args, **kwargs)

    @only_of_querysets
    def owners_of_new(self, rows: list[M]) -> Owners:
        """The tasks and images that rows are to belong to, which may not be in the database."""
        owners = Owners(self._owners_by(self.task_path, rows))
        if self.image_path:
            owners.images = self._owners_by(self.image_path, rows)
        return owners

    def bulk_update(self, objs: Iterable[M], fields: Iterable[str], batch_size: int | None = None) -> int:
        """Updates these fields of the rows and raises, once, those that they belonged to before and after."""
        self._for_write = True
        rows = list(objs)
        keys = [row.pk for row in rows]
        with transaction.atomic(using=self.db):
            owners = self._owners_of(keys)
            owners.touch(self.db)
            # Django updates batch by batch, and each `update` of ours would raise the revision.
            plain: models.QuerySet[M] = models.QuerySet(self.model, query=self.query.chain(), using=self.db)
            count = plain.bulk_update(rows, fields, batch_size)
            (self._owners_of(keys) - owners).touch(self.db)
        return count

    def _owners_of(self, keys: list[Any]) -> Owners:
        found = Owners()
        rows = self.model._default_manager.using(self.db)
        for start in range(0, len(keys), _BATCH):
            batch = rows.filter(pk__in=keys[start : start + _BATCH])
            assert isinstance(batch, RevisedQuerySet)
            found |= batch.owners()
        return found

    def _owners_by(self, path: str, rows: list[M]) -> set[int]:
        """The keys at the end of the path from rows that may not be in the database."""
        key, _, rest = path.partition("__")
        keys = {getattr(row, key if key.endswith("_id") else f"{key}_id") for row in rows}
        if not rest:
            return keys
        parent = self.model._meta.get_field(key).related_model
        assert isinstance(parent, type)
        parents, ordered = parent._base_manager.using(self.db), sorted(keys)
        found: set[int] = set()
        for start in range(0, len(ordered), _BATCH):
            batch = parents.filter(pk__in=ordered[start : start + _BATCH])
            found.update(batch.values_list(rest, flat=True).distinct().order_by())
        return found


class RevisedModel(models.Model):
    """A row whose `save` and `delete` raise the revision of what it belongs to, before and after.

    Its `base_manager_name` must be that of a `RevisedQuerySet`: related managers move rows by the base manager.
    """

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Saves the row and raises its owners."""
        using = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=using):
            before = Owners() if self.pk is None else self._owners(using)
            owners = before if before.tasks else self._rows(using).owners_of_new([self])
            owners.touch(using)
            super().save(*args, **kwargs)
            if before.tasks:
                (self._owners(using) - before).touch(using)

    def delete(self, using: str | None = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
        """Deletes the row and raises its owners."""
        using = using or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=using):
            self._owners(using).touch(using)
            return super().delete(using=using, keep_parents=keep_parents)

    def _owners(self, using: str | None) -> Owners:
        return self._rows(using).filter(pk=self.pk).owners()

    def _rows(self, using: str | None) -> "RevisedQuerySet[Self]":
        rows = type(self)._default_manager.using(using)
        assert isinstance(rows, RevisedQuerySet)
        return rows
