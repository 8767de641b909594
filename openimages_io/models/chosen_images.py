"""Some images of a task: those that somebody has selected, or those that a filter has."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Self

from openimages_io.models.image import Image
from openimages_io.models.shape import Shape

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from openimages_io.models.image import ImageQuerySet

MOST_KEYS: Final = 500
"""Images that may be named one by one; of more a filter says which."""
_MOMENT: Final = "updated_since"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenImages:
    """The images with these keys, or, where there are none, those that a filter of the task's images has."""

    keys: tuple[int, ...] = ()
    asked: Mapping[str, Any] = field(default_factory=dict)
    """What `ImageQuerySet.annotated` takes; nothing asks for all images of the task."""

    @property
    def are_all(self) -> bool:
        """Whether every image of the task is among them."""
        return not self.keys and not self.asked

    def of_task(self, task_id: int, using: str) -> "ImageQuerySet":
        """The images, as they are now; of keys those that are the task's."""
        images = Image.objects.using(using).filter(task=task_id)
        return images.filter(pk__in=self.keys) if self.keys else images.annotated(**self.asked)

    def shapes_of_task(self, task_id: int, using: str) -> "QuerySet[Shape]":
        """The shapes on these images."""
        shapes = Shape.objects.using(using).filter(task=task_id).order_by()
        return shapes if self.are_all else shapes.filter(image__in=self.of_task(task_id, using).order_by().values("pk"))

    def as_json(self) -> dict[str, Any]:
        """For a job's row."""
        if self.keys:
            return {"keys": list(self.keys)}
        asked = dict(self.asked)
        if _MOMENT in asked:
            asked[_MOMENT] = asked[_MOMENT].isoformat()
        return {"filter": asked}

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> Self:
        """What `as_json` has written; nothing is all images."""
        asked = dict(stored.get("filter", {}))
        if _MOMENT in asked:
            asked[_MOMENT] = datetime.fromisoformat(asked[_MOMENT])
        return cls(keys=tuple(stored.get("keys", ())), asked=asked)
