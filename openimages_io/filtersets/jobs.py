"""What may be asked of a list of jobs."""

from django.utils.translation import gettext_lazy as _
from django_filters import FilterSet

from openimages_io.filtersets.base import IntegerFilter, OrderingFilter, WordFilter
from openimages_io.models import JobKind, JobState


class JobFilterSet(FilterSet):
    """Jobs by task, by what they do and by how far they are."""

    task = IntegerFilter(label=_("task"), help_text="Jobs of this task.")
    kind = WordFilter(label=_("kind"), choices=JobKind.choices, help_text="Jobs of this kind.")
    state = WordFilter(label=_("state"), choices=JobState.choices, help_text="Jobs in this state.")
    ordering = OrderingFilter("-created", "created", label=_("order"))
