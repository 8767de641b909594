"""A task's pictures with what is drawn on them, page by page, and charts of what there is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from django.db import models
from django.db.models import Q
from django.http import HttpRequest
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from openimages_io.admin import viewing
from openimages_io.admin.bulk import bulk_actions
from openimages_io.admin.facets import MOST_CHOICES, Facets
from openimages_io.admin.filter_words import conditions_with_links
from openimages_io.admin.gallery_filter import address_with, filter_of, hidden_fields
from openimages_io.admin.gallery_pages import page_of, pages_in_words
from openimages_io.admin.pages import Url
from openimages_io.admin.permissions import may_here
from openimages_io.admin.returning import form_urls, picture_url
from openimages_io.filtersets.addresses import PLACES, query_without
from openimages_io.filtersets.counting import Count, count
from openimages_io.filtersets.images import ImageFilterSet
from openimages_io.models import Image, Label, Shape, ShapeKind, Task
from openimages_io.models.counting import small_tasks
from openimages_io.models.numbers import Number, grouped
from openimages_io.viewing.charts import box_sizes, by_subset, frequent_labels, most_frequent
from openimages_io.viewing.colors import shown_colors
from openimages_io.viewing.drawables import drawable, labels_of
from openimages_io.viewing.facets import FacetNumbers, facet_numbers
from openimages_io.viewing.overlay import overlay
from openimages_io.viewing.statistics import Statistics, statistics, stored

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

    from openimages_io.models.image import ImageQuerySet

ORDERS: Final = (
    ("", _("in the order they came")),
    ("-id", _("last come first")),
    ("name", _("name, A to Z")),
    ("-name", _("name, Z to A")),
    ("-shape_count", _("most shapes first")),
    ("shape_count", _("fewest shapes first")),
    ("score", _("lowest confidence first")),
    ("-updated", _("newest change first")),
    ("updated", _("oldest change first")),
)
_FORMS: Final = {
    "search": ("search", "ordering"),
    "score": ("score_min", "score_max"),
    "box_size": ("box_size_min", "box_size_below"),
    "without": (),
    "page": (),
}
"""Forms, and the parameters that they ask for themselves."""
THUMBNAIL: Final = 256
SMALL: Final = 20_000
"""Images, and shapes, of a task up to which what a filter finds is counted before the page is sent."""
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
    query = request.GET
    counted, is_old = _counted(task, again="count" in query)
    in_request = (counted is not None and not is_old) or viewing.may_be_counted(task)
    wanted = filter_of(query, task)
    labels = _labels(task, counted)
    facets = Facets(query, task, counted, wanted.asked)
    page = page_of(_images(wanted), query)
    here = query_without(query, "at", "count").urlencode()
    frequent = most_frequent(counted) if counted else []
    charted = [labels[key] for key in frequent if key in labels]
    cards, colors = cards_of(url, task, page.images, here, charted)
    at_once, bulk_url = _is_quick(task, wanted), url("task_bulk", task.pk)
    if not wanted.asked:
        facets.shown = facets.kept_numbers()
    elif at_once:
        found = _facet_numbers(task, wanted, facets)
        facets.shown, facets.others = facets.numbers(found), facets.zeros(found)
    else:
        facets.is_late = True
    matches = count_of(wanted) if at_once and wanted.is_valid() else None
    return {
        "title": task.name,
        "subtitle": _("Gallery"),
        "task": task,
        "faults": faults_of(wanted),
        "facets": facets.facets(labels.values()),
        "have": facets.have(),
        "presence": facets.presence(),
        "attributes": sorted({name.partition("=")[0] for name, _text in facets.attributes}),
        "matches": in_words(matches, is_asking=bool(wanted.asked)) if matches else "",
        "pages": pages_in_words(matches) if matches else "",
        "late": "" if at_once else query_without(query, *PLACES).urlencode(),
        "first_url": address_with(query, "page", ""),
        "label_choices": sorted(
            ((str(key), str(label)) for key, label in labels.items()), key=lambda pair: pair[1].lower()
        ),
        "late_url": url("task_matches", task.pk),
        "numbers_url": url("task_numbers", task.pk),
        "conditions": conditions_with_links(wanted, task, query),
        "orders": ORDERS,
        "ordering": query.get("ordering", ""),
        "search": query.get("search", ""),
        "score": [query.get(name, "") for name in _FORMS["score"]],
        "box_size": [query.get(name, "") for name in _FORMS["box_size"]],
        "fields": {name: hidden_fields(query, *names) for name, names in _FORMS.items()},
        "is_asking": bool(wanted.asked) or bool(wanted.errors),
        "counted": counted,
        "is_old": is_old,
        "all_images": Number(counted.images if counted else 0),
        "all_shapes": Number(counted.shapes if counted else 0),
        "absent": Number(counted.absent if counted else 0),
        "cards": cards,
        "within": query_without(query, *PLACES).urlencode(),
        "bulk_url": bulk_url,
        "bulk_actions": bulk_actions(request, task) if bulk_url else [],
        "number": page.number,
        "previous_url": page.previous_url,
        "next_url": page.next_url,
        "everything": request.path,
        "add_url": form_urls(url, here)("image_add", task=task.pk) if may_here(request, "add", Image, task) else "",
        "is_empty": counted is not None and counted.images == 0 and not is_old and not wanted.asked,
        "import_url": url("task_import", task.pk),
        "recount": address_with(query, "count", "1") if in_request else "",
        "check_url": "" if in_request else url("task_check", task.pk),
        "charts": _charts(counted, labels, colors, request.path),
    }


def matches_text(request: HttpRequest, task: Task) -> dict[str, Any]:
    """How many images match, for a page that doesn't wait for it."""
    wanted = filter_of(request.GET, task)
    matches = count_of(wanted)
    text = in_words(matches, is_asking=bool(wanted.asked))
    return {"text": text, "numbers": {"pages": pages_in_words(matches)}}


def chip_numbers(request: HttpRequest, task: Task) -> dict[str, Any]:
    """How many images each choice of the facets would find, for a page that doesn't wait for it."""
    wanted = filter_of(request.GET, task)
    facets = Facets(request.GET, task, None, wanted.asked)
    found = _facet_numbers(task, wanted, facets)
    return {"numbers": facets.numbers(found), "others": facets.zeros(found)}


def count_of(wanted: ImageFilterSet) -> Count:
    """How many images a filter has; of all of a task, exactly."""
    images = _images(wanted)
    return count(images) if wanted.asked else Count(images.order_by().count())


def in_words(matches: Count, *, is_asking: bool) -> str:
    """How many images match, or are there."""
    number = grouped(matches.number)
    if matches.is_capped:
        return _now("over %(count)s images match") % {"count": number}
    if is_asking:
        return ngettext("%(count)s image matches", "%(count)s images match", matches.number) % {"count": number}
    return ngettext("%(count)s image", "%(count)s images", matches.number) % {"count": number}


def faults_of(wanted: ImageFilterSet) -> list[tuple[str, str]]:
    """What is wrong with a filter: what it is about, and why."""
    fields = wanted.form.fields
    return [(str(fields[name].label), fault) for name, faults in wanted.errors.items() for fault in faults]


def _images(wanted: ImageFilterSet) -> "ImageQuerySet":
    """The images that are asked for; of what is not understood, none."""
    return cast("ImageQuerySet", wanted.qs if wanted.is_valid() else Image.objects.none().order_by("id"))


def _is_quick(task: Task, wanted: ImageFilterSet) -> bool:
    return not wanted.asked or bool(small_tasks([task.pk], SMALL, task._state.db))


def _facet_numbers(task: Task, wanted: ImageFilterSet, facets: Facets) -> dict[str, FacetNumbers]:
    if not wanted.is_valid():
        return {}
    return facet_numbers(task, wanted.asked, [name for name, _text in facets.attributes])


def _labels(task: Task, counted: Statistics | None) -> dict[int, Label]:
    """The labels that are offered, by key: the most frequent, and those that nothing has counted."""
    if counted is None:
        return {label.pk: label for label in task.labels.all()[:MOST_CHOICES]}
    keys = most_frequent(counted, MOST_CHOICES)
    found = task.labels.in_bulk(keys)
    return {key: found[key] for key in keys if key in found}


def _charts(
    counted: Statistics | None, labels: Mapping[int, Label], colors: Mapping[int, str], gallery: str
) -> "list[SafeString]":
    if counted is None:
        return []
    return [
        mark_safe(chart)  # noqa: S308  (everything in it is escaped)
        for chart in (
            frequent_labels(counted, labels, gallery=gallery, colors=colors),
            by_subset(counted, gallery=gallery),
            box_sizes(counted, gallery=gallery),
        )
    ]


def _counted(task: Task, *, again: bool) -> tuple[Statistics | None, bool]:
    """The numbers, and whether they are those of an earlier revision.

    Counting a large task takes seconds, so it is done when somebody asks for it, and of a very large one by a check;
    None where nobody has yet.
    """
    kept = stored([task]).get(task.pk)
    if kept is not None and kept.revision == task.revision:
        return kept, False
    if again and viewing.may_be_counted(task):
        return statistics(task), False
    if task.shapes.order_by("pk").values("pk")[_LARGE : _LARGE + 1].exists():
        return kept, kept is not None
    return statistics(task), False


def cards_of(
    url: Url, task: Task, images: Sequence[Image], query: str, others: Sequence[Label] = ()
) -> tuple[list[Card], dict[int, str]]:
    """Images with what is drawn on them, as they stand in a gallery, and the colours of their labels and of others.

    The others come first: they have the same colours on each page that has them all.
    """
    found = drawable(images, _SHAPES, _MASK_PIXELS)
    labels = labels_of(found.values())
    colors = shown_colors(task, [*others, *labels.values()], first=[label.pk for label in others])
    tags = _tags(images)
    cards = []
    for image in images:
        drawn = found[image.pk]
        backdrop = url("image_thumbnail", image.pk, THUMBNAIL) if image.file else ""
        svg = overlay(image, drawn.shapes, labels, small=True, left=drawn.left, backdrop=backdrop, colors=colors)
        present, absent = tags.get(image.pk, (0, 0))
        cards.append(
            Card(
                image,
                picture_url(url, image.pk, query),
                mark_safe(svg),  # noqa: S308  (everything in it is escaped)
                *map(Number, (len(drawn.shapes) + drawn.left, present, absent)),
            )
        )
    return cards, colors


def _tags(images: Sequence[Image]) -> dict[int, tuple[int, int]]:
    """How many tags each image has that say that something is there, and that it is not."""
    rows = Shape.objects.filter(image__in=[image.pk for image in images], kind=ShapeKind.TAG).order_by()
    counts = rows.values_list("image").annotate(
        present=models.Count("pk", filter=~Q(score=0) | Q(score=None)), absent=models.Count("pk", filter=Q(score=0))
    )
    return {key: (present, gone) for key, present, gone in counts}
