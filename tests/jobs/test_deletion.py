"""Large tasks are hidden at once and deleted by a job."""

import os
import signal
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, models
from django.utils import timezone
from pytest_django import Settings

from openimages_io.annotations.errors import NotThere
from openimages_io.annotations.transactions import changing_image
from openimages_io.exceptions import OpenImagesError
from openimages_io.jobs import deletion, queue
from openimages_io.jobs.deletion import delete_or_submit, resume_deletions
from openimages_io.jobs.heartbeat_thread import HeartbeatThread
from openimages_io.jobs.recovery import fail_lost_jobs
from openimages_io.jobs.rows import claim
from openimages_io.jobs.running import run_job
from openimages_io.jobs.submission import submit_check, submit_export
from openimages_io.jobs.transitions import InvalidTransition, can_cancel, can_retry, cancel, requeue_lost, retry
from openimages_io.models import AttributeSpec, HierarchyEdge, Image, Job, Label, Mask, Shape, Task
from openimages_io.transfer.importer import Importer
from openimages_io.transfer.options import ExportOptions
from tests.jobs.archives import small
from tests.jobs.sites import Site, ended, now, until
from tests.stored_files import stored_files

pytestmark = pytest.mark.django_db(transaction=True)

POSTGRESQL = connection.vendor == "postgresql"
MODELS = (Task, Image, Label, HierarchyEdge, AttributeSpec, Shape, Mask)


@pytest.fixture
def nobody_comes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Jobs wait: the queue takes them, and no worker does."""
    put: list[str] = []
    monkeypatch.setattr(queue, "_put", lambda key, attempt: put.append(str(key)))
    return put


@pytest.fixture(autouse=True)
def everything_is_large(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.OPENIMAGES_IO = {"DELETE_AT_ONCE": 1}
    monkeypatch.setattr(deletion, "_SHAPES", 3)
    monkeypatch.setattr(deletion, "_IMAGES", 1)


def filled(name: str = "t", shapes: int = 5) -> Task:
    task = Task.objects.create(name=name)
    one, two = (Label.objects.create(task=task, name=label) for label in ("one", "two"))
    AttributeSpec.objects.create(label=one, name="pose", input_type="text")
    HierarchyEdge.objects.create(parent=one, child=two, kind="part")
    for number in range(2):
        image = Image.objects.create(task=task, name=str(number))
        image.file.save(f"{name}-{number}.jpg", ContentFile(b"picture"))
        made = Shape.objects.bulk_create(Shape(task=task, image=image, label=one, kind="mask") for _ in range(shapes))
        Mask.objects.bulk_create(Mask(shape=shape, png=b"x") for shape in made)
    return task


def counts() -> list[int]:
    every: list[models.QuerySet[Any]] = [models.QuerySet(model) for model in MODELS]
    return [rows.count() for rows in every]


def pictures(media: Path) -> list[str]:
    return [path.name for path in stored_files(media) if path.suffix == ".jpg"]


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "small.zip"
    path.write_bytes(small().read())
    return path


def submitted(task: Task) -> Job:
    job = delete_or_submit(task, user=None)
    assert job is not None
    return job


def test_a_small_task_is_deleted_at_once(settings: Settings) -> None:
    settings.OPENIMAGES_IO = {"DELETE_AT_ONCE": 12}
    assert delete_or_submit(filled(shapes=5), user=None) is None
    assert counts() == [0] * 7
    assert delete_or_submit(filled(shapes=6), user=None) is not None
    assert Job.objects.get().kind == "delete"


def test_where_jobs_run_at_once_all_of_it_is_gone_and_nothing_else(media: Path) -> None:
    filled("kept")
    before = counts()
    job = submitted(filled("gone"))
    assert (job.state, job.message) == ("succeeded", "The task was deleted, with all that belonged to it.")
    assert (job.task, job.task_name, job.done, job.total) == (None, "gone", 12, 12)
    assert counts() == before
    assert pictures(media) == ["kept-0.jpg", "kept-1.jpg"]
    assert not can_retry(job)


def test_shapes_of_another_task_between_its_own_keep_their_masks() -> None:
    gone, kept = filled("gone"), filled("kept")
    pairs = [(each.images.get(name="0"), each.labels.get(name="one")) for each in (gone, kept)]
    for image, label in pairs * 4:
        Mask.objects.create(shape=Shape.objects.create(task=image.task, image=image, label=label, kind="mask"))
    own = set(Mask.objects.filter(shape__task=kept).values_list("pk", flat=True))
    assert len(own) == 14
    submitted(gone)
    assert set(Mask.objects.values_list("pk", flat=True)) == own
    assert set(Shape.objects.values_list("pk", flat=True)) == own


SQLITE = pytest.mark.skipif(POSTGRESQL, reason="PostgreSQL checks keys itself")


@pytest.fixture
def foreign_keys() -> Iterator[list[bool]]:
    """Whether SQLite looks at the keys of each shape that is deleted, of each part."""
    seen: list[bool] = []

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('DELETE FROM "openimages_io_shape"'):
            seen.append(bool(connection.connection.execute("PRAGMA foreign_keys").fetchone()[0]))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        yield seen


@pytest.fixture
def run() -> Iterator[Callable[[str], None]]:
    """Runs a statement on a table `own` of another app."""

    def run(statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    yield run
    run("DROP TABLE IF EXISTS own")


@SQLITE
def test_where_masks_alone_point_to_shapes_keys_are_not_looked_at_one_by_one(foreign_keys: list[bool]) -> None:
    submitted(filled())
    assert foreign_keys[:4] == [False] * 4
    assert counts() == [0] * 7
    assert connection.connection.execute("PRAGMA foreign_keys").fetchone() == (1,)
    with pytest.raises(IntegrityError):
        Mask.objects.create(shape_id=987654)


@SQLITE
@pytest.mark.parametrize(("follows", "left"), [("CASCADE", 0), ("SET NULL", 1)])
def test_what_a_key_of_another_app_says_happens(
    foreign_keys: list[bool], run: Callable[[str], None], follows: str, left: int
) -> None:
    task = filled()
    key = f"bigint REFERENCES openimages_io_shape (id) ON DELETE {follows}"
    run(f"CREATE TABLE own (id integer PRIMARY KEY, shape_id {key})")
    run(f"INSERT INTO own VALUES (1, {task.shapes.all()[0].pk})")
    submitted(task)
    assert foreign_keys[:4] == [True] * 4
    assert counts() == [0] * 7
    assert connection.connection.execute("SELECT count(*), count(shape_id) FROM own").fetchone() == (left, 0)


@SQLITE
def test_a_key_of_another_app_that_forbids_it_is_minded(run: Callable[[str], None]) -> None:
    task = filled()
    run("CREATE TABLE own (shape_id bigint REFERENCES openimages_io_shape (id) DEFERRABLE INITIALLY DEFERRED)")
    run(f"INSERT INTO own VALUES ({task.shapes.all()[0].pk})")
    job = submitted(task)
    job.refresh_from_db()
    assert job.state == "failed"
    assert counts()[-2:] == [10, 10]
    connection.check_constraints()


@SQLITE
def test_a_trigger_of_another_app_is_told(foreign_keys: list[bool], run: Callable[[str], None]) -> None:
    task = filled()
    run("CREATE TABLE own (shape_id bigint)")
    run("CREATE TRIGGER told AFTER DELETE ON openimages_io_shape BEGIN INSERT INTO own VALUES (old.id); END")
    try:
        submitted(task)
    finally:
        run("DROP TRIGGER told")
    assert foreign_keys[:4] == [True] * 4
    assert connection.connection.execute("SELECT count(*) FROM own").fetchone() == (10,)


def test_until_then_it_is_hidden_and_its_name_is_free(nobody_comes: list[str], archive: Path) -> None:
    task = filled()
    image = task.images.all()[0]
    job = submitted(task)
    assert (job.state, nobody_comes) == ("queued", [str(job.pk)])
    assert counts()[:1] == [1]
    assert not Task.objects.exists()
    assert not Task.objects.filter(pk=task.pk).exists()
    with pytest.raises(NotThere), changing_image(image):
        pass
    with pytest.raises(OpenImagesError, match="no longer there"):
        Importer(archive, "t", task_id=task.pk).run()
    result = Importer(archive, "t").run()
    assert result.task is not None
    assert result.task.pk != task.pk
    other = counts()
    run_job.call(str(job.pk))
    assert Task.objects.get() == result.task
    assert counts()[0] == other[0] - 1
    assert set(Shape.objects.values_list("task", flat=True)) <= {result.task.pk}


def test_an_import_that_is_under_way_writes_nothing_into_it(nobody_comes: list[str], archive: Path) -> None:
    task = filled()
    before = counts()

    def progress(phase: str, done: int, total: int) -> None:
        if phase == "check" and not Job.objects.exists():
            submitted(task)

    with pytest.raises(OpenImagesError, match="no longer there"):
        Importer(archive, "t", task_id=task.pk, progress=progress).run()
    assert counts() == before


def test_exports_and_checks_of_it_fail(nobody_comes: list[str]) -> None:
    task = filled()
    jobs = [submit_export(task, ExportOptions(), user=None), submit_check(task, user=None)]
    submitted(task)
    for job in jobs:
        run_job.call(str(job.pk))
        job.refresh_from_db()
        assert (job.state, "no longer there" in job.message) == ("failed", True)


def test_what_is_being_deleted_cannot_be_brought_back(nobody_comes: list[str]) -> None:
    job = submitted(filled())
    assert not can_cancel(job)
    with pytest.raises(InvalidTransition, match="brought back"):
        cancel(job)
    assert Job.objects.get().state == "queued"


def interrupted(job: Job, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Runs the job as far as its first part."""
    usual = HeartbeatThread.progress

    def progress(self: HeartbeatThread, phase: str, done: int, total: int) -> None:
        usual(self, phase, done, total)
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(HeartbeatThread, "progress", progress)
        if isinstance(error, Exception):
            run_job.call(str(job.pk))
        else:
            with pytest.raises(type(error)):
                run_job.call(str(job.pk))
    job.refresh_from_db()


def test_a_worker_that_is_stopped_leaves_the_rest_to_the_next_job(
    nobody_comes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    job, other = submitted(filled()), submit_check(filled("other"), user=None)
    interrupted(job, monkeypatch, SystemExit())
    assert (job.state, job.outcome["code"]) == ("failed", "deletion-interrupted")
    assert counts()[5] == (14 if POSTGRESQL else 17)  # three are gone, and where two parts go on at once three more
    assert Task.objects.count() == 1
    run_job.call(str(other.pk))
    job.refresh_from_db()
    assert job.state == "queued"
    assert nobody_comes[-1] == str(job.pk)
    run_job.call(str(job.pk))
    assert counts() == [1, 2, 2, 1, 1, 10, 10]


@pytest.mark.skipif(not POSTGRESQL, reason="SQLite has one writer")
def test_two_parts_go_on_at_once(nobody_comes: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    kept, together, usual = filled("kept"), threading.Barrier(2), deletion._delete_shapes
    before = counts()
    places: list[int] = []

    def delete(*part: int) -> None:
        together.wait(30)
        usual(*part)
        places.append(threading.get_ident())

    monkeypatch.setattr(deletion, "_delete_shapes", delete)
    run_job.call(str(submitted(filled("gone", shapes=6)).pk))  # four parts
    assert counts() == before
    assert Task.objects.get() == kept
    assert sorted(map(places.count, set(places))) == [2, 2]


@pytest.mark.skipif(not POSTGRESQL, reason="SQLite has one writer")
def test_a_part_that_fails_beside_another_fails_the_job(
    nobody_comes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = deletion._delete_shapes

    def delete(*part: int) -> None:
        if threading.current_thread() is not threading.main_thread():
            raise DatabaseError("secret")
        usual(*part)

    job = submitted(filled())
    with monkeypatch.context() as patch:
        patch.setattr(deletion, "_delete_shapes", delete)
        run_job.call(str(job.pk))
    job.refresh_from_db()
    assert job.state == "failed"
    assert counts()[5] == 7
    retry(job)
    run_job.call(str(job.pk))
    assert counts() == [0] * 7


def test_a_worker_that_died_leaves_the_rest_to_the_next_job(nobody_comes: list[str]) -> None:
    job = submitted(filled())
    assert claim(str(job.pk)) is not None
    long_ago = timezone.now() - timedelta(minutes=2)
    Job.objects.update(heartbeat=long_ago, started=long_ago)
    assert fail_lost_jobs() == 1
    job.refresh_from_db()
    assert (job.state, job.outcome["code"]) == ("failed", "deletion-interrupted")
    assert requeue_lost(dry_run=True) == requeue_lost() == 1
    assert requeue_lost() == 0
    run_job.call(str(job.pk))
    assert counts() == [0] * 7


def test_what_fails_is_not_tried_for_ever_but_by_hand_or_by_prune(
    nobody_comes: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    job = submitted(filled())
    interrupted(job, monkeypatch, DatabaseError("secret"))
    assert (job.state, job.outcome["code"]) == ("failed", "deletion-failed")
    assert "secret" not in job.message
    assert can_retry(job)
    assert requeue_lost() == 0
    call_command("prune_openimages_jobs", dry_run=True)
    assert "Would have queued the deletion of 1 task again that had stopped." in capsys.readouterr().out
    call_command("prune_openimages_jobs")
    assert "Queued the deletion of 1 task again that had stopped." in capsys.readouterr().out
    assert resume_deletions() == 0  # one is under way
    run_job.call(str(job.pk))
    assert counts() == [0] * 7


def test_a_hidden_task_without_a_job_is_found(nobody_comes: list[str]) -> None:
    submitted(filled()).delete()
    assert resume_deletions() == 1
    job = Job.objects.get()
    run_job.call(str(job.pk))
    assert counts() == [0] * 7
    assert resume_deletions() == 0


def test_what_has_come_meanwhile_goes_too(nobody_comes: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    task = filled()
    label = task.labels.all()[0]
    job = submitted(task)
    usual = HeartbeatThread.progress
    late: list[Image] = []

    def progress(self: HeartbeatThread, phase: str, done: int, total: int) -> None:
        usual(self, phase, done, total)
        if len(late) < 6:  # in parts that are done, in those to come, and after all
            late.append(Image._base_manager.create(task=task, name=str(uuid.uuid4())))
            shape = Shape.objects.create(task=task, image=late[-1], label=label, kind="mask")
            Mask.objects.create(shape=shape, png=b"x")

    monkeypatch.setattr(HeartbeatThread, "progress", progress)
    run_job.call(str(job.pk))
    job.refresh_from_db()
    assert job.state == "succeeded", job.message
    assert counts() == [0] * 7


def test_a_task_that_is_not_hidden_is_never_deleted_by_a_job(nobody_comes: list[str]) -> None:
    task, kept = filled(), filled("kept")
    job = submitted(task)
    Job.objects.filter(pk=job.pk).update(options={"task": kept.pk})
    run_job.call(str(job.pk))
    assert Task.objects.get() == kept
    assert kept.shapes.count() == 10


@pytest.mark.thorough
@pytest.mark.programs
def test_a_killed_workers_deletion_goes_on(site: Site, settings: Settings) -> None:
    settings.OPENIMAGES_IO = {"JOB_SILENCE": 3, "DELETE_AT_ONCE": 1}
    job = submitted(filled())
    site.hold("delete")
    worker = site.start_worker()
    until(lambda: now(job).phase == "delete" and now(job).done, what="the first part")
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    site.go_on()
    assert counts() == [1, 2, 2, 1, 1, 0, 0]  # the shapes were the first part
    assert not Task.objects.exists()
    until(lambda: now(job).state == "failed", 9, what="the sign that it is dead")
    call_command("prune_openimages_jobs")
    assert Job.objects.get(pk=job.pk).state == "queued"
    site.start_worker()
    job = ended(job)
    assert (job.state, job.message) == ("succeeded", "The task was deleted, with all that belonged to it."), site.log
    assert (job.attempt, counts()) == (2, [0] * 7)
