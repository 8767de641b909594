"""A task that goes from one state to another and back, so that half a change shows.

Each of two archives replaces the other: they have the same images; boxes, masks and every picture differ.
"""

import io
import os
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from django.core.files import File
from django.core.management import call_command
from django_tasks_db.models import DBTaskResult

from openimages_io.format.masks import encode
from openimages_io.jobs.submission import submit_export, submit_import
from openimages_io.models import Image, Job, Task
from openimages_io.transfer.options import ExportOptions, ImportOptions, Mode
from tests.jobs.archives import BOX_HEADER, CLASSES
from tests.torture.invariants import catalogue, faults
from tests.torture.proxy import Proxy
from tests.torture.sites import POSTGRESQL, Child, Databases, Site
from tests.transfer import archives
from tests.transfer.datasets import MASKS_HEADER
from tests.transfer.generated import picture

TASK: Final = "t"
WORKER: Final = ("db_worker", "--batch", "--no-reload", "--no-startup-delay", "--interval", "0")
_OLD: Final = 3 * 86_400


class Stage:
    """A site with the task in the state of one of the two archives."""

    def __init__(
        self, databases: Databases, vendor: str, *, rows: int = 3000, pictures: int = 30, folder: Path | None = None
    ) -> None:
        self.site: Site = databases.site(vendor, folder)
        self.proxy = Proxy(self.site.url) if vendor == POSTGRESQL else None
        if self.proxy is not None:
            self.site.url = self.proxy.url
        self.archives = [
            _write(databases.folder / f"{vendor}-{rows}-{number}.zip", number, rows=rows, pictures=pictures)
            for number in range(2)
        ]
        self.site.enter()
        self.catalogue = catalogue()
        self.states: list[str] = []
        for number in (0, 1):
            self.done(self.site.manage(*self.words(number)))
            self.states.append(self.contents())
        self.state = 1

    @property
    def other(self) -> int:
        """The archive that is not there now."""
        return 1 - self.state

    def words(self, number: int) -> tuple[str, ...]:
        """The command that imports an archive."""
        options = ("--mode", "replace", "--missing-images", "create", "--missing-attributes", "create", "--no-progress")
        return "import_openimages", str(self.archives[number]), "--task", TASK, *options

    def submit(self, number: int) -> Job:
        """Asks for an import by a worker."""
        self.site.enter()
        options = ImportOptions(mode=Mode.REPLACE)
        with self.archives[number].open("rb") as file:
            upload = File(file, name="a.zip")
            task = Task.objects.get(name=TASK)
            return submit_import(upload, task=task, task_name=TASK, options=options, dry_run=False, user=None)

    def submit_export(self) -> Job:
        """Asks for an export by a worker."""
        self.site.enter()
        return submit_export(Task.objects.get(name=TASK), ExportOptions(), user=None)

    def forget(self, job: Job) -> None:
        """Removes a job and what the queue knows of it, so that no later worker takes it up."""
        Job.objects.filter(pk=job.pk).delete()
        DBTaskResult.objects.all().delete()

    def contents(self) -> str:
        """What the task holds, whatever the keys."""
        self.site.enter()
        return repr(archives.contents(TASK))

    def look(self) -> tuple[int | None, list[str]]:
        """Which archive's state the task is in, None for neither; and what is not as it must be."""
        self.site.enter()
        wrong = list(faults(self.site, self.catalogue))
        if any("not there" in fault for fault in wrong):
            return None, wrong
        found = self.contents()
        if found in self.states:
            self.state = self.states.index(found)
            return self.state, wrong
        return None, [*wrong, "the task is in neither of the two states"]

    def done(self, child: Child) -> None:
        """Waits for a process that must do what it was asked."""
        status = child.wait()
        assert status == 0, (status, child.output)

    def prune(self) -> Iterator[str]:
        """Lets two days go by and prunes. Yields what is left that no row names."""
        self.site.enter()
        old = time.time() - _OLD
        for root in (self.site.media, self.site.temporary):
            for path in root.rglob("*"):
                os.utime(path, (old, old))
        call_command("prune_openimages_jobs", "--pictures", stdout=io.StringIO())
        named = set(Image.objects.exclude(file="").values_list("file", flat=True))
        for row in Job.objects.values_list("source", "result", "report"):
            named.update(filter(None, row))
        for name in self.site.files():
            if name not in named:
                yield f"{name} is left in the storage, and nothing removes it"
        for path in self.site.temporary.iterdir():
            if path.is_file() and path.read_bytes() in {b"", b"blat"}:
                continue  # Python's own, which tries with it whether the folder can be written to
            yield f"{path.name} is left among the temporary files, and nothing removes it"

    def close(self) -> None:
        """Removes the site."""
        self.site.close()
        if self.proxy is not None:
            self.proxy.close()


def _write(path: Path, shade: int, *, rows: int, pictures: int) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("annotations/class-descriptions.csv", CLASSES)
        for number in range(pictures):
            archive.writestr(f"images/train/i{number}.png", picture((number, shade, 3), (20, 10), "PNG"))
        lines = [BOX_HEADER, *(_box(number, shade) for number in range(rows))]
        archive.writestr("annotations/train-annotations-bbox.csv", "\n".join(lines) + "\n")
        lines = [MASKS_HEADER, *(f"m{number}.png,i{number},/m/0k4j,{number:08x},,,,,," for number in range(20))]
        archive.writestr("annotations/train-annotations-object-segmentation.csv", "\n".join(lines) + "\n")
        for number in range(20):
            pixels = np.zeros((10, 20), dtype=bool)
            pixels[number % 10, 1 + shade :] = True
            archive.writestr(f"masks/train/m{number}.png", encode(pixels))
    return path


def _box(number: int, shade: int) -> str:
    x = (number + shade) % 8999 / 10_000
    label = "1yrx" if number % 2 else "k4j"
    return f"i{number // 20},s{shade},/m/0{label},1,{x:.6f},{x + 0.1:.6f},0.25,0.75,0,1,0,-1,0"
