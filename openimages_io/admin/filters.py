"""Filters of lists: what is offered, without a select box of all there is; what it means, FilterSets say."""

from typing import TYPE_CHECKING, Any, Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_filters import FilterSet

from openimages_io.admin.permissions import visible
from openimages_io.filtersets.addresses import NO_SOURCE
from openimages_io.models import Image, Label, Task

if TYPE_CHECKING:
    from openimages_io.viewing.statistics import Statistics

_SHOWN: Final = 20
_SUBSETS: Final = 100
_LARGEST: Final = 2**63 - 1


def chosen_key(text: str | None) -> int | None:
    """The key that an address asks for; None for what cannot be one."""
    return int(text) if text and text.isascii() and text.isdecimal() and int(text[:20]) <= _LARGEST else None


class FilterSetFilter(admin.SimpleListFilter):
    """By one name of the FilterSet that the admin class names as `filterset_class`, which says what it means."""

    parameter_name: str

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        self.filterset_class: type[FilterSet] = model_admin.filterset_class
        self.title = self.filterset_class.base_filters[self.parameter_name].label
        super().__init__(request, params, model, model_admin)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that are asked for, in the order of the list; none for what cannot be."""
        value = self.value()
        if not value:
            return queryset
        found = self.filterset_class({self.parameter_name: "" if value == NO_SOURCE else value}, queryset)
        return found.qs.order_by(*queryset.query.order_by) if found.is_valid() else queryset.none()


class WordFilter(FilterSetFilter):
    """By one of the words that the FilterSet has for it."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        field: Any = self.filterset_class.base_filters[self.parameter_name].field
        return list(field.choices)


class TaskFilter(FilterSetFilter):
    """By task: the chosen one, and those that changed last."""

    parameter_name = "task"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        every = visible(request, Task.objects.all())
        tasks = list(every.order_by("-updated")[:_SHOWN].values_list("pk", "name"))
        chosen = chosen_key(request.GET.get(self.parameter_name))
        if chosen is not None and chosen not in dict(tasks):
            tasks = [*every.filter(pk=chosen).values_list("pk", "name"), *tasks]
        return tasks

    def has_output(self) -> bool:
        return len(self.lookup_choices) > 1 or bool(self.value())


class SubsetFilter(FilterSetFilter):
    """By subset, once a task was chosen: of all tasks they would be too many."""

    parameter_name = "subset"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        task = chosen_key(request.GET.get(TaskFilter.parameter_name))
        if task is None:
            return []
        images = visible(request, Image.objects.filter(task=task))
        names = images.order_by("subset").values_list("subset", flat=True).distinct()
        return [(name, name) for name in names[:_SUBSETS]]


class ImageFilter(FilterSetFilter):
    """Shapes of one image: led to by the image's page, not offered as a list of all images."""

    parameter_name = "image"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        key = chosen_key(request.GET.get(self.parameter_name))
        rows = visible(request, Image.objects.filter(pk=key)) if key is not None else Image.objects.none()
        return [(image.pk, str(image)) for image in rows]


def _counted(request: HttpRequest) -> "Statistics | None":
    """What is kept of the chosen task's numbers, of one that exists for the user."""
    from openimages_io.viewing.statistics import known  # noqa: PLC0415  (slow to load)

    key = chosen_key(request.GET.get(TaskFilter.parameter_name))
    tasks = list(visible(request, Task.objects.filter(pk=key))) if key is not None else []
    return known(tasks[0]) if tasks else None


class LabelFilter(FilterSetFilter):
    """Shapes by label, once a task was chosen: its most frequent ones, and the one that is chosen."""

    parameter_name = "label"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        counted = _counted(request)
        keys = sorted(counted.by_label, key=counted.by_label.__getitem__, reverse=True)[:_SHOWN] if counted else []
        chosen = chosen_key(request.GET.get(self.parameter_name))
        keys += [chosen] if chosen is not None and chosen not in keys else []
        names = {label.pk: str(label) for label in visible(request, Label.objects.filter(pk__in=keys))}
        return [(key, names[key]) for key in keys if key in names]


class SourceFilter(FilterSetFilter):
    """Shapes by source, once a task was chosen: those that were last counted."""

    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        counted = _counted(request)
        return (
            [(name or NO_SOURCE, name or _("none")) for name in list(counted.by_source)[:_SUBSETS]] if counted else []
        )


class ScoreFilter(WordFilter):
    """Shapes by score, once a task or an image was chosen."""

    parameter_name = "score"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        is_narrow = any(request.GET.get(kind.parameter_name) for kind in (TaskFilter, ImageFilter))
        return super().lookups(request, model_admin) if is_narrow else []


class KindFilter(WordFilter):
    """By kind, of shapes or of jobs."""

    parameter_name = "kind"


class StateFilter(WordFilter):
    """Jobs by state."""

    parameter_name = "state"


class ListedFilter(FilterSetFilter):
    """Labels by whether they are in the class list."""

    parameter_name = "is_listed"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.title = _("class list")  # after “By”

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        return [("true", _("Yes")), ("false", _("No"))]
