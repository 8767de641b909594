"""A plan into the database: keys of the plan become keys of rows, and columns are streamed. Nothing is decided here."""

from array import array
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Final, Self

from django.apps import apps
from django.db.models import Max, Model
from django.utils import timezone

from openimages_io.archives.base import Archive
from openimages_io.archives.opening import open_nested
from openimages_io.database.bulk import Columns, Loader, plain
from openimages_io.exceptions import UnreadableArchive
from openimages_io.format.limits import Limits
from openimages_io.models import Image, Label, Mask, Shape, picture_storage
from openimages_io.models.deletion import forget_files
from openimages_io.models.other_apps import delete_pointed_to, is_pointed_to
from openimages_io.models.revisions import touch
from openimages_io.transfer.pictures.storing import Stored, digest_of
from openimages_io.transfer.plan import Action, ArchiveChanged, Blob, Decision, Plan

_POINTS_TO: Final[Mapping[str, type[Model]]] = {
    "image_id": Image,
    "label_id": Label,
    "parent_id": Label,
    "child_id": Label,
    "shape_id": Shape,
}
_OF_TASK: Final = frozenset({Image, Label, Shape})
"""Tables that say the task of their rows."""
_BATCH: Final = 500


def apply_plan(
    plan: Plan,
    loader: Loader,
    task_id: int,
    pictures: Mapping[str, Stored],
    archive: Archive,
    limits: Limits,
    progress: Callable[[int, int], None],
) -> Counter[str]:
    """Carries the plan out, in the caller's transaction, and raises the revisions of task and images.

    Returns how many rows of other apps went with rows that are deleted, by the name of their model.

    `pictures` are those that were stored, by path; `progress` is told the bytes of the plan that are done, and all.
    Raises `ArchiveChanged`.
    """
    with _Blobs(archive, limits) as blobs:
        applying = _Applying(plan, loader, task_id, pictures, blobs)
        done = 0
        for decision, size in plan.decisions():
            applying.carry_out(decision)
            done += size
            progress(done, plan.size)
    applying.replace_pictures()
    if plan.changes:
        touch("Task", [task_id], loader.connection.alias)
        touch("Image", plan.touched, loader.connection.alias)
    return applying.gone_elsewhere


class _Applying:
    def __init__(
        self, plan: Plan, loader: Loader, task_id: int, pictures: Mapping[str, Stored], blobs: "_Blobs"
    ) -> None:
        self.plan, self.loader, self.task_id, self.blobs = plan, loader, task_id, blobs
        self.using = loader.connection.alias
        self._stored = {key: pictures[path] for key, path in plan.pictures.items()}
        self._keys: dict[type[Model], array[int]] = {model: array("q") for model in (Image, Label, Shape)}
        """The keys of new rows in the order of the plan's: -1 has the first."""
        self._backwards: dict[type[Model], array[int]] = {}
        """The same the other way round, so that a key of the plan is an index."""
        highest = plain(Shape, self.using).filter(task_id=task_id).aggregate(group=Max("group"))["group"]
        self._last_group: int = highest or 0
        self.gone_elsewhere: Counter[str] = Counter()

    def carry_out(self, decision: Decision) -> None:
        model, columns = decision.model, dict(decision.columns)
        if decision.action is Action.DELETE:
            for table in (Mask, model):  # a mask's key is its shape's
                self._delete_pointed_to(table, decision.keys)
                self.loader.delete(table, decision.keys)
            return
        if decision.action is Action.UPDATE:
            points_to = Shape if model is Mask else model
            self.loader.update(model, self._mapped(points_to, decision.keys), self._real(columns))
            return
        if model is Image:
            columns = self._with_pictures(columns)
        constants = dict(decision.constants)
        if "id" in columns:
            keys = self.loader.reserve(model, len(columns["id"]))
            self._take_keys(model, columns["id"], keys)
            self._backwards.pop(model, None)
            columns["id"] = keys
        if model in _OF_TASK:
            constants["task_id"] = self.task_id
        if model is Image:
            now = self.loader.connection.ops.adapt_datetimefield_value(timezone.now())
            constants |= {"revision": 1, "updated": now}
        self.loader.insert(model, self._real(columns), constants)

    def _delete_pointed_to(self, model: type[Model], keys: Sequence[int]) -> None:
        if not is_pointed_to(model):
            return
        for start in range(0, len(keys), _BATCH):
            for name, count in delete_pointed_to(
                plain(model, self.using).filter(pk__in=keys[start : start + _BATCH])
            ).items():
                other = apps.get_model(name)
                if other._meta.app_label != Shape._meta.app_label:
                    self.gone_elsewhere[str(other._meta.verbose_name_plural)] += count

    def _take_keys(self, model: type[Model], of_plan: Sequence[int], keys: Sequence[int]) -> None:
        known = self._keys[model]
        if -of_plan[0] == len(known) + 1 and -of_plan[-1] == len(known) + len(keys):
            known.extend(keys)
            return
        for number, key in zip(of_plan, keys, strict=True):
            known.extend([0] * (-number - 1 - len(known)))  # of rows that were planned, and then forgotten
            known.append(key)

    def _real(self, columns: dict[str, Sequence[Any]]) -> Columns:
        for name, values in columns.items():
            if name in _POINTS_TO:
                columns[name] = self._mapped(_POINTS_TO[name], values)
            elif name == "group":
                columns[name] = [
                    self._last_group - group if group is not None and group < 0 else group for group in values
                ]
            elif name == "png":
                columns[name] = [self.blobs.read(blob) if blob else b"" for blob in values]
        return columns

    def _mapped(self, model: type[Model], keys: Sequence[int]) -> Sequence[int]:
        if not self._keys.get(model):
            return keys
        if model not in self._backwards:
            self._backwards[model] = self._keys[model][::-1]
        real = self._backwards[model].__getitem__
        return list(map(real, keys)) if max(keys) < 0 else [key if key > 0 else real(key) for key in keys]

    def _with_pictures(self, columns: dict[str, Sequence[Any]]) -> dict[str, Sequence[Any]]:
        """The columns of new images with those of the pictures that were stored for them."""
        stored = [self._stored.get(key) for key in columns["id"]]
        sizes = [
            (picture.width, picture.height) if picture else size
            for picture, size in zip(stored, zip(columns["width"], columns["height"], strict=True), strict=True)
        ]
        return columns | {
            "width": [width for width, _ in sizes],
            "height": [height for _, height in sizes],
            "file": [picture.file if picture else "" for picture in stored],
            "file_digest": [picture.digest if picture else "" for picture in stored],
            "file_suffix": [picture.suffix if picture else "" for picture in stored],
        }

    def replace_pictures(self) -> None:
        """Gives images that were there their new pictures; the files that these replace go after the COMMIT."""
        keys = sorted(key for key in self._stored if key > 0)
        replaced: dict[str, str] = {}
        for start in range(0, len(keys), _BATCH):
            batch = keys[start : start + _BATCH]
            rows = plain(Image, self.using).filter(pk__in=batch).exclude(file="")
            replaced.update(rows.values_list("file", "file_digest"))
            new = [self._stored[key] for key in batch]
            columns: Columns = {
                "file": [picture.file for picture in new],
                "file_digest": [picture.digest for picture in new],
                "file_suffix": [picture.suffix for picture in new],
            }
            self.loader.update(Image, batch, columns)
        forget_files(picture_storage(), replaced, self.using)


class _Blobs:
    """Files of the archive that are read again. A context manager: the zips that it opens are closed with it."""

    def __init__(self, archive: Archive, limits: Limits) -> None:
        self._archives = {"": archive}
        self._limits = limits
        self._stack = ExitStack()

    def read(self, blob: Blob) -> bytes:
        """The file's bytes. Raises `ArchiveChanged` if they are not those that were checked."""
        shard, path, digest = blob
        try:
            if shard not in self._archives:
                self._archives[shard] = self._stack.enter_context(open_nested(self._archives[""], shard))
            data = self._archives[shard].read(path, self._limits.max_mask_bytes)
        except (UnreadableArchive, FileNotFoundError, KeyError) as fault:
            raise ArchiveChanged(path) from fault
        if digest_of(data) != digest:
            raise ArchiveChanged(path)
        return data

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()
