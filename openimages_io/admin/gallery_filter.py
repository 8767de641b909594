"""What a gallery's address asks for: the filter of the API's list of images, and other addresses made of it."""

from django.http import QueryDict

from openimages_io.admin.form_messages import OneLanguageForm
from openimages_io.filtersets.addresses import PLACES, filter_query, query_without
from openimages_io.filtersets.images import ImageFilterSet, ImageForm
from openimages_io.models import Task


class _Form(OneLanguageForm, ImageForm):
    pass


class GalleryFilter(ImageFilterSet):
    """The filter of a gallery, whose faults are said as those of other forms of the admin site."""

    class Meta:
        form = _Form


def filter_of(query: QueryDict, task: Task) -> ImageFilterSet:
    """What a gallery's query asks of a task's images; it may not be valid."""
    return GalleryFilter(filter_query(query), task.images.all())


def filter_within(query: str, task: Task) -> ImageFilterSet:
    """What a gallery asks of a task's images; all of them if it is not understood."""
    wanted = filter_of(QueryDict(query), task)
    return wanted if wanted.is_valid() else ImageFilterSet(QueryDict(), task.images.all())


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
