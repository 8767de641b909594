"""What may be asked of a list of labels."""

from django.utils.translation import gettext_lazy as _
from django_filters import FilterSet

from openimages_io.filtersets.base import OrderingFilter, TextFilter


class LabelFilterSet(FilterSet):
    """Labels by name."""

    name = TextFilter(label=_("LabelName"), max_length=255, help_text="The whole LabelName, such as `/m/01yrx`.")
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
