"""The filter of a gallery's address on a command line: which images of a task it has."""

from collections.abc import Iterable, Iterator
from typing import Final

from django.core.exceptions import TooManyFieldsSent
from django.core.management.base import CommandError
from django.http import QueryDict

from openimages_io.filtersets.addresses import PLACES, filter_query
from openimages_io.filtersets.fields import LARGEST_KEY
from openimages_io.filtersets.images import ImageFilterSet
from openimages_io.models import Label, Task
from openimages_io.models.chosen_images import ChosenImages
from openimages_io.models.values import is_storable

NAMES: Final = tuple(name for name in ImageFilterSet.base_filters if name != "ordering")
"""What may be asked."""
_LABELS: Final = ("label", "without_label")


def images_of(text: str, task: Task, using: str) -> ChosenImages:
    """The images that a gallery of the task shows at an address with this query, or at this address.

    A label may be given by its LabelName or display name besides its id. Raises `CommandError` for whatever is not
    understood, and where nothing is asked: an export of all images must not come of a slip.
    """
    is_address = text.startswith(("?", "/", "http://", "https://"))
    try:
        query = QueryDict(text.partition("?")[2] if is_address else text)
    except TooManyFieldsSent as error:
        raise CommandError(f"--filter: it asks for too much: {error}") from error
    if unknown := sorted(set(query) - {*NAMES, *PLACES, "ordering"}):
        raise CommandError(f"--filter: images are not asked by {_quoted(unknown)}, but by: {', '.join(NAMES)}.")
    asked = filter_query(query)
    for name in _LABELS:
        if name in asked:
            asked.setlist(name, list(_keys(name, asked.getlist(name), task, using)))
    wanted = ImageFilterSet(asked, task.images.using(using).none())
    if not wanted.is_valid():
        faults = (f"{name}: {fault}" for name, found in wanted.errors.items() for fault in found)
        raise CommandError(f"--filter: {' '.join(faults)}")
    if not wanted.asked:
        raise CommandError(f"--filter: “{text}” asks for nothing. It asks by: {', '.join(NAMES)}.")
    return ChosenImages(asked=wanted.asked)


def _keys(name: str, values: list[str], task: Task, using: str) -> Iterator[str]:
    labels = Label.objects.using(using).filter(task=task.pk)
    for value in values:
        found: list[Label] = []
        if value.isascii() and value.isdecimal() and int(value[:20]) <= LARGEST_KEY:
            found = list(labels.filter(pk=int(value)))
        if not found and is_storable(value):
            found = list(labels.filter(name=value)) or list(labels.filter(display_name=value)[:5])
        if not found:
            raise CommandError(f"--filter: {name}: the task “{task.name}” has no label “{value}”.")
        if len(found) > 1:
            names = _quoted(label.name for label in found)
            raise CommandError(f"--filter: {name}: several labels are called “{value}”: write one of {names}.")
        yield str(found[0].pk)


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)
