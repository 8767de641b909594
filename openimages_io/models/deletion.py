"""Deleting a task's rows by the statement: Django's collector would load each of a million shapes first."""

from collections.abc import Iterable, Sequence

from django.apps import apps
from django.core.files.storage import Storage
from django.db import models, transaction

from openimages_io.models.jobfiles import forget_jobs
from openimages_io.models.thumbnails import thumbnail_names

_BATCH = 500
_BY_TASK = (
    ("Mask", "shape__task_id"),
    ("Shape", "task_id"),
    ("HierarchyEdge", "parent__task_id"),
    ("AttributeSpec", "label__task_id"),
    ("Label", "task_id"),
    ("Image", "task_id"),
)
_BY_IMAGE = (("Mask", "shape__image_id"), ("Shape", "image_id"))


def clear_annotations(task_ids: Sequence[int], using: str) -> dict[str, int]:
    """Deletes all rows that belong to these tasks.

    The files of pictures and jobs go when the transaction has committed. Returns the number of rows by model label, as
    Django's own `delete` does.
    """
    forget_pictures("task_id", task_ids, using)
    forget_jobs("task_id", task_ids, using)
    return _delete(_BY_TASK, task_ids, using)


def clear_images(image_ids: Sequence[int], using: str) -> dict[str, int]:
    """Deletes the shapes of these images; the images' picture files go when the transaction has committed."""
    forget_pictures("pk", image_ids, using)
    return _delete(_BY_IMAGE, image_ids, using)


def forget_pictures(field: str, keys: Sequence[int], using: str) -> None:
    """Has the picture files of the images with these keys removed once the transaction has committed.

    A file that another image has too stays, and so do the thumbnails of a picture that equals another image's.
    """
    image = apps.get_model("openimages_io", "Image")
    storage = image._meta.get_field("file").storage
    names: list[str] = []
    digests: set[str] = set()
    for start in range(0, len(keys), _BATCH):
        rows = image._base_manager.using(using).filter(**{f"{field}__in": keys[start : start + _BATCH]})
        for name, digest in rows.exclude(file="").values_list("file", "file_digest"):
            names.append(name)
            digests.add(digest)
    if names:
        # The rows are gone by then, so a storage that fails is logged and leaves an orphan for the prune command.
        transaction.on_commit(lambda: remove_files(storage, _unused("file", names, using)), using=using, robust=True)
        forget_thumbnails(storage, digests, using)


def forget_thumbnails(storage: Storage, digests: Iterable[str], using: str) -> None:
    """Has the thumbnails of pictures with these digests removed once the transaction has committed.

    Those of a picture that an image has by then stay.
    """
    wanted = sorted(set(digests) - {""})

    def remove() -> None:
        for digest in _unused("file_digest", wanted, using):
            remove_files(storage, thumbnail_names(digest))

    if wanted:
        transaction.on_commit(remove, using=using, robust=True)


def _unused(field: str, values: Sequence[str], using: str) -> list[str]:
    images = apps.get_model("openimages_io", "Image")._base_manager.using(using)
    used: set[str] = set()
    for start in range(0, len(values), _BATCH):
        part = values[start : start + _BATCH]
        used.update(images.filter(**{f"{field}__in": part}).values_list(field, flat=True))
    return [value for value in dict.fromkeys(values) if value not in used]


def remove_files(storage: Storage, names: Iterable[str]) -> None:
    """Removes stored files; one that is gone already is no fault."""
    for name in names:
        storage.delete(name)


def _delete(paths: Iterable[tuple[str, str]], keys: Sequence[int], using: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name, path in paths:
        model = apps.get_model("openimages_io", name)
        for start in range(0, len(keys), _BATCH):
            every: models.QuerySet[models.Model] = models.QuerySet(model, using=using)
            rows = every.filter(**{f"{path}__in": keys[start : start + _BATCH]})
            deleted = rows._raw_delete(using)
            if deleted:
                counts[model._meta.label] = counts.get(model._meta.label, 0) + deleted
    return counts
