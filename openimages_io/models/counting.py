"""Which tasks may be counted while somebody waits."""

from collections.abc import Sequence

from django.db.models import OuterRef, Subquery

from openimages_io.models.image import Image
from openimages_io.models.shape import Shape
from openimages_io.models.task import Task


def small_tasks(keys: Sequence[int], limit: int, using: str | None = None) -> list[int]:
    """Those of the tasks that have no more than so many images, nor shapes; of larger ones no more rows are read."""
    behind = {
        name: Subquery(rows.filter(task=OuterRef("pk")).order_by("pk").values("pk")[limit : limit + 1])
        for name, rows in (("more_images", Image.objects.all()), ("more_shapes", Shape.objects.all()))
    }
    tasks = Task.objects.using(using).filter(pk__in=keys).annotate(**behind).order_by()
    return [key for key, *more in tasks.values_list("pk", *behind) if more == [None, None]]
