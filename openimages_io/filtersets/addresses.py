"""The filter of images as it stands in a gallery's address: the names of the API's list, as a browser sends them."""

from typing import Final

from django.http import QueryDict

NO_SOURCE: Final = "\N{EMPTY SET}"
"""An empty source in an address, where an empty parameter asks for nothing."""
PLACES: Final = ("after", "before", "at", "page", "count")
"""Parameters that say which page of the gallery it is, or have it counted again."""


def query_without(query: QueryDict, *names: str) -> QueryDict:
    """A query without some of its names, and without fields that were left empty: a browser sends those, too."""
    given = QueryDict(mutable=True)
    for name, values in query.lists():
        if name not in names and (kept := [value for value in values if value]):
            given.setlist(name, kept)
    return given


def filter_query(query: QueryDict) -> QueryDict:
    """What an address asks of images, as the FilterSet takes it."""
    given = query_without(query, *PLACES)
    if given.get("source") == NO_SOURCE:
        given["source"] = ""
    return given
