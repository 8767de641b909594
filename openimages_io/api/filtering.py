"""What may be asked of a list: the view's FilterSet, in which no name of the query is passed over."""

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from openimages_io.api.strict import faults_of, query_of, repeated, unknown


class StrictFilterBackend(DjangoFilterBackend):
    """Filters by the FilterSet that a view names as `filterset_class`."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:  # type: ignore[override]
        """The rows that are asked for. Raises `ValidationError` with every fault of the query."""
        filterset = self.get_filterset(request, queryset, view)
        if filterset is None:
            return queryset
        forms = [filterset.form]
        if view.paginator is not None:
            forms.append(view.paginator.form(request))
        fields = {name: field for form in forms for name, field in form.fields.items()}
        query = query_of(request)
        found = unknown(query, fields) | repeated(query, fields)
        for form in forms:
            found |= faults_of(form)
        if found:
            raise ValidationError(found)
        return filterset.qs

    def to_html(self, request: Request, queryset: QuerySet[Any], view: Any) -> str:  # type: ignore[override]
        """No form in the browsable API: it would send every name, and what is empty is asked for here, too."""
        return ""
