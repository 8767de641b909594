"""What a site may react to: imports, exports and bulk changes that have ended, and annotations that were saved.

Each is sent once a transaction, after its COMMIT, whether a command, the API or the admin site was asked; with
ATOMIC_REQUESTS after that of the request. A receiver that raises is logged, and what was committed stays as it is. A
program that is killed just after a COMMIT sends nothing.
"""

from typing import Any, Final

from django.db import transaction
from django.db.models import Model
from django.dispatch import Signal

import_finished: Final = Signal()
"""An import has written what an archive says, or found that nothing is different; never a dry run.

`sender` is Task. `task`; `job`, None for the command, or if it was deleted meanwhile; `user`, who asked for it, or
None; `is_new`, whether it made the task; `changed`, whether anything was different before; `totals`, by kind of rows
what a job's `totals` say.
"""
export_finished: Final = Signal()
"""An archive is complete.

`sender` is Task. `task`; `job`, whose `result` is the archive, None as above; `user` or None; `dest`, the path
of the archive, None for a job; `totals`.
"""
bulk_change_finished: Final = Signal()
"""Many images of a task were moved to another subset, or their annotations relabelled or deleted.

`sender` is Task. `task`; `job`, None for a change that was made at once; `user` or None; `action`: `move`, `relabel` or
`delete`; `image_ids`, a frozenset; `totals`; `message`, all of it in a sentence. `shapes_saved` is sent besides, where
annotations were changed.
"""
shapes_saved: Final = Signal()
"""Shapes of images were created, changed or deleted, one by one or in bulk; no import, nor images or tasks with them.

`sender` is Shape. `task`; `image_ids`, a frozenset; `user` or None; `created`, `changed` and `deleted`, how many;
`kinds`, a frozenset of their kinds.
"""


def send_after_commit(signal: Signal, sender: type[Any], using: str, **values: Any) -> None:
    """Sends it when the transaction has committed; at once where there is none."""
    if signal.has_listeners(sender):
        # No partial: Django's log of a hook that raises asks for its name, and raises where there is none.
        transaction.on_commit(lambda: _send(signal, sender, using, values), using=using, robust=True)


def _send(signal: Signal, sender: type[Any], using: str, values: dict[str, Any]) -> None:
    job: Model | None = values.get("job")
    if job is not None:  # a worker ends the row, not the object
        values["job"] = type(job)._base_manager.using(using).filter(pk=job.pk).first()
    signal.send_robust(sender, **values)
