"""What may be asked of a list of tasks."""

from django.utils.translation import gettext_lazy as _
from django_filters import FilterSet

from openimages_io.filtersets.base import MomentFilter, OrderingFilter, TextFilter


class TaskFilterSet(FilterSet):
    """Tasks by name and by when they changed."""

    name = TextFilter(label=_("name"), max_length=255, help_text="The whole name.")
    search = TextFilter(
        "name",
        "icontains",
        label=_("search"),
        max_length=255,
        allow_blank=True,
        help_text="Part of the name, case-insensitive.",
    )
    updated_since = MomentFilter(
        "updated",
        "gte",
        label=_("changed since"),
        help_text="Changed at this moment or later: the task, its images, labels or annotations.",
    )
    ordering = OrderingFilter(
        "id", "-id", "name", "-name", "created", "-created", "updated", "-updated", label=_("order")
    )
