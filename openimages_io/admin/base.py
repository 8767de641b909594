"""What our lists of the admin site share: no long selects, no endless counting."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.forms.models import InlineForeignKeyField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from openimages_io.admin.form_messages import OneLanguageForm
from openimages_io.admin.pages import PagesMixin
from openimages_io.models.numbers import Number, grouped

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Any]
    _Paginator = Paginator[Any]
else:
    _ModelForm, _Paginator = forms.ModelForm, Paginator

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


class CompletedChangeList(ChangeList):
    """A page of a list, whose rows have what its columns show of other tables."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        own: Any = self.model_admin
        own.complete_rows(request, rows)
        self.result_list = rows  # what Django goes over
        self.result_count = Number(self.result_count)


class BaseModelForm(OneLanguageForm, _ModelForm):
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


class BaseAdmin(PagesMixin):
    """A page for rows of which there may be a million."""

    empty_value_display = "–"
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = CappedPaginator
    list_per_page = 50

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CompletedChangeList

    def get_list_display(self, request: HttpRequest) -> Any:
        """The columns; where a task is chosen, not the one that would repeat it in each row."""
        columns = super().get_list_display(request)
        return [name for name in columns if name != "task"] if request.GET.get("task") else columns

    def complete_rows(self, request: HttpRequest, rows: Sequence[Any]) -> None:
        """Adds to the rows of a page what its columns show of other tables, in a few queries."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Says so where the list ends before the rows do; a filter that no database can look for is none."""
        if any("\0" in value for key in request.GET for value in (key, *request.GET.getlist(key))):
            return HttpResponseRedirect(f"{request.path}?e=1")
        response = super().changelist_view(request, extra_context)
        context: dict[str, Any] = getattr(response, "context_data", None) or {}
        changes = context.get("cl")
        if changes is not None and changes.result_count >= CAP:
            context["subtitle"] = _("The first %(count)s; search or filter to see others.") % {"count": grouped(CAP)}
        return response
