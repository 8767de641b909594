"""The colours that labels have on pages: their own, but for those that could not be told apart there."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import product
from typing import Final

import numpy as np
from django.db.models import Count
from numpy.typing import NDArray

from openimages_io.models import Label, Task, color_of
from openimages_io.models.colors import LIGHTNESS, SIDES, oklab, to_hex

UNKNOWN: Final = "#808080"
"""Of a label that was not given."""
APART: Final = 0.08
"""In OKLab. Colours that are closer are taken for one another on thin lines."""
FEW: Final = 100
"""Labels of a task up to which all of them are told apart at once, by 0.055 at least."""
_MOST: Final = 300
"""Labels that are told apart; further ones keep their own colours."""
_COLOR: Final = re.compile("#[0-9a-fA-F]{6}")
_STEPS: Final = 40


def color(label: Label | None) -> str:
    """The label's own colour; one that its name gives where something else than a colour was stored."""
    if label is None:
        return UNKNOWN
    return label.color if _COLOR.fullmatch(label.color) else color_of(label.name)


def task_colors(task: Task) -> dict[int, str]:
    """A colour for each label of a task, by its key, for all its pages; none where there are more than `FEW`."""
    labels = list(task.labels.order_by("pk")[: FEW + 1])
    return page_colors(labels) if len(labels) <= FEW else {}


def colors_of(labels: Iterable[Label]) -> dict[int, str]:
    """The colour of each of the labels, of any tasks, on the pages of its task, by its key; one query for all."""
    rows = list(labels)
    found = {label.pk: color(label) for label in rows}
    every = Label.objects.filter(task__in={label.task_id for label in rows}).order_by()
    few = every.values("task").annotate(labels=Count("*")).filter(labels__lte=FEW).values("task")
    tasks: dict[int, list[Label]] = defaultdict(list)
    for label in every.filter(task__in=few) if rows else ():
        tasks[label.task_id].append(label)
    for of_task in tasks.values():
        found |= {key: shown for key, shown in page_colors(of_task).items() if key in found}
    return found


def shown_colors(task: Task, labels: Iterable[Label], first: Sequence[int] = ()) -> dict[int, str]:
    """A colour for each label of a page, by its key: the task's or, where it has more than `FEW`, the page's own."""
    return task_colors(task) or page_colors(labels, first)


def page_colors(labels: Iterable[Label], first: Sequence[int] = ()) -> dict[int, str]:
    """A colour for each of the labels, by its key.

    A colour that somebody has chosen stays. Of the others one that is too close to another gives way to
    the colour that is farthest from them all; the older label keeps its own, or the one whose key comes `first`.
    """
    places = {key: place for place, key in enumerate(first)}
    rows = sorted({label.pk: label for label in labels}.values(), key=lambda label: label.pk)
    rows.sort(key=lambda label: places.get(label.pk, len(places)))
    found = {label.pk: color(label) for label in rows}
    chosen = [label for label in rows if found[label.pk] != color_of(label.name)]
    others = [label for label in rows if found[label.pk] == color_of(label.name)]
    taken = tuple(found[label.pk] for label in chosen[:_MOST])
    others = others[: _MOST - len(taken)]
    apart = _told_apart(taken, tuple(found[label.pk] for label in others))
    return found | {label.pk: shown for label, shown in zip(others, apart, strict=True)}


@lru_cache(64)
def _told_apart(fixed: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """Colours in the place of the others. Tasks with the same labels ask the same, as does each page of a task."""
    names, candidates = _candidates()
    taken = [oklab(each) for each in fixed]
    nearest = np.full(len(names), np.inf)
    for place in taken:
        nearest = np.minimum(nearest, _distance(candidates, place))
    found = []
    for each in others:
        shown, place = each, oklab(each)
        if taken and _distance(np.array(taken), place).min() < APART:
            best = int(nearest.argmax())
            shown, place = names[best], oklab(names[best])
        found.append(shown)
        taken.append(place)
        nearest = np.minimum(nearest, _distance(candidates, place))
    return tuple(found)


def _distance(places: NDArray[np.float64], place: tuple[float, float, float]) -> NDArray[np.float64]:
    distances: NDArray[np.float64] = np.linalg.norm(places - place, axis=1)
    return distances


@cache
def _candidates() -> tuple[list[str], NDArray[np.float64]]:
    """Colours all over what a screen shows and people can read."""
    low, high = LIGHTNESS
    levels = [low + (high - low) * step / 5 for step in range(6)]
    red_greens, yellow_blues = (
        [low + (high - low) * step / _STEPS for step in range(_STEPS + 1)] for low, high in SIDES
    )
    names = [name for place in product(levels, red_greens, yellow_blues) if (name := to_hex(place)) is not None]
    return names, np.array([oklab(name) for name in names])
