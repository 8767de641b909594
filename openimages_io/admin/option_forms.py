"""The options of an import and of an export as forms, in words for people who never saw the command."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from openimages_io import conf
from openimages_io.admin.form_messages import OneLanguageForm
from openimages_io.jobs.kept_uploads import KeptUpload
from openimages_io.models import Task
from openimages_io.models.primary import primary
from openimages_io.models.values import is_storable
from openimages_io.transfer.options import (
    ExportOptions,
    ImportOptions,
    Selection,
    as_json,
    from_json,
    named_option,
    options_of,
)


class LinesField(forms.CharField):
    """Names, one a line; none means all."""

    widget = forms.Textarea(attrs={"rows": 2, "cols": 40, "class": "vLargeTextField"})

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        return [line.strip() for line in text.splitlines() if line.strip()]

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def validate(self, value: Any) -> None:
        for line in value:
            if not is_storable(line):
                raise ValidationError(_("A name contains a character that is not allowed."))

    def run_validators(self, value: Any) -> None:
        super().run_validators("\n".join(value))


def option_fields(kind: type[Selection]) -> dict[str, forms.Field]:
    """A field for each option of an import or an export; every choice is a sentence."""
    fields: dict[str, forms.Field] = {}
    for option in options_of(kind):
        words: dict[str, Any] = {"label": option.label, "help_text": option.about}
        if option.choices is not None:
            fields[option.name] = forms.ChoiceField(choices=option.choices.choices, widget=forms.RadioSelect, **words)
        elif option.is_switch:
            fields[option.name] = forms.BooleanField(required=False, **words)
        else:
            words["help_text"] = format_lazy("{} {}", option.about, _("One per line. Leave it empty for all."))
            fields[option.name] = LinesField(required=False, **words)
    return fields


def kept_options(kind: type[Selection], values: Any) -> dict[str, Any]:
    """The options that a job has kept, by name; none if they make no sense."""
    try:
        return as_json(from_json(kind, values))
    except (TypeError, ValueError, AttributeError):
        return {}


def described(kind: type[Selection], values: Any) -> Iterator[tuple[str | Promise, str | Promise]]:
    """What was chosen, a label and a sentence each, from the options that a job has kept."""
    kept = kept_options(kind, values)
    for option in options_of(kind):
        value = kept.get(option.name)
        if value is None or value == []:
            continue
        if option.choices is not None:
            yield option.label, option.choices(value).label
        elif option.is_switch:
            yield option.label, _("yes") if value else _("no")
        else:
            yield option.label, ", ".join(map(str, value))


def field_name(option: str) -> str:
    """An option that is given as the command's, such as `--match exact`, as a form has it; any other text as it is."""
    found = named_option(option)
    if found is None:
        return option
    known, chosen = found
    if known.choices is None or not chosen:
        return f"“{known.label}”"
    choices = " or ".join(f"“{known.choices(word).label}”" for word in chosen)
    return f"{choices} under “{known.label}”"


class OptionsForm(OneLanguageForm, forms.Form):
    """The options of an import or an export."""

    kind: Any
    """The class of the options."""

    def __init__(self, data: Any = None, files: Any = None, *, initial: dict[str, Any]) -> None:
        super().__init__(data, files, initial=initial)
        self.fields |= option_fields(self.kind)

    def options(self) -> Any:
        """The options that were chosen. Only of a valid form."""
        names = {option.name for option in options_of(self.kind)}
        return from_json(self.kind, {name: value for name, value in self.cleaned_data.items() if name in names})


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

    kept = forms.CharField(required=False, widget=forms.HiddenInput, max_length=36)

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        task: Task | None = None,
        initial: dict[str, Any] | None = None,
        held: KeptUpload | None = None,
    ) -> None:
        """`held` is an upload that was kept: it stands for the file if the form names it and comes without another."""
        usual = as_json(ImportOptions().settled(new_task=task is None))
        chosen = {name: value for name, value in (initial or {}).items() if value is not None}
        super().__init__(data, files, initial=usual | chosen)
        if task is None:  # there is nothing to merge with
            del self.fields["mode"], self.fields["replace_all_kinds"]
        else:
            del self.fields["task_name"]
        self.held: KeptUpload | None = None
        if named := (data or {}).get("kept"):
            self.hold(held if held is not None and held.key == named else None)

    def hold(self, held: KeptUpload | None) -> None:
        """Has an upload that was kept stand for the file; with None, the form asks for a file again."""
        self.held = held
        sent: Any = self.data
        sent = sent.copy()
        sent["kept"] = held.key if held else ""
        self.data = sent
        field = self.fields["upload"]
        field.required = field.widget.is_required = held is None
        field.error_messages["required"] = _("The file is no longer kept. Choose it again.")
        if held is not None:
            said = _("%(name)s (%(size)s) has arrived and is kept. Choose a file only to take another one.")
            self["upload"].help_text = said % {"name": held.name, "size": filesizeformat(held.size)}

    def fieldsets(self) -> list[tuple[Any, dict[str, Any]]]:
        """What most people choose, and under a fold what few do."""
        first = [name for name in ("task_name", "upload", "mode", "on_error", "pictures") if name in self.fields]
        others = [name for name in self.fields if name not in (*first, "kept")]
        folded = {"fields": others, "classes": () if set(others) & set(self.errors) else ("collapse",)}
        return [(None, {"fields": first}), (_("More options"), folded)]

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

    def clean_upload(self) -> "UploadedFile[Any] | None":
        """Raises `ValidationError` for a file larger than the site takes. None where the kept one stands for it."""
        upload: UploadedFile[Any] | None = self.cleaned_data["upload"]
        largest = conf.options().max_upload_bytes
        if upload is not None and (upload.size or 0) > largest:
            raise ValidationError(_("The file is larger than this site allows: %s.") % filesizeformat(largest))
        return upload


class ExportForm(OptionsForm):
    """How a task is to be written."""

    kind = ExportOptions

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, initial=as_json(ExportOptions()))
