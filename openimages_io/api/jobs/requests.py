"""What a client may ask an import or an export to do: the options of the commands, each checked."""

from enum import StrEnum
from typing import Any, Final

from django.db.models import TextChoices
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from openimages_io.api.fields import BoundedListField, SingleLineField, StrictBooleanField, StrictCharField
from openimages_io.api.strict import PageQuery, StrictFormSerializer, StrictSerializer
from openimages_io.format.issues import Severity
from openimages_io.models import JobKind, JobState, Task
from openimages_io.models.primary import primary
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
    from_json,
)

_NAMES: Final = 1000
_NAME: Final = 255
_NO_TASK: Final = "if not given: error, or create where the task is new"


class EnumField(serializers.ChoiceField):
    """A word of an enumeration."""

    def __init__(self, words: type[StrEnum] | type[TextChoices], **kwargs: Any) -> None:
        message = f"This is not one of: {', '.join(words)}."
        super().__init__(choices=[word.value for word in words], error_messages={"invalid_choice": message}, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        """The word. Raises `ValidationError`."""
        return super().to_internal_value(data) if isinstance(data, str) and data else self.fail("invalid_choice")


class FormBooleanField(serializers.BooleanField):
    """True or false in a form, where all is text."""

    def to_internal_value(self, data: Any) -> bool:
        """Refuses all words but these two."""
        word = data.lower() if isinstance(data, str) else ""
        return word == "true" if word in {"true", "false"} else self.fail("invalid", input=data)


class NameListField(BoundedListField):
    """Names of subsets or labels, as they are written in the files."""

    def __init__(self, **kwargs: Any) -> None:
        child = StrictCharField(max_length=_NAME)
        super().__init__(child=child, required=False, max_length=_NAMES, **kwargs)


@extend_schema_field(OpenApiTypes.BINARY)
class ArchiveField(serializers.FileField):
    """An archive that is uploaded."""


class ImportForm(StrictFormSerializer):
    """An archive, and the options of `manage.py import_openimages` as fields of a form."""

    archive = ArchiveField(help_text="A zip, a tar, or a tar packed with gzip, bzip2 or xz.")
    mode = EnumField(
        Mode,
        required=False,
        help_text="What happens to existing annotations: merge updates them and adds new ones, replace "
        "replaces those of the images that the archive names, of the kinds that it has files for, append adds "
        "all; if not given: merge.",
    )
    missing_images = EnumField(Missing, required=False, help_text=f"An image that the task doesn't have; {_NO_TASK}.")
    missing_labels = EnumField(Missing, required=False, help_text=f"A label that the task doesn't have; {_NO_TASK}.")
    missing_attributes = EnumField(
        MissingAttributes,
        required=False,
        help_text="A value whose label has no such attribute spec; not given: drop, or create where the task is new.",
    )
    match = EnumField(
        Match,
        required=False,
        help_text="Names of rows and pictures without an image: lenient finds the one that differs only in a picture's "
        "extension or in leading folders, exact finds none; if not given: lenient.",
    )
    on_error = EnumField(
        OnError,
        required=False,
        help_text="Bad rows: abort writes nothing, skip skips them and lists each; if not given: abort.",
    )
    subset = NameListField(help_text="Only this subset; may be given several times.")
    label = NameListField(  # type: ignore[assignment]  # a field may have the name of an attribute
        help_text="Only this label, by LabelName or display name; may be given several times."
    )
    masks_as = EnumField(
        MasksAs,
        required=False,
        help_text="Keep masks, or trace them exactly as polygons; if not given: masks.",
    )
    pictures = FormBooleanField(required=False, help_text="Whether picture files are imported; if not given: true.")
    replace_all_kinds = FormBooleanField(
        required=False, help_text="With mode replace: also kinds of annotations that the archive has no file for."
    )
    clip = FormBooleanField(
        required=False,
        help_text="Whether coordinates at most 0.01 outside the image are moved to its edge, and counted; if not "
        "given: false, and they are errors.",
    )
    dry_run = FormBooleanField(required=False, help_text="Check everything and write nothing.")

    def options(self) -> ImportOptions:
        """What was chosen; what was not is as for the command."""
        chosen = dict(self.validated_data)
        for other in ("archive", "dry_run", "task_name"):
            chosen.pop(other, None)
        for one, several in (("subset", "subsets"), ("label", "labels")):
            if one in chosen:
                chosen[several] = chosen.pop(one)
        return from_json(ImportOptions, chosen)


class NewTaskImportForm(ImportForm):
    """The same for a task that is yet to be made."""

    task_name = SingleLineField(max_length=_NAME, trim_whitespace=True, help_text="The new task's name.")

    def validate_task_name(self, name: str) -> str:
        """Raises `ValidationError` for a name that a task has."""
        if primary(Task).filter(name=name).exists():
            raise ValidationError("A task with that name exists already.", code="unique")
        return name


class ExportBody(StrictSerializer):
    """The options of `manage.py export_openimages`; an empty object exports everything."""

    layout = EnumField(LayoutName, required=False, help_text="datumaro: the names that Datumaro and CVAT read.")
    label_names = EnumField(LabelNames, required=False, help_text="What is written as LabelName.")
    subsets = NameListField(help_text="Only these subsets.")
    labels = NameListField(help_text="Only these labels, by LabelName or display name.")
    pictures = StrictBooleanField(
        required=False, help_text="Whether picture files are in the archive; if not given: true."
    )
    mask_size = EnumField(MaskSize, required=False, help_text="image: scale masks to their image's size.")

    def options(self) -> ExportOptions:
        """What was chosen; what was not is as for the command."""
        return from_json(ExportOptions, dict(self.validated_data))


class EmptyBody(StrictSerializer):
    """An empty body, or an empty object."""


class JobQuery(PageQuery):
    """Which jobs are listed."""

    task = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1, help_text="Jobs of this task.")
    kind = EnumField(JobKind, required=False, help_text="Jobs of this kind.")
    state = EnumField(JobState, required=False, help_text="Jobs in this state.")


class IssueQuery(PageQuery):
    """Which issues are listed, and how."""

    severity = EnumField(Severity, required=False, help_text="Only issues of this severity.")
    format = serializers.ChoiceField(choices=["json", "csv"], required=False, help_text="csv: all of them in one file.")
