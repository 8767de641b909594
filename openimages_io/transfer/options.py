"""What a person may choose about an import or an export; every face offers the same."""

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, TypeVar, get_args, get_type_hints


class Mode(StrEnum):
    """What becomes of the annotations that a task has already."""

    MERGE = "merge"
    """What is there is brought up to date, new is added, nothing is deleted."""
    REPLACE = "replace"
    """The annotations of the images that the archive names are replaced, of the kinds that it has a file for."""
    APPEND = "append"
    """All is added."""


class Missing(StrEnum):
    """What to do with an image or a label that the task doesn't have."""

    ERROR = "error"
    SKIP = "skip"
    CREATE = "create"


class MissingAttributes(StrEnum):
    """What to do with a value whose label has no such attribute spec."""

    DROP = "drop"
    CREATE = "create"
    ERROR = "error"


class Match(StrEnum):
    """How names of rows and pictures are matched with images."""

    LENIENT = "lenient"
    """Exactly, else without a picture's extension or some folders, if only one fits."""
    EXACT = "exact"


class OnError(StrEnum):
    """What to do when rows are bad."""

    ABORT = "abort"
    """Nothing is written."""
    SKIP = "skip"
    """Bad rows are left out, each listed."""


class MasksAs(StrEnum):
    """What masks become."""

    MASKS = "masks"
    POLYGONS = "polygons"
    """Traced along pixel edges, so that filling them gives the same pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """The options of an import. None for a policy means: `create` into a new task, else the first choice."""

    mode: Mode = Mode.MERGE
    missing_images: Missing | None = None
    missing_labels: Missing | None = None
    missing_attributes: MissingAttributes | None = None
    match: Match = Match.LENIENT
    on_error: OnError = OnError.ABORT
    subsets: frozenset[str] = frozenset()
    """Only these subsets; empty for all."""
    labels: frozenset[str] = frozenset()
    """Only these labels, by LabelName or display name; empty for all."""
    masks_as: MasksAs = MasksAs.MASKS
    pictures: bool = True
    replace_all_kinds: bool = False
    """Of mode replace: also kinds of annotations that the archive has no file for."""
    clip: bool = False
    """Whether coordinates at most 0.01 outside the image are taken as its edge."""


class LayoutName(StrEnum):
    """Whose names the files of an export have."""

    DOCUMENTED = "documented"
    DATUMARO = "datumaro"
    """What Datumaro and CVAT read."""


class LabelNames(StrEnum):
    """What is written as LabelName."""

    MID = "mid"
    DISPLAY = "display"
    """The display name: CVAT matches labels by it."""


class MaskSize(StrEnum):
    """How large masks are written."""

    NATIVE = "native"
    """As they are: a mask that came in keeps its size and its bytes."""
    IMAGE = "image"
    """As large as their image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """The options of an export."""

    layout: LayoutName = LayoutName.DOCUMENTED
    label_names: LabelNames = LabelNames.MID
    subsets: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    pictures: bool = True
    mask_size: MaskSize = MaskSize.NATIVE


SomeOptions = TypeVar("SomeOptions", ImportOptions, ExportOptions)


def as_json(options: ImportOptions | ExportOptions) -> dict[str, Any]:
    """The options by field name, for JSON: enumerations as their words, sets as sorted lists."""
    values = {field.name: getattr(options, field.name) for field in fields(options)}
    return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in values.items()}


def from_json(kind: type[SomeOptions], values: dict[str, Any]) -> SomeOptions:
    """The options that `as_json` has written. Raises ValueError for a word, and TypeError for a name, that is none."""
    hints = get_type_hints(kind)
    return kind(**{name: _typed(hints[name], value) if name in hints else value for name, value in values.items()})


def _typed(hint: Any, value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, list):
        return frozenset(value)
    choices = next(part for part in (hint, *get_args(hint)) if isinstance(part, type) and issubclass(part, StrEnum))
    return choices(value)
