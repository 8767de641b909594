"""Mode replace: taking away what the archive's annotations will stand in for."""

from collections.abc import Collection, Sequence
from typing import Final

from django.db import models
from django.db.models import Count

from openimages_io.models import Mask, Shape, ShapeKind
from openimages_io.models.shape import MACHINE
from openimages_io.transfer.run import Run

_BATCH: Final = 500
_KINDS: Final = {
    "tag": "human labels",
    "rectangle": "boxes",
    "mask": "masks",
    "polygon": "polygons",
    "ellipse": "ellipses",
}


def replace_annotations(run: Run, images: Collection[int], labels: Collection[int] | None) -> None:
    """Removes the shapes of these images, only those of these labels if labels were chosen, and counts them.

    A check only counts.
    """
    ordered = sorted(images)
    for start in range(0, len(ordered), _BATCH):
        shapes = _shapes(run, ordered[start : start + _BATCH], labels)
        counts = shapes.order_by().values_list("kind", "source").annotate(removed=Count("pk"))
        for kind, source, removed in counts:
            is_machine = kind == ShapeKind.TAG and source == MACHINE
            run.report.of("machine labels" if is_machine else _KINDS[kind]).removed += removed
        touched = list(shapes.order_by().values_list("image_id", flat=True).distinct())
        if not touched:
            continue
        run.touch(touched)
        if run.loader is not None:
            masks: models.QuerySet[Mask] = models.QuerySet(Mask, using=run.using).filter(
                shape__in=shapes.order_by().values("pk")
            )
            masks._raw_delete(run.using)
            shapes.order_by()._raw_delete(run.using)


def _shapes(run: Run, images: Sequence[int], labels: Collection[int] | None) -> "models.QuerySet[Shape]":
    shapes: models.QuerySet[Shape] = models.QuerySet(Shape, using=run.using).filter(image__in=images)
    return shapes if labels is None else shapes.filter(label__in=labels)
