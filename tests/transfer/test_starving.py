"""People who save while an import is planned neither stop it nor lose what they saved."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections

from openimages_io.models import AttributeSpec, HierarchyEdge, Image, Label, Shape, Task
from openimages_io.transfer.basis import Basis, TaskChanged
from openimages_io.transfer.importer import Importer, Result
from openimages_io.transfer.options import ImportOptions, Mode
from openimages_io.transfer.planning import Planner
from tests.transfer.datasets import documented, write

pytestmark = pytest.mark.django_db(transaction=True)

HEADER = "ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax\n"
ROW = "{},xclick,/m/01yrx,1,0.1,0.{},0.2,0.4\n"
ONE_BOX = {"x_min": 0.5, "x_max": 0.75, "y_min": 0.5, "y_max": 0.75}


@pytest.fixture
def task() -> Task:
    task = Task.objects.create(name="t")
    Label.objects.create(task=task, name="/m/01yrx", display_name="Cat")
    for name in "abcd":
        Image.objects.create(task=task, subset="train", name=name)
    return task


def archive(folder: Path, rows: str) -> Path:
    return write(folder, documented(boxes=HEADER + rows))


def draw(name: str) -> Shape:
    image = Image.objects.get(name=name)
    label = Label.objects.get()
    return Shape.objects.create(task=image.task, image=image, label=label, kind="rectangle", **ONE_BOX)


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object], times: int = 1) -> list[int]:
    """Has something done between a plan and its transaction; returns the tries."""
    original = Importer._apply
    tries: list[int] = []

    def apply(importer: Importer, *args: Any) -> Result:
        tries.append(len(tries))
        if len(tries) <= times:
            act()
        return original(importer, *args)

    monkeypatch.setattr(Importer, "_apply", apply)
    return tries


@pytest.mark.parametrize("mode", Mode)
def test_a_save_on_another_image_changes_nothing_about_the_plan(
    mode: Mode, task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw("a")
    source = archive(tmp_path / "a", ROW.format("a", 5) + ROW.format("b", 5))
    tries = meanwhile(monkeypatch, lambda: draw("c"))
    result = Importer(source, "t", ImportOptions(mode=mode)).run()
    assert (result.committed, tries) == (True, [0])
    assert Shape.objects.filter(image__name="c").count() == 1
    assert Shape.objects.filter(image__name="b").count() == 1


@pytest.mark.parametrize("mode", Mode)
def test_a_save_on_an_image_of_the_archive_is_planned_on(
    mode: Mode, task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = archive(tmp_path / "a", "a,xclick,/m/01yrx,1,0.5,0.75,0.5,0.75\n")
    tries = meanwhile(monkeypatch, lambda: draw("a"))
    result = Importer(source, "t", ImportOptions(mode=mode)).run()
    assert (result.committed, tries) == (True, [0])
    found = Shape.objects.filter(image__name="a")
    assert found.count() == (2 if mode is Mode.APPEND else 1)  # it was met, or replaced, and not doubled
    assert set(found.values_list("source", flat=True)) >= {"xclick"}


CHANGES: dict[str, Callable[[], object]] = {
    "a new label": lambda: Label.objects.create(task=Task.objects.get(), name="/m/2"),
    "a display name": lambda: Label.objects.update(display_name="Katze"),
    "a spec": lambda: AttributeSpec.objects.create(label=Label.objects.get(), name="score", input_type="number"),
    "an edge": lambda: HierarchyEdge.objects.create(
        parent=Label.objects.get(), child=Label.objects.create(task=Task.objects.get(), name="/m/3"), kind="subcategory"
    ),
    "a new image": lambda: Image.objects.create(task=Task.objects.get(), subset="train", name="e"),
    "an image less": lambda: Image.objects.filter(name="d").delete(),
    "an image is called otherwise": lambda: Image.objects.filter(name="a").update(name="x"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_else_the_plan_stands_on(what: str, task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = archive(tmp_path / "a", ROW.format("a", 5))
    tries = meanwhile(monkeypatch, CHANGES[what])
    result = Importer(source, "t").run()
    assert len(tries) == (1 if result.refused else 2)
    assert result.refused is (what == "an image is called otherwise")
    assert not Shape.objects.filter(image__name="x").exists()


def test_the_basis_of_a_task_that_is_gone_does_not_hold(task: Task) -> None:
    basis = Basis.of(task, "default")
    assert basis.catch_up("default", set(), set()) == frozenset()
    task.delete()
    with pytest.raises(TaskChanged):
        basis.catch_up("default", set(), set())


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's test database is one connection's")
def test_a_person_who_saves_all_the_time(task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On images that the archive names, and others: the import ends with one whole plan, and every save is there."""
    plans: list[Planner] = []
    plan = Planner.plan

    def counted(self: Planner, *args: Any, **kwargs: Any) -> Any:
        plans.append(self)
        return plan(self, *args, **kwargs)

    monkeypatch.setattr(Planner, "plan", counted)
    rows = "".join(ROW.format(name, f"3{number:05}") for name in "ab" for number in range(3000))
    source = archive(tmp_path / "a", rows)
    saved: list[int] = []
    stop = threading.Event()

    def save() -> None:
        number = 0
        while not stop.wait(0.01):
            shape = draw("abcd"[number % 4])
            saved.append(shape.pk)
            number += 1
        connections.close_all()

    thread = threading.Thread(target=save)
    thread.start()
    try:
        result = Importer(source, "t").run()
    finally:
        stop.set()
        thread.join(60)
    assert (result.committed, len(plans)) == (True, 1)
    assert not thread.is_alive()
    assert Shape.objects.filter(pk__in=saved).count() == len(saved) > 0
    assert Shape.objects.filter(source="xclick").count() == 6000


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's test database is one connection's")
def test_many_imports_at_once(task: Task, tmp_path: Path) -> None:
    """All name the same images, and each comes to its end with all of its rows."""
    number, rows = 8, 300
    results: list[Result] = []

    def bring_in(source: Path) -> None:
        results.append(Importer(source, "t", ImportOptions(mode=Mode.APPEND)).run())
        connections.close_all()

    sources = [
        archive(tmp_path / str(each), "".join(ROW.format("abcd"[row % 4], f"3{each}{row:04}") for row in range(rows)))
        for each in range(number)
    ]
    threads = [threading.Thread(target=bring_in, args=[source]) for source in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert [result.committed for result in results] == [True] * number
    assert Shape.objects.count() == number * rows
    assert all(result.report.of("boxes").added == rows for result in results)
