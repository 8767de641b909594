"""Large changes of many images are jobs: all of it or nothing, whatever becomes of the worker."""

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import OperationalError
from pytest_django import Settings

from openimages_io import signals
from openimages_io.annotations.bulk import applying
from openimages_io.annotations.bulk.changes import Delete, Move, Relabel
from openimages_io.annotations.bulk.plan import Plan
from openimages_io.annotations.bulk.planning import make_plan
from openimages_io.annotations.versions import ANY, Expected
from openimages_io.jobs import bulk, queue
from openimages_io.jobs.bulk import change_or_submit, sentence_of
from openimages_io.jobs.reports import read_issues
from openimages_io.jobs.running import run_job
from openimages_io.jobs.submission import submit_export
from openimages_io.jobs.transitions import InvalidTransition, can_retry, cancel, retry
from openimages_io.models import Image, Job, Label, Shape, Task, TaskStatistics
from openimages_io.models.chosen_images import ChosenImages
from openimages_io.transfer.options import ExportOptions
from tests.jobs.sites import Site, ended, now, until

pytestmark = pytest.mark.django_db(transaction=True)

ALL = ChosenImages()
BOX = {"x_min": 0.1, "x_max": 0.5, "y_min": 0.2, "y_max": 0.6}


@pytest.fixture
def nobody_comes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Jobs wait: the queue takes them, and no worker does."""
    put: list[str] = []
    monkeypatch.setattr(queue, "_put", lambda key, attempt: put.append(str(key)))
    return put


@pytest.fixture(autouse=True)
def everything_is_large(settings: Settings) -> None:
    settings.OPENIMAGES_IO = {"BULK_AT_ONCE": 1}


@pytest.fixture
def heard() -> Iterator[list[dict[str, Any]]]:
    found: list[dict[str, Any]] = []

    def hear(**values: Any) -> None:
        found.append(values)

    signals.bulk_change_finished.connect(hear)
    yield found
    signals.bulk_change_finished.disconnect(hear)


def filled(shapes: int = 5) -> Task:
    task = Task.objects.create(name="t")
    cat, _dog = (Label.objects.create(task=task, name=name, display_name=name) for name in ("Cat", "Dog"))
    for name in "ab":
        image = Image.objects.create(task=task, name=name, subset="train")
        boxes = [Shape(task=task, image=image, label=cat, kind="rectangle", **BOX) for _ in range(shapes)]
        Shape.objects.bulk_create(boxes)
    return task


def relabel(task: Task) -> Relabel:
    cat, dog = task.labels.order_by("pk")
    return Relabel(label=cat.pk, new_label=dog.pk)


def submitted(task: Task, expected: Expected = ANY, chosen: ChosenImages = ALL, **values: Any) -> Job:
    job = change_or_submit(task, relabel(task), chosen, expected, user=None, **values)
    assert isinstance(job, Job)
    return job


def count(task: Task) -> tuple[int, int]:
    cat, dog = task.labels.order_by("pk")
    return cat.shapes.count(), dog.shapes.count()


def test_a_small_change_is_made_at_once(settings: Settings, heard: list[Any]) -> None:
    settings.OPENIMAGES_IO = {"BULK_AT_ONCE": 10}
    task, user = filled(), get_user_model().objects.create_user("u")
    plan = change_or_submit(task, relabel(task), ALL, user=user)
    assert isinstance(plan, Plan)
    assert (count(task), Job.objects.count()) == ((0, 10), 0)
    assert sentence_of(plan) == "Relabelled from “Cat” to “Dog”: 10 boxes."
    (event,) = heard
    assert (event["task"], event["user"], event["job"], event["action"]) == (task, user, None, "relabel")
    assert event["image_ids"] == set(task.images.values_list("pk", flat=True))
    assert (event["totals"]["boxes"]["updated"], event["message"]) == (10, sentence_of(plan))
    change_or_submit(task, relabel(task), ALL, user=user)  # changes nothing
    assert len(heard) == 1


def test_a_large_one_is_a_job_with_its_numbers(heard: list[Any]) -> None:
    task, user = filled(), get_user_model().objects.create_user("u")
    image = task.images.all()[0]
    Shape.objects.create(task=task, image=image, label=relabel_target(task), kind="rectangle", **{**BOX, "score": 0.5})
    job = change_or_submit(task, relabel(task), ALL, user=user)
    assert isinstance(job, Job)
    assert (job.kind, job.state, job.committed, job.changed) == ("bulk", "succeeded", True, True)
    assert job.message == "Relabelled from “Cat” to “Dog”: 5 boxes; 5 boxes left unchanged."
    assert job.totals["boxes"] == {
        "read": 10,
        "added": 0,
        "updated": 5,
        "unchanged": 0,
        "removed": 0,
        "written": 0,
        "skipped": {"other-there": 5},
    }
    assert (job.warnings, job.errors, job.done, job.total) == (5, 0, 5, 5)
    assert [issue.code for issue in read_issues(job, cursor=None, limit=9).issues] == ["annotation-stays"] * 5
    assert count(task) == (5, 6)
    (event,) = heard
    assert (event["job"], event["user"], event["message"]) == (job, user, job.message)
    task.refresh_from_db()
    assert TaskStatistics.objects.get().revision == task.revision  # nobody waits for the numbers
    assert not can_retry(job)


def relabel_target(task: Task) -> Label:
    return task.labels.order_by("pk")[1]


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("move", "Moved to the subset “val”: 2 images."),
        ("delete", "Deleted of “Cat”: 10 boxes."),
    ],
)
def test_the_other_changes(action: str, said: str) -> None:
    task = filled()
    change = Move(subset="val") if action == "move" else Delete(label=task.labels.order_by("pk")[0].pk)
    job = change_or_submit(task, change, ALL, user=None)
    assert isinstance(job, Job)
    assert (job.state, job.message) == ("succeeded", said)
    assert job.options["action"] == action


def test_it_changes_the_images_that_the_filter_has_when_it_runs_unless_it_was_shown(nobody_comes: list[str]) -> None:
    task = filled()
    chosen = ChosenImages(asked={"subset": "train"})
    shown = make_plan(task, relabel(task), chosen, "default")
    free, bound = submitted(task, chosen=chosen), submitted(task, Expected([str(shown.version)]), chosen)
    late = Image.objects.create(task=task, name="c", subset="train")
    Shape.objects.create(task=task, image=late, label=task.labels.order_by("pk")[0], kind="rectangle", **BOX)
    for job in (bound, free):
        run_job.call(str(job.pk))
        job.refresh_from_db()
    assert (bound.state, bound.outcome["code"]) == ("failed", "preview-moved")
    assert bound.message == (
        "Nothing was changed, because what would be changed is no longer what was shown: it was 10 rows, and would be "
        "11 rows. Look again."
    )
    assert not can_retry(bound)
    with pytest.raises(InvalidTransition, match="choose the images and look again"):
        retry(bound)
    assert (free.state, count(task)) == ("succeeded", (0, 11))


def test_what_was_shown_and_is_still_so_is_done(nobody_comes: list[str]) -> None:
    task = filled()
    job = submitted(task, Expected([str(make_plan(task, relabel(task), ALL, "default").version)]))
    Image.objects.create(task=task, name="c")
    run_job.call(str(job.pk))
    assert (Job.objects.get().state, count(task)) == ("succeeded", (0, 10))


def test_one_that_waits_can_be_cancelled_and_started_again(nobody_comes: list[str]) -> None:
    task = filled()
    job = cancel(submitted(task))
    assert (job.state, count(task)) == ("cancelled", (10, 0))
    job = retry(job)
    run_job.call(str(job.pk))
    assert (Job.objects.get().state, count(task)) == ("succeeded", (0, 10))


@pytest.mark.parametrize("again", [1, 99])
def test_another_transaction_in_the_way_is_waited_for(
    nobody_comes: list[str], monkeypatch: pytest.MonkeyPatch, again: int
) -> None:
    task, usual, calls = filled(), applying._write, list[int]()

    class Deadlock(Exception):
        sqlstate = "40P01"

    def write(*args: Any) -> None:
        usual(*args)
        calls.append(1)
        if len(calls) <= again:
            raise OperationalError("deadlock detected") from Deadlock()

    monkeypatch.setattr(applying, "_write", write)
    run_job.call(str(submitted(task).pk))
    job = Job.objects.get()
    if again == 1:
        assert (job.state, len(calls), count(task)) == ("succeeded", 2, (0, 10))
    else:
        assert (job.outcome["code"], len(calls), count(task)) == ("database-failed", bulk._TRIES, (10, 0))
        assert can_retry(job)


def test_a_task_that_has_gone_is_said(nobody_comes: list[str]) -> None:
    task = filled()
    job = submitted(task)
    task.hide()
    run_job.call(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.message) == ("failed", "The task is no longer there.")


def test_an_export_of_some_images(nobody_comes: list[str]) -> None:
    task = filled()
    Image.objects.create(task=task, name="c", subset="val")
    first = task.images.order_by("pk")[0].pk
    asked = {"subset": "train", "label": [relabel(task).label]}
    expected: tuple[dict[str, Any], ...] = ({"keys": [first]}, {"filter": asked}, {})
    chosen = ChosenImages(keys=(first,)), ChosenImages(asked=asked), ALL
    for images, stored, numbers in zip(chosen, expected, ((1, 5), (2, 10), (3, 10)), strict=True):
        job = submit_export(task, ExportOptions(), user=None, images=images)
        assert job.images == stored
        run_job.call(str(job.pk))
        job.refresh_from_db()
        assert job.state == "succeeded", job.message
        assert (job.totals["images"]["written"], job.totals["boxes"]["written"]) == numbers


@pytest.mark.thorough
@pytest.mark.programs
@pytest.mark.parametrize("phase", ["look", "commit"])
def test_a_killed_worker_has_changed_nothing_and_it_can_be_started_again(
    site: Site, settings: Settings, phase: str
) -> None:
    settings.OPENIMAGES_IO = {"JOB_SILENCE": 3, "BULK_AT_ONCE": 1}
    task = filled(2000)
    job = submitted(task)
    site.hold(phase)
    worker = site.start_worker()
    until(lambda: now(job).phase == phase and now(job).done, what="the phase")
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    site.go_on()
    assert count(task) == (4000, 0)
    until(lambda: now(job).state == "failed", 9, what="the sign that it is dead")
    assert now(job).outcome["code"] == "worker-lost"
    retry(job)
    site.start_worker()
    job = ended(job)
    assert (job.state, job.attempt, count(task)) == ("succeeded", 2, (0, 4000)), site.log


@pytest.mark.programs
def test_one_that_runs_can_be_cancelled(site: Site) -> None:
    task = filled(2000)
    job = submitted(task)
    site.hold("commit")
    site.start_worker()
    until(lambda: now(job).phase == "commit", what="the phase")
    cancel(job)
    job = ended(job)
    assert (job.state, job.message, count(task)) == ("cancelled", "Cancelled: nothing was written.", (4000, 0)), (
        site.log
    )
