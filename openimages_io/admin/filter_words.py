"""A filter in words, a condition each: what stands above a gallery's images, and beside one of them on its page."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from django.http import QueryDict
from django.utils.dateformat import format as format_date
from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from openimages_io.filtersets.addresses import PLACES, query_without
from openimages_io.filtersets.images import ImageFilterSet
from openimages_io.format.writing import number
from openimages_io.models import ShapeKind, Task
from openimages_io.models.kinds import Presence
from openimages_io.models.numbers import percent

_WITHOUT: Final = {
    Presence.PRESENT: gettext_lazy("without %(labels)s"),
    Presence.ABSENT: gettext_lazy("%(labels)s not said to be absent"),
    Presence.ANY: gettext_lazy("nothing said of %(labels)s"),
}


_RANGES: Final = (("score_min", "score_max"), ("box_size_min", "box_size_below"))
_TOGETHER: Final = {name: names for names in _RANGES for name in names}
_TRUTH: Final = {"true": gettext_lazy("yes"), "false": gettext_lazy("no")}


def conditions_of(asked: ImageFilterSet, task: Task) -> list[str]:
    """What a valid filter asks for, in words; nothing of the order."""
    values = asked.asked
    names = _names_of_labels(task, [*values.get("label", ()), *values.get("without_label", ())])
    return [words for name, value in values.items() if (words := _words(name, value, values, names))]


def conditions_with_links(asked: ImageFilterSet, task: Task, query: QueryDict) -> list[tuple[str, str]]:
    """The same, each value by itself, with the address of a gallery that does not ask for it."""
    values = asked.asked
    names = _names_of_labels(task, [*values.get("label", ()), *values.get("without_label", ())])
    found = []
    for name, value in values.items():
        for one in value if isinstance(value, list) else [value]:
            if words := _words(name, [one] if isinstance(value, list) else one, values, names):
                gone = query_without(query, *PLACES, *_TOGETHER.get(name, (name,)))
                if isinstance(value, list) and (rest := [text for text in query.getlist(name) if text != str(one)]):
                    gone.setlist(name, rest)
                found.append((words, f"?{gone.urlencode()}"))
    return found


def _names_of_labels(task: Task, keys: Iterable[int]) -> dict[int, str]:
    wanted = set(keys)
    found = {label.pk: str(label) for label in task.labels.filter(pk__in=wanted)} if wanted else {}
    return {key: found.get(key, str(key)) for key in wanted}


def _words(name: str, value: Any, values: dict[str, Any], names: dict[int, str]) -> str:
    if name in _TOGETHER:
        first, last = _TOGETHER[name]
        said = _sizes if first == "box_size_min" else _range
        return "" if name == last and first in values else said(values.get(first), values.get(last))
    match name:
        case "label" | "without_label" | "presence":
            return _of_labels(name, value, values, names)
        case "kind":
            return str(ShapeKind(value).label)
        case "source":
            return _("source %(source)s") % {"source": value} if value else _("without a source")
        case "attribute":
            return ", ".join(map(_attribute, value))
        case "has_shapes":
            return _("with annotations") if value else _("without annotations")
        case "has_file":
            return _("with a picture file") if value else _("without a picture file")
        case "search":
            return _("“%(text)s” in the name") % {"text": value}
        case "updated_since":
            return _("changed since %(moment)s") % {"moment": format_date(value, "Y-m-d H:i")}
    return str(value)


def _of_labels(name: str, value: Any, values: dict[str, Any], names: dict[int, str]) -> str:
    presence = values.get("presence", Presence.PRESENT)
    if name == "presence":
        is_said = "label" in values or "without_label" in values
        return "" if is_said else _("any label, %(presence)s") % {"presence": Presence(presence).label}
    labels = _(" or ").join(names[key] for key in value)
    if name == "without_label":
        return str(_WITHOUT[presence]) % {"labels": labels}
    return _("%(labels)s, %(presence)s") % {"labels": labels, "presence": Presence(presence).label}


def _attribute(wanted: str) -> str:
    name, is_given, value = wanted.partition("=")
    return f"{name}: {_TRUTH.get(value.lower(), value)}" if is_given else name


def _range(low: float | None, high: float | None) -> str:
    given = {"low": low, "high": high}
    bounds = {name: localize(Decimal(number(value))) for name, value in given.items() if value is not None}
    if low is None:
        return _("confidence up to %(high)s") % bounds
    if high is None:
        return _("confidence from %(low)s") % bounds
    return _("confidence %(low)s to %(high)s") % bounds


def _sizes(low: float | None, high: float | None) -> str:
    if low is None:
        return _("box smaller than %(high)s") % {"high": percent(high or 0)}
    if high is None:
        return _("box of %(low)s or larger") % {"low": percent(low)}
    return _("box from %(low)s to %(high)s") % {"low": percent(low), "high": percent(high)}
