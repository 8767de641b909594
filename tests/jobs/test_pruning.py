"""Removing old files, and files that belong to nothing."""

import os
import tempfile
import time
from datetime import timedelta
from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from openimages_io.archives.work_folder import TEMPORARY, WorkFolder
from openimages_io.jobs import heartbeat
from openimages_io.jobs.orphaned_pictures import Orphans
from openimages_io.jobs.pruning import prune
from openimages_io.models import Image, Installation, Job, Task, installation, picture_storage
from openimages_io.models.installation import claim
from openimages_io.models.job_files import current_job_storage
from tests.stored_files import stored_files

pytestmark = pytest.mark.django_db


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


def aged(path: Path, days: float = 2) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    then = time.time() - days * 86400
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


NO_PICTURES = "There are no unused pictures."
DIGEST = "ab" * 32


def folder_for(storage: Storage, root: str = "openimages") -> str:
    return claim(storage, root, "default")


def orphan(media: Path, *, days: float = 2, number: int = 0, folder: str = "") -> Path:
    """A picture that no image has, as an import that was killed leaves it."""
    name = f"{folder or folder_for(picture_storage())}/ab/{DIGEST}-{number:08x}.jpg"
    return aged(media / name, days)


def test_the_command_says_what_it_did(media: Path) -> None:
    made(8)
    dead = made(0, "running")
    long_ago = timezone.now() - timedelta(days=3)
    Job.objects.filter(pk=dead.pk).update(started=long_ago, heartbeat=long_ago)
    lost = aged(media / folder_for(current_job_storage(), "openimages-jobs") / str(uuid4()) / "source" / "archive")
    said = [
        "marked 1 job as failed, whose worker died.",
        "queued 0 jobs again that waited in vain.",
        "removed the files of 1 job that ended more than 7 days ago.",
        "removed the files of 1 job that are no longer there.",
        "removed 0 temporary folders of processes that were killed.",
    ]
    assert run("--dry-run") == [*(f"Would have {line}" for line in said), NO_PICTURES]
    assert lost.exists()
    assert run() == [*(line[0].upper() + line[1:] for line in said), NO_PICTURES]
    assert not lost.parent.parent.exists()
    dead.refresh_from_db()
    assert dead.state == "failed"
    assert run("--days", "0")[2] == "Removed the files of 1 job that ended more than 0 days ago."
    assert run("--days", "0")[2] == "Removed the files of 0 jobs that ended more than 0 days ago."


def test_pictures_are_listed_by_age_and_removed_only_if_asked(media: Path) -> None:
    old = [orphan(media, days=days, number=number) for number, days in enumerate((1.01, 5, 8, 400))]
    young = [orphan(media, days=days, number=number) for number, days in enumerate((0, 0.99, -3), start=10)]
    thumbnail = aged(media / folder_for(picture_storage()) / "thumbnails" / "ab" / f"{DIGEST}-128.jpg")
    listing = [
        f"No image has 8 files below {folder_for(picture_storage())}:",
        "  3 younger than a day",
        "  3 a day to a week",
        "  1 a week to a month",
        "  1 older than a year",
    ]
    how = "None of them was removed; --pictures removes those that are older than a day."
    assert run()[5:] == [*listing, how]
    assert run("--dry-run", "--pictures")[5:] == [*listing, "Would have removed 5 files that no image has."]
    assert all(path.exists() for path in (*old, *young, thumbnail))
    named = run("--pictures", "--dry-run", "--verbosity", "2")
    assert f"  {old[0].relative_to(media).as_posix()}" in named
    assert run("--pictures")[5:] == [*listing, "Removed 5 files that no image has."]
    assert stored_files(media) == sorted(young)
    assert run("--pictures")[7:] == ["Removed 0 files that no image has."]


def test_what_somebody_has_or_what_is_not_ours_stays(media: Path) -> None:
    folder, jobs = folder_for(picture_storage()), folder_for(current_job_storage(), "openimages-jobs")
    image = Image(task=Task.objects.create(name="x"), name="a", file_digest=DIGEST)
    image.file = f"{folder}/ab/{DIGEST}-00000001.jpg"
    image.save()
    kept = [
        aged(media / str(image.file)),
        aged(media / folder / "thumbnails" / "ab" / f"{DIGEST}-128.jpg"),
        aged(media / "elsewhere.png"),
        aged(media / f"openimages/ab/{DIGEST}-01234567.jpg"),  # of before there were ids
        aged(media / f"openimages/{'1' * 32}/ab/{DIGEST}-01234567.jpg"),  # of another site on the same bucket
        aged(media / folder / "ab" / "notes.txt"),
        aged(media / folder / "ab" / f"{'cd' * 32}-00000001.jpg"),
        aged(media / folder / f"{DIGEST}-00000001.jpg"),
        aged(media / folder / "mine" / f"{DIGEST}-00000001.jpg"),
        aged(media / "openimages-jobs" / "not-a-key" / "source" / "archive"),
        aged(media / "openimages-jobs" / str(uuid4()) / "source" / "archive"),  # of before there were ids
        aged(media / "openimages-jobs" / ("1" * 32) / str(uuid4()) / "source" / "archive"),
        aged(media / jobs / "not-a-key" / "source" / "archive"),
        aged(media / jobs / str(made(1).pk) / "source" / "second"),
    ]
    fresh = media / jobs / str(uuid4()) / "source" / "archive"
    fresh.parent.mkdir(parents=True)
    fresh.write_bytes(b"x")
    (media / jobs / str(uuid4())).mkdir()  # an upload that is about to come
    run("--pictures")
    assert [path for path in (*kept, fresh) if not path.exists()] == []
    assert len(list((media / jobs).iterdir())) == 5


def test_two_sites_that_share_a_storage_leave_each_other_alone(media: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = (
        orphan(media),
        aged(media / folder_for(current_job_storage(), "openimages-jobs") / str(uuid4()) / "archive"),
    )
    Installation.objects.all().delete()
    Installation.objects.create()
    monkeypatch.setattr(installation, "place_of", lambda using: "another")
    ours = orphan(media)
    run("--pictures")
    assert [path.exists() for path in (*theirs, ours)] == [True, True, False]


def test_a_copy_of_the_database_removes_nothing_until_it_is_told_that_it_has_moved(
    media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, jobs = folder_for(picture_storage()), folder_for(current_job_storage(), "openimages-jobs")
    theirs = orphan(media), aged(media / jobs / str(uuid4()) / "archive")
    monkeypatch.setattr(installation, "place_of", lambda using: "a copy")
    text = f"Nothing below {folder} is removed: its installation.json is gone or names another database"
    assert any(line.startswith(text) and "--adopt" in line for line in run())
    with pytest.raises(CommandError, match="No picture was removed: no picture is known"):
        run("--pictures")
    assert all(path.exists() for path in theirs)
    own = orphan(media)
    assert own.parent.parent.name != Path(folder).name
    assert "Removed 1 file that no image has." in run("--pictures")
    assert not own.exists()
    assert all(path.exists() for path in theirs)
    assert run("--adopt", "--dry-run")[0] == "Would have marked 2 folders as this database’s."
    assert theirs[0].exists()
    assert run("--adopt", "--pictures")[0] == "Marked 2 folders as this database’s."
    assert not any(path.exists() for path in theirs)


def test_a_mark_that_is_gone_proves_nothing(media: Path) -> None:
    lost = orphan(media)
    (media / folder_for(picture_storage()) / "installation.json").unlink()
    with pytest.raises(CommandError, match="No picture was removed"):
        run("--pictures")
    assert lost.exists()


def test_an_image_that_comes_at_the_last_moment_keeps_its_picture(media: Path) -> None:
    path = orphan(media)
    found = Orphans("default")
    orphans = list(found)
    task = Task.objects.create(name="x")
    Image.objects.create(task=task, name="a", file=path.relative_to(media).as_posix(), file_digest=DIGEST)
    assert found.remove(orphans) == 0
    assert path.exists()


@pytest.mark.parametrize("method", ["listdir", "get_modified_time"])
def test_what_a_storage_does_not_tell_is_no_reason_to_remove(
    method: str, media: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = orphan(media)

    def unknown(self: object, name: str) -> object:
        raise NotImplementedError

    monkeypatch.setattr(FileSystemStorage, method, unknown)
    said = run("--pictures")[5:]
    if method == "listdir":
        assert said == ["The picture storage cannot list its files, so unused pictures cannot be found."]
    else:
        assert said[1:] == ["  1 of unknown age", "Removed 0 files that no image has."]
    assert path.exists()


def test_what_a_killed_process_has_left_among_the_temporary_files_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    running, dead = WorkFolder(temporary, TEMPORARY), WorkFolder(temporary, TEMPORARY)
    within = WorkFolder(dead.path, ".export.zip.", ".partial")  # as the export of a job
    for folder in (running, dead, within):
        folder.file("new").write_bytes(b"x")
    mine = aged(temporary / "openimages-0123abcd" / "archive")
    for folder in (within, dead):
        os.close(folder._note)  # what the kernel does when a process is killed
    assert "Would have removed 1 temporary folder of processes that were killed." in run("--dry-run")
    assert (within.path / "new").exists()
    assert "Removed 1 temporary folder of processes that were killed." in run()
    assert sorted(temporary.iterdir()) == sorted([running.path, mine.parent])
    running.close()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="only SQLite has such files")
def test_heartbeat_files_that_nobody_looks_at_any_more_go() -> None:
    folder = heartbeat.heartbeat_folder()
    folder.mkdir(exist_ok=True)
    stale, fresh = aged(folder / f"{uuid4()}.1.cancel"), folder / f"{uuid4()}.1.cancel"
    fresh.touch()
    mine = aged(folder / "notes.json"), aged(folder / f"{uuid4()}.txt")
    run()
    for path in (fresh, *mine):
        assert path.exists()
        path.unlink()
    assert not stale.exists()


@pytest.mark.parametrize("days", ["-1", "99999999999"])
def test_days_that_are_none(days: str) -> None:
    with pytest.raises(CommandError, match="0 to 36500"):
        run("--days", days)
