"""Archives that came with a form that had another fault: kept for a while, so that nobody has to send them again."""

import re
import time
import uuid
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Final, Self

from django.core.files.base import File

from openimages_io.database.new_files import save_whole
from openimages_io.jobs.rows import database, rows
from openimages_io.models import Job
from openimages_io.models.job import source_place
from openimages_io.models.job_files import current_job_storage, remove_job_files
from openimages_io.models.stored_files import GRACE

KEPT: Final = timedelta(hours=12)
"""How long it may be taken. Shorter than the age at which the prune command removes files that no job has."""
assert KEPT < GRACE
_NAME: Final = 255
_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptUpload:
    """An archive that lies where the job with this key will look for it."""

    key: str
    """A random UUID: of the job that takes it, so that the file need not be moved, and is taken once."""
    place: str
    """Its name in the job storage."""
    name: str
    """The name that it came with."""
    size: int
    """In bytes."""
    until: float
    """A time in seconds, after which it is not taken any more."""

    @classmethod
    def of(cls, upload: "File[Any]") -> Self:
        """Stores an upload. Raises `CannotBeStored`."""
        key = uuid.uuid4()
        upload.seek(0)
        place = save_whole(current_job_storage(), source_place(Job(pk=key), "archive"), upload)
        until = time.time() + KEPT.total_seconds()
        return cls(key=str(key), place=place, name=upload_name(upload), size=upload.size or 0, until=until)

    @classmethod
    def read(cls, value: Any) -> Self | None:
        """What `as_dict` gave; None of anything else, and of an upload that is too old or that a job has taken."""
        try:
            kept = cls(**value)
        except TypeError:
            return None
        return kept if time.time() < kept.until and not kept._is_taken() else None

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON takes it."""
        return asdict(self)

    def remove(self) -> None:
        """Removes the file, unless a job has taken it."""
        if not self._is_taken():
            remove_job_files([self.key], [self.place], database())

    def _is_taken(self) -> bool:
        return rows().filter(pk=self.key).exists()


def upload_name(upload: "File[Any]") -> str:
    """The name of an uploaded file, without folders and what no page should print."""
    return _UNPRINTABLE.sub("_", upload.name or "archive").rpartition("/")[2][:_NAME]
