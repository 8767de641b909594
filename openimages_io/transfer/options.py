"""The options of an import and of an export, each stated once: commands, forms and the API are made from them."""

from dataclasses import Field, dataclass, field, fields, replace
from functools import cache
from typing import Any, Self, TypeVar, get_args, get_type_hints

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class Mode(TextChoices):
    """What becomes of the annotations that a task has already."""

    MERGE = "merge", _("Update existing annotations and add new ones; nothing is deleted")
    REPLACE = (
        "replace",
        _("Replace the annotations of the images that the archive names, of the kinds that it has files for"),
    )
    APPEND = "append", _("Add everything; annotations that exist already are duplicated")


class Missing(TextChoices):
    """What to do with an image or a label that the task doesn't have."""

    ERROR = "error", _("Report an error")
    SKIP = "skip", _("Skip their annotations, and count them in the report")
    CREATE = "create", _("Add them")


class MissingAttributes(TextChoices):
    """What to do with a value whose label has no such attribute spec."""

    DROP = "drop", _("Drop the values, and count them in the report")
    CREATE = "create", _("Create the attributes")
    ERROR = "error", _("Report an error")


class Match(TextChoices):
    """How names of rows and pictures are matched with images."""

    LENIENT = (
        "lenient",
        _("Find the image whose name differs in a picture’s extension or in leading folders alone, if only one does"),
    )
    EXACT = "exact", _("Match exact names only")


class OnError(TextChoices):
    """What to do when rows are bad."""

    ABORT = "abort", _("Write nothing at all, so that the archive can be corrected")
    SKIP = "skip", _("Skip bad rows, list each of them, and import the others")


class MasksAs(TextChoices):
    """What masks become."""

    MASKS = "masks", _("Keep them as masks")
    POLYGONS = "polygons", _("Convert them to polygons along the edges of the pixels")


class LayoutName(TextChoices):
    """Whose names the files of an export have."""

    DOCUMENTED = "documented", _("Open Images, as documented")
    DATUMARO = "datumaro", _("What Datumaro and CVAT read")


class LabelNames(TextChoices):
    """What is written as LabelName."""

    MID = "mid", _("LabelNames, such as /m/01yrx")
    DISPLAY = "display", _("Display names, such as Cat: CVAT matches labels by these")


class MaskSize(TextChoices):
    """How large masks are written."""

    NATIVE = "native", _("Unchanged: the same file as imported")
    IMAGE = "image", _("Scaled to the size of their image")


def _shown(label: Promise, about: Promise | str = "", *, flag: str = "") -> dict[str, Any]:
    """What interfaces show of a field; `flag` is the command's, if it isn't the field's name."""
    return {"label": label, "about": about, "flag": flag}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which part of a data set is imported or exported; all of it where nothing is named."""

    subsets: frozenset[str] = field(
        default=frozenset(), metadata=_shown(_("Only these subsets"), _("Such as train."), flag="--subset")
    )
    labels: frozenset[str] = field(
        default=frozenset(),
        metadata=_shown(_("Only these labels"), _("By LabelName (/m/01yrx) or display name (Cat)."), flag="--label"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions(Selection):
    """The options of an import."""

    mode: Mode = field(default=Mode.MERGE, metadata=_shown(_("Existing annotations")))
    replace_all_kinds: bool = field(
        default=False,
        metadata=_shown(
            _("Replace all kinds"),
            _("In mode replace: also remove annotations of kinds that the archive has no file for."),
        ),
    )
    on_error: OnError = field(default=OnError.ABORT, metadata=_shown(_("Bad rows")))
    pictures: bool = field(
        default=True,
        metadata=_shown(
            _("Import the pictures"),
            _("Without the picture files, only their names and annotations are imported."),
            flag="--no-images",
        ),
    )
    masks_as: MasksAs = field(default=MasksAs.MASKS, metadata=_shown(_("Masks")))
    clip: bool = field(
        default=False,
        metadata=_shown(
            _("Clip coordinates"),
            _("Move coordinates up to 0.01 outside the image to its edge, and count them. Otherwise they are errors."),
        ),
    )
    missing_images: Missing | None = field(default=None, metadata=_shown(_("Unknown images")))
    missing_labels: Missing | None = field(default=None, metadata=_shown(_("Unknown labels")))
    missing_attributes: MissingAttributes | None = field(default=None, metadata=_shown(_("Unknown attributes")))
    match: Match = field(default=Match.LENIENT, metadata=_shown(_("Names without an image")))

    def settled(self, *, new_task: bool) -> Self:
        """The options with a choice where none was made: `create` into a new task, else the option's first."""
        open_ones = [each for each in options_of(type(self)) if getattr(self, each.name) is None]
        usual: dict[str, Any] = {each.name: each.usual(new_task=new_task) for each in open_ones}
        return replace(self, **usual)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions(Selection):
    """The options of an export."""

    layout: LayoutName = field(default=LayoutName.DOCUMENTED, metadata=_shown(_("File names")))
    label_names: LabelNames = field(default=LabelNames.MID, metadata=_shown(_("Label names")))
    mask_size: MaskSize = field(default=MaskSize.NATIVE, metadata=_shown(_("Size of masks")))
    pictures: bool = field(
        default=True,
        metadata=_shown(
            _("Include the pictures"),
            _("Without the picture files, the archive has annotations and masks only, and is much smaller."),
            flag="--no-images",
        ),
    )


SomeOptions = TypeVar("SomeOptions", bound=Selection)


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """What interfaces show of one option: a choice of words, yes or no, or names."""

    name: str
    label: Promise
    about: Promise | str
    flag: str
    """Of the command. That of an option that is on by default turns it off."""
    choices: type[TextChoices] | None
    """The words to choose from; None for yes or no and for names."""
    default: Any
    """None where it depends on whether the task is new."""

    @property
    def is_switch(self) -> bool:
        """Whether the choice is yes or no."""
        return isinstance(self.default, bool)

    def usual(self, *, new_task: bool) -> TextChoices:
        """The choice where none was made."""
        assert self.choices is not None
        if self.default is None:
            return self.choices("create") if new_task else next(iter(self.choices))
        return self.choices(self.default)

    @property
    def help(self) -> str:
        """All of it in sentences: what it is about, every choice, and the default."""
        sentences = [f"{self.label}.", *([str(self.about)] if self.about else [])]
        if self.choices is not None:
            sentences += [f"{word}: {word.label}." for word in self.choices]
            usual, new = self.usual(new_task=False), self.usual(new_task=True)
            said = gettext("Default: %(word)s.") if usual is new else gettext("Default: %(word)s; new task: %(new)s.")
            sentences.append(said % {"word": usual, "new": new})
        return " ".join(sentences)


def options_of(kind: type[Selection]) -> list[Option]:
    """The options of an import or an export, in order."""
    hints = get_type_hints(kind)
    return [_option_of(each, hints[each.name]) for each in fields(kind)]


@cache
def _by_flag() -> dict[str, Option]:
    return {option.flag: option for kind in (ExportOptions, ImportOptions) for option in options_of(kind)}


def named_option(text: str) -> tuple[Option, list[str]] | None:
    """The option that a text gives as the command's, such as `--match exact`, and its choices; None for other texts."""
    flag, *words = text.split(" ")
    option = _by_flag().get(flag)
    if option is None:
        return None
    if option.choices is None:
        return option, []
    chosen = [word for word in words if word != "or"]
    return (option, chosen) if set(chosen) <= set(option.choices.values) else None


def _option_of(each: "Field[Any]", hint: Any) -> Option:
    parts = (part for part in (hint, *get_args(hint)) if isinstance(part, type))
    choices = next((part for part in parts if issubclass(part, TextChoices)), None)
    flag = each.metadata["flag"] or f"--{each.name.replace('_', '-')}"
    label, about = each.metadata["label"], each.metadata["about"]
    return Option(name=each.name, label=label, about=about, flag=flag, choices=choices, default=each.default)


def as_json(options: Selection) -> dict[str, Any]:
    """The options by field name, for JSON: enumerations as their words, sets as sorted lists."""
    values = {each.name: getattr(options, each.name) for each in fields(options)}
    return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in values.items()}


def from_json(kind: type[SomeOptions], values: dict[str, Any]) -> SomeOptions:
    """The options that `as_json` has written. Raises ValueError for an unknown word, TypeError for an unknown name."""
    choices = {option.name: option.choices for option in options_of(kind)}
    return kind(**{name: _typed(choices.get(name), value) for name, value in values.items()})


def _typed(choices: type[TextChoices] | None, value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if choices is not None:
        return choices(value)
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is not a list of names")
    return frozenset(value)
