"""Filters of lists: by task and by subset, without a select box of all there is."""

from typing import Any, Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from openimages_io.admin.permissions import visible
from openimages_io.models import Image, Task

_SHOWN: Final = 20
_SUBSETS: Final = 100
_LARGEST: Final = 2**63 - 1


def chosen_key(text: str | None) -> int | None:
    """The key that an address asks for; None for what cannot be one."""
    return int(text) if text and text.isascii() and text.isdecimal() and int(text[:20]) <= _LARGEST else None


class TaskFilter(admin.SimpleListFilter):
    """By task: the chosen one, and those that changed last."""

    title = _("task")
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

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        key = chosen_key(self.value())
        return queryset.none() if key is None else queryset.filter(task=key)


class SubsetFilter(admin.SimpleListFilter):
    """By subset, once a task was chosen: of all tasks they would be too many."""

    title = _("subset")
    parameter_name = "subset"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        task = chosen_key(request.GET.get(TaskFilter.parameter_name))
        if task is None:
            return []
        images = visible(request, Image.objects.filter(task=task))
        names = images.order_by("subset").values_list("subset", flat=True).distinct()
        return [(name, name) for name in names[:_SUBSETS]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(subset=self.value()) if self.value() else queryset


class ImageFilter(admin.SimpleListFilter):
    """Shapes of one image: led to by the image's page, not offered as a list of all images."""

    title = _("image")
    parameter_name = "image"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        key = chosen_key(request.GET.get(self.parameter_name))
        rows = visible(request, Image.objects.filter(pk=key)) if key is not None else Image.objects.none()
        return [(image.pk, str(image)) for image in rows]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        key = chosen_key(self.value())
        return queryset.none() if key is None else queryset.filter(image=key)
