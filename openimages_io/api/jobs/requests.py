"""What a client may ask an import or an export to do: the options of the commands, each checked."""

from enum import StrEnum
from typing import Any, Final

from django.db.models import TextChoices
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from openimages_io.api.bulk.choosing import choosing_fields, chosen
from openimages_io.api.fields import BoundedListField, SingleLineField, StrictBooleanField, StrictCharField
from openimages_io.api.strict import PageQuery, StrictFormSerializer, StrictSerializer
from openimages_io.error_codes import FaultCode
from openimages_io.format.issues import Severity
from openimages_io.models import Task
from openimages_io.models.chosen_images import ChosenImages
from openimages_io.models.primary import primary
from openimages_io.transfer.options import ExportOptions, ImportOptions, OnError, SomeOptions, from_json, options_of

_NAMES: Final = 1000
_NAME: Final = 255


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


def option_fields(
    kind: type[SomeOptions], switch: type[serializers.BooleanField]
) -> dict[str, "serializers.Field[Any, Any, Any, Any]"]:
    """A field for each option of an import or an export; `switch` is that of yes or no."""
    fields: dict[str, Any] = {}
    for option in options_of(kind):
        text = option.help
        if option.choices is not None:
            fields[option.name] = EnumField(option.choices, required=False, help_text=text)
        elif option.is_switch:
            text = f"{text} Default: {str(option.default).lower()}."
            fields[option.name] = switch(required=False, help_text=text)
        else:
            fields[option.name] = NameListField(help_text=text)
    return fields


def _chosen(kind: type[SomeOptions], values: dict[str, Any]) -> SomeOptions:
    """What was chosen; what was not is as for the command."""
    names = {option.name for option in options_of(kind)}
    return from_json(kind, {name: value for name, value in values.items() if name in names})


class ArchiveField(serializers.FileField):
    """An archive that is uploaded."""


class ImportForm(StrictFormSerializer):
    """An archive, and the options of `manage.py import_openimages` as fields of a form."""

    archive = ArchiveField(help_text="A zip, a tar, or a tar packed with gzip, bzip2 or xz.")
    dry_run = FormBooleanField(required=False, help_text="Check everything and write nothing.")

    def get_fields(self) -> dict[str, Any]:
        """The file and the options."""
        return super().get_fields() | option_fields(ImportOptions, FormBooleanField)

    def options(self) -> ImportOptions:
        """What was chosen."""
        return _chosen(ImportOptions, self.validated_data)


class NewTaskImportForm(ImportForm):
    """The same for a task that is yet to be made."""

    task_name = SingleLineField(max_length=_NAME, trim_whitespace=True, help_text="The new task's name.")

    def validate_task_name(self, name: str) -> str:
        """Raises `ValidationError` for a name that a task has."""
        if primary(Task).filter(name=name).exists():
            raise ValidationError("A task with that name exists already.", code=FaultCode.UNIQUE)
        return name


class ExportBody(StrictSerializer):
    """The options of `manage.py export_openimages`, and the only images; an empty object exports everything."""

    def get_fields(self) -> dict[str, Any]:
        """The options."""
        return super().get_fields() | option_fields(ExportOptions, StrictBooleanField) | choosing_fields()

    def validate(self, attrs: Any) -> Any:
        """Raises `ValidationError` where images are chosen in two ways."""
        chosen(attrs, may_be_all=True)
        return attrs

    @property
    def images(self) -> ChosenImages:
        """The images that are exported: all, unless some are chosen."""
        return chosen(self.validated_data, may_be_all=True)

    def options(self) -> ExportOptions:
        """What was chosen."""
        return _chosen(ExportOptions, self.validated_data)


class ConfirmBody(StrictSerializer):
    """What is done about the errors of a dry run that is confirmed."""

    on_error = EnumField(
        OnError,
        required=False,
        help_text="skip: a dry run that was refused because of its rows is done without them. abort, if not given: it "
        "cannot be confirmed.",
    )


class EmptyBody(StrictSerializer):
    """An empty body, or an empty object."""


class IssueQuery(PageQuery):
    """Which issues are listed, and how."""

    severity = EnumField(Severity, required=False, help_text="Only issues of this severity.")
    format = serializers.ChoiceField(choices=["json", "csv"], required=False, help_text="csv: all of them in one file.")
