"""A job's files in the job storage: the archive that came, the archive that was made, the issues."""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from django.core.files.base import File

from openimages_io.archives.temporary import closing, temporary_file, temporary_folder, temporary_space
from openimages_io.database.new_files import save_whole
from openimages_io.exceptions import Failure
from openimages_io.models import Job
from openimages_io.models.job import report_place, result_place
from openimages_io.models.job_files import current_job_storage
from openimages_io.transfer.report import Report

_BLOCK: Final = 1 << 20
_UNSAFE: Final = re.compile(r"[^\w .()+-]+")
_NAME: Final = 100

Tick = Callable[[], None]
"""May raise to stop the work."""


@contextmanager
def local_source(job: Job, tick: Tick) -> Iterator[Path]:
    """The uploaded archive as a file on this machine. Raises `OpenImagesError` if it is gone."""
    storage, name = current_job_storage(), str(job.source)
    if not name or not storage.exists(name):
        raise Failure("upload-gone")
    try:
        path = Path(storage.path(name))
    except NotImplementedError:
        with temporary_folder() as folder, storage.open(name, "rb") as file:
            with temporary_space():
                copy = folder.file("archive")
                target = copy.open("xb")
            with closing(target):
                for block in iter(lambda: file.read(_BLOCK), b""):
                    with temporary_space():
                        target.write(block)
                    tick()
                with temporary_space():
                    target.flush()
            yield copy
    else:
        yield path


class _Ticking(File):  # type: ignore[type-arg]  # it has none at run time
    """A file that can be stopped on its way into a storage."""

    def __init__(self, file: IO[bytes], tick: Tick) -> None:
        super().__init__(file)
        self._from, self._tick = file, tick

    def read(self, *args: Any) -> bytes:
        self._tick()
        return self._from.read(*args)

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        self.seek(0)
        while block := self.read(chunk_size or _BLOCK):
            yield block


def save_result(job: Job, attempt: int, path: Path, tick: Tick) -> tuple[str, str]:
    """Stores an export. Returns the name it has in the storage, and its SHA-256 in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(_BLOCK), b""):
            digest.update(block)
            tick()
        name = result_place(job, f"{attempt}/{result_name(job.task_name)}")
        return save_whole(current_job_storage(), name, _Ticking(file, tick)), digest.hexdigest()


def result_name(task_name: str) -> str:
    """What an export of a task is called when somebody takes it: letters, digits and a few marks, no folders."""
    name = _UNSAFE.sub("_", task_name).strip(" ._")[:_NAME].strip(" .")
    return f"{name or 'task'}.zip"


def save_report(job: Job, attempt: int, report: Report) -> str:
    """Stores the issues, one JSON object a line. Returns their name there, or an empty one if there are none."""
    if not sum(report.counts.values()):
        return ""
    with closing(temporary_file()) as lines:
        with temporary_space():
            lines.writelines(report.lines())
            lines.seek(0)
        return save_whole(current_job_storage(), report_place(job, f"{attempt}.jsonl"), File(lines))
