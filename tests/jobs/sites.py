"""A site whose workers are processes of their own: the test is one of its processes, too."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import connection

from openimages_io.jobs.status import Status, job_status
from openimages_io.models import Job
from tests.conftest import ROOT
from tests.stored_files import stored_files


def until(holds: Callable[[], Any], seconds: float = 60, *, what: str = "it") -> Any:
    """Waits for something, and returns it."""
    end = time.monotonic() + seconds
    while True:
        found = holds()
        if found:
            return found
        assert time.monotonic() < end, f"{what} did not come within {seconds} seconds"
        time.sleep(0.02)


def now(job: Job) -> Status:
    """What a poller sees of a job."""
    return job_status(Job.objects.get(pk=job.pk))


def ended(job: Job) -> Job:
    """Waits for a job's end."""
    until(lambda: now(job).state not in {"queued", "running"}, 120, what="the end of the job")
    return Job.objects.get(pk=job.pk)


class Site:
    """A database and folders that this process shares with the workers that it starts."""

    def __init__(self, folder: Path, database_url: str, **environment: str) -> None:
        self.folder = folder
        self.environment = os.environ | {
            "DATABASE_URL": database_url,
            "MEDIA_ROOT": str(folder / "media"),
            "JOBS_ROOT": str(folder / "jobs"),
            "DJANGO_SETTINGS_MODULE": "tests.jobs.site_settings",
            "PYTHONPATH": str(ROOT),
            "SLOWLY": "1",
            "HOLD": str(folder / "hold"),
            **environment,
        }
        self.workers: list[subprocess.Popen[bytes]] = []

    def start_worker(self, *command: str) -> "subprocess.Popen[bytes]":
        """Starts a worker; it is killed at the end of the test at the latest."""
        words = command or ("db_worker", "--no-reload", "--interval", "0.05", "--no-startup-delay")
        with (self.folder / "worker.log").open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "-W", "error", str(ROOT / "manage.py"), *words],
                env=self.environment,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.workers.append(worker)
        return worker

    def hold(self, phase: str) -> None:
        """Has runs stand still in a phase, until `go_on`; see `tests.jobs.slow_workers`."""
        fresh = self.folder / "hold.new"
        fresh.write_text(phase, "utf-8")
        fresh.replace(self.folder / "hold")

    def go_on(self) -> None:
        """Lets a run that stands still go on."""
        (self.folder / "hold").unlink()

    @property
    def log(self) -> str:
        """What the workers have said."""
        return (self.folder / "worker.log").read_text("utf-8", "replace")

    def files(self) -> list[str]:
        """Every stored file: pictures, what jobs have, and what they show while they run."""
        shown = self.folder / "db.sqlite3-jobs"
        folders = (self.folder / "media", self.folder / "jobs", shown)
        return sorted(str(path.relative_to(self.folder)) for root in folders for path in stored_files(root))

    def close(self) -> None:
        """Ends what was started."""
        for worker in self.workers:
            if worker.poll() is None:
                os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()


def database_url() -> str:
    """The database of this process, as a URL."""
    wanted = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{wanted['NAME']}"
    return f"postgres://{wanted['USER']}:{wanted['PASSWORD']}@{wanted['HOST']}:{wanted['PORT']}/{wanted['NAME']}"
