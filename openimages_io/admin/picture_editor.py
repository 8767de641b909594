"""What an image's page needs for shapes to be drawn and changed on it; they are saved by the REST API."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.conf import settings
from django.db.models import Count, Q, prefetch_related_objects
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from openimages_io.admin.pages import Url
from openimages_io.admin.permissions import may_here
from openimages_io.models import AttributeSpec, Image, InputType, Label, Shape, ShapeKind
from openimages_io.models.label import KNOWN_NAMES
from openimages_io.models.rules import ALWAYS_KEPT
from openimages_io.permissions import EDITS
from openimages_io.transfer.masks.rasterize import Size
from openimages_io.viewing.colors import color, task_colors

_OFFERED: Final = 50
"""Labels that are offered for what was typed."""
_LONGEST: Final = 255
_SIDES: Final = (("x_min", _("Left")), ("x_max", _("Right")), ("y_min", _("Top")), ("y_max", _("Bottom")))
_WORDS: Final = {
    "yes": _("yes"),
    "no": _("no"),
    "none": _("none"),
    "score": _("Confidence"),
    "occluded": _("Occluded"),
    "reading": _("Reading the shapes …"),
    "saving": _("Saving …"),
    "saved": _("Saved: {n} change."),
    "savedMany": _("Saved: {n} changes."),
    "unsaved": _("{n} change is not saved."),
    "unsavedMany": _("{n} changes are not saved."),
    "leave": _("There are changes that are not saved. Give them up?"),
    "offline": _("The server cannot be reached."),
    "failed": _("The server has answered with the status {status}."),
    "gone": _("The image has been deleted meanwhile, or you may not see it any more."),
    "again": _("Nothing was lost: save again."),
    "changed": _("Another user has saved this image meanwhile."),
    "refused": _("The server refuses ({detail}). Nothing was lost: log in again in another tab, then save here again."),
    "asOther": _("You began as {before} and are logged in as {now} now. Go on as {now}?"),
    "other": _("you are logged in as {now} now, not as {before}"),
    "mine": _("yours"),
    "theirs": _("theirs"),
    "keepMine": _("Keep mine: {shape}"),
    "takeTheirs": _("Take theirs: {shape}"),
    "theirsToo": _("{n} change of theirs is drawn with a +."),
    "theirsTooMany": _("{n} changes of theirs are drawn with a +."),
    "theirsRest": _("Also theirs: {list}."),
    "theirsTaken": _("Theirs are taken. There is nothing left to save."),
    "noPixels": _("(its pixels are gone)"),
    "deleted": _("deleted"),
    "notSaved": _("not saved"),
    "noBox": _("no box"),
    "turn": _("Turn; with Shift in steps of 15 degrees"),
    "angle": _("A rotation is more than -360 and less than 360 degrees."),
    "unknown": _("The task has no such label."),
    "dropped": _("{label} has no {names}: undo to have it back."),
    "unset": _("unknown"),
    "invalid": _("That is not a value that the attribute may have."),
    "manyPoints": _("It has too many points to be moved one by one; all of it can be moved."),
    "mayNot": _("You may not change this shape."),
    "stays": _("This shape cannot be moved here."),
    "absent": _("absent"),
    "confidence": _("confidence {score}"),
    "makePresent": _("Present"),
    "makeAbsent": _("Absent"),
    "remove": _("Remove"),
    "tagged": _("The image has the label {label} already."),
    "choose": _("Choose a label first."),
    "needsLabel": _("Choose a label for what was drawn; Esc gives it up."),
    "outside": _("The sides lie within the image, left before right and top before bottom."),
}


def editor_context(
    request: HttpRequest,
    image: Image,
    frame: tuple[Size, bool],
    labels: Iterable[Label],
    colors: Mapping[int, str],
    url: Url,
) -> dict[str, Any] | None:
    """What the editor needs; None for who may not change shapes, and on a site without the API.

    `frame` is its size in pixels, and whether that is the image's own. `labels` are those on the page, which
    the task's others join as they are searched for.
    """
    verbs = [verb for verb in EDITS if may_here(request, verb, Shape, image.task)]
    labels_url = url("image_labels", image.pk)
    if not verbs or not labels_url or not may_here(request, "view", Label, image.task):
        return None
    try:
        shapes_url = reverse("openimages_io:image-shapes", args=[image.pk])
    except NoReverseMatch:
        return None
    size, is_sized = frame
    return {
        "verbs": " ".join(verbs),
        "user": request.user.pk,
        "user_name": str(request.user),
        "shapes_url": shapes_url,
        "labels_url": labels_url,
        "frame": f"{size[0]} {size[1]}",
        "is_sized": is_sized,
        "row_url": url("shape_change", 0),
        "header": settings.CSRF_HEADER_NAME.removeprefix("HTTP_").replace("_", "-"),
        "sides": _SIDES,
        "words": {
            **{name: str(text) for name, text in _WORDS.items()},
            "kept": sorted(ALWAYS_KEPT),
            "labels": labels_as_json(labels, colors),
            "kinds": {kind.value: str(kind.label) for kind in ShapeKind},
        },
    }


def offered_labels(image: Image, typed: str) -> list[dict[str, Any]]:
    """Labels of the image's task whose names have what was typed, those that begin with it first.

    Each has a text of its own, for several LabelNames may share a display name.
    """
    typed = typed.strip().replace("\0", "")[:_LONGEST]
    name = typed.rpartition("(")[2].removesuffix(")") if typed.endswith(")") else typed
    labels = image.task.labels.order_by("display_name", "name")
    known = [known for known, text in KNOWN_NAMES.items() if text.lower().startswith(typed.lower())]
    is_known = Q(display_name="", name__in=known)
    begins = labels.filter(Q(display_name__istartswith=typed) | Q(name__istartswith=name) | is_known)
    found = list(begins[:_OFFERED])
    if len(found) < _OFFERED and typed:
        others = labels.filter(Q(display_name__icontains=typed) | Q(name__icontains=name))
        found += others.exclude(pk__in=[label.pk for label in found])[: _OFFERED - len(found)]
    return labels_as_json(found, task_colors(image.task))


def labels_as_json(labels: Iterable[Label], colors: Mapping[int, str]) -> list[dict[str, Any]]:
    """The labels, of one task, with texts that no two labels of the task share."""
    rows = list(labels)
    prefetch_related_objects(rows, "attribute_specs")
    names = {label.display_name for label in rows} - {""}
    same = Label.objects.filter(task_id__in={label.task_id for label in rows}, display_name__in=names)
    shared = set(same.values_list("display_name").annotate(Count("pk")).filter(pk__count__gt=1).order_by())
    twins = {name for name, _count in shared}
    return [
        {
            "id": label.pk,
            "name": label.name,
            "text": f"{label} ({label.name})" if label.display_name in twins else str(label),
            "color": colors.get(label.pk) or color(label),
            "specs": [_spec_as_json(spec) for spec in label.attribute_specs.all()],
        }
        for label in rows
    ]


def _spec_as_json(spec: AttributeSpec) -> dict[str, Any]:
    values = list(spec.number_range) if spec.input_type == InputType.NUMBER else spec.values
    return {"name": spec.name, "type": spec.input_type, "values": values if isinstance(values, list) else []}
