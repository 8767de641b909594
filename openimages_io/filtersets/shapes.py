"""What may be asked of a list of shapes of many images, as the admin site has it."""

from typing import Any, Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import FilterSet

from openimages_io.filtersets.base import IntegerFilter, TextFilter, WordFilter
from openimages_io.models import ShapeKind

_SCORES: Final = {
    "none": (_("none"), Q(score=None)),
    "0": (_("0: absent"), Q(score=0)),
    "low": (_("above 0, below 0.5"), Q(score__gt=0, score__lt=0.5)),
    "high": (_("0.5 to below 1"), Q(score__gte=0.5, score__lt=1)),
    "1": ("1", Q(score=1)),
}


class ShapeFilterSet(FilterSet):
    """Shapes by where they are and what they say."""

    task = IntegerFilter(label=_("task"), help_text="In this task.")
    image = IntegerFilter(label=_("image"), help_text="On this image.")
    label = IntegerFilter(label=_("label"), help_text="With this label.")
    kind = WordFilter(label=_("kind"), choices=ShapeKind.choices, help_text="Of this kind.")
    source = TextFilter(label=_("source"), max_length=64, allow_blank=True, help_text="Of this source; empty: none.")
    score = WordFilter(
        label=_("confidence"),
        choices=[(word, said) for word, (said, _condition) in _SCORES.items()],
        method="of_score",
        help_text="Of a score within these bounds.",
    )

    def of_score(self, shapes: QuerySet[Any], name: str, word: str) -> QuerySet[Any]:
        """The shapes whose score is within the bounds of a word."""
        return shapes.filter(_SCORES[word][1])
