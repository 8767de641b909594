"""Every migration is applied to a database of the commit before it: rows of every kind, and jobs that are under way."""

import uuid
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest
from django.db import connection, models
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import StateApps
from django.utils import timezone

from openimages_io import migrations

APP: Final = "openimages_io"
STEPS: Final = sorted(path.stem for path in Path(migrations.__file__).parent.glob("0*.py"))
"""Names of the migrations, in order."""

pytestmark = pytest.mark.django_db(transaction=True)


def migrate(name: str | None) -> StateApps:
    executor = MigrationExecutor(connection)
    executor.migrate([(APP, name)])
    return MigrationExecutor(connection).loader.project_state([(APP, name)] if name else []).apps


@pytest.fixture(autouse=True)
def back_to_the_newest() -> Iterator[None]:
    yield
    migrate(STEPS[-1])


def fill(apps: StateApps) -> None:
    """A row of every model, in every state that a job has; fields that this step lacks are left out."""

    def make(kind_of_row: str, **values: Any) -> Any:
        model = apps.get_model(APP, kind_of_row)
        known = {field.name for field in model._meta.get_fields()} | {"pk"}
        return model._base_manager.create(**{key: value for key, value in values.items() if key in known})

    user = apps.get_model("auth", "User")._base_manager.create(username=uuid.uuid4().hex)
    task = make("Task", name=f"t{uuid.uuid4().hex}", owner=user)
    label, other = (make("Label", task=task, name=name, display_name=name) for name in ("/m/a", "/m/b"))
    make("HierarchyEdge", parent=label, child=other, kind="part")
    make("AttributeSpec", label=label, name="pose", input_type="select", values=["left", "right"])
    image = make("Image", task=task, name="a/b", subset="train", width=4, height=3, file="openimages/x/a.png")
    corners = {"x_min": 0.1, "x_max": 0.5, "y_min": 0.2, "y_max": 0.6}
    common = {"task": task, "image": image, "label": label, "attributes": {"pose": "left"}}
    make("Shape", kind="tag", **common)
    make("Shape", kind="rectangle", **common, **corners)
    shape = make("Shape", kind="mask", **common, **corners)
    make("Mask", shape=shape, png=b"\x89PNG", width=4, height=3, path="a.png")
    now = timezone.now()
    for state in ("queued", "running", "succeeded", "failed", "cancelled"):
        ended = {} if state in {"queued", "running"} else {"finished": now, "message": f"It is {state}."}
        begun = {} if state == "queued" else {"started": now, "heartbeat": now, "attempt": 1}
        make("Job", kind="import", state=state, task=task, task_name="t", created_by=user, queued=now, **begun, **ended)
    make("TaskStatistics", task=task, revision=0, counted=now, data={"shapes": 3})
    known = {str(model._meta.object_name): model for model in apps.get_app_config(APP).get_models()}
    if "Installation" in known:
        make("Installation", id=uuid.uuid4())
    assert not [name for name, model in known.items() if not model._base_manager.exists()], "give it a row"


def rows(apps: StateApps) -> dict[str, list[dict[str, Any]]]:
    """All rows by model, as far as their values can be compared."""

    def plain(value: Any) -> Any:
        return bytes(value) if isinstance(value, memoryview) else value

    found = {}
    for model in apps.get_app_config(APP).get_models():
        each: models.QuerySet[Any] = model._base_manager.order_by("pk")
        found[str(model._meta.object_name)] = [{k: plain(v) for k, v in row.items()} for row in each.values()]
    return found


@pytest.mark.parametrize(("before", "after"), list(pairwise(STEPS)))
def test_no_row_and_no_value_is_lost_by_a_step(before: str, after: str) -> None:
    old = migrate(before)
    fill(old)
    kept = rows(old)
    found = rows(migrate(after))
    for name, values in kept.items():
        assert len(found[name]) == len(values), name
        for row, was in zip(found[name], values, strict=True):
            same = row.keys() & was.keys()
            assert {key: row[key] for key in same} == {key: was[key] for key in same}
    gone = {(name, key) for name, values in kept.items() for key in values[0].keys() - found[name][0].keys()}
    assert gone == ({("Job", "message")} if after == "0005_job_outcome" else set()), "say here where it has gone"
    if after == "0005_job_outcome":
        said = {row["state"]: row["outcome"] for row in found["Job"]}
        assert said["failed"] == {"code": "text", "params": {"text": "It is failed."}}
        assert said["queued"] == said["running"] == {}


def test_all_steps_and_all_the_way_back_keep_the_sentences_of_jobs() -> None:
    migrate(STEPS[3])
    fill(migrate(STEPS[3]))
    migrate(STEPS[-1])
    found = rows(migrate(STEPS[3]))["Job"]
    assert {row["message"] for row in found} == {"", "It is succeeded.", "It is failed.", "It is cancelled."}
