"""Removing old files, and files that belong to nothing."""

import os
import time
from datetime import timedelta
from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from openimages_io.jobs import live
from openimages_io.jobs.pruning import prune
from openimages_io.models import Image, Job, Task
from tests.transfer.generated import picture

pytestmark = pytest.mark.django_db

TWO_DAYS = 2 * 86400


def made(days: float, state: str = "succeeded") -> Job:
    now = timezone.now()
    job = Job(kind="import", state=state, queued=now, finished=now - timedelta(days=days))
    job.source.save("archive", ContentFile(b"x"), save=False)
    job.save()
    return job


def run(*words: str) -> list[str]:
    out = StringIO()
    call_command("prune_openimages_jobs", *words, stdout=out)
    return out.getvalue().splitlines()


def aged(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    then = time.time() - TWO_DAYS
    os.utime(path, (then, then))
    return path


def test_files_of_old_jobs_go_and_their_rows_stay() -> None:
    old, young, waiting = made(8), made(6), made(9, "queued")
    assert prune(timezone.now() - timedelta(days=7)) == 1
    for job, is_kept in ((old, False), (young, True), (waiting, True)):
        job.refresh_from_db()
        assert job.source.storage.exists(str(job.source)) is is_kept
        assert (job.pruned is None) is is_kept
    assert prune(timezone.now() - timedelta(days=7)) == 0


def test_the_command_says_what_it_did(media: Path) -> None:
    made(8)
    dead = made(0, "running")
    long_ago = timezone.now() - timedelta(days=3)
    Job.objects.filter(pk=dead.pk).update(started=long_ago, heartbeat=long_ago)
    orphan = aged(media / "openimages-jobs" / str(uuid4()) / "source" / "archive")
    lost = aged(media / "openimages" / "ab" / "abc.png")
    said = [
        "marked 1 job as failed, whose worker died.",
        "removed the files of 1 job that ended more than 7 days ago.",
        "removed the files of 1 job that are no longer there.",
        "removed 1 picture that no image has.",
    ]
    assert run("--dry-run") == [f"Would have {line}" for line in said]
    assert orphan.exists()
    assert lost.exists()
    assert run() == [line[0].upper() + line[1:] for line in said]
    assert not orphan.parent.parent.exists()
    assert not lost.exists()
    dead.refresh_from_db()
    assert dead.state == "failed"
    assert run("--days", "0")[1] == "Removed the files of 1 job that ended more than 0 days ago."
    assert run("--days", "0")[1] == "Removed the files of 0 jobs that ended more than 0 days ago."


def test_what_somebody_has_or_what_is_not_ours_stays(media: Path) -> None:
    image = Image.objects.create(task=Task.objects.create(name="x"), name="a")
    image.file.save("a.png", ContentFile(picture((1, 2, 3), (4, 4), "PNG")))
    kept = [
        aged(Path(image.file.path)),
        aged(media / "elsewhere.png"),
        aged(media / "openimages-thumbnails" / "ab" / "abc-128.jpg"),
        aged(media / "openimages-jobs" / "not-a-key" / "source" / "archive"),
        aged(media / "openimages-jobs" / str(made(1).pk) / "source" / "second"),
    ]
    young = media / "openimages" / "ab" / "young.png"
    young.parent.mkdir()
    young.write_bytes(b"x")
    fresh = media / "openimages-jobs" / str(uuid4()) / "source" / "archive"
    fresh.parent.mkdir(parents=True)
    fresh.write_bytes(b"x")
    run()
    assert [path for path in (*kept, young, fresh) if not path.exists()] == []


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite has such files")
def test_live_files_that_nobody_looks_at_any_more_go() -> None:
    folder = live.live_folder()
    folder.mkdir(exist_ok=True)
    stale, fresh = aged(folder / f"{uuid4()}.1.cancel"), folder / f"{uuid4()}.1.cancel"
    fresh.touch()
    run()
    assert fresh.exists()
    fresh.unlink()
    assert not stale.exists()


@pytest.mark.parametrize("days", ["-1", "99999999999"])
def test_days_that_are_none(days: str) -> None:
    with pytest.raises(CommandError, match="0 to 36500"):
        run("--days", days)
