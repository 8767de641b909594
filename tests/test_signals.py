"""One event a transaction, after its commit, whichever interface was asked."""

import re
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import django
import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import OperationalError, transaction
from django.dispatch import Signal
from django.test import Client
from rest_framework.test import APIClient

from openimages_io import signals
from openimages_io.jobs.submission import submit_export, submit_import
from openimages_io.jobs.transitions import confirm
from openimages_io.models import Image, Job, Shape, Task
from openimages_io.transfer.importer import Importer
from openimages_io.transfer.options import ExportOptions, ImportOptions
from tests.admin.conftest import SCENES, pack
from tests.conftest import ROOT

pytestmark = pytest.mark.django_db(transaction=True)

Event = dict[str, Any]


@pytest.fixture
def heard() -> Iterator[list[Event]]:
    """What the three signals have said, each with its name and whether a transaction was open."""
    found: list[Event] = []
    names = ("import_finished", "export_finished", "shapes_saved")
    kept: list[tuple[Signal, Callable[..., None]]] = []
    for name in names:

        def hear(name: str = name, **values: Any) -> None:
            found.append({"name": name, "is_open": transaction.get_connection().in_atomic_block, **values})

        signal: Signal = getattr(signals, name)
        signal.connect(hear)
        kept.append((signal, hear))
    yield found
    for signal, receiver in kept:
        signal.disconnect(receiver)


@pytest.fixture
def user() -> User:
    return User.objects.create_superuser("boss")


@pytest.fixture
def scenes() -> Task:
    """The example data set as a task."""
    task = Importer(SCENES, "scenes").run().task
    assert task is not None
    return task


def test_a_command_tells_of_an_import_that_was_committed(heard: list[Event], user: User) -> None:
    call_command("import_openimages", SCENES, "--task", "scenes", "--dry-run", "--no-progress")
    assert heard == []
    call_command("import_openimages", SCENES, "--task", "scenes", "--owner", "boss", "--no-progress")
    (event,) = heard
    assert (event["name"], event["sender"], event["is_open"]) == ("import_finished", Task, False)
    assert (event["task"], event["user"], event["job"]) == (Task.objects.get(), user, None)
    assert (event["is_new"], event["changed"]) == (True, True)
    assert event["totals"]["boxes"]["added"] > 0
    call_command("import_openimages", SCENES, "--task", "scenes", "--no-progress")
    assert [(event["is_new"], event["changed"]) for event in heard] == [(True, True), (False, False)]


def test_what_was_refused_or_rolled_back_is_no_event(heard: list[Event], tmp_path: Path) -> None:
    (tmp_path / "train-annotations-bbox.csv").write_text("ImageID,LabelName\n", "utf-8")
    with pytest.raises(CommandError):
        call_command("import_openimages", tmp_path, "--task", "bad", "--no-progress")
    with transaction.atomic():
        assert Importer(SCENES, "scenes").run().changed
        assert heard == []
        transaction.set_rollback(True)
    assert heard == []
    with transaction.atomic():
        Importer(SCENES, "scenes").run()
    assert [event["name"] for event in heard] == ["import_finished"]


def test_jobs_tell_when_their_rows_have_ended(heard: list[Event], user: User, tmp_path: Path) -> None:
    upload = SimpleUploadedFile("a.zip", pack(tmp_path / "a.zip").read_bytes())
    job = submit_import(upload, task=None, task_name="new", options=ImportOptions(), dry_run=True, user=user)
    assert heard == []
    confirm(job)
    (event,) = heard
    task = Task.objects.get()
    assert (event["task"], event["job"], event["user"]) == (task, job, user)
    assert (event["job"].state, event["job"].task) == ("succeeded", task)
    assert event["totals"] == Job.objects.get().totals
    export = submit_export(task, ExportOptions(), user=user)
    event = heard[-1]
    assert (event["name"], event["task"], event["job"], event["user"]) == ("export_finished", task, export, user)
    assert event["dest"] is None
    assert event["job"].state == "succeeded"
    with event["job"].result.open() as archive:
        assert archive.read(2) == b"PK"
    assert len(heard) == 2


def test_an_export_to_a_path(heard: list[Event], scenes: Task, tmp_path: Path) -> None:
    heard.clear()
    call_command("export_openimages", "scenes", tmp_path / "out.zip", "--no-progress")
    (event,) = heard
    assert (event["name"], event["task"], event["job"], event["user"]) == ("export_finished", scenes, None, None)
    assert event["dest"] == tmp_path / "out.zip"
    assert event["totals"]["boxes"]["written"] > 0
    assert event["dest"].exists()
    with pytest.raises(CommandError):
        call_command("export_openimages", "scenes", tmp_path, "--no-progress")
    assert len(heard) == 1


def counts(event: Event) -> tuple[int, int, int]:
    return event["created"], event["changed"], event["deleted"]


def test_the_api_tells_of_shapes(heard: list[Event], user: User) -> None:
    task = Task.objects.create(name="t", owner=user)
    label = task.labels.create(name="/m/1")
    image = Image.objects.create(task=task, name="a")
    api = APIClient()
    api.force_authenticate(user)
    url = f"/api/v1/images/{image.pk}/shapes/"
    box = {"kind": "rectangle", "label": label.pk, "x_min": 0, "x_max": 0.5, "y_min": 0, "y_max": 0.5}
    tag = {"kind": "tag", "label": label.pk}

    def put(*shapes: dict[str, Any]) -> list[dict[str, Any]]:
        response = api.put(url, {"shapes": list(shapes)}, format="json", headers={"If-Match": "*"})
        assert response.status_code == 200, response.content
        return list(response.json()["shapes"])

    stored = put(box, tag)
    (event,) = heard
    assert (event["name"], event["sender"], event["is_open"]) == ("shapes_saved", Shape, False)
    assert (event["task"], event["image_ids"], event["user"]) == (task, {image.pk}, user)
    assert (counts(event), event["kinds"]) == ((2, 0, 0), {"rectangle", "tag"})
    put({"id": stored[0]["id"], **box}, {"id": stored[1]["id"], **tag})
    assert len(heard) == 1  # nothing has changed
    put({"id": stored[0]["id"], **box, "x_max": 0.6}, box)
    assert (counts(heard[-1]), heard[-1]["kinds"]) == ((1, 1, 1), {"rectangle", "tag"})
    changes = {"update": [{"id": stored[0]["id"], "x_max": 0.7}], "create": [tag]}
    response = api.patch(url, changes, format="json", headers={"If-Match": "*"})
    assert response.status_code == 200, response.content
    assert (counts(heard[-1]), heard[-1]["kinds"]) == ((1, 1, 0), {"rectangle", "tag"})
    assert api.post(url, tag, format="json").status_code == 201
    assert counts(heard[-1]) == (1, 0, 0)
    assert api.patch(f"/api/v1/shapes/{stored[0]['id']}/", {"score": 0.5}, format="json").status_code == 200
    assert (counts(heard[-1]), heard[-1]["kinds"]) == ((0, 1, 0), {"rectangle"})
    assert api.delete(f"/api/v1/shapes/{stored[0]['id']}/").status_code == 204
    assert (counts(heard[-1]), heard[-1]["kinds"]) == ((0, 0, 1), {"rectangle"})
    before = len(heard)
    refused = api.put(url, {"shapes": [{**box, "x_min": 2}]}, format="json", headers={"If-Match": "*"})
    assert (refused.status_code, len(heard)) == (400, before)


def test_the_admin_site_tells_of_shapes(heard: list[Event], user: User, scenes: Task) -> None:
    heard.clear()
    client = Client()
    client.force_login(user)
    shape = Shape.objects.filter(kind="rectangle").order_by("pk")[0]
    place = "/admin/openimages_io/shape"
    form = {"image": shape.image_id, "label": shape.label_id, "attributes": "{}", "occluded": "unknown", "score": "0.5"}
    form |= {name: getattr(shape, name) for name in ("x_min", "x_max", "y_min", "y_max")}
    assert client.post(f"{place}/{shape.pk}/change/", form).status_code == 302
    (event,) = heard
    assert (event["task"], event["image_ids"], event["user"]) == (scenes, {shape.image_id}, user)
    assert (counts(event), event["kinds"], event["is_open"]) == ((0, 1, 0), {"rectangle"}, False)
    assert client.post(f"{place}/{shape.pk}/delete/", {"post": "yes"}).status_code == 302
    assert counts(heard[-1]) == (0, 0, 1)
    some = list(Shape.objects.order_by("pk")[:40])
    body = {"action": "delete_selected", "_selected_action": [one.pk for one in some], "post": "yes"}
    assert client.post(f"{place}/", body).status_code == 302
    assert len(heard) == 3
    assert counts(heard[-1]) == (0, 0, 40)
    assert heard[-1]["image_ids"] == {one.image_id for one in some}
    assert heard[-1]["kinds"] == {one.kind for one in some}


def test_a_receiver_that_raises_is_logged_and_changes_nothing(
    heard: list[Event], user: User, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**values: Any) -> None:
        raise RuntimeError("no mail today")

    every = (signals.import_finished, signals.export_finished, signals.shapes_saved)
    for signal in every:
        signal.connect(fail)
    try:
        upload = SimpleUploadedFile("a.zip", pack(tmp_path / "a.zip").read_bytes())
        job = submit_import(upload, task=None, task_name="new", options=ImportOptions(), dry_run=False, user=user)
        assert (job.state, job.committed) == ("succeeded", True)
        assert job.task is not None
        assert submit_export(job.task, ExportOptions(), user=user).state == "succeeded"
        api = APIClient()
        api.force_authenticate(user)
        shape = Shape.objects.filter(kind="rectangle").order_by("pk")[0]
        assert api.patch(f"/api/v1/shapes/{shape.pk}/", {"score": 0.5}, format="json").status_code == 200
    finally:
        for signal in every:
            signal.disconnect(fail)
    assert sum("no mail today" in str(record.exc_info) for record in caplog.records) == 3
    assert [event["name"] for event in heard] == ["import_finished", "export_finished", "shapes_saved"]


@pytest.mark.parametrize("in_transaction", [False, True])
def test_a_job_that_was_deleted_meanwhile_is_none(
    in_transaction: bool, heard: list[Event], user: User, scenes: Task, caplog: pytest.LogCaptureFixture
) -> None:
    job = submit_export(scenes, ExportOptions(), user=user)
    Job.objects.filter(pk=job.pk).delete()
    heard.clear()
    caplog.clear()
    with transaction.atomic() if in_transaction else nullcontext():
        signals.send_after_commit(signals.export_finished, Task, "default", task=scenes, job=job, user=user)
    assert [(event["name"], event["job"], event["task"]) for event in heard] == [("export_finished", None, scenes)]
    assert not caplog.records


@pytest.mark.parametrize("in_transaction", [False, True])
def test_a_database_that_fails_after_the_commit_is_logged_and_undoes_nothing(
    in_transaction: bool,
    heard: list[Event],
    scenes: Task,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_: Any) -> None:
        raise OperationalError("the connection is closed")

    done: list[str] = []
    monkeypatch.setattr(signals, "_send", fail)
    with transaction.atomic() if in_transaction else nullcontext():
        signals.send_after_commit(signals.import_finished, Task, "default", task=scenes, job=None, user=None)
        transaction.on_commit(lambda: done.append("the next"))
    assert done == ["the next"]
    assert "the connection is closed" in caplog.text


@pytest.mark.filterwarnings("ignore:Django 2028 will not have a default mailer")  # the setting is new in Django 6.1
def test_the_example_of_the_documentation(user: User, mailoutbox: list[Any], settings: Any) -> None:
    settings.ADMINS = ["boss@example.org"] if django.VERSION >= (6,) else [("boss", "boss@example.org")]
    (code,) = re.findall(
        r"```python\n(# mysite/receivers.py.*?)```", (ROOT / "docs" / "python.md").read_text("utf-8"), re.DOTALL
    )
    space: dict[str, Any] = {}
    exec(code, space)  # noqa: S102  (it is what people copy)
    try:
        call_command("import_openimages", SCENES, "--task", "scenes", "--owner", "boss", "--no-progress")
        api = APIClient()
        api.force_authenticate(user)
        shape = Shape.objects.filter(kind="rectangle").order_by("pk")[0]
        assert api.patch(f"/api/v1/shapes/{shape.pk}/", {"score": 0.5}, format="json").status_code == 200
    finally:
        signals.import_finished.disconnect(space["tell_of_import"])
        signals.shapes_saved.disconnect(space["tell_of_shapes"])
    first, second = mailoutbox
    assert first.subject.endswith("scenes was imported")
    assert re.fullmatch(r"by boss: \d+ boxes are new", first.body)
    assert second.body == "0 created, 1 changed, 0 deleted by boss"
