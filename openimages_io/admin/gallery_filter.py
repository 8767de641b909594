"""What a gallery's address asks for: the filter of the API's list of images, and other addresses made of it."""

from typing import Final

from django.http import QueryDict

from openimages_io.admin.filters import NO_SOURCE
from openimages_io.admin.form_messages import OneLanguageForm
from openimages_io.filtersets.images import ImageFilterSet, ImageForm
from openimages_io.models import Task

PLACES: Final = ("after", "before", "at", "page", "count")
"""Parameters that say which page of the gallery it is, or have it counted again."""


class _Form(OneLanguageForm, ImageForm):
    pass


class GalleryFilter(ImageFilterSet):
    """The filter of a gallery, whose faults are said as those of other forms of the admin site."""

    class Meta:
        form = _Form


def filter_of(query: QueryDict, task: Task) -> ImageFilterSet:
    """What a gallery's query asks of a task's images; it may not be valid."""
    given = query_without(query, *PLACES)
    if given.get("source") == NO_SOURCE:
        given["source"] = ""
    return GalleryFilter(given, task.images.all())


def filter_within(query: str, task: Task) -> ImageFilterSet:
    """What a gallery asks of a task's images; all of them if it is not understood."""
    wanted = filter_of(QueryDict(query), task)
    return wanted if wanted.is_valid() else ImageFilterSet(QueryDict(), task.images.all())


def query_without(query: QueryDict, *names: str) -> QueryDict:
    """A query without some of its names, and without fields that were left empty: a browser sends those, too."""
    given = QueryDict(mutable=True)
    for name, values in query.lists():
        if name not in names and (kept := [value for value in values if value]):
            given.setlist(name, kept)
    return given


def address_with(query: QueryDict, name: str, value: str) -> str:
    """The address of the first page with another value of a name that has one."""
    given = query_without(query, *PLACES, name)
    if value:
        given[name] = value
    return f"?{given.urlencode()}"


def address_turned(query: QueryDict, name: str, value: str) -> str:
    """The address of the first page with a value more of a name that may have several; or without it, if it has it."""
    given = query_without(query, *PLACES)
    values = given.getlist(name)
    given.setlist(name, [one for one in values if one != value] if value in values else [*values, value])
    return f"?{given.urlencode()}"


def hidden_fields(query: QueryDict, *names: str) -> list[tuple[str, str]]:
    """What a form sends along, so that only what it asks for itself is changed."""
    return [(name, value) for name, values in query_without(query, *PLACES, *names).lists() for value in values]
