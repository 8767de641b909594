"""How many images a filter would have with one value more: the numbers beside a gallery's choices."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import Count, Exists, Q, QuerySet

from openimages_io.models import Image, Shape, Task
from openimages_io.models.flags import FLAGS
from openimages_io.models.image_filters import SHAPE_FILTERS, attribute_condition, shapes_asked, shapes_of_image
from openimages_io.models.kinds import Presence

MOST_IMAGES: Final = 5_000
"""Images of a filter that are looked at; if it has more, the numbers are the least that there are."""
MOST_ATTRIBUTES: Final = 1_000
"""The same for attributes that are no columns."""
_AT_ONCE: Final = 500
"""Images that one query is about; what is counted of them adds up."""
_COLUMNS: Final = frozenset({*FLAGS, "occluded"})


@dataclass(frozen=True, slots=True)
class FacetNumbers:
    """Images by the value that a filter would have, too."""

    numbers: Mapping[Any, int]
    are_least: bool
    """Whether there may be more of them."""


def facet_numbers(task: Task, asked: Mapping[str, Any], attributes: Iterable[str]) -> dict[str, FacetNumbers]:
    """The numbers by the names of facets, and of these attributes, each `name=value`.

    A facet's own values are not asked for when its others are counted, so that these are what a change to them finds.
    """
    facets = _Facets(task, dict(asked))
    wanted = list(attributes)
    return {
        "subset": facets.of_images("subset", "subset"),
        "label": facets.of_shapes("label", presence=asked.get("presence") or Presence.PRESENT),
        "kind": facets.of_shapes("kind"),
        "source": facets.of_shapes("source"),
        "attribute": facets.of_attributes(wanted),
        "has_shapes": facets.of_images("has_shapes", Exists(shapes_of_image())),
        "has_file": facets.of_images("has_file", ~Q(file="")),
    }


@dataclass
class _Facets:
    task: Task
    asked: dict[str, Any]
    found: dict[str, list[int]] = field(default_factory=dict)
    """Keys of images by the facet that is not asked for; empty for none."""

    def of_images(self, name: str, column: Any) -> FacetNumbers:
        keys = self._keys(name)
        counts: Counter[Any] = Counter()
        for some in _parts(keys[:MOST_IMAGES]):
            rows = Image.objects.filter(pk__in=some).order_by()
            rows = rows if isinstance(column, str) else rows.annotate(is_so=column)
            counts.update(dict(rows.values_list(column if isinstance(column, str) else "is_so").annotate(n=Count("*"))))
        return FacetNumbers(counts, len(keys) > MOST_IMAGES)

    def of_shapes(self, name: str, **more: Any) -> FacetNumbers:
        keys = self._keys(name)
        counts: Counter[Any] = Counter()
        for some in _parts(keys[:MOST_IMAGES]):
            rows = self._shapes(some, self._others(name) | more)
            counts.update(dict(rows.values_list(name).annotate(n=Count("image", distinct=True))))
        return FacetNumbers(counts, len(keys) > MOST_IMAGES)

    def of_attributes(self, wanted: Sequence[str]) -> FacetNumbers:
        """An attribute is asked for beside the others, so these hold."""
        keys = self._keys("")
        counts: Counter[str] = Counter()
        columns = [one for one in wanted if one.partition("=")[0] in _COLUMNS]
        for chosen, most in ((columns, MOST_IMAGES), (list({*wanted} - {*columns}), MOST_ATTRIBUTES)):
            for some in _parts(keys[:most]) if chosen else ():
                rows = self._shapes(some, self.asked)
                named = {
                    f"n{index}": Count("image", distinct=True, filter=attribute_condition(one, rows.db))
                    for index, one in enumerate(chosen)
                }
                counts.update(dict(zip(chosen, rows.aggregate(**named).values(), strict=True)))
        most = MOST_IMAGES if len(columns) == len(wanted) else MOST_ATTRIBUTES
        return FacetNumbers(counts, len(keys) > most)

    def _keys(self, name: str) -> list[int]:
        """The images of the filter without one facet, as many as are looked at and one more."""
        kept = name if name in self.asked else ""
        if kept not in self.found:
            rows = self.task.images.annotated(**self._others(kept)).order_by("pk")
            self.found[kept] = list(rows.values_list("pk", flat=True)[: MOST_IMAGES + 1])
        return self.found[kept]

    def _others(self, name: str) -> dict[str, Any]:
        return {other: value for other, value in self.asked.items() if other != name}

    def _shapes(self, keys: Sequence[int], asked: Mapping[str, Any]) -> QuerySet[Shape]:
        rows = Shape.objects.filter(image__in=keys).order_by()
        condition = shapes_asked(rows.db, **{name: asked[name] for name in SHAPE_FILTERS if name in asked})
        return rows.none() if condition is None else rows.filter(condition)


def _parts(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(keys), _AT_ONCE):
        yield keys[start : start + _AT_ONCE]
