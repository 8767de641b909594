"""Every migration is applied to a database of the commit before it: rows of every kind, and jobs that are under way."""

import uuid
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest
from django.db import connection, models
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import StateApps
from django.utils import timezone

from openimages_io import migrations
from openimages_io.models import color_of

APP: Final = "openimages_io"
STEPS: Final = sorted(path.stem for path in Path(migrations.__file__).parent.glob("0*.py"))
"""Names of the migrations, in order."""

# What stands among the attributes of shapes, of a label whose specs leave the flags as they are and of one where they
# are choices; what is left there by the step that makes columns of flags; and the columns.
ODD: Final[list[tuple[str, Any, Any, dict[str, bool]]]] = [
    ("plain", {}, {}, {}),
    ("plain", {"truncated": True, "is_inside": False}, {}, {"truncated": True, "is_inside": False}),
    ("plain", {"pose": "ß", "is_group_of": True, "n": 0.1}, {"pose": "ß", "n": 0.1}, {"is_group_of": True}),
    ("plain", {"truncated": "true", "is_depiction": " No "}, {}, {"truncated": True, "is_depiction": False}),
    ("plain", {"truncated": 1, "is_inside": 0.0, "is_group_of": "0"}, {},
     {"truncated": True, "is_inside": False, "is_group_of": False}),
    *(("plain", {"truncated": v, "pose": "left"}, {"truncated": v, "pose": "left"}, {})
      for v in (None, -1, "", "unknown", "perhaps", 2, 0.5, 10**30, [True], {"truncated": True}, "yes" + " " * 200)),
    *(("plain", v, v, {}) for v in (["truncated"], [{"truncated": True}], "truncated", 5, True, [])),
    ("plain", {"more": {"truncated": True}}, {"more": {"truncated": True}}, {}),
    ("chosen", {"truncated": "yes", "is_group_of": "1"}, {"truncated": "yes"}, {"is_group_of": True}),
    ("chosen", {"truncated": True, "is_inside": 1}, {"is_inside": 1}, {"truncated": True}),
]  # fmt: skip
FLAGS: Final = ("truncated", "is_group_of", "is_depiction", "is_inside")

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
    make("AttributeSpec", label=label, name="is_inside", input_type="checkbox")
    make("AttributeSpec", label=other, name="truncated", input_type="select", values=["yes", "no"])
    make("AttributeSpec", label=other, name="is_inside", input_type="number", values=[0, 1])
    if "truncated" not in {field.name for field in apps.get_model(APP, "Shape")._meta.get_fields()}:
        for which, attributes, _, _ in ODD:
            odd = common | {"label": label if which == "plain" else other, "attributes": attributes}
            make("Shape", kind="rectangle", **odd, **corners, source="odd")
    shape = make("Shape", kind="mask", **common, **corners)
    make("Mask", shape=shape, png=b"\x89PNG", width=4, height=3, path="a.png")
    now = timezone.now()
    for state in ("queued", "running", "succeeded", "failed", "cancelled"):
        ended = {} if state in {"queued", "running"} else {"finished": now, "message": f"It is {state}."}
        begun = {} if state == "queued" else {"started": now, "heartbeat": now, "attempt": 1}
        make("Job", kind="import", state=state, task=task, task_name="t", created_by=user, queued=now, **begun, **ended)
    if "deleting" in {field.name for field in apps.get_model(APP, "Task")._meta.get_fields()}:
        hidden = make("Task", name=uuid.uuid4().hex, owner=user, deleting=True)
        make("Job", kind="delete", state="queued", task_name="t", queued=now, options={"task": hidden.pk})
    make("TaskStatistics", task=task, revision=0, counted=now, data={"shapes": 3})
    known = {str(model._meta.object_name): model for model in apps.get_app_config(APP).get_models()}
    if "IdempotencyKey" in known:
        make("IdempotencyKey", user=user, route="exports", key="k", digest="d" * 64, job=uuid.uuid4(), created=now)
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


@pytest.mark.long
def test_no_row_and_no_value_is_lost_by_any_step() -> None:
    apps = migrate(STEPS[0])
    for after in STEPS[1:]:
        fill(apps)  # beside those that were filled in before an earlier step
        kept = rows(apps)
        apps = migrate(after)
        found = rows(apps)
        for name, values in kept.items():
            assert len(found[name]) == len(values), (after, name)
            moved = {"attributes"} if (name, after) == ("Shape", "0006_flags") else set()
            for row, was in zip(found[name], values, strict=True):
                same = (row.keys() & was.keys()) - moved
                assert {key: row[key] for key in same} == {key: was[key] for key in same}, (after, name)
        gone = {(name, key) for name, values in kept.items() for key in values[0].keys() - found[name][0].keys()}
        assert gone == ({("Job", "message")} if after == "0005_job_outcome" else set()), (
            f"{after}: say where it has gone"
        )
        if after == "0011_spec_positions":  # the order that specs were shown in
            specs = sorted(found["AttributeSpec"], key=lambda row: (row["label_id"], row["name"]))
            assert [row["position"] for row in specs] == [0, 1] * (len(specs) // 2)
        if after == "0005_job_outcome":
            said = {row["state"]: row["outcome"] for row in found["Job"]}
            assert said["failed"] == {"code": "text", "params": {"text": "It is failed."}}
            assert said["queued"] == said["running"] == {}


@pytest.mark.long
def test_all_steps_and_all_the_way_back_keep_the_sentences_of_jobs() -> None:
    migrate(STEPS[3])
    fill(migrate(STEPS[3]))
    migrate(STEPS[-1])
    found = rows(migrate(STEPS[3]))["Job"]
    assert {row["message"] for row in found} == {"", "It is succeeded.", "It is failed.", "It is cancelled."}


@pytest.mark.long
def test_on_the_way_back_jobs_that_delete_are_gone_and_their_tasks_are_there() -> None:
    new = migrate("0008_deletion")
    fill(new)
    hidden = rows(new)["Task"][1]
    old = rows(migrate("0007_shape_task"))
    assert {job["kind"] for job in old["Job"]} == {"import"}
    assert hidden["name"] in {task["name"] for task in old["Task"]}


def test_colours_by_the_name_are_spaced_evenly_and_chosen_ones_stay() -> None:
    apps = migrate("0011_spec_positions")
    before = import_module("openimages_io.migrations.0012_label_colors").color_before
    task = apps.get_model(APP, "Task")._base_manager.create(name=uuid.uuid4().hex)
    labels = apps.get_model(APP, "Label")._base_manager
    colors = {"/m/a": before("/m/a"), "/m/b": "#123456", "/m/c": before("/m/a"), "/m/\ud7ff": before("/m/\ud7ff")}
    for name, color in colors.items():
        labels.create(task=task, name=name, color=color)
    assert before("/m/01yrx") == "#9add3e"
    found = migrate("0012_label_colors").get_model(APP, "Label")._base_manager.filter(task_id=task.pk)
    assert dict(found.values_list("name", "color")) == colors | {name: color_of(name) for name in ("/m/a", "/m/\ud7ff")}


def of_shapes(apps: StateApps) -> list[tuple[Any, dict[str, bool]]]:
    """Attributes and flags of the odd shapes."""
    columns = [row for row in rows(apps)["Shape"] if row["source"] == "odd"]
    return [(row["attributes"], {f: row[f] for f in FLAGS if row.get(f) is not None}) for row in columns]


@pytest.mark.long
def test_flags_among_the_attributes_become_columns_and_attributes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("openimages_io.migrations.0006_flags"), "PAGE", 3)  # more than one page
    fill(migrate("0005_job_outcome"))
    after = migrate("0006_flags")
    assert of_shapes(after) == [(left, columns) for _, _, left, columns in ODD]
    usual = [row for row in rows(after)["Shape"] if row["source"] != "odd"]
    assert [(row["attributes"], row["truncated"]) for row in usual] == [({"pose": "left"}, None)] * 3
    shapes = after.get_model(APP, "Shape")._base_manager
    shapes.create(**shapes.filter(source="odd").values("task_id", "image_id", "label_id", "kind", "x_min", "x_max",
                  "y_min", "y_max", "source")[0], attributes=["odd"], is_inside=True)  # fmt: skip

    before = of_shapes(migrate("0005_job_outcome"))
    assert before == [
        *((left | columns if isinstance(left, dict) else left, {}) for _, _, left, columns in ODD),
        ({"attributes": ["odd"], "is_inside": True}, {}),
    ]
    assert all(type(a) is type(b) for (a, _), (_, b, _, _) in zip(before, ODD, strict=False))
