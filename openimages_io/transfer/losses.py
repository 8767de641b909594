"""What an archive cannot say, or what Datumaro will not read of it: counted, so that nobody takes it for kept."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Coalesce

from openimages_io.models import AttributeSpec, EdgeKind, HierarchyEdge, Label, Shape, ShapeKind
from openimages_io.models.colors import color_of
from openimages_io.models.shape import MACHINE
from openimages_io.transfer.export_state import ExportState
from openimages_io.transfer.images.mapping import FIELDS, NULLABLE
from openimages_io.transfer.masks.mapping import WITH_PIXELS
from openimages_io.transfer.options import LayoutName
from openimages_io.transfer.scanning import GROUPED
from openimages_io.transfer.specs import is_new

_TAG = Q(kind=ShapeKind.TAG)


def report_unsaid(out: ExportState) -> None:
    """Warns of groups that no mask holds together, and in Datumaro's layout of what Datumaro does not read."""
    if GROUPED in out.kinds:
        grouped = _shapes(out).filter(group__isnull=False).order_by().values("group")
        shapes = grouped.annotate(shapes=Count("pk"), masks=Count("pk", filter=WITH_PIXELS))
        if lost := shapes.filter(shapes__gt=1, masks=0).count():
            out.issue("group-unwritten", count=lost)
    for form, count in _without_place(out):
        if count:
            out.issue("no-place", form=form, count=count)
    if out.options.layout is LayoutName.DATUMARO:
        _report_unread(out)


def _without_place(out: ExportState) -> Iterator[tuple[str, int]]:
    """What no column and no file of the format holds, however it is set: kinds of shapes, colors, specs."""
    for kind in (ShapeKind.POLYGON, ShapeKind.ELLIPSE, ShapeKind.RECTANGLE):
        yield kind.value, out.drawn[kind]
    colors = Label.objects.using(out.using).filter(task_id=out.task_id).values_list("pk", "name", "color")
    yield "colors", sum(key in out.label_cells and color not in {"", color_of(name)} for key, name, color in colors)
    specs = AttributeSpec.objects.using(out.using).filter(label__task_id=out.task_id)
    yield "specs", sum(spec.label_id in out.label_cells and not is_new(spec) for spec in specs)


def _report_unread(out: ExportState) -> None:
    sizeless = ~_TAG & Q(image__width__isnull=True)
    if out.options.pictures:  # of which Datumaro takes the size
        sizeless &= Q(image__file="")
    numbers = _shapes(out).aggregate(
        shapes=Count("pk", filter=sizeless),
        images=Count("image", filter=sizeless, distinct=True),
        machine=Count("pk", filter=_TAG & Q(source=MACHINE)),
        sources=Count("pk", filter=~Q(source="") & ~(_TAG & Q(source=MACHINE))),
        clicks=Count("pk", filter=Q(clicks__isnull=False)),
    )
    if numbers["shapes"]:
        out.issue("datumaro-no-size", count=numbers["shapes"], images=numbers["images"])
    for form, count in _unread(out, numbers):
        if count:
            out.issue("datumaro-unread", form=form, count=count)


def _unread(out: ExportState, numbers: dict[str, Any]) -> Iterator[tuple[str, int]]:
    for form in ("machine", "sources", "clicks"):
        yield form, numbers[form]
    known = Q()
    for field in FIELDS.values():
        known |= ~Q(**{f"{field}__isnull": True}) & ~_empty(field)
    yield "provenance", out.images.images().filter(known, subset__in=out.subsets).count()
    edges = HierarchyEdge.objects.using(out.using).filter(parent__task_id=out.task_id, parent__in=out.label_names)
    yield "parts", edges.filter(kind=EdgeKind.PART).count()
    parents = edges.filter(kind=EdgeKind.SUBCATEGORY).order_by().values("child")
    yield "parents", sum(parents.annotate(extra=Coalesce(Count("parent"), 0) - 1).values_list("extra", flat=True))


def _empty(field: str) -> Q:
    return Q(pk__in=[]) if field in NULLABLE else Q(**{field: ""})


def _shapes(out: ExportState) -> "QuerySet[Shape]":
    """The shapes that were asked for."""
    shapes = out.images.shapes()
    return shapes.filter(label__in=list(out.label_cells)) if out.options.labels else shapes
