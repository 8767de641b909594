"""Django's own permissions, and no way around them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from openimages_io.jobs.submission import submit_check, submit_export, submit_import
from openimages_io.models import Job, JobKind, JobState, Task
from openimages_io.transfer.options import ExportOptions, ImportOptions
from tests.admin.conftest import Browser, text_of

ADMIN = "/admin/openimages_io"
OPTIONS = {"missing_images": "create", "missing_labels": "create", "missing_attributes": "create"}
FORM = {"on_error": "abort", "match": "lenient", "masks_as": "masks", "pictures": "on", **OPTIONS}
EXPORT = {"layout": "documented", "label_names": "mid", "mask_size": "native", "pictures": "on"}


def upload() -> SimpleUploadedFile:
    return SimpleUploadedFile("a.zip", b"PK")


ASKED: dict[str, tuple[str, Callable[[], dict[str, Any]] | None]] = {
    "list": ("task/", None),
    "task": ("task/{task}/change/", None),
    "hierarchy": ("task/{task}/hierarchy/", None),
    "form of an import": ("task/import/", None),
    "import": ("task/import/", lambda: {"task_name": "new", "upload": upload(), **FORM}),
    "form of an import into it": ("task/{task}/import/", None),
    "import into it": ("task/{task}/import/", lambda: {"mode": "merge", "upload": upload(), **FORM}),
    "form of an export": ("task/export/?task={task}", None),
    "export": ("task/export/?task={task}", lambda: dict(EXPORT)),
    "check": ("task/{task}/check/", dict),
    "images": ("image/", None),
    "labels": ("label/", None),
    "shapes": ("shape/", None),
}
VIEW = ("view_task", "view_image", "view_label", "view_shape")
LOOKING = {"list", "task", "hierarchy", "check", "images", "labels", "shapes"}
ALLOWED = {
    (): set[str](),
    VIEW: LOOKING,
    ("import_task",): set(),
    ("export_task",): set(),
    ("add_task",): set(),
    ("import_task", "add_task"): {"form of an import", "import"},
    (*VIEW, "import_task"): LOOKING,
    (*VIEW, "change_task"): LOOKING,
    (*VIEW, "import_task", "change_task"): LOOKING | {"form of an import into it", "import into it"},
    (*VIEW, "export_task"): LOOKING | {"form of an export", "export"},
    ("view_task",): {"list", "task", "check"},
}


@pytest.mark.long
@pytest.mark.parametrize("permissions", ALLOWED, ids=lambda names: "+".join(names) or "none")
def test_who_may_do_what(
    permissions: tuple[str, ...], scenes: Task, as_staff: Browser, django_capture_on_commit_callbacks: Any
) -> None:
    client = as_staff(*permissions)
    may = set()
    for name, (where, body) in ASKED.items():
        before = Job.objects.count()
        address = f"{ADMIN}/{where.format(task=scenes.pk)}"
        response = client.get(address) if body is None else client.post(address, body())
        assert response.status_code in {200, 302, 403}, name
        if response.status_code != 403:
            may.add(name)
            assert (response.status_code == 302) == (body is not None), name
        assert Job.objects.count() - before == (response.status_code == 302), name
    assert may == ALLOWED[permissions]


@pytest.mark.django_db
def test_who_is_not_logged_in_is_sent_to_the_log_in(client: Client) -> None:
    response = client.post(f"{ADMIN}/task/import/", {"task_name": "new", "upload": upload(), **FORM})
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/admin/login/")
    assert not Job.objects.exists()


@pytest.mark.long
def test_buttons_are_there_for_those_who_may(scenes: Task, as_staff: Browser) -> None:
    looker = as_staff(*VIEW, name="looker")
    importer = as_staff(*VIEW, "import_task", "add_task", "change_task", name="importer")
    exporter = as_staff(*VIEW, "export_task", name="exporter")
    listed = {who: text_of(who.get(f"{ADMIN}/task/")) for who in (looker, importer, exporter)}
    assert [f"{ADMIN}/task/import/" in text for text in listed.values()] == [False, True, False]
    assert ["export_tasks" in text for text in listed.values()] == [False, False, True]
    shown = {who: text_of(who.get(f"{ADMIN}/task/{scenes.pk}/change/")) for who in listed}
    assert [f"{ADMIN}/task/{scenes.pk}/import/" in text for text in shown.values()] == [False, True, False]
    assert [f"{ADMIN}/task/export/" in text for text in shown.values()] == [False, False, True]


def test_the_action_is_refused_to_those_who_may_not_export(scenes: Task, as_staff: Browser) -> None:
    client = as_staff(*VIEW)
    client.post(f"{ADMIN}/task/", {"action": "export_tasks", "_selected_action": [scenes.pk]})
    assert not Job.objects.exists()


@pytest.fixture
def jobs(scenes: Task, as_staff: Browser, good_archive: Path, django_capture_on_commit_callbacks: Any) -> list[Job]:
    """An import, an export and a check of somebody else."""
    user = as_staff(name="somebody").get("/admin/").wsgi_request.user
    with django_capture_on_commit_callbacks(execute=True):
        upload = SimpleUploadedFile("scenes.zip", good_archive.read_bytes())
        options = ImportOptions()
        return [
            submit_import(upload, task=scenes, task_name="scenes", options=options, dry_run=True, user=user),
            submit_export(scenes, ExportOptions(), user=user),
            submit_check(scenes, user=user),
        ]


@pytest.mark.long
def test_jobs_of_others_are_not_seen(jobs: list[Job], as_staff: Browser) -> None:
    client = as_staff(*VIEW, "import_task", "export_task", "change_task")
    assert "somebody" not in text_of(client.get(f"{ADMIN}/job/"))
    for job in jobs:
        for page in ("change", "status", "issues.csv", "file"):
            slash = "" if page.endswith("csv") else "/"
            response = client.get(f"{ADMIN}/job/{job.pk}/{page}{slash}")
            assert response.status_code == 404, page
        for button in ("confirm", "cancel", "retry"):
            assert client.post(f"{ADMIN}/job/{job.pk}/{button}/").status_code == 404


@pytest.mark.long
def test_one_who_may_see_all_jobs_steers_only_what_he_may_do(jobs: list[Job], as_staff: Browser) -> None:
    for job in jobs:
        job.refresh_from_db()
        assert job.state == JobState.SUCCEEDED
    client = as_staff(*VIEW, "view_job")
    for job in jobs:
        assert client.get(f"{ADMIN}/job/{job.pk}/change/").status_code == 200
    dry_run, export, _check = jobs
    assert client.post(f"{ADMIN}/job/{dry_run.pk}/confirm/").status_code == 403
    assert client.get(f"{ADMIN}/job/{export.pk}/file/").status_code == 403
    assert "Confirm" not in text_of(client.get(f"{ADMIN}/job/{dry_run.pk}/change/"))
    assert "Download" not in text_of(client.get(f"{ADMIN}/job/{export.pk}/change/"))
    dry_run.refresh_from_db()
    assert dry_run.dry_run


@pytest.mark.long
def test_buttons_of_a_job_are_for_posts(jobs: list[Job], boss: Client) -> None:
    for button in ("confirm", "cancel", "retry"):
        assert boss.get(f"{ADMIN}/job/{jobs[0].pk}/{button}/").status_code == 405
    assert boss.get(f"{ADMIN}/task/{jobs[0].task_id}/check/").status_code == 405


def test_jobs_are_neither_added_nor_changed(jobs: list[Job], boss: Client) -> None:
    assert boss.get(f"{ADMIN}/job/add/").status_code == 403
    boss.post(f"{ADMIN}/job/{jobs[1].pk}/change/", {"state": "failed"})
    jobs[1].refresh_from_db()
    assert (jobs[1].kind, jobs[1].state) == (JobKind.EXPORT, JobState.SUCCEEDED)


@pytest.mark.long
def test_a_job_is_deleted_with_its_files_when_it_has_ended(
    jobs: list[Job], boss: Client, media: Path, django_capture_on_commit_callbacks: Any
) -> None:
    export = jobs[1]
    export.refresh_from_db()
    stored = media / str(export.result)
    assert stored.exists()
    Job.objects.filter(pk=export.pk).update(state=JobState.RUNNING)
    assert boss.post(f"{ADMIN}/job/{export.pk}/delete/", {"post": "yes"}).status_code == 403
    many = {"action": "delete_selected", "_selected_action": [job.pk for job in jobs], "post": "yes"}
    boss.post(f"{ADMIN}/job/", many)
    assert Job.objects.count() == 3
    Job.objects.filter(pk=export.pk).update(state=JobState.SUCCEEDED)
    with django_capture_on_commit_callbacks(execute=True):
        assert boss.post(f"{ADMIN}/job/{export.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Job.objects.filter(pk=export.pk).exists()
    assert not stored.exists()
