"""A picture's shapes into the database: locked, compared with what is there, and only what changes is written."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from django.db import models
from django.db.models import Prefetch, QuerySet
from django.db.models.functions import Length

from openimages_io.annotations.errors import InvalidData, InvalidValue, NotThere
from openimages_io.annotations.shapes.drafts import Draft, Drafts
from openimages_io.annotations.shapes.events import SavedShapes
from openimages_io.annotations.shapes.items import Items, check_number
from openimages_io.annotations.shapes.units import size_for
from openimages_io.annotations.transactions import changing_image
from openimages_io.database.bulk import Loader, plain
from openimages_io.error_codes import FaultCode
from openimages_io.models import AttributeSpec, Image, Label, Mask, Shape
from openimages_io.models.revisions import Owners

_BATCH: Final = 500


class Saver:
    """Changes the shapes of one picture within the caller's transaction, which has locked it."""

    def __init__(self, image: Image, using: str, user: Any = None) -> None:
        self.image, self.using = image, using
        self.saved = SavedShapes(image.task_id, using, user, {image.pk})
        """What it has done so far."""

    @property
    def shapes(self) -> QuerySet[Shape]:
        """All shapes of the picture."""
        return Shape.objects.using(self.using).filter(image=self.image)

    def make_them(self, items: Items) -> list[int]:
        """Makes the shapes of the picture those that are given; returns their keys in the order of the request.

        Raises `InvalidData`, `Conflict`, and `TooLarge` for a picture that has more shapes than one save may replace.
        """
        check_number(self.shapes.count(), "picture")
        stored = self._stored(self.shapes)
        for item in items.items:
            if item.key is not None and item.key not in stored:
                item.fault("id", f"The picture has no shape {item.key}.", FaultCode.UNKNOWN_SHAPE)
        drafts = self._drafts(items, stored)
        kept = {item.key for item in items.items}
        self._write(drafts, [key for key in stored if key not in kept])
        return _keys(drafts)

    def patch(self, items: Items) -> list[int]:
        """Creates, changes and deletes what is given; returns the keys of what there is then in the request's order.

        Raises `InvalidData` or `Conflict`.
        """
        named = [*items.deleted, *(item.key for item in items.items if item.key is not None)]
        stored: dict[int, Shape] = {}
        for batch in _batches(named):
            stored |= self._stored(self.shapes.filter(pk__in=batch))
        for item in items.items:
            if item.key is not None and item.key not in stored:
                item.fault("id", f"The picture has no shape {item.key}.", FaultCode.UNKNOWN_SHAPE)
        for key, path in items.deleted.items():
            if key not in stored:
                said = f"The picture has no shape {key}."
                items.faults.append(InvalidValue(path, said, FaultCode.UNKNOWN_SHAPE))
        drafts = self._drafts(items, stored)
        self._write(drafts, list(items.deleted))
        return _keys(drafts)

    def add(self, items: Items) -> list[int]:
        """Adds new shapes and returns their keys. Raises `InvalidData` or `Conflict`."""
        drafts = self._drafts(items, {})
        self._write(drafts, [])
        return _keys(drafts)

    def change(self, items: Items, key: int) -> None:
        """Changes some fields of one shape. Raises `NotThere`, `InvalidData` or `Conflict`."""
        stored = self._stored(self.shapes.filter(pk=key))
        if not stored:
            raise NotThere("The shape is no longer there.")
        self._write(self._drafts(items, stored), [])

    def delete(self, key: int) -> None:
        """Deletes one shape. Raises `NotThere`."""
        if not self.shapes.filter(pk=key).exists():
            raise NotThere("The shape is no longer there.")
        self._write([], [key])

    def _stored(self, shapes: QuerySet[Shape]) -> dict[int, Shape]:
        rows = shapes.order_by("pk").select_related("mask").defer("mask__png").annotate(png_bytes=Length("mask__png"))
        return {shape.pk: shape for shape in rows}

    def _drafts(self, items: Items, stored: dict[int, Shape]) -> list[Draft]:
        lay = Drafts(self.image, self._labels(items, stored.values()), size_for(self.image, in_pixels=items.in_pixels))
        pngs = self._pngs(items, stored)
        drafts = []
        for item in items.items:
            if item.is_lost or (item.key is not None and item.key not in stored):
                continue
            if item.key is None:
                items.require_what_is_new(item)
            shape = None if item.key is None else stored[item.key]
            drafts.append(lay.make(item, shape, pngs.get(item.key or 0, b"")))
            items.stop_at_many(item)
        if found := items.all_faults():
            raise InvalidData(found)
        return drafts

    def _labels(self, items: Items, stored: Iterable[Shape]) -> dict[int, Label]:
        given = (item.given.get("label") for item in items.items)
        wanted = {key for key in given if isinstance(key, int) and not isinstance(key, bool) and 0 < key < 2**63}
        wanted.update(shape.label_id for shape in stored)
        labels = Label.objects.using(self.using).filter(task=self.image.task_id)
        labels = labels.prefetch_related(Prefetch("attribute_specs", AttributeSpec.objects.using(self.using)))
        return {label.pk: label for batch in _batches(sorted(wanted)) for label in labels.filter(pk__in=batch)}

    def _pngs(self, items: Items, stored: dict[int, Shape]) -> dict[int, bytes]:
        """The stored PNGs that other pixels of the same size are given for."""
        keys = []
        for item in items.items:
            mask = None if item.key not in stored else getattr(stored[item.key], "mask", None)
            given = item.mask
            if mask is None or given is None or not given.has_pixels:
                continue
            if (mask.width, mask.height) == (given.width, given.height):
                keys.append(mask.pk)
        found: dict[int, bytes] = {}
        for batch in _batches(keys):
            rows = plain(Mask, self.using).filter(pk__in=batch)
            found.update((key, bytes(png)) for key, png in rows.values_list("pk", "png"))
        return found

    def _write(self, drafts: Sequence[Draft], gone: Sequence[int]) -> None:
        """Writes what changes, and raises the revisions once if anything does."""
        new = [draft.shape for draft in drafts if draft.is_new]
        changed = [draft for draft in drafts if draft.changed and not draft.is_new]
        masks = [draft.mask for draft in drafts if draft.mask is not None]
        if not (new or changed or masks or gone):
            return
        edited = [draft.shape for draft in drafts if not draft.is_new and (draft.changed or draft.mask is not None)]
        self.saved.created += len(new)
        self.saved.changed += len(edited)
        self.saved.kinds.update(shape.kind for shape in (*new, *edited))
        for batch in _batches(gone):
            self.saved.add_deleted(batch)
            plain(Shape, self.using).filter(pk__in=batch).delete()
        if changed:
            names = set().union(*(draft.changed for draft in changed))
            _update(Loader(self.using), [draft.shape for draft in changed], names)
        if new:
            plain(Shape, self.using).bulk_create(new)
        for batch in _batches([mask.shape.pk for mask in masks if mask.is_dropped]):
            plain(Mask, self.using).filter(pk__in=batch).delete()
        made = [Mask(shape=mask.shape, **mask.all_columns) for mask in masks if mask.is_new]
        plain(Mask, self.using).bulk_create(made)
        for mask in masks:
            if not mask.is_new and not mask.is_dropped:
                plain(Mask, self.using).filter(pk=mask.shape.pk).update(**mask.all_columns)
        Owners({self.image.task_id}, {self.image.pk}).touch(self.using)
        self.image.revision += 1


def _keys(drafts: Sequence[Draft]) -> list[int]:
    return [draft.shape.pk for draft in drafts]


@contextmanager
def locked(image: Image, using: str | None = None, *, user: Any = None) -> Iterator[Saver]:
    """A transaction in which nobody else changes the image's annotations; `user` is who saves.

    Raises `NotThere` and `Conflict`.
    """
    with changing_image(image, using) as current:
        saver = Saver(current, str(current._state.db), user)
        yield saver
        saver.saved.send()


def _update(loader: Loader, rows: Sequence[Shape], names: set[str]) -> None:
    """Updates these fields of the shapes by one statement, run for each of them."""
    columns: dict[str, list[Any]] = {}
    for field in Shape._meta.concrete_fields:
        if field.name not in names:
            continue
        turn: Callable[[Any], Any] = json.dumps if isinstance(field, models.JSONField) else lambda value: value
        values = (getattr(row, field.attname) for row in rows)
        columns[str(field.column)] = [None if value is None else turn(value) for value in values]
    loader.update(Shape, [row.pk for row in rows], columns)


def _batches(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    return (keys[start : start + _BATCH] for start in range(0, len(keys), _BATCH))
