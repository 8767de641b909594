"""What all our pages of the admin site share: no long selects, no endless counting, links that may be missing."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.forms.models import InlineForeignKeyField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.formats import localize
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from openimages_io.models import Task
from openimages_io.models.revisions import RevisedQuerySet

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    _ModelForm = forms.ModelForm[Any]
    _Paginator = Paginator[Any]
else:
    _ModelAdmin, _ModelForm, _Paginator = admin.ModelAdmin, forms.ModelForm, Paginator

CAP: Final = 100_000
"""Rows that a list pages through. More of them nobody reads; they are found by searching and filtering."""


class CappedPaginator(_Paginator):
    """Pages through the first hundred thousand rows, and counts no further."""

    @cached_property
    def count(self) -> int:
        """The number of rows, or the cap."""
        rows = self.object_list
        if isinstance(rows, QuerySet):
            return int(rows.order_by()[:CAP].count())
        return min(len(rows), CAP)


class BaseModelForm(_ModelForm):
    """A row whose task cannot be changed, but counts when it is asked whether a name is taken."""

    def _get_validation_exclusions(self) -> set[str]:
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]  # of Django, not of its stubs
        return excluded - {"task", "kind"}

    def _post_clean(self) -> None:
        """Asks the constraints for rows below another as well: Django leaves them out there, so that saving fails."""
        super()._post_clean()  # type: ignore[misc]  # of Django, not of its stubs
        is_below = any(isinstance(field, InlineForeignKeyField) for field in self.fields.values())
        if is_below and not self.errors:
            try:
                self.instance.validate_constraints(exclude=self._get_validation_exclusions())
            except ValidationError as error:
                self.add_error(None, error)


class SearchSelect(AutocompleteSelect):
    """A choice by searching, which takes anything that a browser may send for a key."""

    def optgroups(self, name: str, value: Sequence[str], attrs: dict[str, Any] | None = None) -> Any:
        return super().optgroups(name, [key for key in value if self._is_key(key)], attrs)

    def _is_key(self, key: str) -> bool:
        field: Any = self.field
        own = field.remote_field.model._meta.pk
        try:
            own.run_validators(own.to_python(key))
        except ValidationError:
            return key == ""
        return True


def has_perm(request: HttpRequest, permission: str, task: Task | None) -> bool:
    """Whether the user has a permission of ours, for all tasks or, where the site has a backend for that, for this."""
    name = f"openimages_io.{permission}"
    return request.user.has_perm(name) or (task is not None and request.user.has_perm(name, task))


class BaseAdmin(_ModelAdmin):
    """A page for rows of which there may be a million."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = CappedPaginator
    list_per_page = 50
    searched_fields: tuple[str, ...] = ()
    """Foreign keys that are chosen by searching, or by key where the other side is not registered or not to be seen."""

    class Media:
        css = {"all": ("openimages_io/admin.css",)}  # noqa: RUF012  (Django's own way)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows, but those of tasks that are being deleted."""
        found: QuerySet[Any] = super().get_queryset(request)
        if isinstance(found, RevisedQuerySet):
            hidden: QuerySet[Task] = QuerySet(Task).filter(deleting=True)
            found = found.exclude(**{f"{found.task_path}__in": hidden.values("pk")})
        return found

    def get_autocomplete_fields(self, request: HttpRequest) -> list[str]:
        return [name for name in self.searched_fields if self._can_search(request, name)]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", SearchSelect(db_field, self.admin_site, using=kwargs.get("using")))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def _can_search(self, request: HttpRequest, name: str) -> bool:
        other = self.model._meta.get_field(name).related_model
        if not isinstance(other, type) or not self.admin_site.is_registered(other):
            return False
        found: Any = self.admin_site.get_model_admin(other)
        return bool(found.get_search_fields(request)) and found.has_view_permission(request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Says so where the list ends before the rows do; a filter that no database can look for is none."""
        if any("\0" in value for key in request.GET for value in (key, *request.GET.getlist(key))):
            return HttpResponseRedirect(f"{request.path}?e=1")
        response = super().changelist_view(request, extra_context)
        context: dict[str, Any] = getattr(response, "context_data", None) or {}
        changes = context.get("cl")
        if changes is not None and changes.result_count >= CAP:
            context["subtitle"] = _("The first %(count)s; search or filter to see others.") % {"count": localize(CAP)}
        return response

    def own_pages(self, prefix: str, pages: Iterable[tuple[str, str, str]]) -> list[URLPattern]:
        """Addresses of pages of our own behind the site's log-in: route, `module.function` in this package, and name.

        The module is imported when its page is first opened. Every command of the site loads these classes, while
        pages need numpy and Pillow, which take longer to load than Django.
        """
        return [path(route, self._own_page(view), name=f"openimages_io_{prefix}_{name}") for route, view, name in pages]

    def _own_page(self, view: str) -> Callable[..., Any]:
        def page(request: HttpRequest, **kwargs: Any) -> Any:
            found = import_string(f"{__package__}.{view}")
            return self.admin_site.admin_view(partial(found, self))(request, **kwargs)

        return page

    def url(self, name: str, *args: Any) -> str:
        """The address of a page of this site; empty where there is none, as when a model was unregistered."""
        try:
            return reverse(f"admin:openimages_io_{name}", args=args, current_app=self.admin_site.name)
        except NoReverseMatch:
            return ""

    def link(self, text: Any, name: str, *args: Any, query: str = "") -> str:
        """A link to a page of this site, or the text alone where there is no such page."""
        address = self.url(name, *args)
        return format_html('<a href="{}{}">{}</a>', address, query, text) if address else format_html("{}", text)

    def page(self, request: HttpRequest, **context: Any) -> dict[str, Any]:
        """The context of a page of our own."""
        request.current_app = self.admin_site.name  # as Django's own pages do
        return {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media, **context}
