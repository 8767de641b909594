"""What may be asked of a list of images, in the API and in the admin site's gallery."""

from typing import TYPE_CHECKING, Any, Final, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django_filters import FilterSet

from openimages_io.error_codes import FaultCode
from openimages_io.filtersets.base import (
    FractionFilter,
    IntegerFilter,
    ListFilter,
    MomentFilter,
    OrderingFilter,
    TextFilter,
    TruthFilter,
    WordFilter,
)
from openimages_io.filtersets.fields import IntegerField, TextField
from openimages_io.models import ShapeKind
from openimages_io.models.image_filters import SHAPE_FILTERS
from openimages_io.models.kinds import ImageNumber, Presence

if TYPE_CHECKING:
    from openimages_io.models.image import ImageQuerySet

_LABELS: Final = 100
_ATTRIBUTES: Final = 20


class ImageForm(forms.Form):
    """The values of a query for images together."""

    def clean(self) -> dict[str, Any]:
        """Raises `ValidationError`."""
        low, high = self.cleaned_data.get("score_min"), self.cleaned_data.get("score_max")
        if low is not None and high is not None and low > high:
            said = f"This is below score_min, {low:g}, so that no score is between them."
            self.add_error("score_max", ValidationError(said, FaultCode.WRONG_ORDER))
        low, high = self.cleaned_data.get("box_size_min"), self.cleaned_data.get("box_size_below")
        if low is not None and high is not None and low >= high:
            said = f"This is not above box_size_min, {low:g}, so that no box is between them."
            self.add_error("box_size_below", ValidationError(said, FaultCode.WRONG_ORDER))
        return self.cleaned_data


class ImageFilterSet(FilterSet):
    """Images by what is known of them and by what is drawn on them; all that is asked of shapes holds of one shape."""

    name = TextFilter(label=_("ImageID"), max_length=255, help_text="The whole ImageID.")
    search = TextFilter(
        label=_("name"), max_length=255, allow_blank=True, help_text="Part of the ImageID, case-insensitive."
    )
    subset = TextFilter(label=_("subset"), max_length=255, help_text="Of this subset.")
    label = ListFilter(
        label=_("label"),
        child=IntegerField(),
        most=_LABELS,
        help_text="With a shape that says that the label with this id is present; several times: any of these labels.",
    )
    presence = WordFilter(
        label=_("presence"),
        choices=Presence.choices,
        help_text="What counts as a shape of a label, for `label` and `without_label`: one that says that it is "
        "present, `absent` for a tag of confidence 0, or `any`. `present` if not given.",
    )
    without_label = ListFilter(
        label=_("without label"),
        child=IntegerField(),
        most=_LABELS,
        help_text="Without any shape that says that the label with this id is present; several times: none of these "
        "labels. With `presence=any` nothing at all is said of it.",
    )
    kind = WordFilter(label=_("kind"), choices=ShapeKind.choices, help_text="With a shape of this kind.")
    source = TextFilter(
        label=_("source"),
        max_length=64,
        allow_blank=True,
        help_text="With a shape of this source; empty: no source.",
    )
    score_min = FractionFilter(label=_("score from"), help_text="With a shape of this score or a higher one.")
    score_max = FractionFilter(label=_("score to"), help_text="With a shape of this score or a lower one.")
    box_size_min = FractionFilter(
        label=_("box size from"),
        help_text="With a shape whose box has this size or a larger one: the square root of its area, as a fraction of "
        "the image.",
    )
    box_size_below = FractionFilter(label=_("box size below"), help_text="With a shape whose box is smaller than this.")
    attribute = ListFilter(
        label=_("attribute"),
        child=TextField(max_length=1000),
        most=_ATTRIBUTES,
        help_text="With a shape that has the attribute: `name`, or `name=value`; several times: all of them. "
        "`true` and `yes` are true, `false` and `no` false.",
    )
    has_shapes = TruthFilter(label=_("annotations"), help_text="With or without any shape.")
    has_file = TruthFilter(label=_("picture file"), help_text="With or without its picture.")
    updated_since = MomentFilter(
        label=_("changed since"),
        help_text="Changed at this moment or later: the image or its annotations.",
    )
    ordering = OrderingFilter(
        "id",
        "-id",
        "name",
        "-name",
        "updated",
        "-updated",
        ImageNumber.SHAPES.value,
        f"-{ImageNumber.SHAPES}",
        ImageNumber.SCORE.value,
        label=_("order"),
        about="`shape_count` is by how many of an image's shapes are asked for, `score` by the lowest score of these, "
        "images without one last.",
    )

    class Meta:
        form = ImageForm

    @property
    def asked(self) -> dict[str, Any]:
        """What a valid query asks of the images, by name; nothing of their order."""
        values = self.form.cleaned_data if self.is_valid() else {}
        return {name: value for name, value in values.items() if name != "ordering" and value not in (None, [])}

    def filter_queryset(self, queryset: "ImageQuerySet") -> "ImageQuerySet":  # type: ignore[override]  # of images
        """The images in their order; the model's queryset knows what holds of one shape."""
        wanted: dict[str, Any] = dict(self.form.cleaned_data)
        ordering = wanted.pop("ordering", None)
        found = queryset.annotated(**wanted)
        number = (ordering or "").removeprefix("-")
        if number in ImageNumber:
            found = found.numbered(number, **{name: wanted[name] for name in SHAPE_FILTERS})
        return cast("ImageQuerySet", self.filters["ordering"].filter(found, ordering))


class ImagesOfTasksFilterSet(ImageFilterSet):
    """The same of the images of all tasks together, as the admin site lists them."""

    task = IntegerFilter(label=_("task"), help_text="Of this task.")

    def filter_queryset(self, queryset: "ImageQuerySet") -> "ImageQuerySet":  # type: ignore[override]  # of images
        """The images of the task, as those of any."""
        task = self.form.cleaned_data.pop("task", None)
        return super().filter_queryset(queryset if task is None else queryset.filter(task=task))
