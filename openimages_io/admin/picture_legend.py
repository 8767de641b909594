"""What can be switched on and off on an image's page: shapes by label, kind, source and score."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from openimages_io.models import Label, Shape, ShapeKind
from openimages_io.viewing.colors import UNKNOWN

_TITLES: Final = {"label": _("Labels"), "kind": _("Kinds"), "source": _("Sources")}


@dataclass(frozen=True, slots=True)
class Choice:
    """A line of the legend."""

    value: str
    text: str
    color: str
    count: int
    is_on: bool


@dataclass(frozen=True, slots=True)
class Legend:
    """The choices by field, and the least score."""

    fields: dict[str, list[Choice]]
    has_scores: bool
    least: float
    """Shapes of a lower score are off; those without a score stay."""

    @property
    def groups(self) -> list[tuple[str, Any, list[Choice]]]:
        """Name, title and choices of each field."""
        return [(field, _TITLES[field], choices) for field, choices in self.fields.items()]

    def shows(self, shape: Shape) -> bool:
        """Whether a shape is on."""
        if self.has_scores and shape.score is not None and shape.score < self.least:
            return False
        return all(
            _value(shape, field) in {choice.value for choice in choices if choice.is_on}
            for field, choices in self.fields.items()
        )


def legend_of(
    query: QueryDict, shapes: Sequence[Shape], labels: Mapping[int, Label], colors: Mapping[int, str]
) -> Legend:
    """The legend of an image's shapes: everything is on until a choice was sent."""
    counts = {field: Counter(_value(shape, field) for shape in shapes) for field in _TITLES}
    kinds = [kind.value for kind in ShapeKind if counts["kind"][kind.value]]
    sources = sorted(counts["source"]) if len(counts["source"]) > 1 else []
    orders = {"label": [key for key, _count in counts["label"].most_common()], "kind": kinds, "source": sources}
    wanted = {field: set(query.getlist(field)) for field in _TITLES} if "shown" in query else None
    fields = {
        field: [
            Choice(
                value,
                _text(field, value, labels),
                colors.get(int(value), UNKNOWN) if field == "label" else "",
                counts[field][value],
                wanted is None or value in wanted[field],
            )
            for value in values
        ]
        for field, values in orders.items()
        if values
    }
    return Legend(fields, any(shape.score is not None for shape in shapes), _least(query))


def name_of(labels: Mapping[int, Label], key: int) -> str:
    """The label as people read it."""
    return str(labels[key]) if key in labels else str(key)


def _value(shape: Shape, field: str) -> str:
    return str(shape.label_id) if field == "label" else str(getattr(shape, field))


def _text(field: str, value: str, labels: Mapping[int, Label]) -> str:
    if field == "label":
        return name_of(labels, int(value))
    if field == "kind":
        return str(ShapeKind(value).label)
    return value or str(_("none"))


def _least(query: QueryDict) -> float:
    try:
        least = float(query.get("score", 0))
    except ValueError:
        return 0.0
    return least if math.isfinite(least) else 0.0
