"""Choosing images by what is drawn on them: the filters that the API and the admin site share."""

import math
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypedDict, TypeVar, Unpack, cast

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
_PAGE: Final = 2000


class ShapeFilter(TypedDict, total=False):
    """What is asked of one shape, and what that depends on; None asks for nothing."""

    label: Labels
    presence: str | None
    without_label: Labels
    kind: str | None
    source: str | None
    score_min: float | None
    score_max: float | None
    box_size_min: float | None
    box_size_below: float | None
    attribute: str | Iterable[str] | None


class ImageFilter(ShapeFilter, total=False):
    """What is asked of an image and of what is drawn on it; None asks for nothing.

    `search` is a part of the ImageID in letters of either case, `label` a label or its key or several, any of which it
    may be; `attribute` is `name` or `name=value` or several, all of which it must have; an empty `source` is that of
    shapes without one. Of the labels `without_label` no shape of the image may be. `presence` is what counts as a shape
    of a label: one that says that it is present, the default, or absent, or any. The size of a box is the square root
    of its area, as a fraction of the image. What can't be stored is found nowhere.
    """

    name: str | None
    subset: str | None
    search: str | None
    updated_since: datetime | None
    has_file: bool | None
    has_shapes: bool | None


SHAPE_FILTERS: Final = tuple(ShapeFilter.__annotations__)
"""The names of what is asked of one shape."""
_COLUMNS: Final = {"kind": "kind", "source": "source", "score_min": "score__gte", "score_max": "score__lte"}
"""Those that are asked of one column, and how."""
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


def annotated(images: Rows, asked: ImageFilter) -> Rows:
    """The images of which one shape has all that is asked for. Raises `TypeError` for an unknown name."""
    conditions = _conditions(images.db, asked)
    if conditions is None:
        return images.none()
    shapes = shapes_of_image()
    images = images.filter(conditions.columns)
    if conditions.drawn:
        images = images.filter(Exists(shapes.filter(conditions.drawn)))
    if conditions.unwanted:
        images = images.filter(~Exists(shapes.filter(conditions.unwanted)))
    if (has_shapes := asked.get("has_shapes")) is not None:
        images = images.filter(Exists(shapes) if has_shapes else ~Exists(shapes))
    return images


@dataclass(frozen=True, slots=True)
class _Conditions:
    """Conditions of one table each; an empty one asks for nothing."""

    columns: Q
    """Of the image itself."""
    drawn: Q
    """Of one of its shapes: all that is asked of a shape must hold of the same one."""
    unwanted: Q
    """Of none of its shapes."""


def _conditions(using: str, asked: ImageFilter) -> _Conditions | None:
    """None where no image can be like it: nothing stored is, and a database would rather fail than say so."""
    _refuse_unknown(asked, ImageFilter.__optional_keys__)
    name, subset, search = asked.get("name"), asked.get("subset"), asked.get("search")
    drawn = shapes_asked(using, **_of_shapes(asked))
    if drawn is None or any(text is not None and not is_storable(text) for text in (name, subset, search)):
        return None
    if search and len(search) > _LONGEST_NAME:
        return None
    columns, unwanted = Q(), Q()
    if name is not None:
        columns &= Q(name=name)
    if subset is not None:
        columns &= Q(subset=subset)
    if (since := asked.get("updated_since")) is not None:
        columns &= Q(updated__gte=since)
    if search:
        columns &= Q(name__icontains=search)
    if (has_file := asked.get("has_file")) is not None:
        columns &= ~Q(file="") if has_file else Q(file="")
    if keys := list(filter(_is_key, _keys(asked.get("without_label")))):
        has_label = _has_label(keys, by_label=connections[using].vendor == "postgresql")
        unwanted = has_label & _says(asked.get("presence") or Presence.PRESENT)
    return _Conditions(columns, drawn, unwanted)


def keys_asked(task_id: int, using: str, asked: ImageFilter) -> "array[int]":
    """The keys, ascending, of the task's images that `annotated` finds, each table read by a statement of its own.

    That takes one pass through each whatever the database knows of them. Raises `TypeError` for an unknown name.
    """
    conditions = _conditions(using, asked)
    if conditions is None:
        return array("q")
    images, shapes = (
        apps.get_model("openimages_io", name)._base_manager.using(using).filter(task=task_id).order_by()
        for name in ("Image", "Shape")
    )

    def with_shape(condition: Q, labels: Labels = None) -> set[int]:
        rows = shapes.filter(condition)
        if some := list(filter(_is_key, _keys(labels))):
            rows = rows.filter(label__in=some)  # said already, but in a way that SQLite takes no index for
        return set(rows.values_list("image", flat=True).distinct())

    found = images.filter(conditions.columns).order_by("pk").values_list("pk", flat=True)
    keys = array("q", found.iterator(chunk_size=_PAGE))
    if conditions.drawn:
        drawn = with_shape(conditions.drawn, asked.get("label"))
        keys = array("q", (key for key in keys if key in drawn))
    if conditions.unwanted:
        unwanted = with_shape(conditions.unwanted, asked.get("without_label"))
        keys = array("q", (key for key in keys if key not in unwanted))
    if (has_shapes := asked.get("has_shapes")) is not None:
        with_any = with_shape(Q())
        keys = array("q", (key for key in keys if (key in with_any) == has_shapes))
    return keys


def numbered(images: Rows, number: str, **asked: Unpack[ShapeFilter]) -> Rows:
    """The images with a number to order them by, of those of their shapes that a filter asks for.

    An image without a score has 2 for its lowest one, so that it stands behind those that have one.
    """
    # It is asked of each image by itself, so that by label all shapes of the label would be read for each.
    condition = _shapes_asked(images.db, asked, by_label=False) or Q()
    rows = shapes_of_image().filter(condition).order_by().values("image")
    if number == ImageNumber.SHAPES:
        found = Coalesce(Subquery(rows.annotate(n=Count("*")).values("n")), 0, output_field=IntegerField())
        return images.annotate(**{number: found})
    scored = rows.exclude(kind=ShapeKind.TAG, score=0).annotate(lowest=Min("score")).values("lowest")
    return images.annotate(**{number: Coalesce(Subquery(scored), _NO_SCORE, output_field=FloatField())})


def shapes_of_image() -> "QuerySet[Any]":
    """The shapes of the image of the query around this one."""
    return apps.get_model("openimages_io", "Shape")._base_manager.filter(image=OuterRef("pk"))


def shapes_asked(using: str, **asked: Unpack[ShapeFilter]) -> Q | None:
    """What must hold of one shape of an image, empty if nothing is asked; None where no shape can be like it."""
    return _shapes_asked(using, asked, by_label=connections[using].vendor == "postgresql")


def _shapes_asked(using: str, asked: ShapeFilter, *, by_label: bool) -> Q | None:
    """`by_label` is whether a database may look shapes up by their label."""
    _refuse_unknown(asked, ShapeFilter.__optional_keys__)
    labels, attribute = _keys(asked.get("label")), asked.get("attribute")
    attributes = [attribute] if isinstance(attribute, str) else list(attribute or ())
    texts = (asked.get("kind"), asked.get("source"), *attributes)
    sizes = asked.get("box_size_min"), asked.get("box_size_below")
    numbers = (asked.get("score_min"), asked.get("score_max"), *sizes)
    if not all(map(_is_key, labels)) or any(number is not None and math.isnan(number) for number in numbers):
        return None
    if any(text is not None and not is_storable(text) for text in texts):
        return None
    vendor, presence = connections[using].vendor, asked.get("presence")
    columns = {look_up: asked.get(name) for name, look_up in _COLUMNS.items()}
    found = Q(**{look_up: value for look_up, value in columns.items() if value is not None})
    if sizes[0] is not None:
        found &= Q(GreaterThanOrEqual(BOX_AREA, _least_area(sizes[0])))
    if sizes[1] is not None:
        found &= Q(LessThan(BOX_AREA, _least_area(sizes[1])))
    if labels:
        found &= _has_label(labels, by_label=by_label) & _says(presence or Presence.PRESENT)
    elif presence and not _keys(asked.get("without_label")):
        found &= _says(presence)
    for wanted in filter(None, attributes):
        found &= _has_attribute(wanted, vendor)
    return found


def _of_shapes(asked: ImageFilter) -> ShapeFilter:
    return cast("ShapeFilter", {name: value for name, value in asked.items() if name in ShapeFilter.__optional_keys__})


def _refuse_unknown(asked: Iterable[str], known: Iterable[str]) -> None:
    """A misspelt name would ask for nothing, and that is all images."""
    if unknown := sorted(set(asked).difference(known)):
        raise TypeError(f"Images and shapes are not asked by {', '.join(unknown)}.")


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


def _has_label(keys: list[int], *, by_label: bool) -> Q:
    # For every image SQLite would walk through all shapes of the label, as it has an index for them. A plus before
    # the column keeps it from that, so that it takes the other index and walks through the shapes of the image.
    return Q(label__in=keys) if by_label else Q(In(unindexed("label"), keys))


def unindexed(column: str) -> Func:
    """A column of keys for which a database takes no index."""
    return Func(F(column), template="+%(expressions)s", output_field=BigIntegerField())


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
