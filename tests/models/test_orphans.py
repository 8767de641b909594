"""Whatever is deleted while somebody inserts, over connections of their own: no shape is left without its rows."""

import threading
from collections.abc import Callable
from typing import Any, Final

import pytest
from django.db import DatabaseError, connection, connections, models, transaction

from openimages_io.database.bulk import loading, plain
from openimages_io.models import Image, Label, Shape, Task

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer"),
]
_PATIENCE: Final = 20
"""Seconds."""
_MODELS: Final[dict[str, type[models.Model]]] = {"image": Image, "label": Label, "task": Task}


class Other:
    """Somebody with a connection of their own."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(work,))
        self._thread.start()

    def _run(self, work: Callable[[], Any]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  (looked at by the test)
            self.error = error
        finally:
            connections.close_all()

    def wait(self, seconds: float = _PATIENCE) -> bool:
        """Whether it is done within this time."""
        self._thread.join(seconds)
        return not self._thread.is_alive()


@pytest.fixture
def rows() -> dict[str, Any]:
    task = Task.objects.create(name="t")
    return {
        "task": task,
        "image": Image.objects.create(task=task, name="a"),
        "label": Label.objects.create(task=task, name="/m/01"),
    }


def columns(rows: dict[str, Any], number: int = 3) -> dict[str, list[Any]]:
    return {f"{name}_id": [row.pk] * number for name, row in rows.items()}


def assert_no_orphans() -> None:
    for field, model in _MODELS.items():
        there: models.QuerySet[Any] = models.QuerySet(model)
        assert not models.QuerySet(Shape).exclude(**{f"{field}_id__in": there.values("pk")}).exists(), field


def delete(rows: dict[str, Any], field: str) -> None:
    """Deletes as code does that knows nothing of locks and revisions: what is there of shapes, then the row."""
    with transaction.atomic():
        plain(Shape, "default").filter(**{f"{field}_id": rows[field].pk})._raw_delete("default")
        if field == "task":
            for model in (Label, Image):
                of_task: models.QuerySet[Any] = models.QuerySet(model)
                of_task.filter(task_id=rows["task"].pk)._raw_delete("default")
        plain(_MODELS[field], "default").filter(pk=rows[field].pk)._raw_delete("default")


@pytest.mark.parametrize("field", _MODELS)
def test_a_row_that_is_deleted_before_the_shapes_are_checked(rows: dict[str, Any], field: str) -> None:
    def load() -> None:
        with loading("default", [Shape]) as loader:
            loader.insert(Shape, columns(rows), {"kind": "tag"})
            loader.end_copy()
            deleting = Other(lambda: delete(rows, field))
            assert deleting.wait()
            assert deleting.error is None

    with pytest.raises(DatabaseError, match="foreign key"):
        load()
    assert not _MODELS[field]._base_manager.filter(pk=rows[field].pk).exists()
    assert_no_orphans()


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ"])
@pytest.mark.parametrize("field", _MODELS)
def test_a_row_that_is_deleted_after_the_shapes_were_checked(rows: dict[str, Any], field: str, isolation: str) -> None:
    started = threading.Event()

    def remove() -> None:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}")
                cursor.execute("SELECT 1")
            started.set()
            delete(rows, field)

    with loading("default", [Shape]) as loader:
        loader.insert(Shape, columns(rows), {"kind": "tag"})
        loader.end_copy()
        connection.check_constraints()
        deleting = Other(remove)
        assert started.wait(_PATIENCE)
        assert not deleting.wait(0.3), "it doesn't wait for who refers to the row"
    assert deleting.wait()
    assert isinstance(deleting.error, DatabaseError)
    assert Shape.objects.count() == 3
    assert_no_orphans()


@pytest.mark.parametrize("field", ["image", "task"])
def test_our_own_way_to_delete_meets_shapes_that_are_being_loaded(rows: dict[str, Any], field: str) -> None:
    with loading("default", [Shape]) as loader:
        loader.insert(Shape, columns(rows), {"kind": "tag"})
        loader.end_copy()
        connection.check_constraints()
        deleting = Other(lambda: _MODELS[field]._base_manager.get(pk=rows[field].pk).delete())
        assert not deleting.wait(0.3)
    assert deleting.wait()
    assert_no_orphans()
