"""The options of an import and of an export as forms, in words for people who never saw the command."""

from collections.abc import Iterator
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from openimages_io import conf
from openimages_io.models import Task
from openimages_io.models.primary import primary
from openimages_io.models.values import is_storable
from openimages_io.transfer.options import (
    ExportOptions,
    ImportOptions,
    LabelNames,
    LayoutName,
    MasksAs,
    MaskSize,
    Match,
    Missing,
    MissingAttributes,
    Mode,
    OnError,
    as_json,
    from_json,
)

_USUAL: Final = {
    "missing_images": Missing.ERROR,
    "missing_labels": Missing.ERROR,
    "missing_attributes": MissingAttributes.DROP,
}
_USUAL_OF_NEW: Final = dict.fromkeys(_USUAL, Missing.CREATE)

Choices = list[tuple[str, str | Promise]]


class LinesField(forms.CharField):
    """Names, one a line; none means all."""

    widget = forms.Textarea(attrs={"rows": 2, "cols": 40, "class": "vLargeTextField"})

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        return frozenset(line.strip() for line in text.splitlines() if line.strip())

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(sorted(value)) if isinstance(value, frozenset | list) else value

    def validate(self, value: Any) -> None:
        for line in value:
            if not is_storable(line):
                raise ValidationError(_("A name contains a character that is not allowed."))

    def run_validators(self, value: Any) -> None:
        super().run_validators("\n".join(value))


def one_of(choices: Choices, label: Any, help_text: Any = "", **more: Any) -> forms.ChoiceField:
    """A choice whose every possibility is a sentence."""
    return forms.ChoiceField(choices=choices, label=label, help_text=help_text, widget=forms.RadioSelect, **more)


class OptionsForm(forms.Form):
    """What imports and exports have in common."""

    subsets = LinesField(
        label=_("Only these subsets"),
        required=False,
        help_text=_("One per line, such as train. Leave it empty for all."),
    )
    labels = LinesField(
        label=_("Only these labels"),
        required=False,
        help_text=_("One per line, by LabelName (/m/01yrx) or display name (Cat). Leave it empty for all."),
    )

    kind: Any
    """The class of the options."""

    def options(self) -> Any:
        """The options that were chosen. Only of a valid form."""
        names = self.kind.__dataclass_fields__
        return from_json(self.kind, {name: self._plain(name) for name in names})

    def _plain(self, name: str) -> Any:
        value = self.cleaned_data[name]
        return sorted(value) if isinstance(value, frozenset) else value if value != "" else None

    @classmethod
    def initial_of(cls, values: dict[str, Any]) -> dict[str, Any]:
        """What the form says at first, from the options that a job has kept; what makes no sense is left out."""
        try:
            return {
                name: "" if value is None else value for name, value in as_json(from_json(cls.kind, values)).items()
            }
        except (TypeError, ValueError, StopIteration):
            return {}

    @classmethod
    def described(cls, values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        """What was chosen, a label and a sentence each, from the options that a job has kept."""
        initial = cls.initial_of(values)
        for name, field in cls.base_fields.items():
            if name not in initial or initial[name] in ("", []):
                continue
            value = initial[name]
            if isinstance(field, forms.ChoiceField):
                choices: Any = field.choices
                yield str(field.label), dict(choices).get(value, value)
            elif isinstance(value, bool):
                yield str(field.label), _("yes") if value else _("no")
            else:
                yield str(field.label), ", ".join(map(str, value))


class ImportForm(OptionsForm):
    """An archive, and how it is to be brought in."""

    kind = ImportOptions

    task_name = forms.CharField(
        label=_("Name of the new task"),
        max_length=255,
        help_text=_(
            "The images, labels and annotations of the archive are imported into a new task with this name. "
            "You will be its owner."
        ),
    )
    upload = forms.FileField(
        label=_("Archive"),
        max_length=255,
        help_text=_(
            "A .zip, .tar or .tar.gz in the Open Images format: CSV tables with names such as "
            "train-annotations-bbox.csv, class-descriptions.csv, masks and pictures. Layouts of Datumaro, CVAT, "
            "FiftyOne and the official downloads are known, too."
        ),
        widget=forms.FileInput(attrs={"accept": ".zip,.tar,.gz,.tgz"}),
    )
    mode = one_of(
        [
            (Mode.MERGE, _("Merge: update existing annotations and add new ones; nothing is deleted")),
            (
                Mode.REPLACE,
                _(
                    "Replace: the annotations of the images that the archive names give way to the new ones, of the "
                    "kinds that it has files for"
                ),
            ),
            (Mode.APPEND, _("Append: add everything; annotations that exist already are duplicated")),
        ],
        _("Existing annotations"),
    )
    on_error = one_of(
        [
            (OnError.ABORT, _("Write nothing at all, so that I can correct the archive")),
            (OnError.SKIP, _("Skip bad rows, list each of them, and import the others")),
        ],
        _("Bad rows"),
    )
    missing_images = one_of(
        [
            (Missing.ERROR, _("An error")),
            (Missing.SKIP, _("Skip their annotations, and count them in the report")),
            (Missing.CREATE, _("Add them")),
        ],
        _("Unknown images"),
    )
    missing_labels = one_of(
        [
            (Missing.ERROR, _("An error")),
            (Missing.SKIP, _("Skip their annotations, and count them in the report")),
            (Missing.CREATE, _("Add them")),
        ],
        _("Unknown labels"),
    )
    missing_attributes = one_of(
        [
            (MissingAttributes.DROP, _("Drop the values, and count them in the report")),
            (MissingAttributes.CREATE, _("Create the attributes")),
            (MissingAttributes.ERROR, _("An error")),
        ],
        _("Unknown attributes"),
    )
    match = one_of(
        [
            (
                Match.LENIENT,
                _(
                    "Find the image whose name differs in a picture’s extension or in leading folders alone, if only "
                    "one does"
                ),
            ),
            (Match.EXACT, _("Match exact names only")),
        ],
        _("Names without an image"),
    )
    masks_as = one_of(
        [
            (MasksAs.MASKS, _("Keep them as masks")),
            (MasksAs.POLYGONS, _("Convert them to polygons along the edges of the pixels")),
        ],
        _("Masks"),
    )
    replace_all_kinds = forms.BooleanField(
        label=_("Replace all kinds"),
        required=False,
        help_text=_("With Replace: also remove annotations of kinds that the archive has no file for."),
    )
    pictures = forms.BooleanField(
        label=_("Import the pictures"),
        required=False,
        help_text=_("Otherwise only their names and annotations are imported."),
    )

    clip = forms.BooleanField(
        label=_("Clip coordinates"),
        required=False,
        help_text=_(
            "Move coordinates that are at most 0.01 outside the image to its edge, and count them. "
            "Otherwise they are errors."
        ),
    )

    field_order = ("task_name", "upload", "mode", "replace_all_kinds", "on_error", "pictures", "masks_as", "clip")

    def __init__(
        self, data: Any = None, files: Any = None, *, task: Task | None = None, initial: dict[str, Any] | None = None
    ) -> None:
        usual = _USUAL_OF_NEW if task is None else _USUAL
        chosen = {name: value for name, value in (initial or {}).items() if value != ""}
        super().__init__(data, files, initial=as_json(ImportOptions()) | usual | chosen)
        if task is None:  # there is nothing to merge with
            del self.fields["mode"], self.fields["replace_all_kinds"]
        else:
            del self.fields["task_name"]

    def clean_task_name(self) -> str:
        """Raises `ValidationError` for a name that is taken, or cannot be stored."""
        name: str = self.cleaned_data["task_name"]
        if not is_storable(name):
            raise ValidationError(_("The name contains a character that is not allowed."))
        if primary(Task).filter(name=name).exists():
            raise ValidationError(
                _("A task with this name exists. Choose another name, or open that task and import into it.")
            )
        return name

    def clean_upload(self) -> "UploadedFile[Any]":
        """Raises `ValidationError` for a file larger than the site takes."""
        upload: UploadedFile[Any] = self.cleaned_data["upload"]
        largest = conf.options().max_upload_bytes
        if (upload.size or 0) > largest:
            raise ValidationError(_("The file is larger than this site allows: %s.") % filesizeformat(largest))
        return upload

    def _plain(self, name: str) -> Any:
        return super()._plain(name) if name in self.fields else getattr(ImportOptions(), name)


class ExportForm(OptionsForm):
    """How a task is to be written."""

    kind = ExportOptions

    layout = one_of(
        [
            (LayoutName.DOCUMENTED, _("Open Images, as documented")),
            (LayoutName.DATUMARO, _("For Datumaro and CVAT")),
        ],
        _("File names"),
    )
    label_names = one_of(
        [
            (LabelNames.MID, _("LabelNames, such as /m/01yrx")),
            (LabelNames.DISPLAY, _("Display names, such as Cat: CVAT matches labels by these")),
        ],
        _("Label names"),
    )
    mask_size = one_of(
        [
            (MaskSize.NATIVE, _("Unchanged: the same file as imported")),
            (MaskSize.IMAGE, _("Scaled to the size of their image")),
        ],
        _("Size of masks"),
    )
    pictures = forms.BooleanField(
        label=_("Include the pictures"),
        required=False,
        help_text=_("Otherwise the archive has annotations and masks only, and is much smaller."),
    )

    field_order = ("layout", "label_names", "mask_size", "pictures")

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, initial=as_json(ExportOptions()))
