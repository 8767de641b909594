"""What a transaction has done to shapes, told once when it has committed."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from openimages_io.database.bulk import plain
from openimages_io.models import Shape, Task
from openimages_io.signals import send_after_commit, shapes_saved


@dataclass(slots=True)
class SavedShapes:
    """The shapes of one task that a transaction has saved."""

    task_id: int
    using: str
    user: Any = None
    image_ids: set[int] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)
    created: int = 0
    changed: int = 0
    deleted: int = 0

    def add_deleted(self, keys: Collection[int]) -> None:
        """Counts shapes that are about to be deleted; their kinds are looked up where somebody listens."""
        self.deleted += len(keys)
        if keys and shapes_saved.has_listeners(Shape):
            self.kinds.update(plain(Shape, self.using).filter(pk__in=keys).values_list("kind", flat=True).distinct())

    def send(self) -> None:
        """To be called in the transaction; nothing is sent where nothing was saved, or nobody listens."""
        if shapes_saved.has_listeners(Shape) and (self.created or self.changed or self.deleted):
            send_after_commit(
                shapes_saved,
                Shape,
                self.using,
                task=Task.objects.using(self.using).get(pk=self.task_id),
                image_ids=frozenset(self.image_ids),
                user=self.user,
                created=self.created,
                changed=self.changed,
                deleted=self.deleted,
                kinds=frozenset(self.kinds),
            )
