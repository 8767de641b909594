"""Workers that take their time, so that a test on however quick a machine sees them at work."""

import os
import time
from pathlib import Path

from django.apps import AppConfig
from django.core.files.storage import FileSystemStorage


class Slowly(AppConfig):
    """Rests a moment whenever progress is told, and whenever a file is removed."""

    name = "tests.jobs"
    label = "slowly"
    path = str(Path(__file__).parent)

    def ready(self) -> None:
        """Takes effect."""
        from openimages_io.jobs.watch import Watch  # noqa: PLC0415  (needs the app registry)

        tell, moment = Watch.progress, float(os.environ.get("SLOWLY", "0"))

        def progress(self: Watch, phase: str, done: int, total: int) -> None:
            time.sleep(moment)
            tell(self, phase, done, total)

        Watch.progress = progress  # type: ignore[method-assign]
        delete, rest = FileSystemStorage.delete, float(os.environ.get("SLOWLY_REMOVED", "0"))

        def removed(self: FileSystemStorage, name: str) -> None:
            time.sleep(rest)
            delete(self, name)

        FileSystemStorage.delete = removed  # type: ignore[assignment, method-assign]
