"""The forms of changes of many images, of which the address of their page is made."""

from typing import Any, ClassVar, Final

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from openimages_io.admin.form_messages import OneLanguageForm
from openimages_io.annotations.bulk.changes import (
    ASKED_OF_SHAPES,
    Change,
    Delete,
    Duplicates,
    Move,
    NewLabelSpecs,
    Relabel,
)
from openimages_io.annotations.bulk.planning import check_subset
from openimages_io.annotations.errors import InvalidData
from openimages_io.filtersets.images import ImageFilterSet
from openimages_io.models import Label, Task
from openimages_io.models.kinds import Presence
from openimages_io.models.values import is_storable
from openimages_io.permissions import permissions

LABELS: Final = "oi_labels"
"""The id of the list of labels that a page offers."""
SUBSETS: Final = "oi_subsets"
MOST_LABELS: Final = 1000
_TYPED: Final = {"class": "vTextField", "autocomplete": "off"}


class LabelField(forms.CharField):
    """A label by its LabelName or display name, as import and export take it: there may be twenty thousand."""

    def __init__(self, task: Task, **kwargs: Any) -> None:
        super().__init__(max_length=255, widget=forms.TextInput(attrs={**_TYPED, "list": LABELS}), **kwargs)
        self.task = task

    def clean(self, value: Any) -> Any:
        """The label. Raises `ValidationError`."""
        text = super().clean(value)
        if not is_storable(text):
            raise ValidationError(_("The name contains a character that is not allowed."))
        labels = self.task.labels.all()
        found = list(labels.filter(name=text)) or list(labels.filter(display_name=text)[:5])
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(label.name for label in found)
            raise ValidationError(_("Several labels have this display name; write one of: %s.") % names)
        raise ValidationError(_("The task has no label of this LabelName or display name."))


class _ChangeForm(OneLanguageForm, forms.Form):
    action: ClassVar[str]
    verb: ClassVar[Any]
    """What its button does."""

    def __init__(self, data: QueryDict | None, task: Task, wanted: ImageFilterSet, user: Any) -> None:
        super().__init__(data)
        self.task, self.wanted, self.user = task, wanted, user

    def change(self) -> Change:
        """What was asked for. Only of a valid form."""
        raise NotImplementedError

    def may(self, change: Change) -> bool:
        """Whether the user may make a change of this task."""
        return permissions().may_make(self.user, change, self.task)


class MoveForm(_ChangeForm):
    """To which subset."""

    action = "move"
    verb = _("Move to a subset")

    subset = forms.CharField(
        label=_("Subset"),
        max_length=255,
        help_text=_("Such as train. A new name makes a new subset. An image whose ImageID the subset has stays."),
        widget=forms.TextInput(attrs={**_TYPED, "list": SUBSETS}),
    )

    def clean_subset(self) -> str:
        """Raises `ValidationError`."""
        subset: str = self.cleaned_data["subset"]
        try:
            check_subset(subset)
        except InvalidData as error:
            raise ValidationError([fault.message for fault in error.faults]) from error
        return subset

    def change(self) -> Move:
        """The images to the subset."""
        return Move(subset=self.cleaned_data["subset"])


class _LabelForm(_ChangeForm):
    """Which annotations."""

    which = forms.ChoiceField(
        label=_("Which of them"),
        choices=(
            ("all", _("All annotations of this label on these images")),
            ("asked", _("Only those that the filter asks for")),
        ),
        widget=forms.RadioSelect,
        required=False,
    )

    def __init__(self, data: QueryDict | None, task: Task, wanted: ImageFilterSet, user: Any) -> None:
        super().__init__(data, task, wanted, user)
        asked = wanted.asked
        self.asked = {name: asked[name] for name in ASKED_OF_SHAPES if name in asked}
        self.fields = {"label": LabelField(task, label=_("Label")), **self.fields}
        self.initial["which"] = "asked" if self.asked else "all"
        if "label" in asked:
            self.asked.setdefault("presence", Presence.PRESENT.value)
        if len(keys := asked.get("label", ())) == 1 and (label := task.labels.filter(pk=keys[0]).first()):
            self.initial["label"] = _typed(label, task)
        if not self.asked:
            del self.fields["which"]

    def of_label(self) -> dict[str, Any]:
        """The label, and what else is asked of its annotations."""
        asked = self.asked if self.cleaned_data.get("which") == "asked" else {}
        return {"label": self.cleaned_data["label"].pk, "asked": asked}


class DeleteForm(_LabelForm):
    """Annotations of which label."""

    action = "delete"
    verb = _("Delete annotations")

    def change(self) -> Delete:
        """The annotations are deleted."""
        return Delete(**self.of_label())


class RelabelForm(_LabelForm):
    """From which label to which."""

    action = "relabel"
    verb = _("Relabel")

    duplicates = forms.ChoiceField(
        label=_("Where the image has the same annotation of the new label already"),
        choices=Duplicates.choices,
        widget=forms.RadioSelect,
        required=False,
        initial=Duplicates.KEEP,
    )
    missing_specs = forms.ChoiceField(
        label=_("Attributes for which the new label has no spec"),
        choices=NewLabelSpecs.choices,
        widget=forms.RadioSelect,
        required=False,
        initial=NewLabelSpecs.KEEP,
    )

    def __init__(self, data: QueryDict | None, task: Task, wanted: ImageFilterSet, user: Any) -> None:
        super().__init__(data, task, wanted, user)
        first = self.fields.pop("label")
        self.fields = {"label": first, "new_label": LabelField(task, label=_("New label")), **self.fields}
        if not self.may(Relabel(label=0, new_label=0, duplicates=Duplicates.DELETE)):
            del self.fields["duplicates"]
        if not self.may(Relabel(label=0, new_label=0, missing_specs=NewLabelSpecs.CREATE)):
            del self.fields["missing_specs"]

    def clean(self) -> dict[str, Any]:
        """Raises `ValidationError`."""
        if (label := self.cleaned_data.get("new_label")) and label == self.cleaned_data.get("label"):
            self.add_error("new_label", ValidationError(_("They have this label already.")))
        return self.cleaned_data

    def change(self) -> Relabel:
        """The annotations get the new label."""
        return Relabel(
            **self.of_label(),
            new_label=self.cleaned_data["new_label"].pk,
            duplicates=Duplicates(self.cleaned_data.get("duplicates") or Duplicates.KEEP),
            missing_specs=NewLabelSpecs(self.cleaned_data.get("missing_specs") or NewLabelSpecs.KEEP),
        )


ChangeForm = MoveForm | RelabelForm | DeleteForm

FORMS: Final[dict[str, type[ChangeForm]]] = {form.action: form for form in (MoveForm, RelabelForm, DeleteForm)}
"""By the word of the action."""


def offered_labels(task: Task) -> list[str]:
    """How labels may be typed; of very many the first."""
    labels = list(task.labels.order_by("position", "pk")[:MOST_LABELS])
    names = [label.display_name for label in labels]
    return [name if name and names.count(name) == 1 else label.name for label, name in zip(labels, names, strict=True)]


def _typed(label: Label, task: Task) -> str:
    is_alone = label.display_name and task.labels.filter(display_name=label.display_name).count() == 1
    is_name = task.labels.filter(name=label.display_name).exclude(pk=label.pk).exists()
    return label.display_name if is_alone and not is_name else label.name
