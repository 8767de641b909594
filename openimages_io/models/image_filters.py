"""Choosing images by what is drawn on them: the filters that the API and the admin site share."""

import math
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from django.apps import apps
from django.db import connections
from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    Count,
    Exists,
    F,
    FloatField,
    Func,
    IntegerField,
    Min,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    When,
)
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThanOrEqual, In, LessThan

from openimages_io.models.flags import FLAGS
from openimages_io.models.kinds import ImageNumber, Presence, ShapeKind
from openimages_io.models.values import is_storable

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler

Rows = TypeVar("Rows", bound=QuerySet[Any])
Labels: TypeAlias = Model | int | Iterable[Model | int] | None
"""A label or several, each as a row or by its key."""

_LARGEST_KEY: Final = 2**63 - 1
_LONGEST_NAME: Final = 255
_TRUTH: Final = {"true": True, "yes": True, "false": False, "no": False}
_NO_SCORE: Final = 2.0

SHAPE_FILTERS: Final = (
    "label",
    "presence",
    "without_label",
    "kind",
    "source",
    "score_min",
    "score_max",
    "box_size_min",
    "box_size_below",
    "attribute",
)
"""What is asked of one shape, and what that depends on."""
IS_PRESENT: Final = ~Q(kind=ShapeKind.TAG) | Q(score__gt=0) | Q(score=None)
"""Shapes that say that their label is there: all but tags of confidence 0."""
_WIDTH, _HEIGHT = F("x_max") - F("x_min"), F("y_max") - F("y_min")
BOX_AREA: Final = Case(
    When(LessThan(_WIDTH, 1e-150) | LessThan(_HEIGHT, 1e-150), then=0.0),
    default=_WIDTH * _HEIGHT,
    output_field=FloatField(),
)
"""Of a shape's box, as a fraction of the image; NULL without one.

A side of less than 1e-150 counts as none, since PostgreSQL refuses to multiply what comes out too small for a float.
"""


def annotated(
    images: Rows,
    *,
    name: str | None,
    subset: str | None,
    search: str | None,
    updated_since: datetime | None,
    label: Labels,
    presence: str | None,
    without_label: Labels,
    kind: str | None,
    source: str | None,
    score_min: float | None,
    score_max: float | None,
    box_size_min: float | None,
    box_size_below: float | None,
    attribute: str | Iterable[str] | None,
    has_file: bool | None,
    has_shapes: bool | None,
) -> Rows:
    """What `ImageQuerySet.annotated` says."""
    texts = (name, subset, search)
    drawn = shapes_asked(
        images.db,
        label=label,
        presence=presence,
        without_label=without_label,
        kind=kind,
        source=source,
        score_min=score_min,
        score_max=score_max,
        box_size_min=box_size_min,
        box_size_below=box_size_below,
        attribute=attribute,
    )
    if drawn is None or any(text is not None and not is_storable(text) for text in texts):
        return images.none()  # nothing stored is like it, and a database would rather fail than say so
    if name is not None:
        images = images.filter(name=name)
    if subset is not None:
        images = images.filter(subset=subset)
    if updated_since is not None:
        images = images.filter(updated__gte=updated_since)
    if search:
        images = images.filter(name__icontains=search) if len(search) <= _LONGEST_NAME else images.none()
    if has_file is not None:
        images = images.exclude(file="") if has_file else images.filter(file="")
    # All that is asked of a shape must hold of the same one, in one look-up.
    shapes = shapes_of_image()
    if drawn:
        images = images.filter(Exists(shapes.filter(drawn)))
    if unwanted := list(filter(_is_key, _keys(without_label))):
        of_labels = _has_label(unwanted, connections[images.db].vendor)
        images = images.filter(~Exists(shapes.filter(of_labels, _says(presence or Presence.PRESENT))))
    if has_shapes is not None:
        images = images.filter(Exists(shapes) if has_shapes else ~Exists(shapes))
    return images


def numbered(images: Rows, number: str, **asked: Any) -> Rows:
    """The images with a number to order them by, of those of their shapes that a filter asks for.

    An image without a score has 2 for its lowest one, so that it stands behind those that have one.
    """
    rows = shapes_of_image().filter(shapes_asked(images.db, **asked) or Q()).order_by().values("image")
    if number == ImageNumber.SHAPES:
        found = Coalesce(Subquery(rows.annotate(n=Count("*")).values("n")), 0, output_field=IntegerField())
        return images.annotate(**{number: found})
    scored = rows.exclude(kind=ShapeKind.TAG, score=0).annotate(lowest=Min("score")).values("lowest")
    return images.annotate(**{number: Coalesce(Subquery(scored), _NO_SCORE, output_field=FloatField())})


def shapes_of_image() -> "QuerySet[Any]":
    """The shapes of the image of the query around this one."""
    return apps.get_model("openimages_io", "Shape")._base_manager.filter(image=OuterRef("pk"))


def shapes_asked(
    using: str,
    label: Labels = None,
    presence: str | None = None,
    without_label: Labels = None,
    kind: str | None = None,
    source: str | None = None,
    score_min: float | None = None,
    score_max: float | None = None,
    box_size_min: float | None = None,
    box_size_below: float | None = None,
    attribute: str | Iterable[str] | None = None,
) -> Q | None:
    """What must hold of one shape of an image, empty if nothing is asked; None where no shape can be like it."""
    labels = _keys(label)
    attributes = [attribute] if isinstance(attribute, str) else list(attribute or ())
    columns = {"kind": kind, "source": source, "score__gte": score_min, "score__lte": score_max}
    numbers = (score_min, score_max, box_size_min, box_size_below)
    if not all(map(_is_key, labels)) or any(number is not None and math.isnan(number) for number in numbers):
        return None
    if any(text is not None and not is_storable(text) for text in (kind, source, *attributes)):
        return None
    vendor = connections[using].vendor
    asked = Q(**{name: value for name, value in columns.items() if value is not None})
    if box_size_min is not None:
        asked &= Q(GreaterThanOrEqual(BOX_AREA, _least_area(box_size_min)))
    if box_size_below is not None:
        asked &= Q(LessThan(BOX_AREA, _least_area(box_size_below)))
    if labels:
        asked &= _has_label(labels, vendor) & _says(presence or Presence.PRESENT)
    elif presence and not _keys(without_label):
        asked &= _says(presence)
    for wanted in filter(None, attributes):
        asked &= _has_attribute(wanted, vendor)
    return asked


def _least_area(size: float) -> float:
    """The smallest area whose square root is not below a size, so that no database has to take a root of each."""
    if size <= 0 or math.isinf(size):
        return size
    area = size * size
    while math.sqrt(area) < size:
        area = math.nextafter(area, math.inf)
    while area > 0 and math.sqrt(before := math.nextafter(area, 0)) >= size:
        area = before
    return area


def attribute_condition(wanted: str, using: str) -> Q:
    """What holds of shapes that have an attribute, `name` or `name=value`."""
    return _has_attribute(wanted, connections[using].vendor)


def _says(presence: str) -> Q:
    absent = Q(kind=ShapeKind.TAG, score=0)
    return Q() if presence == Presence.ANY else absent if presence == Presence.ABSENT else IS_PRESENT


def _keys(labels: Labels) -> list[int]:
    given = [labels] if isinstance(labels, Model | int) else list(labels or ())
    return [label.pk if isinstance(label, Model) else label for label in given]


def _is_key(key: int) -> bool:
    return 0 < key <= _LARGEST_KEY


def _has_label(keys: list[int], vendor: str) -> Q:
    if vendor == "postgresql":
        return Q(label__in=keys)
    # For every image SQLite would walk through all shapes of the label, as it has an index for them. A plus before
    # the column keeps it from that, so that it takes the other index and walks through the shapes of the image.
    return Q(In(Func(F("label"), template="+%(expressions)s", output_field=BigIntegerField()), keys))


def _has_attribute(wanted: str, vendor: str) -> Q:
    """Shapes that have the attribute: `name`, or `name=value`, where a value that reads as a number is one as well."""
    name, given, text = wanted.partition("=")
    values = list(_read_as(text)) if given else None
    if name in {"score", "occluded"}:  # these are columns
        if values is None:
            return Q(**{f"{name}__isnull": False})
        is_truth = name == "occluded"
        fitting = [v for v in values if isinstance(v, bool if is_truth else float) and isinstance(v, bool) == is_truth]
        return Q(**{f"{name}__in": fitting})
    found = _among_attributes(name, values, vendor)
    if name in FLAGS:  # columns too; attributes are what is not true or false
        return _has_flag(name, values) | found
    return found


def _has_flag(name: str, values: list[str | bool | float] | None) -> Q:
    if values is None:
        return Q(**{f"{name}__isnull": False})
    return Q(**{f"{name}__in": [value for value in values if isinstance(value, bool)]})


def _among_attributes(name: str, values: list[str | bool | float] | None, vendor: str) -> Q:
    if vendor == "postgresql":
        if values is None:
            return Q(attributes__has_key=name)
        found = Q()
        for value in values:
            found |= Q(attributes__contains={name: value})
        return found
    return Q(_Attribute(F("attributes"), name=name, values=values))


def _read_as(text: str) -> Iterator[str | bool | float]:
    """All values that a text may mean in JSON."""
    yield text
    truth = _TRUTH.get(text.lower())
    if truth is not None:
        yield truth
    try:
        number = float(text)
    except ValueError:
        return
    if math.isfinite(number):
        yield number


class _Attribute(Func):
    """Whether a JSON object has a name, with one of some values if they are given. For SQLite.

    Django's own look-ups take a name such as `3` for the place in a list, and SQLite's paths have trouble with names
    that are written with escapes.
    """

    output_field = BooleanField()

    def as_sql(  # type: ignore[override]  # we need none of what else a template may be given
        self, compiler: "SQLCompiler", connection: "BaseDatabaseWrapper"
    ) -> tuple[str, list[Any]]:
        name, values = self.extra["name"], self.extra["values"]
        (source,) = self.get_source_expressions()
        column, params = compiler.compile(source)
        conditions: list[str] = []
        found: list[Any] = [*params, name]
        for value in values or ():
            if isinstance(value, bool):
                conditions.append("held.type = %s")
                found.append("true" if value else "false")
            else:
                types = "'text'" if isinstance(value, str) else "'integer', 'real'"
                conditions.append(f"(held.type IN ({types}) AND held.atom = %s)")
                found.append(value)
        either = f" AND ({' OR '.join(conditions)})" if conditions else ""
        return f"EXISTS (SELECT 1 FROM json_each({column}) AS held WHERE held.key = %s{either})", found
