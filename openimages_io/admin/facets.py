"""The facets of a gallery: what its filter may ask for, as links, with the numbers of what they would find."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from openimages_io.admin.gallery_filter import address_turned, address_with, hidden_fields
from openimages_io.filtersets.addresses import NO_SOURCE
from openimages_io.models import AttributeSpec, InputType, Label, ShapeKind, Task
from openimages_io.models.kinds import Presence
from openimages_io.models.numbers import grouped
from openimages_io.viewing.facets import MOST_ATTRIBUTES, MOST_IMAGES, FacetNumbers
from openimages_io.viewing.statistics import Statistics

CHIPS: Final = 20
"""Choices of a facet that are chips; others are in a select."""
MOST_CHOICES: Final = 1_000
"""Labels, subsets and sources that are offered, the most frequent; others are found by their addresses."""
_ATTRIBUTES: Final = 60
_SEVERAL: Final = ("label", "attribute")
_TITLES: Final = {
    "label": gettext_lazy("Label"),
    "subset": gettext_lazy("Subset"),
    "kind": gettext_lazy("Kind"),
    "source": gettext_lazy("Source"),
    "attribute": gettext_lazy("Attributes"),
}
_HAVE: Final[tuple[tuple[str, str, "str | Promise"], ...]] = (
    ("has_shapes", "false", gettext_lazy("without annotations")),
    ("has_shapes", "true", gettext_lazy("with annotations")),
    ("has_file", "false", gettext_lazy("without a picture file")),
    ("has_file", "true", gettext_lazy("with a picture file")),
)
_TRUTH: Final = {"true": gettext_lazy("yes"), "false": gettext_lazy("no")}


@dataclass(frozen=True, slots=True)
class Choice:
    """A chip: a link to the gallery with one value more, or less."""

    text: str
    url: str
    is_on: bool
    key: str = ""
    """By which a number that comes later finds its place."""
    number: str = ""


@dataclass(frozen=True, slots=True)
class Facet:
    """What the filter may ask for in one respect."""

    name: str
    title: str
    chips: list[Choice]
    more: list[tuple[str, str]] = field(default_factory=list)
    """Values that are no chips, with their texts, for a select."""
    fields: list[tuple[str, str]] = field(default_factory=list)
    """What the facet's own form sends along."""

    unit: str = ""
    """What its numbers are of."""

    @property
    def is_on(self) -> bool:
        """Whether something of it is asked for."""
        return any(chip.is_on for chip in self.chips)


class Facets:
    """The facets of a task's gallery for a query."""

    def __init__(self, query: QueryDict, task: Task, counted: Statistics | None, asked: Mapping[str, Any]) -> None:
        self.query, self.task, self.counted, self.asked = query, task, counted, asked
        self.attributes = list(_attributes(task))
        self.shown: Mapping[str, str] = {}
        """Numbers that are known, by the keys of chips."""
        self.others: Mapping[str, str] = {}
        """What stands where none is known, by facet."""
        self.is_late = False
        """Whether numbers of a filter come after the page."""

    def facets(self, labels: Iterable[Label]) -> list[Facet]:
        """All of them, those with nothing to choose left out."""
        counted = self.counted
        if counted:
            subsets = {name: counts["images"] for name, counts in counted.by_subset.items()}
        else:
            subsets = dict.fromkeys(_subsets(self.task), 0)
        sources = counted.by_source if counted else {}
        kinds = [kind for kind in ShapeKind if not counted or kind in counted.by_kind or kind == self.asked.get("kind")]
        found = [
            self._facet("label", [(str(label.pk), str(label)) for label in labels]),
            self._facet("subset", [(name, name) for name in _most_first(subsets)]),
            self._facet("kind", [(kind.value, str(kind.label)) for kind in kinds]),
            self._facet("source", [(name or NO_SOURCE, name or _("none")) for name in _most_first(sources)]),
            self._facet("attribute", self.attributes, chips=_ATTRIBUTES),
        ]
        return [facet for facet in found if facet.chips or facet.name not in {"subset", "kind"}]

    def presence(self) -> list[Choice]:
        """Whether a label is to be present, absent or either."""
        now = self.asked.get("presence", Presence.PRESENT)
        return [
            Choice(
                str(presence.label),
                address_with(self.query, "presence", "" if presence == Presence.PRESENT else presence.value),
                presence == now,
            )
            for presence in Presence
        ]

    def have(self) -> Facet:
        """With or without annotations, and a picture file."""
        chips = [self._chip(name, value, str(text)) for name, value, text in _HAVE]
        return Facet("have", _("More"), chips, unit=_("Numbers of images") if not self.asked else self._unit("have"))

    def zeros(self, found: Mapping[str, FacetNumbers]) -> dict[str, str]:
        """What stands beside choices that were not found, by facet: there may be some where not all was looked at."""
        return {name: _as_text(0, numbers) for name, numbers in found.items()}

    def numbers(self, found: Mapping[str, FacetNumbers]) -> dict[str, str]:
        """Numbers that were counted, by the keys of chips."""
        texts = {}
        for name, numbers in found.items():
            for value, number in numbers.numbers.items():
                texts[_key(name, _as_value(name, value))] = _as_text(number, numbers)
        return texts

    def kept_numbers(self) -> dict[str, str]:
        """The numbers of all of the task by the keys of chips: annotations, and of subsets and `has_…` images."""
        kept = self.counted
        if kept is None:
            return {}
        absent, presence = kept.absent_by_label, self.asked.get("presence", Presence.PRESENT)
        of_labels = {
            Presence.PRESENT: {key: number - absent.get(key, 0) for key, number in kept.by_label.items()},
            Presence.ABSENT: absent,
            Presence.ANY: kept.by_label,
        }[Presence(presence)]
        every: dict[str, Mapping[Any, int]] = {
            "label": of_labels,
            "subset": {name: counts["images"] for name, counts in kept.by_subset.items()},
            "kind": kept.by_kind,
            "source": kept.by_source,
            "has_shapes": {False: kept.without_shapes, True: kept.images - kept.without_shapes},
            "has_file": {False: kept.without_file, True: kept.images - kept.without_file},
        }
        return self.numbers({name: FacetNumbers(numbers, False) for name, numbers in every.items()})

    def _facet(self, name: str, values: Sequence[tuple[str, str]], chips: int | None = None) -> Facet:
        """The first values as chips, and those that are asked for; the others in a select."""
        chips = CHIPS if chips is None else chips
        given = self.query.getlist(name)
        known = dict(values)
        first = [value for index, (value, _text) in enumerate(values) if index < chips or value in given]
        first += [value for value in dict.fromkeys(given) if value and value not in known and name not in _SEVERAL]
        return Facet(
            name,
            str(_TITLES[name]),
            [self._chip(name, value, known.get(value, value)) for value in first],
            [(value, text) for value, text in values[:MOST_CHOICES] if value not in first],
            hidden_fields(self.query, *(() if name in _SEVERAL else (name,))),
            self._unit(name),
        )

    def _unit(self, name: str) -> str:
        if not self.asked:
            return {"subset": _("Numbers of images"), "attribute": ""}.get(name, _("Numbers of annotations"))
        most = MOST_ATTRIBUTES if name == "attribute" else MOST_IMAGES
        if not self.is_late and "+" not in "".join(self.others.values()):
            return _("Numbers of images that would match")
        return _("Numbers of images that would match. Only the first %(most)s are looked at: 12+ is 12 or more.") % {
            "most": grouped(most)
        }

    def _chip(self, name: str, value: str, text: str) -> Choice:
        is_on = value in self.query.getlist(name)
        turned = address_turned if name in _SEVERAL else lambda q, n, v: address_with(q, n, "" if is_on else v)
        key = _key(name, value)
        return Choice(text, turned(self.query, name, value), is_on, key, self.shown.get(key, self.others.get(name, "")))


def _subsets(task: Task) -> list[str]:
    """A task's subsets, which an index knows."""
    return list(task.images.order_by("subset").values_list("subset", flat=True).distinct()[:MOST_CHOICES])


def _most_first(counts: Mapping[str, int]) -> list[str]:
    return sorted(counts, key=lambda name: (-counts[name], name))[:MOST_CHOICES]


def _attributes(task: Task) -> Iterable[tuple[str, str]]:
    """What may be asked of attributes, `name=value` with its words: the values that their specs have."""
    specs = AttributeSpec.objects.filter(label__task=task).order_by("name").values_list("name", "input_type", "values")
    seen = set()
    for name, input_type, values in specs.distinct():
        if name == "score":  # which has fields of its own
            continue
        if input_type == InputType.CHECKBOX:
            choices = [*_TRUTH]
        elif input_type in {InputType.RADIO, InputType.SELECT} and isinstance(values, list):
            choices = [value for value in values if isinstance(value, str)]
        else:
            choices = []
        for choice in choices:
            if (name, choice) not in seen:
                seen.add((name, choice))
                words = str(_TRUTH[choice]) if input_type == InputType.CHECKBOX else choice
                yield f"{name}={choice}", f"{name}: {words}"


def _as_text(number: int, among: FacetNumbers) -> str:
    return f"{grouped(number)}+" if among.are_least else grouped(number)


def _as_value(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return NO_SOURCE if name == "source" and value == "" else str(value)


def _key(name: str, value: str) -> str:
    return f"{name}:{value}"
