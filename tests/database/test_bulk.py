"""The bulk path: rows past the instances, and indexes and keys as they were."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from openimages_io.database import bulk
from openimages_io.database.bulk import Loader, loading
from openimages_io.models import Image, Label, Shape, Task

pytestmark = pytest.mark.django_db(transaction=True)

POSTGRESQL = connection.vendor == "postgresql"
ODD = "a\\b\tc\nd\re\"f,'g%s %% \\N é 猫 \u2028"


def definitions() -> list[tuple[Any, ...]]:
    """Every index and constraint of the shapes' table, as the database tells it."""
    with connection.cursor() as cursor:
        if POSTGRESQL:
            cursor.execute(
                "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'openimages_io_shape' UNION ALL"
                " SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE conrelid = 'openimages_io_shape'::regclass"
            )
        else:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE tbl_name = 'openimages_io_shape'")
        return sorted(cursor.fetchall(), key=str)


@pytest.fixture
def rows() -> dict[str, list[Any]]:
    task = Task.objects.create(name="t")
    image, label = Image.objects.create(task=task, name="a"), Label.objects.create(task=task, name="/m/01")
    return {"task_id": [task.pk] * 130, "image_id": [image.pk] * 130, "label_id": [label.pk] * 130}


def test_columns_come_back_as_they_were(rows: dict[str, list[Any]]) -> None:
    scores = [None if number % 7 == 0 else number / 130 for number in range(130)]
    occluded = [(None, True, False)[number % 3] for number in range(130)]
    sources = [ODD[:60] if number % 2 else "" for number in range(130)]
    given = rows | {"score": scores, "occluded": occluded, "source": sources}
    with loading("default", [Shape]) as loader:
        assert loader.insert(Shape, given, {"kind": "tag"}) == 130
        assert loader.insert(Shape, {name: column[:0] for name, column in given.items()}, {"kind": "tag"}) == 0
    stored = Shape.objects.order_by("pk").values_list("kind", "score", "occluded", "source", "attributes", "points")
    assert list(stored) == [("tag", *row, {}, None) for row in zip(scores, occluded, sources, strict=True)]


@pytest.mark.parametrize("source", ["", "it's 100% \\N", 'a"b', "é\u2028", "a\tb", ODD[:60]])
@pytest.mark.parametrize("flag", [None, True, False])
def test_a_column_that_says_the_same_throughout_comes_back(
    rows: dict[str, list[Any]], source: str, flag: bool | None
) -> None:
    same: dict[str, list[Any]] = {
        "source": [source] * 130,
        "occluded": [flag] * 130,
        "score": [None] * 130,
        "attributes": ["{}"] * 130,
    }
    with loading("default", [Shape]) as loader:
        loader.insert(Shape, rows | same, {"kind": "tag"})
        loader.insert(Shape, rows | same | {"truncated": [flag, None] * 65}, {"kind": "tag"})
    stored = list(Shape.objects.order_by("pk").values_list("source", "occluded", "score", "attributes", "truncated"))
    assert stored == [(source, flag, None, {}, None)] * 130 + [(source, flag, None, {}, f) for f in [flag, None] * 65]


def test_json_and_updates(rows: dict[str, list[Any]]) -> None:
    one = {name: column[:1] for name, column in rows.items()}
    with loading("default", [Shape]) as loader:
        (key,) = loader.reserve(Shape, 1)
        loader.insert(Shape, one | {"id": [key], "attributes": ['{"a\\\\b": "é\\t"}']}, {"kind": "tag"})
        loader.update(Shape, [key], {"attributes": ['{"c": [1, null]}'], "source": [ODD[:60]]})
    shape = Shape.objects.get(pk=key)
    assert (shape.attributes, shape.source) == ({"c": [1, None]}, ODD[:60])
    assert Shape.objects.create(task=shape.task, image=shape.image, label=shape.label, kind="tag").pk > key


def test_indexes_are_made_again_just_as_they_were(rows: dict[str, list[Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "_WORTH_REBUILDING", 100)
    before = definitions()
    with loading("default", [Shape]) as loader:
        loader.postpone_indexes(Shape, 130)
        assert len(loader.postponed) == (5 if POSTGRESQL else 3)
        assert len(definitions()) < len(before)
        loader.insert(Shape, rows, {"kind": "tag"})
    assert definitions() == before
    assert Shape.objects.count() == 130


def test_a_failure_leaves_the_indexes(rows: dict[str, list[Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "_WORTH_REBUILDING", 100)
    before = definitions()

    def load() -> None:
        with loading("default", [Shape]) as loader:
            loader.postpone_indexes(Shape, 130)
            loader.insert(Shape, rows | {"score": [2.0] * 130}, {"kind": "tag"})

    with pytest.raises(IntegrityError):
        load()
    assert definitions() == before
    assert not Shape.objects.exists()


def test_a_key_that_points_nowhere_is_found(rows: dict[str, list[Any]]) -> None:
    def load() -> None:
        with loading("default", [Shape]) as loader:
            loader.insert(Shape, rows | {"image_id": [*rows["image_id"][1:], 987_654]}, {"kind": "tag"})

    with pytest.raises(IntegrityError):
        load()
    assert not Shape.objects.exists()


@pytest.mark.skipif(not POSTGRESQL, reason="SQLite's tables belong to nobody")
def test_a_role_that_does_not_own_the_table_loads_the_slower_way() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE ROLE lesser; GRANT ALL ON ALL TABLES IN SCHEMA public TO lesser; SET LOCAL ROLE lesser")
        loader = Loader("default")
        loader.postpone_indexes(Shape, 1_000_000)
        assert loader.postponed == []
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)
        transaction.set_rollback(True)
