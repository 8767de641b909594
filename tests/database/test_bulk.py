"""The bulk path: rows past the instances, and indexes and keys as they were."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DataError, IntegrityError, connection, models, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from openimages_io.database import bulk
from openimages_io.database.bulk import Loader, loading
from openimages_io.models import Image, Label, Mask, Shape, Task
from openimages_io.models.image import PROVENANCE

pytestmark = pytest.mark.django_db(transaction=True)

POSTGRESQL = connection.vendor == "postgresql"
ODD = "a\\b\tc\nd\re\"f,'g%s %% \\N é 猫 \u2028"


TEXTS = [
    str(field.column)
    for field in Image._meta.concrete_fields
    if isinstance(field, models.CharField | models.TextField | models.FileField)
    and field.column not in {"name", "subset"}
]
"""The other texts of an image."""


def definitions() -> list[tuple[Any, ...]]:
    """Every index and constraint of the tables of shapes and images, as the database tells it."""
    with connection.cursor() as cursor:
        if POSTGRESQL:
            cursor.execute(
                "SELECT indexname, indexdef FROM pg_indexes"
                " WHERE tablename IN ('openimages_io_shape', 'openimages_io_image') UNION ALL"
                " SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE conrelid IN ('openimages_io_shape'::regclass, 'openimages_io_image'::regclass)"
            )
        else:
            cursor.execute(
                "SELECT name, sql FROM sqlite_master WHERE tbl_name IN ('openimages_io_shape', 'openimages_io_image')"
            )
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


@given(
    st.lists(
        st.tuples(
            st.none() | st.floats(0, 1) | st.sampled_from([0, 1, -0.0, 5e-324]),
            st.none() | st.integers(0, 2**63 - 1),
            st.none() | st.booleans(),
            st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=64),
            st.none() | st.recursive(st.floats(-1, 1) | st.text('é\\"\t', max_size=3), st.lists, max_leaves=4),
        ),
        min_size=1,
        max_size=20,
    ),
    st.integers(0, 3),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_whatever_a_column_may_hold_comes_back(
    rows: dict[str, list[Any]], said: list[tuple[Any, ...]], same: int
) -> None:
    said += [said[0]] * same
    names = "score", "group", "occluded", "source", "attributes"
    columns = {name: [row[place] for row in said] for place, name in enumerate(names)}
    stored = {**columns, "attributes": [json.dumps(value) for value in columns["attributes"]]}
    with loading("default", [Shape]) as loader:
        last = Shape.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        loader.insert(Shape, stored | {name: keys[:1] * len(said) for name, keys in rows.items()}, {"kind": "tag"})
    found = list(Shape.objects.filter(pk__gt=last).order_by("pk").values_list(*names))
    assert found == list(zip(*columns.values(), strict=True))


@pytest.mark.parametrize("is_aware", [True, False])
def test_images_and_masks_come_back_as_they_were(
    rows: dict[str, list[Any]], settings: Settings, is_aware: bool
) -> None:
    settings.USE_TZ, settings.TIME_ZONE = is_aware, "Asia/Kolkata"
    connection.close()  # what it knows of the time zone is from before
    now = timezone.now()
    sizes = [None, 2**31 - 1, 1, None]
    with loading("default", [Image, Mask]) as loader:
        keys = loader.reserve(Image, 4)
        rotations = [None, 0.5, -1, 0.0]
        columns: dict[str, Any] = {
            "id": keys,
            "name": list("wxyz"),
            "width": sizes,
            "height": sizes,
            "rotation": rotations,
        }
        texts = {"file", "file_suffix", "file_digest", *PROVENANCE.values()} - {"original_size"}
        adapted = loader.connection.ops.adapt_datetimefield_value(now)
        same = {"task_id": rows["task_id"][0], "subset": "train", "revision": 1, "updated": adapted}
        loader.insert(Image, columns, same | dict.fromkeys(texts, ODD))
        (shape,) = loader.reserve(Shape, 1)
        loader.insert(Shape, {name: keys[:1] for name, keys in rows.items()} | {"id": [shape]}, {"kind": "mask"})
        png = bytes(range(256))
        loader.insert(
            Mask, {"shape_id": [shape], "png": [png], "path": [ODD], "clicks": [""]}, {"width": 4, "height": 3}
        )
    found = Image.objects.filter(pk__in=keys).order_by("pk")
    assert list(found.values_list("name", "width", "rotation", "title", "updated")) == [
        (name, size, rotation, ODD, now) for name, size, rotation in zip("wxyz", sizes, rotations, strict=True)
    ]
    mask = Mask.objects.get()
    assert (bytes(mask.png), mask.path, mask.width) == (png, ODD, 4)
    connection.close()


@pytest.mark.skipif(not POSTGRESQL, reason="SQLite's columns hold whatever they get")
@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"group": [2**63]}, DataError),
        ({"group": [-1]}, IntegrityError),
        ({"source": ["x" * 65]}, DataError),
        ({"source": ["a\0b"]}, DataError),
        ({"attributes": ["{"]}, DataError),
        ({"group": [0.5]}, TypeError),
        ({"score": ["0.5"]}, TypeError),
        ({"score": [float("nan")]}, IntegrityError),
    ],
)
def test_what_no_column_holds_is_refused(rows: dict[str, list[Any]], values: dict[str, Any], error: Any) -> None:
    def load() -> None:
        with loading("default", [Shape]) as loader:
            loader.insert(Shape, rows, {"kind": "tag"})
            loader.insert(Shape, {name: keys[:1] for name, keys in rows.items()} | values, {"kind": "tag"})

    with pytest.raises(error):
        load()
    assert not Shape.objects.exists()


@pytest.mark.skipif(not POSTGRESQL, reason="SQLite's columns hold whatever they get")
@pytest.mark.parametrize("width", [2**31, 2**70])
def test_a_width_that_is_too_large_is_refused(rows: dict[str, list[Any]], width: int) -> None:
    def load() -> None:
        with loading("default", [Image]) as loader:
            loader.insert(Image, {"task_id": rows["task_id"][:1], "name": ["b"], "width": [width], "height": [1]})

    with pytest.raises(DataError, match="out of range"):
        load()


@pytest.mark.skipif(POSTGRESQL, reason="PostgreSQL gets rows by COPY")
@pytest.mark.parametrize("at_once", [1, 130])
def test_what_differs_from_insert_to_insert_makes_no_new_statements(
    rows: dict[str, list[Any]], monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    statements: set[str] = set()

    @contextmanager
    def recorded(_: Loader) -> Iterator[Any]:
        with connection.cursor() as cursor:

            def execute(sql: str, each: Iterable[Any]) -> None:
                statements.add(sql)
                cursor.cursor.executemany(sql, each)

            yield SimpleNamespace(executemany=execute)

    monkeypatch.setattr(Loader, "_raw_cursor", recorded)
    begin = timezone.now().replace(tzinfo=None)
    moments = [begin + timedelta(microseconds=number) for number in range(20)]
    texts = [f"author {number}" for number in range(20)]
    with loading("default", [Image]) as loader:
        for number, (moment, text) in enumerate(zip(moments, texts, strict=True)):
            names = [f"{number}-{place}" for place in range(at_once)]
            others = {"file", "file_suffix", "file_digest", *PROVENANCE.values()} - {"original_size", "author"}
            same: dict[str, Any] = dict.fromkeys(others, "")
            same |= {"task_id": rows["task_id"][0], "subset": "train", "revision": number, "updated": moment}
            loader.insert(Image, {"name": names, "author": [text] * at_once, "width": [None] * at_once}, same)
    assert len(statements) <= 4  # each is kept by the connection, compiled: up to 0.3 MB for 960 parameters
    found = list(Image.objects.exclude(author="").order_by("pk").values_list("author", "revision", "updated", "width"))
    made = [(text, number, moment) for number, (moment, text) in enumerate(zip(moments, texts, strict=True))]
    assert found == [
        (text, number, moment.replace(tzinfo=UTC), None) for text, number, moment in made for _ in range(at_once)
    ]


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


def test_indexes_of_images_are_made_again_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "_WORTH_REBUILDING", 2)
    before, task = definitions(), Task.objects.create(name="t")
    columns: dict[str, Any] = {"id": [], "name": ["a", "b"], **{name: ["", ""] for name in TEXTS}}
    with loading("default", [Image]) as loader:
        loader.postpone_indexes(Image, 2)
        assert len(loader.postponed) == (4 if POSTGRESQL else 3)
        assert len(definitions()) < len(before)
        columns["id"] = loader.reserve(Image, 2)
        constants: dict[str, Any] = {"task_id": task.pk, "subset": "train", "revision": 1, "updated": timezone.now()}
        loader.insert(Image, columns, constants)
    assert definitions() == before
    assert set(Image.objects.values_list("name", flat=True)) == {"a", "b"}


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


@pytest.mark.skipif(not POSTGRESQL, reason="SQLite's planner keeps no such numbers")
def test_the_planner_knows_what_queries_ask_for(rows: dict[str, list[Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "_WORTH_REBUILDING", 100)
    with loading("default", [Shape]) as loader:
        loader.insert(Shape, rows | {"score": [0.5] * 130}, {"kind": "tag"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'openimages_io_shape'")
        assert cursor.fetchone() == (130,)
        cursor.execute("SELECT attname FROM pg_stats WHERE tablename = 'openimages_io_shape'")
        known = {name for (name,) in cursor.fetchall()}
    assert {"task_id", "image_id", "label_id", "kind", "source", "score"} <= known
