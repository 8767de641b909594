"""The way out, and the check."""

import io
import zipfile
from typing import Any

import pytest
from django.test import Client

from openimages_io.models import Job, JobKind, JobState, Label, Shape, Task
from tests.admin.conftest import SCENES, text_of

ADMIN = "/admin/openimages_io"
EXPORT = {"layout": "documented", "label_names": "mid", "mask_size": "native", "pictures": "on"}


@pytest.fixture
def send(boss: Client, django_capture_on_commit_callbacks: Any) -> Any:
    """Posts, and has what that started done at once."""

    def post(address: str, body: dict[str, Any] | None = None) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return boss.post(address, body or {})

    return post


def test_one_task_from_the_action_to_the_archive(send: Any, boss: Client, scenes: Task) -> None:
    response = send(f"{ADMIN}/task/", {"action": "export_tasks", "_selected_action": [scenes.pk]})
    assert response.headers["Location"] == f"{ADMIN}/task/export/?task={scenes.pk}"
    assert "Export the task “scenes” as Open Images" in text_of(boss.get(response.headers["Location"]))
    response = send(response.headers["Location"], EXPORT)
    job = Job.objects.get()
    assert response.headers["Location"] == f"{ADMIN}/job/{job.pk}/change/"
    assert "Download the archive" in text_of(boss.get(response.headers["Location"]))
    file = boss.get(f"{ADMIN}/job/{job.pk}/file/")
    assert file.headers["Content-Disposition"] == 'attachment; filename="scenes.zip"'
    with zipfile.ZipFile(io.BytesIO(b"".join(file.streaming_content))) as archive:  # type: ignore[attr-defined]
        names = set(archive.namelist())
        picture = archive.read("images/train/cat-sofa.jpg")
    assert picture == (SCENES / "images/train/cat-sofa.jpg").read_bytes()
    assert names == {path.relative_to(SCENES).as_posix() for path in SCENES.rglob("*") if path.is_file()}


def test_the_options_arrive(send: Any, scenes: Task) -> None:
    body = {"layout": "datumaro", "label_names": "display", "mask_size": "image", "subsets": "train", "labels": "Cat"}
    send(f"{ADMIN}/task/export/?task={scenes.pk}", body)
    assert Job.objects.get().options == {
        "layout": "datumaro",
        "label_names": "display",
        "mask_size": "image",
        "subsets": ["train"],
        "labels": ["Cat"],
        "pictures": False,
    }


def test_several_tasks_are_a_job_each(send: Any, boss: Client, scenes: Task) -> None:
    other = Task.objects.create(name="other")
    response = send(f"{ADMIN}/task/export/?task={scenes.pk}&task={other.pk}", EXPORT)
    assert response.headers["Location"] == f"{ADMIN}/job/"
    assert {job.task for job in Job.objects.filter(kind=JobKind.EXPORT)} == {scenes, other}
    assert "2 jobs were started." in text_of(boss.get(f"{ADMIN}/job/"))


def test_check_finds_what_is_against_the_rules(send: Any, boss: Client, scenes: Task) -> None:
    response = send(f"{ADMIN}/task/{scenes.pk}/check/")
    assert "nothing is wrong" in text_of(boss.get(response.headers["Location"]))
    shape = Shape.objects.filter(kind="rectangle")[0]
    Shape.objects.filter(pk=shape.pk).update(attributes={"colour of the moon": "red"})
    response = send(f"{ADMIN}/task/", {"action": "check_tasks", "_selected_action": [scenes.pk]})
    page = text_of(boss.get(response.headers["Location"]))
    assert "colour of the moon" in page
    assert Job.objects.filter(kind=JobKind.CHECK, state=JobState.SUCCEEDED).count() == 2


@pytest.mark.long
def test_too_many_tasks_at_once(send: Any, boss: Client) -> None:
    tasks = Task.objects.bulk_create(Task(name=f"task {number}") for number in range(51))
    for action in ("export_tasks", "check_tasks"):
        body = {"action": action, "_selected_action": [task.pk for task in tasks], "select_across": "1"}
        response = boss.post(f"{ADMIN}/task/", body, follow=True)
        assert "at most 50 tasks" in text_of(response)
    assert not Job.objects.exists()


@pytest.mark.parametrize("query", ["", "?task=", "?task=x", "?task=-1", f"?task={10**30}", "?task=999999", "?task=%00"])
@pytest.mark.django_db
def test_no_task_at_all(boss: Client, query: str) -> None:
    assert boss.get(f"{ADMIN}/task/export/{query}").status_code == 404


def test_an_archive_is_sent_in_parts_and_once(send: Any, boss: Client, scenes: Task) -> None:
    send(f"{ADMIN}/task/export/?task={scenes.pk}", EXPORT)
    address = f"{ADMIN}/job/{Job.objects.get().pk}/file/"
    whole = boss.get(address)
    content = b"".join(whole)
    assert (whole.status_code, whole.headers["Content-Length"]) == (200, str(len(content)))
    assert 'filename="scenes.zip"' in whole.headers["Content-Disposition"]
    part = boss.get(address, headers={"Range": "bytes=10-19"})
    assert (part.status_code, b"".join(part)) == (206, content[10:20])
    assert boss.get(address, headers={"Range": f"bytes={len(content)}-"}).status_code == 416
    assert boss.get(address, headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304


def test_an_archive_that_is_gone(send: Any, boss: Client, scenes: Task) -> None:
    send(f"{ADMIN}/task/export/?task={scenes.pk}", EXPORT)
    job = Job.objects.get()
    job.result.storage.delete(str(job.result))
    response = boss.get(f"{ADMIN}/job/{job.pk}/file/", follow=True)
    assert "missing in the storage; export the task again" in text_of(response)
    Job.objects.update(state=JobState.RUNNING)
    assert boss.get(f"{ADMIN}/job/{job.pk}/file/").status_code == 302
    Job.objects.update(state=JobState.SUCCEEDED)
    assert Label.objects.filter(task=scenes).exists()
    check = send(f"{ADMIN}/task/{scenes.pk}/check/").headers["Location"]
    assert boss.get(check.replace("change/", "file/")).status_code == 403
