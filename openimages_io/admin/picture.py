"""An image's page: the picture large with its annotations, what each says, and what is said of the whole image."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from openimages_io.admin.pages import Url
from openimages_io.admin.permissions import may_here
from openimages_io.admin.picture_editor import editor_context
from openimages_io.admin.picture_legend import legend_of, name_of
from openimages_io.admin.returning import form_urls, query_within
from openimages_io.admin.within import place_context
from openimages_io.format.pictures import BadPicture
from openimages_io.format.writing import number
from openimages_io.models import Image, Label, Shape, ShapeKind
from openimages_io.models.thumbnails import SIZES
from openimages_io.viewing.colors import UNKNOWN, shown_colors
from openimages_io.viewing.drawables import drawable, labels_of
from openimages_io.viewing.overlay import frame_of, overlay
from openimages_io.viewing.ranges import RangeBeyondEnd
from openimages_io.viewing.serving import file_response, thumbnail_response
from openimages_io.viewing.thumbnails import thumbnail

_LARGEST: Final = SIZES[-1]
_UNKNOWN: Final = 100_000
"""Pixels that an image may have whose size nobody has said."""
_MANY: Final = 100
"""Rows of a table from which on its columns have fixed widths, so that one changed row does not measure all others."""
_ROWS: Final = 1_000
"""Shapes, and tags, that the tables list."""


@dataclass(frozen=True, slots=True)
class Row:
    """A shape in words."""

    shape: Shape
    label: str
    color: str
    url: str
    box: list[str]
    score: str
    values: list[tuple[str, str]]


def picture_context(request: HttpRequest, image: Image, url: Url) -> dict[str, Any]:
    """What an image's page shows."""
    url = form_urls(url, query_within(request) or "")
    drawn = drawable([image])[image.pk]
    tags = list(image.shapes.filter(kind=ShapeKind.TAG).order_by("-score", "pk")[: _ROWS + 1])
    labels = labels_of([drawn], (tag.label_id for tag in tags))
    colors = shown_colors(image.task, labels.values())
    legend = legend_of(request.GET, drawn.shapes, labels, colors)
    shown = [shape for shape in drawn.shapes if legend.shows(shape)]
    fault = _fault(image)
    has_picture = bool(image.file) and not fault
    is_turned = bool(image.rotation) and request.GET.get("rotate") == "1"
    svg = overlay(
        image,
        shown,
        labels,
        left=drawn.left,
        backdrop=url("image_thumbnail", image.pk, _LARGEST) if has_picture else "",
        turn=(image.rotation or 0) if is_turned else 0,
        colors=colors,
    )
    file_url = url("image_file", image.pk) if image.file else ""
    return {
        "title": image.name,
        "subtitle": image.subset,
        "image": image,
        "task": image.task,
        "drawing": mark_safe(svg),  # noqa: S308  (everything in it is escaped)
        "size": _LARGEST,
        "fault": fault,
        "editor": editor_context(request, image, frame_of(image, shown), labels.values(), colors, url),
        "legend": legend,
        "is_turned": is_turned,
        "rotation": number(image.rotation) if image.rotation else "",
        "rows": [_row(url, shape, labels, colors) for shape in shown[:_ROWS]],
        "hidden": len(drawn.shapes) - len(shown),
        "many_rows": len(shown) > _MANY,
        "more_rows": max(0, len(shown) - _ROWS) + drawn.left,
        "present": [_row(url, tag, labels, colors) for tag in tags[:_ROWS] if tag.score != 0],
        "absent": [_row(url, tag, labels, colors) for tag in tags[:_ROWS] if tag.score == 0],
        "more_tags": len(tags) > _ROWS,
        "provenance": _provenance(image),
        "file_url": file_url,
        "full_url": file_url if has_picture and max(image.width or _UNKNOWN, image.height or 0) > _LARGEST else "",
        **place_context(request, image, url),
        "task_url": url("task_change", image.task_id),
        "change_url": url("image_change", image.pk),
        "may_change": may_here(request, "change", Image, image.task),
    }


def file_or_404(request: HttpRequest, image: Image) -> HttpResponseBase:
    """The picture's file as its pixels are stored. Raises `Http404`."""
    try:
        return _answer(file_response(request, image, as_stored=True))
    except RangeBeyondEnd as error:
        return HttpResponse(status=416, headers=error.headers)
    except BadPicture as fault:
        raise Http404(str(fault)) from None


def thumbnail_or_404(request: HttpRequest, image: Image, size: int) -> HttpResponseBase:
    """A thumbnail. Raises `Http404`, for a size that is not made, too."""
    try:
        return _answer(thumbnail_response(request, image, size) if size in SIZES else None)
    except BadPicture as fault:
        raise Http404(str(fault)) from None


def _answer(response: HttpResponseBase | None) -> HttpResponseBase:
    if response is None:
        raise Http404
    return response


def _fault(image: Image) -> str:
    """Why the picture is not shown although there should be one, if so."""
    if not image.file:
        return ""
    try:
        return "" if thumbnail(image, _LARGEST) is not None else str(_("The picture file is missing in the storage."))
    except BadPicture as fault:
        return str(_("The picture is not shown, because it %(fault)s.") % {"fault": fault})


def _row(url: Url, shape: Shape, labels: Mapping[int, Label], colors: Mapping[int, str]) -> Row:
    said = shape.all_attributes
    values = list(said.items()) if isinstance(said, dict) else []
    for name, value in (("source", shape.source), ("group", shape.group), ("rotation", shape.rotation)):
        if value not in ("", None):
            values.append((name, value))
    return Row(
        shape,
        name_of(labels, shape.label_id),
        colors.get(shape.label_id, UNKNOWN),
        url("shape_change", shape.pk),
        [number(side) for side in (shape.x_min, shape.x_max, shape.y_min, shape.y_max) if side is not None],
        "" if shape.score is None else number(shape.score),
        [(name, _shown(value)) for name, value in values],
    )


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    return number(value) if isinstance(value, float) else str(value)


def _provenance(image: Image) -> list[tuple[Any, str, str]]:
    """What is known of where the picture is from: title, text, and an address if it is one that a link may have."""
    fields = ("title", "author", "license", "original_url", "original_landing_url", "author_profile_url")
    found = []
    for name in fields:
        value = str(getattr(image, name))
        if value:
            is_address = value.lower().startswith(("https://", "http://"))
            field: Any = image._meta.get_field(name)
            found.append((field.verbose_name, value, value if is_address else ""))
    return found
