"""Saving and deleting lead back to where the form was opened: an image's page, or the list of the row's task."""

from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict

from openimages_io.admin.pages import PagesMixin, Url
from openimages_io.models import Image

WITHIN: Final = "within"
"""The parameter of a page's address that has the query of the gallery which it was reached from."""
_EVERYTHING: Final = "&"
"""Its value where the gallery asks for nothing: Django drops empty parameters."""
_FORMS: Final = ("image_add", "image_change", "shape_change")
_BACK: Final = "openimages_back"
"""The attribute of a request that has the address to go to after a deletion."""
_OF_LIST: Final = "_changelist_filters"


def query_within(request: HttpRequest) -> str | None:
    """The query of the gallery that a page was reached from; None if it was reached in another way."""
    given = request.GET.get(WITHIN)
    return None if given is None else QueryDict(given).urlencode()


def picture_url(url: Url, key: int | None, query: str) -> str:
    """The address of an image's page that stays within what a gallery shows; empty for no image."""
    address = "" if key is None else url("image_picture", key)
    return f"{address}?{urlencode({WITHIN: query})}" if address and query else address


def form_urls(url: Url, query: str) -> Url:
    """Gives the addresses of pages; those of forms lead back, when they are saved, to where they were opened."""

    def address(name: str, *args: Any, **given: Any) -> str:
        found = url(name, *args)
        return f"{found}?{urlencode({**given, WITHIN: query or _EVERYTHING})}" if found and name in _FORMS else found

    return address


class ReturningMixin(PagesMixin):
    """An admin class of rows below a task, with forms that images' pages lead to."""

    def image_of(self, row: Any) -> Image | None:
        """The image whose page leads to the row's form; None where there is none."""
        return None

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list; it has no use for what a form came from, which Django's button “Close” brings along."""
        if WITHIN in request.GET:
            query = request.GET.copy()
            del query[WITHIN]
            return HttpResponseRedirect(f"{request.path}?{query.urlencode()}")
        return super().changelist_view(request, extra_context)

    def get_preserved_filters(self, request: HttpRequest) -> str:
        """What Django keeps in the addresses between a form's pages."""
        kept = str(super().get_preserved_filters(request))
        query = query_within(request)
        return kept if query is None else "&".join(filter(None, (kept, urlencode({WITHIN: query or _EVERYTHING}))))

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        return _to(self._back(request, obj)) or super().response_post_save_add(request, obj)

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        return _to(self._back(request, obj)) or super().response_post_save_change(request, obj)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id) if request.method == "POST" else None
        if row is not None:
            setattr(request, _BACK, self._back(request, row, is_gone=True))
        return super().delete_view(request, object_id, extra_context)

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:
        response = super().response_delete(request, obj_display, obj_id)
        is_redirect = isinstance(response, HttpResponseRedirect)
        return (is_redirect and _to(getattr(request, _BACK, ""))) or response

    def _back(self, request: HttpRequest, row: Any, *, is_gone: bool = False) -> str:
        """Where to go after the row was saved or deleted; empty for where Django goes."""
        query, image = query_within(request), self.image_of(row)
        if query is not None and image is not None:
            if not (is_gone and isinstance(row, Image)):
                return picture_url(self.url, image.pk, query)
            address = self.url("task_gallery", row.task_id)
            return f"{address}?{query}" if address else ""
        if request.GET.get(_OF_LIST) or not self.has_view_permission(request):
            return ""
        address = self.url(f"{self.opts.model_name}_changelist")
        return f"{address}?{urlencode({'task': row.task_id})}" if address else ""


def _to(address: str) -> HttpResponseRedirect | None:
    return HttpResponseRedirect(address) if address else None
