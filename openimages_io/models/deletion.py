"""Deleting a task's rows by the statement: Django's collector would load each of a million shapes first."""

import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.apps import apps
from django.core.files.storage import Storage
from django.db import models, transaction

from openimages_io import conf
from openimages_io.models.installation import Proof, claim
from openimages_io.models.job_files import remove_files_of_jobs
from openimages_io.models.other_apps import delete_rows
from openimages_io.models.thumbnails import thumbnail_names

_BATCH = 500
_OLD_NAME = re.compile(r"openimages/[0-9a-f]{2}/([0-9a-f]{64})-[0-9a-f]{8}(?:_\w{7})?(?:\.[^/]*)?")
_BY_TASK = (
    ("Mask", "shape__task_id"),
    ("Shape", "task_id"),
    ("Mask", "shape__image__task_id"),  # the database doesn't compare a shape's task with its image's
    ("Shape", "image__task_id"),
    ("HierarchyEdge", "parent__task_id"),
    ("AttributeSpec", "label__task_id"),
    ("Label", "task_id"),
    ("Image", "task_id"),
)
_BY_IMAGE = (("Mask", "shape__image_id"), ("Shape", "image_id"))

log = logging.getLogger(__name__)


def clear_annotations(task_ids: Sequence[int], using: str) -> dict[str, int]:
    """Deletes all rows that belong to these tasks.

    The files of pictures and jobs go when the transaction has committed. Returns the number of rows by model label, as
    Django's own `delete` does.
    """
    forget_pictures("task_id", task_ids, using)
    remove_files_of_jobs("task_id", task_ids, using)
    return _delete(_BY_TASK, task_ids, using)


def rows_of_task(key: int, using: str) -> "Iterator[models.QuerySet[models.Model]]":
    """All rows that go with a task, model by model, those first that point to others."""
    for name, path in (*_BY_TASK, ("Task", "pk")):
        yield models.QuerySet(apps.get_model("openimages_io", name), using=using).filter(**{path: key})


def clear_images(image_ids: Sequence[int], using: str) -> dict[str, int]:
    """Deletes the shapes of these images; the images' picture files go when the transaction has committed."""
    forget_pictures("pk", image_ids, using)
    return _delete(_BY_IMAGE, image_ids, using)


def picture_folder(storage: Storage, using: str) -> str:
    """The folder for pictures that this database stores from now on, marked as its own."""
    return claim(storage, conf.options().picture_prefix, using)


def forget_pictures(field: str, keys: Sequence[int], using: str) -> None:
    """Has the picture files of the images with these keys removed once the transaction has committed.

    A file that another image has too stays, and so do the thumbnails of a picture that equals another image's.
    """
    image = apps.get_model("openimages_io", "Image")
    files: dict[str, str] = {}
    for start in range(0, len(keys), _BATCH):
        rows = image._base_manager.using(using).filter(**{f"{field}__in": keys[start : start + _BATCH]})
        files.update(rows.exclude(file="").values_list("file", "file_digest"))
    forget_files(image._meta.get_field("file").storage, files, using)


def forget_files(storage: Storage, files: Mapping[str, str], using: str) -> None:
    """Has pictures and their thumbnails removed once the transaction has committed; `files` has digests by name.

    What an image has by then stays, and so does what nothing proves that this installation has stored.
    """

    def remove() -> None:
        proof = Proof(storage, using)
        unused = _unused("file", list(files), using)
        remove_files(storage, own_pictures(proof, {name: files[name] for name in unused}))
        folders = proof.owned(conf.options().picture_prefix)
        for digest in _unused("file_digest", sorted(set(files.values()) - {""}), using):
            remove_files(storage, thumbnail_names(folders, digest))

    if files:
        # The rows are gone by then, so a storage that fails is logged and leaves an orphan for the prune command.
        transaction.on_commit(remove, using=using, robust=True)


def own_pictures(proof: Proof, files: Mapping[str, str]) -> Iterator[str]:
    """Those files that this installation has stored; `files` has digests by name. What is not proven is logged.

    A file in its folder is its own, and so is one with a name that we gave before there were such folders.
    """
    for name, digest in files.items():
        match = _OLD_NAME.fullmatch(name)
        is_old = match is not None and match[1] == digest
        if proof.holds(name) or (is_old and proof.is_original(conf.options().picture_prefix)):
            yield name
        else:
            log.warning("The picture %s stays: nothing proves that this installation has stored it.", name)


def _unused(field: str, values: Sequence[str], using: str) -> list[str]:
    images = apps.get_model("openimages_io", "Image")._base_manager.using(using)
    used: set[str] = set()
    for start in range(0, len(values), _BATCH):
        part = values[start : start + _BATCH]
        used.update(images.filter(**{f"{field}__in": part}).values_list(field, flat=True))
    return [value for value in dict.fromkeys(values) if value not in used]


def remove_files(storage: Storage, names: Iterable[str]) -> None:
    """Removes stored files; one that is gone already is not a fault."""
    for name in names:
        storage.delete(name)


def _delete(paths: Iterable[tuple[str, str]], keys: Sequence[int], using: str) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for name, path in paths:
        model = apps.get_model("openimages_io", name)
        for start in range(0, len(keys), _BATCH):
            every: models.QuerySet[models.Model] = models.QuerySet(model, using=using)
            rows = every.filter(**{f"{path}__in": keys[start : start + _BATCH]})
            counts += delete_rows(rows)
    return dict(+counts)
