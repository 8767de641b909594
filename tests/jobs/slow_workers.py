"""Workers that take their time, so that a test on however quick a machine sees them at work."""

import os
import time
from pathlib import Path

from django.apps import AppConfig
from django.core.files.storage import FileSystemStorage


class Slowly(AppConfig):
    """Makes a worker as slow as a test needs it, whatever the speed of the code and of the machine.

    Each phase of a run takes at least `SLOWLY` seconds, and each removal of a file `SLOWLY_REMOVED`. While the
    file `HOLD` names a phase, a run in that phase stands still halfway; it can be cancelled.
    """

    name = "tests.jobs"
    label = "slowly"
    path = str(Path(__file__).parent)

    def ready(self) -> None:
        """Takes effect."""
        from openimages_io.jobs.heartbeat_thread import HeartbeatThread  # noqa: PLC0415  (needs the app registry)

        report, seconds = HeartbeatThread.progress, float(os.environ.get("SLOWLY", "0"))
        hold = Path(os.environ.get("HOLD", os.devnull))

        def progress(self: HeartbeatThread, phase: str, done: int, total: int) -> None:
            since = self.done if phase == self.phase else 0
            time.sleep(seconds * max(done - since, 0) / max(total, 1))
            report(self, phase, done, total)
            while 2 * done >= total > 0 and held_phase(hold) == phase:
                time.sleep(0.02)
                self.tick()

        HeartbeatThread.progress = progress  # type: ignore[method-assign]
        delete, rest = FileSystemStorage.delete, float(os.environ.get("SLOWLY_REMOVED", "0"))

        def removed(self: FileSystemStorage, name: str) -> None:
            time.sleep(rest)
            delete(self, name)

        FileSystemStorage.delete = removed  # type: ignore[assignment, method-assign]


def held_phase(path: Path) -> str:
    """The phase that the file names, or nothing."""
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return ""
