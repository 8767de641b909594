"""What may be done to many images at once, each change with what it takes and who may do it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar, Final, Literal, TypeAlias

from django.db.models import Model, TextChoices
from django.utils.translation import gettext_lazy as _

from openimages_io.models import AttributeSpec, Image, Shape
from openimages_io.models.image_filters import SHAPE_FILTERS
from openimages_io.models.outcomes import Outcome

Needs: TypeAlias = tuple[tuple[Literal["view", "add", "change", "delete"], type[Model]], ...]
"""What a user must be allowed to do to which rows of the task."""

ASKED_OF_SHAPES: Final = tuple(name for name in SHAPE_FILTERS if name not in {"label", "without_label"})
"""What may be asked of the annotations of a label, in the words of the filter of images."""
_SEES: Final[Needs] = (("view", Image), ("view", Shape))


class Duplicates(TextChoices):
    """What becomes of an annotation where its image has the same one of the new label already."""

    KEEP = "keep", _("Leave them as they are")
    DELETE = "delete", _("Delete them")


class NewLabelSpecs(TextChoices):
    """What becomes of attributes that the new label has no spec for."""

    KEEP = "keep", _("Leave these annotations as they are")
    CREATE = "create", _("Give the new label the specs that it lacks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Images are moved to a subset; one whose ImageID the subset has already stays."""

    action: ClassVar[str] = "move"
    outcome: ClassVar[Outcome] = Outcome.MOVED

    subset: str

    @property
    def needs(self) -> Needs:
        """Who may."""
        return (*_SEES, ("change", Image))


@dataclass(frozen=True, slots=True, kw_only=True)
class Relabel:
    """Annotations of a label get another one, with all else that is said of them."""

    action: ClassVar[str] = "relabel"
    outcome: ClassVar[Outcome] = Outcome.RELABELLED

    label: int
    """The key of the label that they have."""
    new_label: int
    """The key of the label that they get."""
    asked: Mapping[str, Any] = field(default_factory=dict)
    """What else is asked of these annotations, by the names of `ASKED_OF_SHAPES`; nothing is all of the label."""
    duplicates: Duplicates = Duplicates.KEEP
    missing_specs: NewLabelSpecs = NewLabelSpecs.KEEP

    @property
    def needs(self) -> Needs:
        """Who may."""
        deletes: Needs = (("delete", Shape),) if self.duplicates is Duplicates.DELETE else ()
        adds: Needs = (("add", AttributeSpec),) if self.missing_specs is NewLabelSpecs.CREATE else ()
        return (*_SEES, ("change", Shape), *deletes, *adds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """Annotations of a label are deleted, with their masks."""

    action: ClassVar[str] = "delete"
    outcome: ClassVar[Outcome] = Outcome.ANNOTATIONS_DELETED

    label: int
    asked: Mapping[str, Any] = field(default_factory=dict)
    """As of `Relabel`."""

    @property
    def needs(self) -> Needs:
        """Who may."""
        return (*_SEES, ("delete", Shape))


Change: TypeAlias = Move | Relabel | Delete

CHANGES: Final[Mapping[str, type[Change]]] = {kind.action: kind for kind in (Move, Relabel, Delete)}
"""By the word of the action."""


def as_json(change: Change) -> dict[str, Any]:
    """The change with its action, for a job's row."""
    return {"action": change.action, **asdict(change)}


def of_json(stored: Mapping[str, Any]) -> Change:
    """What `as_json` has written, whatever else stands beside it."""
    kind = CHANGES[stored["action"]]
    values = {each.name: stored[each.name] for each in fields(kind)}
    if "duplicates" in values:
        values |= {
            "duplicates": Duplicates(values["duplicates"]),
            "missing_specs": NewLabelSpecs(values["missing_specs"]),
        }
    return kind(**values)
