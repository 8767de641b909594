"""A task's pictures with what is drawn on them, page by page, and charts of what there is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Count, Q
from django.http import HttpRequest, QueryDict
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from openimages_io.admin.gallery_filter import MOST_CHOICES, GalleryFilter, query_without
from openimages_io.admin.pages import Url
from openimages_io.admin.permissions import may_here
from openimages_io.admin.returning import form_urls, picture_url
from openimages_io.filtersets.keyset import beyond, order_of, place_within
from openimages_io.models import AttributeSpec, Image, Shape, ShapeKind, Task
from openimages_io.viewing.charts import box_sizes, by_subset, frequent_labels, most_frequent
from openimages_io.viewing.drawables import drawable, labels_of
from openimages_io.viewing.overlay import overlay
from openimages_io.viewing.statistics import Statistics, statistics, stored

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

    from openimages_io.models.image import ImageQuerySet

PAGE: Final = 30
"""Images on a page."""
THUMBNAIL: Final = 256
_SHAPES: Final = 300
"""Shapes that are drawn on one thumbnail."""
_MASK_PIXELS: Final = 64_000_000
_LARGE: Final = 100_000
"""Shapes from which on a task that has changed is not counted again while somebody waits."""


@dataclass(frozen=True, slots=True)
class Card:
    """One image on the page."""

    image: Image
    url: str
    drawing: "SafeString"
    shapes: int
    tags: int
    absent: int


def gallery_context(request: HttpRequest, task: Task, url: Url) -> dict[str, Any]:
    """What a task's gallery shows."""
    counted, is_old = _counted(task, again="count" in request.GET)
    charts: list[SafeString] = []
    if counted is None:
        labels = {label.pk: label for label in task.labels.all()[:MOST_CHOICES]}
    else:
        labels = {label.pk: label for label in task.labels.filter(pk__in=most_frequent(counted, MOST_CHOICES))}
        charts = [
            mark_safe(chart)  # noqa: S308  (everything in it is escaped)
            for chart in (frequent_labels(counted, labels), by_subset(counted), box_sizes(counted))
        ]
    specs = AttributeSpec.objects.filter(label__task=task).order_by("name").values_list("name", flat=True).distinct()
    wanted = GalleryFilter(request.GET, task, counted, labels.values(), list(specs[:MOST_CHOICES]))
    images, before, after = _page(wanted.images, request.GET)
    here = query_without(request.GET, "at", "count").urlencode()
    return {
        "title": task.name,
        "subtitle": _("Gallery"),
        "task": task,
        "form": wanted.form,
        "wanted": wanted,
        "counted": counted,
        "is_old": is_old,
        "absent": counted.absent if counted else 0,
        "cards": _cards(url, images, here),
        "previous_url": _address(request, before=before),
        "next_url": _address(request, after=after),
        "everything": request.path,
        "add_url": form_urls(url, here)("image_add", task=task.pk) if may_here(request, "add", Image, task) else "",
        "recount": _address(request, count=1),
        "charts": charts,
    }


def _counted(task: Task, *, again: bool) -> tuple[Statistics | None, bool]:
    """The numbers, and whether they are those of an earlier revision.

    Counting a large task takes seconds, so it is done when somebody asks for it; None where nobody has yet.
    """
    kept = None if again else stored([task]).get(task.pk)
    if again or (kept is not None and kept.revision == task.revision):
        return kept or statistics(task), False
    if task.shapes.order_by("pk").values("pk")[_LARGE : _LARGE + 1].exists():
        return kept, kept is not None
    return statistics(task), False


def _page(images: "ImageQuerySet", query: QueryDict) -> tuple[list[Image], int | None, int | None]:
    """A page by place, which is quick anywhere: the images, and those that the pages before and after begin at.

    With `at`, the page that the query says if the image is on it, else the one that begins with it.
    """
    after, before, at = (_place(images, query.get(name, "")) for name in ("after", "before", "at"))
    backwards = before is not None
    found = list(beyond(images, before if backwards else after, backwards=backwards)[: PAGE + 1])
    if at is not None and at[-1] not in {image.pk for image in found[:PAGE]}:
        after, backwards = at, False
        found = list(beyond(images, at, inclusive=True)[: PAGE + 1])
    more, found = len(found) > PAGE, found[:PAGE]
    if backwards:
        found.reverse()
    has_previous = more if backwards else after is not None
    has_next = backwards or more
    return found, found[0].pk if found and has_previous else None, found[-1].pk if found and has_next else None


def _place(images: "ImageQuerySet", text: str) -> tuple[Any, ...] | None:
    """Where the image of a key stands; in the order of keys one that is gone has its place, too."""
    key = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
    if key is None or len(order_of(images)) == 1:
        return None if key is None else (key,)
    return place_within(images, key)


def _address(request: HttpRequest, **beyond: int | None) -> str:
    """The page's own address with the filters that are set, and another place to go on from; empty for no place."""
    ((name, value),) = beyond.items()
    if value is None:
        return ""
    query = query_without(request.GET, "after", "before", "at", "count")
    query[name] = str(value)
    return f"?{query.urlencode()}"


def _cards(url: Url, images: Sequence[Image], query: str) -> list[Card]:
    found = drawable(images, _SHAPES, _MASK_PIXELS)
    labels = labels_of(found.values())
    tags = _tags(images)
    cards = []
    for image in images:
        drawn = found[image.pk]
        backdrop = url("image_thumbnail", image.pk, THUMBNAIL) if image.file else ""
        svg = overlay(image, drawn.shapes, labels, small=True, left=drawn.left, backdrop=backdrop)
        present, absent = tags.get(image.pk, (0, 0))
        cards.append(
            Card(
                image,
                picture_url(url, image.pk, query),
                mark_safe(svg),  # noqa: S308  (everything in it is escaped)
                len(drawn.shapes) + drawn.left,
                present,
                absent,
            )
        )
    return cards


def _tags(images: Sequence[Image]) -> dict[int, tuple[int, int]]:
    """How many tags each image has that say that something is there, and that it is not."""
    rows = Shape.objects.filter(image__in=[image.pk for image in images], kind=ShapeKind.TAG).order_by()
    counts = rows.values_list("image").annotate(
        present=Count("pk", filter=~Q(score=0) | Q(score=None)), absent=Count("pk", filter=Q(score=0))
    )
    return {key: (present, gone) for key, present, gone in counts}
