"""A task's pictures with what is drawn on them, page by page, and charts of what there is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from openimages_io.admin.pages import Url
from openimages_io.models import AttributeSpec, Image, Label, Shape, ShapeKind, Task
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
_CHOICES: Final = 1_000
"""Labels, subsets and sources that a select offers, the most frequent; others are found by their addresses."""
_LARGE: Final = 100_000
"""Shapes from which on a task that has changed is not counted again while somebody waits."""
_WITH: Final = (("", _("any")), ("1", _("with")), ("0", _("without")))
_NO_SOURCE: Final = "\N{EMPTY SET}"
_LARGEST_KEY: Final = 2**63 - 1


class GalleryFilterForm(forms.Form):
    """What the gallery is to show; everything that is asked of annotations must hold of the same one."""

    search = forms.CharField(label=_("name"), required=False, max_length=255)
    subset = forms.CharField(label=_("subset"), required=False, max_length=255)
    label = forms.IntegerField(label=_("label"), required=False, min_value=1, max_value=_LARGEST_KEY)
    kind = forms.ChoiceField(label=_("kind"), required=False, choices=(("", _("any")), *ShapeKind.choices))
    source = forms.CharField(label=_("source"), required=False, max_length=64)
    score_min = forms.FloatField(label=_("score from"), required=False, min_value=0, max_value=1)
    score_max = forms.FloatField(label=_("score to"), required=False, min_value=0, max_value=1)
    attribute = forms.CharField(
        label=_("attribute"), required=False, max_length=1000, help_text=_("a name, or name=value")
    )
    shapes = forms.ChoiceField(label=_("annotations"), required=False, choices=_WITH)
    file = forms.ChoiceField(label=_("picture file"), required=False, choices=_WITH)

    def __init__(self, data: Any, counted: Statistics | None, labels: Sequence[Label], names: Sequence[str]) -> None:
        super().__init__(data, auto_id="oi_%s")
        offered: dict[str, list[tuple[str, Any]]] = {
            "label": [(str(label.pk), str(label)) for label in sorted(labels, key=lambda label: str(label).lower())],
        }
        if counted is not None:
            offered["subset"] = [(name, name) for name in list(counted.by_subset)[:_CHOICES]]
            offered["source"] = [(name or _NO_SOURCE, name or _("none")) for name in list(counted.by_source)[:_CHOICES]]
        for name, choices in offered.items():
            chosen = str(self.data.get(name, ""))
            if chosen and chosen not in dict(choices):
                choices.append((chosen, chosen))
            self.fields[name].widget = forms.Select(choices=[("", _("any")), *choices])
        for name in ("score_min", "score_max"):
            self.fields[name].widget.attrs["step"] = "any"
        self.fields["attribute"].widget.attrs |= {"list": "oi_attributes", "placeholder": "name=value"}
        self.attribute_names = names

    def images(self, task: Task) -> "ImageQuerySet":
        """The images that are asked for; of what is not understood, none."""
        if not self.is_valid():
            return task.images.none()
        given: dict[str, Any] = {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}
        for name, ours in (("shapes", "has_shapes"), ("file", "has_file")):
            if name in given:
                given[ours] = given.pop(name) == "1"
        if given.get("source") == _NO_SOURCE:
            given["source"] = ""
        return task.images.annotated(**given)

    @property
    def is_asking(self) -> bool:
        """Whether not simply everything is asked for."""
        return any(self.data.get(name) for name in self.fields)


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
        labels = {label.pk: label for label in task.labels.all()[:_CHOICES]}
    else:
        labels = {label.pk: label for label in task.labels.filter(pk__in=most_frequent(counted, _CHOICES))}
        charts = [
            mark_safe(chart)  # noqa: S308  (everything in it is escaped)
            for chart in (frequent_labels(counted, labels), by_subset(counted), box_sizes(counted))
        ]
    specs = AttributeSpec.objects.filter(label__task=task).order_by("name").values_list("name", flat=True).distinct()
    form = GalleryFilterForm(request.GET, counted, list(labels.values()), list(specs[:_CHOICES]))
    images, before, after = _page(form.images(task), request)
    return {
        "title": task.name,
        "subtitle": _("Gallery"),
        "task": task,
        "form": form,
        "counted": counted,
        "is_old": is_old,
        "absent": counted.absent if counted else 0,
        "cards": _cards(url, images),
        "previous_url": _address(request, before=before),
        "next_url": _address(request, after=after),
        "everything": request.path,
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


def _page(images: "ImageQuerySet", request: HttpRequest) -> tuple[list[Image], int | None, int | None]:
    """A page by key, which is quick anywhere: the images, and the keys that the pages before and after begin at."""
    after, before = (_key(request.GET.get(name, "")) for name in ("after", "before"))
    if before is not None:
        found = list(images.filter(pk__lt=before).order_by("-pk")[: PAGE + 1])
        more, found = len(found) > PAGE, found[PAGE - 1 :: -1]
        return found, found[0].pk if found and more else None, found[-1].pk if found else None
    rows = images.filter(pk__gt=after) if after is not None else images
    found = list(rows.order_by("pk")[: PAGE + 1])
    more, found = len(found) > PAGE, found[:PAGE]
    return found, found[0].pk if found and after is not None else None, found[-1].pk if more else None


def _key(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _address(request: HttpRequest, **beyond: int | None) -> str:
    """The page's own address with the filters that are set, and another place to go on from; empty for no place."""
    ((name, value),) = beyond.items()
    if value is None:
        return ""
    query = request.GET.copy()
    for gone in ("after", "before", "count"):
        query.pop(gone, None)
    for empty in [key for key, text in query.items() if not text]:
        query.pop(empty)
    query[name] = str(value)
    return f"?{query.urlencode()}"


def _cards(url: Url, images: Sequence[Image]) -> list[Card]:
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
                url("image_picture", image.pk),
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
