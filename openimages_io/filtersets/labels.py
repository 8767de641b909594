"""What may be asked of a list of labels."""

from django.utils.translation import gettext_lazy as _
from django_filters import FilterSet

from openimages_io.filtersets.base import IntegerFilter, OrderingFilter, TextFilter, TruthFilter


class LabelFilterSet(FilterSet):
    """Labels by name."""

    name = TextFilter(label=_("LabelName"), max_length=255, help_text="The whole LabelName, such as `/m/01yrx`.")
    is_listed = TruthFilter(
        label=_("in the class list"), help_text="In the class list, or only in the hierarchy as its root is."
    )
    ordering = OrderingFilter(
        "id",
        "-id",
        "position",
        "-position",
        "name",
        "-name",
        "display_name",
        "-display_name",
        label=_("order"),
    )


class LabelsOfTasksFilterSet(LabelFilterSet):
    """The same of the labels of all tasks together, as the admin site lists them."""

    task = IntegerFilter(label=_("task"), help_text="Of this task.")
