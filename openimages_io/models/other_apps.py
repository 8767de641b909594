"""Rows of a site's other apps that point to ours: they go as their foreign keys say, before ours go by the statement.

Django's collector does that for whatever it deletes, but it would load each of a million shapes. So only those rows
that others point to are left to it. Without such apps the database is asked nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Final

from django.db.models import CASCADE, DO_NOTHING, PROTECT, RESTRICT, Model, ProtectedError, QuerySet, RestrictedError
from django.db.models.deletion import Collector
from django.utils.translation import ngettext

_OURS: Final = "openimages_io"
_BATCH: Final = 500

Forbidden = (ProtectedError, RestrictedError)
"""What Django raises where a foreign key forbids that a row goes."""


def is_pointed_to(model: type[Model]) -> bool:
    """Whether rows of other apps may point to rows of this model."""
    return bool(_fields_to(model))


def delete_pointed_to(rows: "QuerySet[Any]") -> Counter[str]:
    """Deletes those of these rows that rows of other apps point to, with all that Django deletes with them.

    Returns how many rows went, by the label of their model, ours and theirs. Within the caller's transaction, which is
    to be rolled back if it raises `Forbidden`.
    """
    gone: Counter[str] = Counter()
    for batch in _pointed_to(rows):
        gone.update(batch.delete()[1])
    return gone


def delete_rows(rows: "QuerySet[Any]") -> Counter[str]:
    """Deletes these rows: what `delete_pointed_to` does, and then the rest by one statement.

    Returns how many rows went, by the label of their model. Raises `Forbidden`.
    """
    gone = delete_pointed_to(rows)
    gone[rows.model._meta.label] += rows._raw_delete(rows.db)
    return gone


def pointing_to(rows: "QuerySet[Any]") -> dict[type[Model], set[Any]]:
    """The keys of the rows of other apps that `delete_rows` takes along, by model; nothing is deleted.

    Raises `Forbidden` as that does.
    """
    found: defaultdict[type[Model], set[Any]] = defaultdict(set)
    for batch in _pointed_to(rows):
        collector = Collector(using=rows.db, origin=batch)
        collector.collect(batch)
        for model, instances in collector.data.items():
            found[model].update(instance.pk for instance in instances)
        for fast in collector.fast_deletes:
            found[fast.model].update(fast.values_list("pk", flat=True))
    return {model: keys for model, keys in found.items() if model._meta.app_label != _OURS}


def gone_with(every: "Iterable[QuerySet[Any]]") -> Counter[type[Model]]:
    """How many rows of other apps point to these rows and would go with them, by model."""
    found: Counter[type[Model]] = Counter()
    for rows in every:
        for field in _fields_to(rows.model):
            if field.remote_field.on_delete is CASCADE:
                found[field.model] += _theirs(field, rows).count()
    return +found


def what_forbids(every: "Iterable[QuerySet[Any]]") -> list[str]:
    """A sentence for each model of other apps whose rows forbid that these rows go."""
    found: Counter[type[Model]] = Counter()
    for rows in every:
        for field in _fields_to(rows.model):
            if field.remote_field.on_delete in (PROTECT, RESTRICT):
                found[field.model] += _theirs(field, rows).count()
    return [_sentence(model, count) for model, count in (+found).items()]


def sentence_of(error: ProtectedError | RestrictedError) -> str:
    """Which rows forbid it."""
    found = error.protected_objects if isinstance(error, ProtectedError) else error.restricted_objects
    counts = Counter(type(row) for row in found)
    return " ".join(_sentence(model, count) for model, count in counts.items())


def _sentence(model: type[Model], count: int) -> str:
    name = model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural
    said = ngettext(
        "%(count)s %(name)s points to what would be deleted, and forbids it.",
        "%(count)s %(name)s point to what would be deleted, and forbid it.",
        count,
    )
    return said % {"count": f"{count:,}", "name": name}


def _fields_to(model: type[Model]) -> list[Any]:
    """The foreign keys of other apps, hidden ones too, such as those of a many-to-many field's own table."""
    relations: Iterable[Any] = model._meta.get_fields(include_hidden=True)
    return [
        each.field
        for each in relations
        if each.auto_created
        and not each.concrete
        and (each.one_to_one or each.one_to_many)
        and each.related_model._meta.app_label != _OURS
        and each.on_delete is not DO_NOTHING
    ]


def _pointed_to(rows: "QuerySet[Any]") -> "Iterator[QuerySet[Any]]":
    """Those of these rows that rows of other apps point to, in batches."""
    for field in _fields_to(rows.model):
        keys = sorted(_theirs(field, rows).order_by().values_list(f"{field.name}__pk", flat=True).distinct())
        for start in range(0, len(keys), _BATCH):
            yield QuerySet(rows.model, using=rows.db).filter(pk__in=keys[start : start + _BATCH])


def _theirs(field: Any, rows: "QuerySet[Any]") -> "QuerySet[Any]":
    found: QuerySet[Any] = field.model._base_manager.using(rows.db).filter(**{f"{field.name}__in": rows.order_by()})
    return found
