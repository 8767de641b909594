"""Every annotation of a task against the rules: what came in by other ways than the importer may break them."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.db import router
from django.db.models import Prefetch

from openimages_io import conf
from openimages_io.database.snapshot import snapshot
from openimages_io.exceptions import Failure
from openimages_io.format.issues import Issue
from openimages_io.format.masks import BadMask, check_png
from openimages_io.geometry import bounds
from openimages_io.models import AttributeSpec, HierarchyEdge, Image, Label, Mask, Shape, ShapeKind, Task
from openimages_io.models.rules import faults
from openimages_io.transfer.export_state import Progress
from openimages_io.transfer.report import Report

_PAGE: Final = 1000
_MASKS: Final = 20
"""Masks that are in memory at once."""
_TOLERANCE: Final = 1e-5


class Checker:
    """Reads a task's shapes in the order of their keys, in one snapshot, and writes nothing."""

    def __init__(self, task: Task, *, progress: Progress | None = None, using: str | None = None) -> None:
        self.task, self.progress = task, progress
        self.using = using or task._state.db or router.db_for_read(Shape)
        self.shapes = 0
        """How many were checked."""
        self._report = Report()
        self._limits = conf.limits()
        self._labels: dict[int, Label] = {}
        self._specs: dict[int, dict[str, AttributeSpec]] = {}
        """By label and name."""
        self._total = 0

    def run(self) -> Report:
        """Checks everything. Every fault is an issue that names the image and the shape's key.

        Raises `OpenImagesError` if the task is gone.
        """
        with snapshot(self.using):
            if not Task.objects.using(self.using).filter(pk=self.task.pk).exists():
                raise Failure("task-gone", task=self.task.name)
            every = Shape.objects.using(self.using).filter(task_id=self.task.pk)
            self._total = every.count()
            self._tell()
            self._check_hierarchy()
            self._check_tasks()
            for page in self._pages():
                for shape in page:
                    self._check_shape(shape)
                self._check_masks({shape.pk: shape for shape in page if shape.kind == ShapeKind.MASK})
                self.shapes += len(page)
                self._tell()
        return self._report

    def _pages(self) -> Iterator[Sequence[Shape]]:
        last = 0
        every = Shape.objects.using(self.using).filter(task_id=self.task.pk).order_by("pk")
        while page := list(every.filter(pk__gt=last)[:_PAGE]):
            last = page[-1].pk
            self._give_labels(page)
            keys = {shape.image_id for shape in page}
            images = Image.objects.using(self.using).only("task_id", "subset", "name", "width", "height").in_bulk(keys)
            whole = []
            for shape in page:
                image, label = images.get(shape.image_id), self._labels.get(shape.label_id)
                if image is None or label is None:
                    field = "label" if image else "image"
                    key = getattr(shape, f"{field}_id")
                    self._fault(shape, "bad-shape", field, form="missing", what=field, key=key)
                    continue
                shape.image, shape.label = image, label
                whole.append(shape)
            self.shapes += len(page) - len(whole)
            yield whole

    def _check_tasks(self) -> None:
        """Finds shapes on images of this task that say another one: the database doesn't compare the two."""
        images = Image.objects.using(self.using).filter(task_id=self.task.pk)
        others = Shape.objects.using(self.using).filter(image__in=images).exclude(task_id=self.task.pk)
        for shape in others.select_related("image").order_by("pk").iterator(_PAGE):
            self._fault(shape, "bad-shape", "task", form="task", task=shape.task_id, other=self.task.pk)

    def _give_labels(self, page: Sequence[Shape]) -> None:
        missing = {shape.label_id for shape in page} - self._labels.keys()
        if missing:
            specs = AttributeSpec.objects.using(self.using)
            labels = Label.objects.using(self.using).prefetch_related(Prefetch("attribute_specs", specs))
            for key, label in labels.in_bulk(missing).items():
                self._labels[key] = label
                self._specs[key] = {spec.name: spec for spec in label.attribute_specs.all()}

    def _check_shape(self, shape: Shape) -> None:
        found = faults(shape, self._specs[shape.label_id])
        for fault in found:
            self._fault(shape, "bad-shape", fault.path, fault=fault.as_param())
        if found:
            return
        if shape.kind == ShapeKind.POLYGON and shape.points is not None:
            box = shape.x_min, shape.x_max, shape.y_min, shape.y_max
            drawn = bounds(shape.points)
            if any(has is None or abs(has - is_) > _TOLERANCE for has, is_ in zip(box, drawn, strict=True)):
                self._fault(shape, "box-differs", "points", box=_show(box), drawn=_show(drawn))

    def _check_masks(self, shapes: dict[int, Shape]) -> None:
        keys = list(shapes)
        for start in range(0, len(keys), _MASKS):
            batch = keys[start : start + _MASKS]
            masks = Mask.objects.using(self.using).in_bulk(batch)
            for key in batch:
                self._check_mask(shapes[key], masks.get(key))
            self._tell()

    def _check_mask(self, shape: Shape, mask: Mask | None) -> None:
        if mask is None or not mask.png:
            self._fault(shape, "no-mask", "mask")
            return
        try:
            header = check_png(bytes(mask.png), self._limits)
        except BadMask as fault:
            self._fault(shape, "bad-mask", "mask", form="stored", fault=fault.as_param())
            return
        if (mask.width, mask.height) != (header.width, header.height):
            noted = {"noted_width": mask.width, "noted_height": mask.height}
            self._fault(shape, "mask-size", "mask", width=header.width, height=header.height, **noted)

    def _check_hierarchy(self) -> None:
        edges = HierarchyEdge.objects.using(self.using).filter(parent__task_id=self.task.pk).order_by()
        children: dict[int, list[int]] = {}
        for parent, child in edges.values_list("parent_id", "child_id").distinct():
            children.setdefault(parent, []).append(child)
        looped = _on_a_loop(children)
        names = Label.objects.using(self.using).filter(pk__in=looped[:1]).values_list("name", flat=True)
        for name in names:
            params = {"count": len(looped)}
            self._report(Issue(code="hierarchy-cycle", params=params, column="hierarchy", value=name))

    def _fault(self, shape: Shape, code: str, field: str, **params: Any) -> None:
        image = shape._state.fields_cache.get("image") or f"image {shape.image_id}"
        params |= {"kind": str(shape.kind), "shape": shape.pk, "image": str(image)}
        self._report(Issue(code=code, params=params, column=field))

    def _tell(self) -> None:
        if self.progress is not None:
            self.progress("check", min(self.shapes, self._total), self._total)


def _show(box: Sequence[Any]) -> str:
    return "(" + ", ".join("none" if side is None else f"{side:.6g}" for side in box) + ")"


def _on_a_loop(children: dict[int, list[int]]) -> list[int]:
    """The nodes that cannot be put in an order with parents first: those on loops, and those below loops."""
    waiting: dict[int, int] = dict.fromkeys(children, 0)
    for below in children.values():
        for child in below:
            waiting[child] = waiting.get(child, 0) + 1
    free = [node for node, parents in waiting.items() if not parents]
    while free:
        node = free.pop()
        del waiting[node]
        for child in children.get(node, ()):
            waiting[child] -= 1
            if not waiting[child]:
                free.append(child)
    return sorted(waiting)
