"""Keys that point nowhere are found after a load, in every table, as SQLite's own check finds them."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection

from openimages_io.database.foreign_keys import check_foreign_keys, nothing_else_points_to
from openimages_io.models import AttributeSpec, HierarchyEdge, Image, Label, Mask, Shape, Task

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL checks keys itself"),
]
TABLES = [model._meta.db_table for model in (Image, Label, HierarchyEdge, AttributeSpec, Shape, Mask)]
ORPHANS = [
    ("openimages_io_image", "task_id"),
    ("openimages_io_label", "task_id"),
    ("openimages_io_hierarchyedge", "parent_id"),
    ("openimages_io_hierarchyedge", "child_id"),
    ("openimages_io_attributespec", "label_id"),
    ("openimages_io_shape", "image_id"),
    ("openimages_io_shape", "label_id"),
    ("openimages_io_mask", "shape_id"),
]


@pytest.fixture(autouse=True)
def one_row_of_each() -> None:
    task = Task.objects.create(name="t")
    image = Image.objects.create(task=task, name="a")
    first, second = (Label.objects.create(task=task, name=name, position=0) for name in ("/m/01", "/m/02"))
    HierarchyEdge.objects.create(parent=first, child=second, kind="subcategory", position=0)
    AttributeSpec.objects.create(label=first, name="n", input_type="text")
    Mask.objects.create(shape=Shape.objects.create(task=task, image=image, label=first, kind="mask"))


def without_keys(*statements: str) -> Callable[[], None]:
    def run() -> None:
        with connection.constraint_checks_disabled(), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    return run


def test_what_points_somewhere_is_right() -> None:
    check_foreign_keys(connection, TABLES)


@pytest.mark.parametrize(("table", "column"), ORPHANS)
def test_a_key_that_points_nowhere_is_found_in_any_table(table: str, column: str) -> None:
    without_keys(f"UPDATE {table} SET {column} = 987654")()
    try:
        with pytest.raises(IntegrityError, match=f"{table}.{column} contains a value '987654'"):
            check_foreign_keys(connection, TABLES)
        check_foreign_keys(connection, [name for name in TABLES if name != table])
    finally:
        without_keys(*(f"DELETE FROM {name}" for name in reversed(TABLES)))()


@pytest.mark.parametrize(
    "key",
    ["REFERENCES other (word)", "REFERENCES other (word) DEFERRABLE INITIALLY DEFERRED", "REFERENCES other"],
)
@pytest.mark.parametrize("value", ["'b'", "'A'"])
def test_keys_that_are_no_numbers_are_left_to_the_check_of_the_database(key: str, value: str) -> None:
    own = "CREATE TABLE own (id integer PRIMARY KEY, word text COLLATE NOCASE " + key + ")"
    other = "CREATE TABLE other (word text PRIMARY KEY)"
    without_keys(other, own, "INSERT INTO other VALUES ('a')", "INSERT INTO own VALUES (1, NULL), (2, 'a')")()
    try:
        check_foreign_keys(connection, ["own"])
        without_keys(f"INSERT INTO own VALUES (3, {value})")()
        with pytest.raises(IntegrityError):
            check_foreign_keys(connection, ["own"])
    finally:
        without_keys("DROP TABLE own", "DROP TABLE other")()


def test_a_load_reads_no_row_of_shapes_for_its_keys() -> None:
    with connection.cursor() as cursor:
        for column, other in (("image_id", "openimages_io_image"), ("label_id", "openimages_io_label")):
            cursor.execute(
                f"EXPLAIN QUERY PLAN SELECT 1 FROM openimages_io_shape WHERE {column} NOT IN (SELECT id FROM {other})"
            )
            said = " ".join(row[3] for row in cursor.fetchall())
            assert "COVERING INDEX" in said, said


OWN = "CREATE TABLE own (id integer PRIMARY KEY, shape_id bigint REFERENCES {})"


def points_to_nothing_else_while(*statements: str) -> bool:
    without_keys(*statements)()
    try:
        return nothing_else_points_to(connection, ["openimages_io_shape", "openimages_io_mask"])
    finally:
        without_keys("DROP TRIGGER IF EXISTS told", "DROP TABLE IF EXISTS own")()


def test_masks_alone_point_to_shapes() -> None:
    assert points_to_nothing_else_while()
    assert not nothing_else_points_to(connection, ["openimages_io_shape"])
    assert points_to_nothing_else_while(OWN.format("openimages_io_image (id)"))


@pytest.mark.parametrize(
    "key",
    [
        "openimages_io_shape (id)",
        "openimages_io_shape",
        "OpenImages_IO_Shape (id)",
        "openimages_io_shape (id) ON DELETE CASCADE",
        "openimages_io_shape (id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED",
        "openimages_io_mask (shape_id)",
    ],
)
def test_a_table_of_another_app_that_points_to_them_is_seen(key: str) -> None:
    assert not points_to_nothing_else_while(OWN.format(key))


@pytest.mark.parametrize("table", ["openimages_io_shape", "openimages_io_mask", "OPENIMAGES_IO_SHAPE"])
def test_a_trigger_is_seen(table: str) -> None:
    own = OWN.format("openimages_io_image (id)")
    trigger = f"CREATE TRIGGER told AFTER DELETE ON {table} BEGIN DELETE FROM own; END"
    assert not points_to_nothing_else_while(own, trigger)


def test_their_own_keys_are_seen_where_something_follows_a_deletion() -> None:
    keys = "shape_id bigint REFERENCES own (id) ON DELETE CASCADE"
    without_keys(f"CREATE TABLE own (id integer PRIMARY KEY, {keys})")()
    try:
        assert not nothing_else_points_to(connection, ["own"])
    finally:
        without_keys("DROP TABLE own")()
