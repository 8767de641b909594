"""Filters of lists: by task and by subset, without a select box of all there is."""

from typing import TYPE_CHECKING, Any, Final

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from openimages_io.admin.permissions import visible
from openimages_io.models import Image, Label, Task

if TYPE_CHECKING:
    from openimages_io.viewing.statistics import Statistics

_SHOWN: Final = 20
_SUBSETS: Final = 100
_NONE: Final = "\N{EM DASH}"
"""The value of the filter for an empty source, which Django takes for no choice."""
_LARGEST: Final = 2**63 - 1


def chosen_key(text: str | None) -> int | None:
    """The key that an address asks for; None for what cannot be one."""
    return int(text) if text and text.isascii() and text.isdecimal() and int(text[:20]) <= _LARGEST else None


class KeyFilter(admin.SimpleListFilter):
    """By the key of the row that a foreign key, called as the parameter is, points to."""

    parameter_name: str

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if not self.value():
            return queryset
        key = chosen_key(self.value())
        return queryset.none() if key is None else queryset.filter(**{self.parameter_name: key})


class TaskFilter(KeyFilter):
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


class ImageFilter(KeyFilter):
    """Shapes of one image: led to by the image's page, not offered as a list of all images."""

    title = _("image")
    parameter_name = "image"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        key = chosen_key(request.GET.get(self.parameter_name))
        rows = visible(request, Image.objects.filter(pk=key)) if key is not None else Image.objects.none()
        return [(image.pk, str(image)) for image in rows]


def _counted(request: HttpRequest) -> "Statistics | None":
    """What is kept of the chosen task's numbers, of one that exists for the user."""
    from openimages_io.viewing.statistics import stored  # noqa: PLC0415  (slow to load)

    key = chosen_key(request.GET.get(TaskFilter.parameter_name))
    tasks = list(visible(request, Task.objects.filter(pk=key))) if key is not None else []
    return stored(tasks).get(tasks[0].pk) if tasks else None


class LabelFilter(KeyFilter):
    """Shapes by label, once a task was chosen: its most frequent ones, and the one that is chosen."""

    title = _("label")
    parameter_name = "label"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        counted = _counted(request)
        keys = sorted(counted.by_label, key=counted.by_label.__getitem__, reverse=True)[:_SHOWN] if counted else []
        chosen = chosen_key(request.GET.get(self.parameter_name))
        keys += [chosen] if chosen is not None and chosen not in keys else []
        names = {label.pk: str(label) for label in visible(request, Label.objects.filter(pk__in=keys))}
        return [(key, names[key]) for key in keys if key in names]


class SourceFilter(admin.SimpleListFilter):
    """Shapes by source, once a task was chosen: those that were last counted."""

    title = _("source")
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        counted = _counted(request)
        return [(name or _NONE, name or _("none")) for name in list(counted.by_source)[:_SUBSETS]] if counted else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = self.value()
        return queryset.filter(source="" if wanted == _NONE else wanted) if wanted else queryset


class ScoreFilter(admin.SimpleListFilter):
    """Shapes by score, once a task or an image was chosen."""

    title = _("score")
    parameter_name = "score"
    ranges: Final = {
        "none": (_("none"), Q(score=None)),
        "0": (_("0: absent"), Q(score=0)),
        "low": (_("above 0, below 0.5"), Q(score__gt=0, score__lt=0.5)),
        "high": (_("0.5 to below 1"), Q(score__gte=0.5, score__lt=1)),
        "1": ("1", Q(score=1)),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        is_narrow = any(request.GET.get(kind.parameter_name) for kind in (TaskFilter, ImageFilter))
        return [(name, words) for name, (words, _condition) in self.ranges.items()] if is_narrow else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        _words, condition = self.ranges.get(self.value() or "", ("", Q()))
        return queryset.filter(condition)
